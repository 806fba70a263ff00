#!/usr/bin/env python3
"""The HTML report of many findings: `html_report.py BUILD_DIR [COUNT]` makes a folder with COUNT (50,000)
tokens, writes the report, opens it in headless Chromium and prints NAME VALUE UNIT lines: the file's
size, the time that `report` formats take to write it over JSON's, time to first paint, and the
longest time from a key in the filter to the next frame.

Needs chromium and Python's playwright; without them it says so and measures nothing.
"""

import random
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def tokens(folder: Path, count: int) -> None:
    rng = random.Random("html")
    per_file = 5_000
    for number in range((count + per_file - 1) // per_file):
        lines = []
        for _ in range(min(per_file, count - number * per_file)):
            body = "".join(rng.choices(string.ascii_letters + string.digits, k=24))
            digits = "".join(rng.choices("123456789", k=24))
            lines.append("token: xo" + f"xb-{digits[:12]}-{digits[12:]}-{body}")
        path = folder / f"app/module{number:03}/settings.yaml"
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(lines) + "\n")


def main() -> int:
    program = Path(sys.argv[1]) / "stratascan"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 50_000
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("skipped: html.py needs Python's playwright", file=sys.stderr)
        return 0
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work) / "tree"
        tree.mkdir()
        tokens(tree, count)
        times = {}
        for kind in ("json", "html", "json", "html"):
            page = Path(work) / f"report.{kind}"
            start = time.monotonic()
            # More than is told by default.
            subprocess.run([program, "scan", "-q", "--no-store", "--secrets-only", "--max-findings",
                            str(4 * count), "--memory", "2GiB", "--format", kind, "--output", page,
                            f"dir:{tree}"], check=False)
            times[kind] = time.monotonic() - start
        print(f"html.{count}.size {(Path(work) / 'report.html').stat().st_size / 1e6:.1f} MB")
        print(f"html.{count}.scan_and_write {times['html']:.2f} s")
        print(f"html.{count}.over_json {times['html'] / times['json']:.2f} ratio")
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path="/usr/bin/chromium",
                                           args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"file://{work}/report.html")
            paint = page.evaluate("performance.getEntriesByType('paint')[0].startTime")
            ready = page.evaluate("performance.timing.domComplete-performance.timing.navigationStart")
            slowest = page.evaluate("""async () => {
              const field = document.querySelector('input[type=search]');
              let slowest = 0;
              for (const text of ['m', 'mo', 'module00', 'slack', 'nothing', '']) {
                field.value = text;
                const start = performance.now();
                field.dispatchEvent(new Event('input'));
                await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
                slowest = Math.max(slowest, performance.now() - start);
              }
              return slowest;
            }""")
            rows = page.evaluate("document.querySelector('[role=status]').textContent")
            browser.close()
        print(f"html.{count}.first_paint {paint:.0f} ms")
        print(f"html.{count}.ready {ready:.0f} ms")
        print(f"html.{count}.filter {slowest:.0f} ms")
        print(rows, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
