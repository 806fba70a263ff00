#!/usr/bin/env python3
"""Recall on planted secrets: `planted.py [--count N] [--seed SEED]`.

Makes fake secrets of every rule's format, puts them into some 60 kinds of context and container
(configuration formats, languages, encodings, archives, binaries, stores, places of an image) of
real images, scans these once, and holds the report against the truth. Prints NAME VALUE UNIT lines:

  planted.secrets           how many were planted
  planted.right             share found with the right type, way in, offset, extent and visibility
  planted.found             share found at their place, whatever is said of them
  planted.CONTEXT.right     the same for one context, blanks as `-`

`--table FILE` writes the tables of bench/detection.md, `--misses FILE` what was missed or wrong, by
context and rule, `--keep FOLDER` keeps images and truth (without the secrets). Needs gcc, git,
openssl, ssh-keygen, zstd, xz, bzip2; gdb for core dumps where the kernel keeps none.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Iterable

sys.dont_write_bytecode = True
PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT / "fixtures")]
sys.path.append(str(PROJECT / "bench"))

from planting.images import FAMILIES, Image, as_rows  # noqa: E402
from planting.judge import Verdict, equivalents, judge  # noqa: E402
from planting.samples import read_rules, sample  # noqa: E402

IMAGES = 8
FAULTS = ("missed", "type", "way", "offset", "extent", "visibility")
# Slow to make; a few are as good as many.
AT_MOST = {"core dump": 12}


def plant(count: int, seed: str, key: bytes) -> tuple[list[Image], list[str]]:
    """Each rule in turn, each time in the context that has least and that the sample fits."""
    rng = random.Random(seed)
    images = [Image(number, key, rng) for number in range(IMAGES)]
    filled = Counter({context: 0 for family in FAMILIES.values() for context in family})
    rules = read_rules(PROJECT / "patterns" / "secrets")
    rng.shuffle(rules)
    done, turn, without = 0, 0, []
    used: dict[str, Counter] = defaultdict(Counter)
    while done < count:
        for rule in rules:
            made = next((made for _ in range(5) if (made := sample(rule, rng, turn))), None)
            if made is None:
                if rule.id not in without:
                    without.append(rule.id)
                continue
            order = sorted(filled, key=lambda name: (used[rule.id][name], filled[name],
                                                     rng.random()))
            for context in order:
                if filled[context] >= AT_MOST.get(context, count):
                    continue
                if images[done % IMAGES].add(made, context):
                    filled[context] += 1
                    used[rule.id][context] += 1
                    done += 1
                    break
            if done == count:
                break
        turn += 1
    return images, without


def scan(program: Path, targets: list[Path], key_file: Path) -> list[list[dict]]:
    command = [str(program), "scan", "--secrets-only", "--format", "json", "--no-progress",
               "--no-store", "--key-file", str(key_file), *map(str, targets)]
    run = subprocess.run(command, capture_output=True, check=False)
    if run.returncode not in (0, 1):
        sys.exit(f"planted.py: the scan failed: {run.stderr.decode(errors='replace')}")
    return [target["findings"] for target in json.loads(run.stdout)["targets"]]


def counts(verdicts: Iterable[Verdict]) -> Counter:
    made: Counter = Counter()
    for verdict in verdicts:
        made["all"] += 1
        made["right"] += verdict.right
        made[verdict.wrong] += 1
    return made


def share(count: Counter) -> float:
    return 100 * count["right"] / count["all"] if count["all"] else 0


def by_context(verdicts: list[Verdict]) -> dict[str, Counter]:
    groups = defaultdict(list)
    for verdict in verdicts:
        groups[verdict.planted.context].append(verdict)
    return {context: counts(groups[context]) for family in FAMILIES.values()
            for context in family if groups[context]}


def figures(verdicts: list[Verdict]) -> Iterable[str]:
    every = counts(verdicts)
    yield f"planted.secrets {every['all']} secrets"
    yield f"planted.right {share(every):.2f} %"
    yield f"planted.found {100 - 100 * every['missed'] / every['all']:.2f} %"
    for context, count in by_context(verdicts).items():
        yield f"planted.{context.replace(' ', '-')}.right {share(count):.2f} %"


def table(verdicts: list[Verdict]) -> Iterable[str]:
    rows = by_context(verdicts)
    yield "| context | planted | right | " + " | ".join(FAULTS) + " |"
    yield "|---|---:|---:|" + "---:|" * len(FAULTS)
    for family, contexts in FAMILIES.items():
        total = sum((rows[context] for context in contexts if context in rows), Counter())
        if len(contexts) > 1:
            yield row(f"**{family}**", total)
        for context in contexts:
            if context in rows:
                yield row(context, rows[context])
    yield row("**all**", counts(verdicts))


def row(name: str, count: Counter) -> str:
    faults = " | ".join(str(count[fault] or "") for fault in FAULTS)
    return f"| {name} | {count['all']} | {share(count):.1f} % | {faults} |"


def misses(verdicts: list[Verdict]) -> Iterable[str]:
    for verdict in sorted(verdicts, key=lambda one: (one.wrong, one.planted.context,
                                                     one.planted.rule)):
        if verdict.right:
            continue
        one, finding = verdict.planted, verdict.finding
        said = ""
        if finding:
            said = (f" reported: {finding['rule']} at {finding['offset']}+{finding['length']} of "
                    f"{finding['inner_path']} {finding['visibility']} "
                    f"layer {finding['layer_index']}")
        yield (f"{verdict.wrong} [{one.context}] {one.rule} image {one.image} {one.paths} "
               f"{[tuple(asdict(place).values()) for place in one.places or []]}{said}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path,
                        default=PROJECT / "build" / "release" / "stratascan")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", default="planted")
    parser.add_argument("--table", type=Path, metavar="FILE")
    parser.add_argument("--misses", type=Path, metavar="FILE")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stratascan-planted-") as temporary:
        out = options.keep or Path(temporary)
        out.mkdir(parents=True, exist_ok=True)
        key = random.Random(options.seed).randbytes(32)
        key_file = out / "key"
        key_file.write_bytes(key)
        key_file.chmod(0o600)
        images, without = plant(options.count, options.seed, key)
        targets = [image.write(out) for image in images]
        planted = [one for image in images for one in image.planted]
        (out / "truth.json").write_text(json.dumps(as_rows(planted), indent=1))
        findings = scan(options.program, targets, key_file)
    same = equivalents(PROJECT / "bench" / "planted-equivalents.tsv")
    verdicts = judge(planted, findings, same)
    for line in figures(verdicts):
        print(line)
    print(f"planted.rules {len({one.rule for one in planted})} rules")
    for rule in without:
        print(f"planted.py: no sample of {rule}", file=sys.stderr)
    for path, lines in ((options.table, table), (options.misses, misses)):
        if path:
            path.write_text("".join(line + "\n" for line in lines(verdicts)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
