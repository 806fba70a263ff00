#!/usr/bin/env python3
"""Holds the tar walk against two readers of tar that people unpack with, GNU tar and Python's
tarfile: `readers.py PROGRAM TAR_MEMBERS [SEED [COUNT]]`; TAR_MEMBERS is what is built of
tar_members.cpp, and prints what the walk saw.

Archives that all read alike are changed in a field or two, as an attacker would (tar_changes.py);
the tar archives of attacks/smuggling.py and sparse files of GNU tar's are taken as they are.
Members are compared one by one: path, kind, size, target of a link, and with tarfile a file's
contents. A layer that is `complete` in the program's report must be one that all three read alike.
What the two read alike and the program is not sure of must have a reason that ALIKE_HERE names, and
what was not changed must be complete. Prints what fails, and what came of the rest."""

import json
import os
import posixpath
import random
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from attack import ATTACKS, Attack  # noqa: E402  (it knows where the fixtures are)
from attacks import smuggling  # noqa: E402
import tar_changes  # noqa: E402

BATCH = 400
UNCHANGED = "-unchanged"
# What GNU tar complains of and unpacks all the same.
WARNED_OF = {"numbers-that-overflow"}  # times and owners
# Plain members alone, in seconds of tarfile's.
LEFT_OUT = {"empty-members-by-the-hundred-thousand"}
# Why the program is not sure of what these two read alike: begins of reasons, and what another
# reader does there.
ALIKE_HERE = {
    "ambiguous-archive: members behind the end marker": "`tar -i` reads on",
    "ambiguous-archive: an extended header that says a thing twice": "the first one may hold",
    "ambiguous-archive: contents of a link, folder or device": "Go's reader takes none to be there",
    "ambiguous-archive: two extended headers of one member": "both may hold",
    "ambiguous-archive: a name or size for all members at once": "Go's reader gives it to none",
    "ambiguous-archive: two sizes of one member": "a reader without pax has the header's",
    "ambiguous-archive: two names of one member": "GNU's may hold, or pax's",
    "ambiguous-archive: two long names of one member": "the first one may hold",
    "ambiguous-archive: two targets of one link": "GNU's may hold, or pax's",
    "ambiguous-archive: an extended header with a damaged record": "Go's reader refuses it",
    "ambiguous-archive: an extended header with an empty name or size": "it may unset what it names",
    "ambiguous-archive: an extended header with NULs behind its records": "libarchive drops it",
    "ambiguous-archive: a name or size with a NUL in it": "Go's reader refuses it",
    "ambiguous-archive: a size that is not a number to all": "Go's reader refuses it",
    "ambiguous-archive: a number that is none to all": "Go's reader refuses it",
    "ambiguous-archive: a prefix that not all readers know": "a name to the one, times to the other",
    "ambiguous-archive: parts of a file on top of each other": "Go's reader refuses it",
    "ambiguous-archive: a sparse file": "who knows no such thing has a file of another name and size",
    "ambiguous-archive: a link whose header has no target": "libarchive has no link",
    "ambiguous-archive: a hard link without a target": "libarchive has one of no name, or none",
    "ambiguous-archive: a long name that goes on behind its size": "libarchive cuts it there",
    "ambiguous-archive: a file by the name of a folder": "a folder to some",
    "ambiguous-archive: a member without a name": "refused by some",
    "ambiguous-archive: headers with no member behind them": "refused by some",
    "ambiguous-archive: a member of a type": "a file to some, to others none",
    "a path of more than": "a limit of the program's own",
    "headers of more than": "a limit of the program's own",
    "the stream does not begin with a tar header": "tarfile and GNU tar find the next one, too",
    "tar: ": "libarchive refuses it",
}


class Member(NamedTuple):
    path: str
    kind: str
    size: int
    target: str


Members = list[Member] | str


def path_of(name: str) -> str:
    """As it lies in a root file system, whoever unpacks it."""
    return posixpath.normpath("/" + name).lstrip("/")


