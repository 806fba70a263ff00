#!/usr/bin/env python3
"""What the sandbox costs: `sandbox.py PROGRAM [TARGET...] [--rounds N]`.

Scans each target in turn with `--sandbox on` and `--sandbox off`, first the one and then the
other, and prints the least processor time (user and system) of each, so that other work on the
machine counts as little as can be. Targets are by default the corpora of bench/run.sh; start-up is
counted, and is what the smallest shows."""

import argparse
import os
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
    print("| target | with, CPU s | without | slowdown |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
        for target in targets:
            least = {"on": float("inf"), "off": float("inf")}
            for number in range(2 * options.rounds):
                which = "on" if number % 2 == 0 else "off"
                least[which] = min(least[which], processor_seconds(
                    str(options.program.resolve()), target, which))
            print(f"| {Path(target).name} | {least['on']:.3f} | {least['off']:.3f} | "
                  f"{100 * (least['on'] / least['off'] - 1):+.1f} % |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
