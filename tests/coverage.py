#!/usr/bin/env python3
"""Which lines of the parsers of outside bytes the tests reach: `coverage.py BUILD [options]`.

BUILD is a tree of the preset `coverage` (g++ and gcov). Runs its unit tests and
its fuzz targets' seeds, and with --corpora the corpora of a campaign as well, and prints a table, a
line a file. What counts as a parser is what tests/fuzz/targets.py lists for the targets, but for
the stages that only call parsers."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "fuzz"))

from targets import ROOT, TARGETS  # noqa: E402

# What targets run through, but what reads no bytes of a format itself.
NO_PARSERS = {"jobs", "matching", "second_look", "sieve", "printable"}
GOAL = 90


def run_tests(build: Path, corpora: Path | None) -> None:
    """Anew: what earlier runs counted is gone."""
    for counted in build.rglob("*.gcda"):
        counted.unlink()

    def run(program: str, seeds: Path | None = None) -> None:
        environment = {**os.environ, **({"STRATASCAN_SEEDS": str(seeds)} if seeds else {})}
        done = subprocess.run([str(build / "tests" / program), "--gtest_brief=1"], cwd=build,
                              env=environment, stdout=subprocess.DEVNULL)
        if done.returncode:
            print(f"{program} ended with {done.returncode}; its coverage counts all the same",
                  file=sys.stderr)

    run("unit_tests")
    run("seed_tests")
    if corpora:
        run("seed_tests", corpora)


def lines_of(build: Path) -> dict[str, tuple[int, int]]:
    """Lines and lines reached, by the file's path below scanner/."""
    found = {}
    for notes in sorted(build.rglob("*.gcno")):
        name = str(notes).rpartition("/scanner/")[2].removesuffix(".gcno")
        if not (ROOT / "scanner" / name).exists():
            continue
        counted = notes.with_suffix(".gcda")
        ran = subprocess.run(["gcov", "--json-format", "--stdout",
                              str(counted if counted.exists() else notes)], cwd=build, check=True,
                             capture_output=True)
        for file in json.loads(ran.stdout)["files"]:
            if not file["file"].endswith("scanner/" + name):
                continue
            reached: dict[int, int] = {}
            for line in file["lines"]:
                at = line["line_number"]
                reached[at] = max(reached.get(at, 0), line["count"])
            found[name] = (len(reached), sum(count > 0 for count in reached.values()))
    return found


def table(lines: dict[str, tuple[int, int]]) -> str:
    parsers = {str(path.relative_to(ROOT / "scanner")) for name, target in TARGETS.items()
               if name not in NO_PARSERS for path in target.sources()}
    rows = sorted((lines[name], name) for name in parsers if name in lines)
    rows.sort(key=lambda row: row[0][1] / max(1, row[0][0]))
    out = ["| file | lines | reached | |", "|---|---:|---:|---:|"]
    for (count, covered), name in rows:
        out.append(f"| `{name}` | {count} | {covered} | {100 * covered / max(1, count):.1f} % |")
    count, covered = (sum(row[0][part] for row in rows) for part in (0, 1))
    low = sum(100 * row[0][1] < GOAL * row[0][0] for row in rows)
    out.append(f"| all {len(rows)} | {count} | {covered} | {100 * covered / max(1, count):.1f} % |")
    return "\n".join(out) + f"\n\n{low} files are below {GOAL} %.\n"


HEAD = """# Coverage of the parsers

`make coverage`: lines of the parsers of outside bytes (those that `tests/fuzz/targets.py` names)
that unit tests and the fuzz targets' seeds reach, by gcov; the least first. End-to-end tests, which run the program, are not counted. The goal is 90 %.

"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("--corpora", type=Path, help="of tests/fuzz/campaign.py")
    parser.add_argument("--table", type=Path)
    options = parser.parse_args()
    build = options.build.resolve()
    run_tests(build, options.corpora)
    made = table(lines_of(build))
    print(made)
    if options.table:
        options.table.write_text(HEAD + made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
