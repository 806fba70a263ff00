#!/usr/bin/env python3
"""What the rules cost: `price.py BUILD_DIR [CORPORA]` scans the same corpora with 80 rules and with
all, in turns, and prints medians.

The program with 80 rules (price-rules.txt) is BUILD_DIR/bench/stratascan_few, made by the target of
that name, which nothing else builds: its rules are compiled into it as all are into the other, with
the same programs to look for. Each run is a new process on files in the page cache. Lines:

  price.CORPUS.few, .all         uncompressed bytes over wall time, GB/s
  price.CORPUS.fraction          of the medians; the goal is 0.85
  price.CORPUS.cpu_few, .cpu_all user and system time a GB, seconds, which other work on the machine
                                 does not change much
  price.CORPUS.cpu_fraction      few over all

`price.py --select PATTERNS OUT` writes the rules' files for that target.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
CORPORA = ("text-8-gzip", "text-8-zstd", "binary-8-gzip", "binary-8-zstd")


def wanted() -> set[str]:
    lines = (BENCH / "price-rules.txt").read_text().split("\n")
    return {line for line in lines if line and not line.startswith("#")}


def select(patterns: Path, out: Path) -> None:
    """Writes each rule that is wanted as it stands in its file, and all programs."""
    missing = wanted()
    shutil.rmtree(out, ignore_errors=True)
    (out / "secrets").mkdir(parents=True)
    shutil.copytree(patterns / "programs", out / "programs")
    for path in sorted((patterns / "secrets").glob("*.toml")):
        blocks = re.split(r"(?m)^(?=\[\[rule\]\]$)", path.read_text(encoding="utf-8"))
        chosen = []
        for block in blocks[1:]:
            name = re.search(r'(?m)^id = "(.*)"$', block)[1]
            if name in missing:
                missing.remove(name)
                chosen.append(block)
        if chosen:
            (out / "secrets" / path.name).write_text("".join(chosen), encoding="utf-8")
    if missing:
        sys.exit(f"price.py: no such rules: {', '.join(sorted(missing))}")


def run(program: Path, corpus: Path) -> tuple[float, float, int]:
    """Wall seconds, seconds of processors, and bytes of the layers."""
    start = time.monotonic()
    child = subprocess.Popen([str(program), "scan", "--format", "json", "--no-progress",
                              "--no-store", str(corpus)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    report = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        sys.exit(f"price.py: {program} failed on {corpus}")
    size = sum(layer["bytes"] for target in json.loads(report)["targets"]
               for layer in target["layers"])
    return wall, usage.ru_utime + usage.ru_stime, size


def measure(few: Path, every: Path, corpus: Path, pairs: int) -> None:
    walls: dict[str, list[float]] = {"few": [], "all": []}
    processors: dict[str, list[float]] = {"few": [], "all": []}
    programs = (("few", few), ("all", every))
    for number in range(pairs + 1):
        # Who goes first changes, for the second finds the caches as the first left them.
        for name, program in programs if number % 2 else reversed(programs):
            wall, spent, size = run(program, corpus)
            if number:  # the first fills the page cache
                walls[name].append(wall)
                processors[name].append(spent)
    wall = {name: statistics.median(times) for name, times in walls.items()}
    spent = {name: statistics.median(times) for name, times in processors.items()}
    prefix = f"price.{corpus.name}"
    for name in walls:
        print(f"{prefix}.{name} {size / wall[name] / 1e9:.3f} GB/s")
    print(f"{prefix}.fraction {wall['few'] / wall['all']:.3f} of-few")
    for name in walls:
        print(f"{prefix}.cpu_{name} {spent[name] / size * 1e9:.3f} s/GB")
    print(f"{prefix}.cpu_fraction {spent['few'] / spent['all']:.3f} of-few", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("corpora", nargs="?", type=Path)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--select", action="store_true",
                        help="the arguments are PATTERNS and OUT")
    options = parser.parse_args()
    if options.select:
        select(options.build, options.corpora)
        return 0
    corpora = options.corpora or BENCH.parent / "build" / "corpora"
    few = options.build / "bench" / "stratascan_few"
    if not few.exists():
        sys.exit(f"price.py: build the target stratascan_few in {options.build} first")
    for name in CORPORA:
        measure(few, options.build / "stratascan", corpora / name, options.pairs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