def member(name: str, kind: str, size: int, target: str) -> Member:
    path = path_of(name)
    if kind == "l" and not target.startswith("/"):
        target = posixpath.join("/", posixpath.dirname(path), target)
    return Member(path, kind, size if kind == "-" else 0, path_of(target) if kind in "lh" else "")


def seen_by_python(path: Path) -> tuple[Members, list[int | None]]:
    """The members, and the CRC-32 of each one's contents; null of what has holes."""
    members, sums = [], []
    try:
        with tarfile.open(path) as made:
            for info in made.getmembers():
                members.append(member(info.name, kind_of(info), info.size, info.linkname))
                held = info.isreg() and not info.issparse()
                sums.append(zlib.crc32(made.extractfile(info).read()) if held else None)
    except Exception as error:  # whatever it is: it does not read the archive
        return f"error: {type(error).__name__}", []
    return members, sums


def kind_of(info: tarfile.TarInfo) -> str:
    return ("d" if info.isdir() else "l" if info.issym() else "h" if info.islnk() else
            "-" if info.isreg() else "?")


def seen_by_gnu(path: Path, with_warnings: bool = False) -> Members:
    ran = subprocess.run(["tar", "-tvf", str(path), "--numeric-owner", "--full-time",
                          "--quoting-style=escape"], capture_output=True,
                         env={**os.environ, "LC_ALL": "C", "TZ": "UTC"})
    lines = ran.stdout.decode("latin-1").splitlines()
    if ran.returncode != 0 and not with_warnings:
        return f"error after {len(lines)}"
    members = []
    for line in lines:
        parts = line.split(None, 5)
        if len(parts) < 6:
            return "error: a line of another form"
        name, _, target = parts[5].partition(" -> " if parts[0][0] == "l" else " link to ")
        name, target = (text.encode("latin-1").decode("unicode_escape") for text in (name, target))
        size = int(parts[2]) if parts[2].isdigit() else 0
        kind = {"C": "-", "S": "-"}.get(parts[0][0], parts[0][0])  # contiguous and sparse files
        members.append(member(name, kind if kind in "dlh-" else "?", size, target))
    return members


def seen_by_walk(program: str, paths: list[Path]) -> list[tuple[list[Member], list[int | None]]]:
    ran = subprocess.run([program, *paths], capture_output=True, check=True)
    lists = map(json.loads, ran.stdout.splitlines())
    return [([Member(path, kind, size if kind == "-" else 0, target)
              for path, kind, size, target, _ in members],
             [entry[4] for entry in members]) for members in lists]


def reasons_of(program: str, paths: list[Path]) -> list[list[str]]:
    """Why each is no complete layer to the program."""
    ran = subprocess.run([program, "scan", "--no-store", "--format", "json",
                          *[f"layer:{path}" for path in paths]], capture_output=True)
    reasons = []
    for target in json.loads(ran.stdout)["targets"]:
        gaps = [gap["reason"] for layer in target["layers"] for gap in layer["gaps"]]
        assert target["coverage"]["complete"] == (not gaps), target
        reasons.append(gaps)
    return reasons


def from_seed(seed: str, count: int, folder: Path) -> dict[str, Path]:
    """A third of them as they were written, and so called."""
    rand = random.Random(seed)
    made = {}
    for number in range(count):
        tar = tar_changes.base_archive(rand, rand.choice(tar_changes.FORMS))
        for _ in range(number % 3):
            tar = tar_changes.change(rand, tar)
        name = f"{seed}-{number}" + ("" if number % 3 else UNCHANGED)
        made[name] = folder / f"{name}.tar"
        made[name].write_bytes(tar)
    return made


def from_catalogue(folder: Path) -> dict[str, Path]:
    made = {}
    for name, build in ATTACKS.items():
        if build.__module__ != smuggling.__name__ or name in LEFT_OUT:
            continue
        (folder / name).mkdir()
        attack = Attack(name, folder / name)
        build(attack)
        made[name] = folder / name / "layer.tar"
    return made


