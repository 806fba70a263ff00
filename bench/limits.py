#!/usr/bin/env python3
"""How far real packages stay below the limits: `limits.py PROGRAM [TARGET...]`.

For each limit of `scan` the least of its default divided by 2, 4, 8, … with which all of the targets
together are read as by default: no gap says that this limit was reached. Prints a table of it, and
of how many times that the default is; ends with exit code 1 where a default itself is reached.
Targets are by default the corpora of bench/run.sh and the trees of bench/clean.py, where they
have been built. All of them are scanned some 25 times."""

import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Limit:
    option: str
    default: int
    of: str
    told: tuple[str, ...]  # parts of the reasons of gaps
    least: int = 1


LIMITS = (
    Limit("--max-layer-bytes", 1 << 40, "bytes of a layer, and of what its containers hold",
          ("bytes uncompressed", "containers hold more than")),
    Limit("--max-ratio", 2000, "output to input, of a layer past 16 GiB and a container past 1 GiB",
          ("compressed more than",)),
    Limit("--max-members", 8_000_000, "members of a layer, and of its containers", ("members",)),
    Limit("--max-depth", 5, "containers in containers", ("are nested more than",), 0),
    Limit("--max-findings", 10_000, "findings in a file", ("findings in one file",)),
    Limit("--max-looks", 10_000_000, "candidates looked at in a file", ("candidates in one file",)),
    Limit("--max-file-time", 3600, "seconds of a processor for a file", ("a processor for one file",)),
    Limit("--max-path-bytes", 4096, "bytes of a path or a link's target", ("a path of more than",),
          64),
    Limit("--max-header-bytes", 1 << 20, "bytes of a member's extended headers",
          ("headers of more than",)),
)


def reasons(program: str, targets: list[str], arguments: list[str]) -> list[str]:
    """Of all gaps of a scan."""
    words = [program, "scan", "--no-store", "--format", "json", *arguments, *targets]
    with tempfile.TemporaryFile() as out:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os.execv(program, words)
        status = os.waitstatus_to_exitcode(os.wait4(child, 0)[1])
        if status not in (0, 1, 2):
            sys.exit(f"{' '.join(words)}: exit code {status}")
        out.seek(0)
        report = json.load(out)
    gaps = [gap for target in report["targets"] for gap in target.get("gaps", [])]
    gaps += [gap for target in report["targets"] for layer in target["layers"]
             for gap in layer["gaps"]]
    return [gap["reason"] for gap in gaps]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    built = [ROOT / "build/corpora" / f"{kind}-8-gzip" for kind in ("text", "binary")]
    built += [ROOT / "build/clean" / kind for kind in ("debian", "node", "python", "alpine-like")]
    targets = options.targets or [str(path) for path in built if path.exists()]
    if not targets:
        sys.exit("no corpora have been built: bench/corpora.py, bench/clean.py")
    program = str(options.program.resolve())

    def met(limit: Limit, gaps: list[str]) -> bool:
        return any(part in reason for reason in gaps for part in limit.told)

    usual = reasons(program, targets, [])
    over = [limit for limit in LIMITS if met(limit, usual)]
    print("| limit | of | default | enough for all | default to that |\n|---|---|---:|---:|---:|",
          flush=True)
    for limit in LIMITS:
        values = [limit.default]
        while values[-1] > limit.least:
            values.append(values[-1] - 1 if limit.default < 10 else
                          max(limit.least, values[-1] // 2))
        enough, first_short = 0, len(values)
        if limit in over:
            print(f"| `{limit.option}` | {limit.of} | {limit.default:,} | **more** | |", flush=True)
            continue
        while first_short - enough > 1:
            middle = (enough + first_short) // 2
            gaps = reasons(program, targets, [limit.option, str(values[middle])])
            if met(limit, gaps):
                first_short = middle
            else:
                enough = middle
        value = values[enough]
        times = f"{limit.default / value:,.0f}" if value and limit.default > 10 else "-"
        print(f"| `{limit.option}` | {limit.of} | {limit.default:,} | {value:,} | {times} |",
              flush=True)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
