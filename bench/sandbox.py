#!/usr/bin/env python3
"""What the sandbox costs: `sandbox.py PROGRAM [TARGET...] [--rounds N]`.

Scans each target in pairs, with `--sandbox on` and `--sandbox off`, the one first in every second
pair. Prints the median processor time (user and system) of each, the median of the pairs' ratios,
and between what half of them lie: a slowdown that is smaller than that is not to be told from
none in fewer rounds. Targets are by default the corpora of bench/run.sh; start-up is counted, and
is what the smallest shows."""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def processor_seconds(program: str, target: str, sandbox: str) -> float:
    words = [program, "scan", "--no-store", "--jobs", "1", "--sandbox", sandbox,
             "--output", os.devnull, target]
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            os.execv(program, words)
        except OSError:
            os._exit(127)
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1, 2):
        sys.exit(f"{' '.join(words)}: exit code {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    targets = options.targets or [str(ROOT / "build/corpora" / name)
                                  for name in ("text-1-gzip", "binary-1-gzip", "small-20-gzip")]
    print("| target | with, CPU s | without | slowdown | half of the pairs |\n"
          "|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
        program = str(options.program.resolve())
        for target in targets:
            processor_seconds(program, target, "on")  # the target is read once before it counts
            spent: dict[str, list[float]] = {"on": [], "off": []}
            for number in range(options.rounds):
                for which in ("on", "off") if number % 2 == 0 else ("off", "on"):
                    spent[which].append(processor_seconds(program, target, which))
            slower = [100 * (on / off - 1) for on, off in zip(spent["on"], spent["off"])]
            low, middle, high = statistics.quantiles(slower, n=4)
            print(f"| {Path(target).name} | {statistics.median(spent['on']):.3f} | "
                  f"{statistics.median(spent['off']):.3f} | {middle:+.1f} % | "
                  f"{low:+.1f} to {high:+.1f} % |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