def from_gnu_tar(folder: Path) -> dict[str, Path]:
    """Sparse files in each form that GNU tar writes."""
    with open(folder / "disk", "wb") as disk:
        for at in (70_000, 900_000, 1_500_000):
            disk.seek(at)
            disk.write(b"x" * 5000)
        disk.truncate(1 << 22)
    made = {}
    for form in ("gnu", "posix:0.0", "posix:0.1", "posix:1.0"):
        name, _, version = form.partition(":")
        path = folder / f"sparse-{form}{UNCHANGED}.tar"
        subprocess.run(["tar", "-cf", path, "-S", f"--format={name}", "-C", folder, "disk",
                        *([f"--sparse-version={version}"] if version else [])], check=True)
        made[path.stem] = path
    return made


def differs(walk, python, gnu: Members) -> str:
    """What one reader sees and another does not; empty: nothing."""
    views = {"tarfile": python[0], "GNU tar": gnu, "the walk": walk[0]}
    if any(isinstance(view, str) or view != walk[0] for view in views.values()):
        # The first member that differs says what it is about.
        at = next((number for number, row in enumerate(zip(*views.values()))
                   if len(set(row)) > 1), min(map(len, views.values())))
        return "; ".join(f"{who} sees {view if isinstance(view, str) else view[at : at + 1]}"
                         for who, view in views.items())
    held = [pair for pair in zip(walk[1], python[1]) if None not in pair]
    return "" if all(ours == theirs for ours, theirs in held) else "contents that differ"


class Outcome:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.unsure: Counter[str] = Counter()
        self.wrong: list[str] = []

    def take(self, name: str, path: Path, walk, reasons: list[str]) -> None:
        python, gnu = seen_by_python(path), seen_by_gnu(path, name in WARNED_OF)
        difference = differs(walk, python, gnu)
        alike = python[0] == gnu and not isinstance(gnu, str)
        self.counts["archives"] += 1
        self.counts["differ"] += not alike
        self.counts["complete"] += not reasons
        self.counts["compared"] += 0 if reasons else len(walk[0])
        if not reasons and difference:
            self.wrong.append(f"{name} is complete, and {difference}")
        if reasons and name.endswith(UNCHANGED):
            self.wrong.append(f"{name} is not complete: {reasons[0]}")
        if reasons and alike:
            known = next((reason for reason in ALIKE_HERE if reasons[0].startswith(reason)), None)
            if known is None:
                self.wrong.append(f"{name} is read alike, and not complete: {reasons[0]}")
            self.unsure[known or reasons[0]] += 1


def main(arguments: list[str]) -> int:
    program, walker = (str(Path(word).resolve()) for word in arguments[:2])
    seed = arguments[2] if len(arguments) > 2 else "readers"
    count = int(arguments[3]) if len(arguments) > 3 else 1200
    outcome = Outcome()
    for first in range(-BATCH, count, BATCH):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            made = ({**from_catalogue(folder), **from_gnu_tar(folder)} if first < 0 else
                    from_seed(f"{seed}-{first}", min(BATCH, count - first), folder))
            paths = list(made.values())
            seen = zip(made.items(), seen_by_walk(walker, paths), reasons_of(program, paths))
            for (what, path), walk, reasons in seen:
                outcome.take(what, path, walk, reasons)
    print("\n".join(outcome.wrong))
    print("{archives} archives: {differ} that tarfile and GNU tar see differently; {complete} that "
          "are complete, {compared} members of theirs compared".format(**outcome.counts))
    for reason, times in outcome.unsure.most_common():
        why = ALIKE_HERE.get(reason, "no reason known")
        print(f"{times} read alike by both, and not complete: {reason} ({why})")
    return 1 if outcome.wrong or not outcome.counts["compared"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
