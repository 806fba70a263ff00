#!/usr/bin/env python3
"""Recall and quiet on labelled token samples: `detection.py [CORPORA]`.

Reads every *.jsonl of CORPORA (by default ../shared/corpora beside the project), one sample a line:

  {"src": publisher, "rule": its name for the type, "label": "pos" or "neg", "text": the sample}

puts each sample into a file of its own, scans them all once with the program and prints
NAME VALUE UNIT lines, for each publisher and for all:

  detection.PUBLISHER.found         share of `pos` with a finding, whatever its confidence
  detection.PUBLISHER.found_medium  … of medium or high confidence
  detection.PUBLISHER.false_medium  share of `neg` with a finding of medium or high confidence
  detection.PUBLISHER.found_secrets as `found`, over the `pos` that hold a secret: without the
                                    those of disputed.tsv and without bare names of files

The files' names and their order tell nothing of the samples. `--misses FILE` lists, by publisher
and rule, what was missed and what was falsely reported, and by which rules of ours. The samples
stay where they are: nothing here keeps or prints their text.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Iterable, NamedTuple

PROJECT = Path(__file__).resolve().parent.parent
SURE = ("medium", "high")
FILE_NAME = re.compile(r"[\w./-]+\.(?:ya?ml|config|p12|pfx|php|hcl)", re.IGNORECASE)


class Sample(NamedTuple):
    src: str
    rule: str
    positive: bool
    text: str
    place: str  # file and line in the corpora, for whoever wants to read it


class Disputed:
    """Which positive samples are no secrets, as disputed.tsv says: all of a rule, or some lines."""

    def __init__(self, file: Path):
        self.rules: set[tuple[str, str]] = set()
        self.places: set[tuple[str, str, str]] = set()
        for line in file.read_text().splitlines():
            fields = line.split("\t")
            if len(fields) == 3:
                self.rules.add((fields[0], fields[1]))
            elif len(fields) == 4:
                self.places |= {(fields[0], fields[1], place) for place in fields[3].split()}

    def __contains__(self, sample: Sample) -> bool:
        line = sample.place.rpartition(":")[2]
        return ((sample.src, sample.rule) in self.rules
                or (sample.src, sample.rule, line) in self.places
                or bool(FILE_NAME.fullmatch(sample.text.strip())))


def read_samples(corpora: Path) -> list[Sample]:
    samples = []
    for file in sorted(corpora.glob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                row = json.loads(line)
                samples.append(Sample(row["src"], row["rule"], row["label"] == "pos", row["text"],
                                      f"{file.name}:{number}"))
    return samples


def scan(program: Path, samples: list[Sample], more: list[str]) -> list[list[tuple[str, str]]]:
    """For each sample the rules that found something in it, with their confidence."""
    found: list[list[tuple[str, str]]] = [[] for _ in samples]
    with tempfile.TemporaryDirectory(prefix="stratascan-detection-") as folder:
        for number, sample in enumerate(samples):
            # Folders keep the files' names short and a listing quick.
            file = Path(folder) / f"{number // 100:03}" / f"{number:05}.txt"
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(sample.text.encode("utf-8", "surrogatepass"))
        command = [str(program), "scan", "--secrets-only", "--format", "json", "--no-progress",
                   "--no-store", *more, f"dir:{folder}"]
        run = subprocess.run(command, capture_output=True, check=False)
        if run.returncode not in (0, 1):
            sys.exit(f"detection.py: the scan failed: {run.stderr.decode(errors='replace')}")
        for target in json.loads(run.stdout)["targets"]:
            for finding in target["findings"]:
                number = int(Path(finding["path"]).stem)
                found[number].append((finding["rule"], finding["confidence"]))
    return found


def figures(samples: list[Sample], found: list[list[tuple[str, str]]]) -> Iterable[str]:
    counts: dict[str, Counter] = defaultdict(Counter)
    disputed = Disputed(PROJECT / "bench" / "disputed.tsv")
    for sample, findings in zip(samples, found):
        sure = any(confidence in SURE for _, confidence in findings)
        secret = sample not in disputed
        for name in (sample.src, "all"):
            count = counts[name]
            if sample.positive:
                count["pos"] += 1
                count["found"] += bool(findings)
                count["found_medium"] += sure
                count["secrets"] += secret
                count["found_secrets"] += secret and bool(findings)
            else:
                count["neg"] += 1
                count["false_medium"] += sure
    for name in [*sorted(counts.keys() - {"all"}), "all"]:
        count = counts[name]
        yield f"detection.{name}.pos {count['pos']} samples"
        yield f"detection.{name}.neg {count['neg']} samples"
        for figure, of in (("found", "pos"), ("found_secrets", "secrets"), ("found_medium", "pos"),
                           ("false_medium", "neg")):
            if count[of]:
                yield f"detection.{name}.{figure} {100 * count[figure] / count[of]:.2f} %"


def misses(samples: list[Sample], found: list[list[tuple[str, str]]]) -> Iterable[str]:
    missed: dict[tuple[str, str], list[str]] = defaultdict(list)
    totals: Counter = Counter()
    false: dict[tuple[str, str], list[str]] = defaultdict(list)
    for sample, findings in zip(samples, found):
        kind = (sample.src, sample.rule)
        if sample.positive:
            totals[kind] += 1
            if not findings:
                missed[kind].append(sample.place)
            continue
        sure = sorted({rule for rule, confidence in findings if confidence in SURE})
        if sure:
            false[kind].append(f"{sample.place} ({', '.join(sure)})")
    for kind, places in sorted(missed.items()):
        yield f"missed {kind[0]} {kind[1]} {len(places)} of {totals[kind]}: {' '.join(places)}"
    for kind, places in sorted(false.items()):
        yield f"false {kind[0]} {kind[1]} {len(places)}: {' '.join(places)}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="?", type=Path,
                        default=PROJECT.parent / "shared" / "corpora")
    parser.add_argument("--program", type=Path,
                        default=PROJECT / "build" / "release" / "stratascan")
    parser.add_argument("--rules", action="append", default=[], metavar="FILE",
                        help="more rules, as the program's own option")
    parser.add_argument("--misses", type=Path, metavar="FILE",
                        help="what was missed and what was falsely reported")
    options = parser.parse_args()
    if not any(options.corpora.glob("*.jsonl")):
        print(f"detection.py: no samples in {options.corpora}; skipped", file=sys.stderr)
        return 0
    samples = read_samples(options.corpora)
    more = [argument for file in options.rules for argument in ("--rules", file)]
    found = scan(options.program, samples, more)
    for line in figures(samples, found):
        print(line)
    if options.misses:
        options.misses.write_text("".join(line + "\n" for line in misses(samples, found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
