#!/usr/bin/env python3
"""Quiet on clean content: `clean.py [OUT]` scans real packages and holds what is found against a
baseline that was classified by hand.

The trees are those of clean_trees.py, built below OUT (build/clean) where they are missing: some
minutes, the network and 8 GB the first time. Findings of medium or high confidence count. A row of
clean-baseline.tsv is one rule in one file:

  tree  rule  path (with `!` before each step into a container)  count  class  reason

with the class
  true    what the rule says that it is: a key that parses, a password's hash, a token in use
  sample  of a manual or a test, and of a form that nothing tells from a real one
  false   no credential, or one whose look gives away that it is none

Prints NAME VALUE UNIT lines; the exit code is 1 when something is found that the baseline does
not have, or more often. `--new FILE` writes such rows, to be read and classified. No secret is in
either.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

sys.dont_write_bytecode = True
from clean_trees import TREES, build  # noqa: E402

PROJECT = Path(__file__).resolve().parent.parent
BASELINE = PROJECT / "bench" / "clean-baseline.tsv"
CLASSES = ("true", "sample", "false")
SURE = ("medium", "high")


class Place(NamedTuple):
    tree: str
    rule: str
    path: str


def scan(program: Path, target: Path) -> list[dict]:
    command = [str(program), "scan", "--secrets-only", "--format", "json", "--no-progress",
               "--no-store", str(target)]
    run = subprocess.run(command, capture_output=True, check=False)
    if run.returncode not in (0, 1, 2):
        sys.exit(f"clean.py: the scan failed: {run.stderr.decode(errors='replace')}")
    return json.loads(run.stdout)["targets"]


def places(tree: str, targets: list[dict]) -> Counter:
    found: Counter = Counter()
    for target in targets:
        for finding in target["findings"]:
            if finding["confidence"] in SURE:
                path = "!".join([finding["path"], *finding["inner_path"]])
                found[Place(tree, finding["rule"], path)] += 1
    return found


def read_baseline() -> dict[Place, tuple[int, str]]:
    rows = {}
    for line in BASELINE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            tree, rule, path, count, kind, _ = line.split("\t")
            rows[Place(tree, rule, path)] = int(count), kind
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", type=Path, default=PROJECT / "build" / "clean")
    parser.add_argument("--program", type=Path,
                        default=PROJECT / "build" / "release" / "stratascan")
    parser.add_argument("--tree", action="append", choices=TREES,
                        help="only this one; may be repeated")
    parser.add_argument("--new", type=Path, metavar="FILE")
    options = parser.parse_args()
    baseline = read_baseline()
    total, size, fresh = Counter(), 0.0, {}
    for tree, target in build(options.out.absolute(), options.tree or TREES).items():
        targets = scan(options.program, target)
        found = places(tree, targets)
        gigabytes = sum(one["coverage"]["bytes"] for one in targets) / 1e9
        kinds: Counter = Counter()
        for place, count in found.items():
            known, kind = baseline.get(place, (0, ""))
            if count > known:
                fresh[place] = count
            kinds[kind or "unclassified"] += count
        print(f"clean.{tree}.size {gigabytes:.3f} GB")
        for kind in CLASSES:
            print(f"clean.{tree}.{kind} {kinds[kind]} findings")
        total += kinds
        size += gigabytes
    print(f"clean.size {size:.3f} GB")
    for kind in CLASSES:
        print(f"clean.{kind} {total[kind]} findings")
    print(f"clean.false_rate {total['false'] / size:.2f} /GB")
    print(f"clean.false_or_sample_rate {(total['false'] + total['sample']) / size:.2f} /GB")
    print(f"clean.unclassified {len(fresh)} places")
    if options.new:
        options.new.write_text("".join(f"{place.tree}\t{place.rule}\t{place.path}\t{count}\t\t\n"
                                       for place, count in sorted(fresh.items())))
    return 1 if fresh else 0


if __name__ == "__main__":
    sys.exit(main())
