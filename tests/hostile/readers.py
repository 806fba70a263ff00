#!/usr/bin/env python3
"""Holds the program against two readers of tar that people unpack with, GNU tar and Python's
tarfile: `readers.py PROGRAM [SEED [COUNT]]`.

Archives that both read alike are changed in a field or two, as an attacker would: sizes, types,
names, records of extended headers, blocks of zeros. Whenever the two then see different members,
or one of them sees an error, the program must say that it is not sure either: a layer that is
`complete` in its report is one that all readers agree on. Prints each archive where that fails, and
what came of the rest."""

import io
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "fixtures"))

import rawtar  # noqa: E402

BLOCK = 512
Members = list[tuple[str, str, int]] | str


def base_archive(rand: random.Random, form: int) -> bytes:
    """A few members of each kind, as tarfile writes them."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as made:
        for number in range(rand.randrange(2, 6)):
            info = tarfile.TarInfo(rand.choice(["etc/f", "dd/" * 40 + "long", "usr/bin/x"]) +
                                   str(number))
            kind = rand.randrange(6)
            data = b""
            if kind <= 2:
                data = bytes([65 + number]) * rand.choice([0, 10, 512, 700, 1500])
                info.size = len(data)
            elif kind == 3:
                info.type = tarfile.DIRTYPE
            else:
                info.type = tarfile.SYMTYPE if kind == 4 else tarfile.LNKTYPE
                info.linkname = "etc/f0"
            info.mtime = 1_700_000_000
            if form == tarfile.PAX_FORMAT and rand.random() < 0.5:
                info.pax_headers = {"comment": "x" * rand.randrange(40)}
            made.addfile(info, io.BytesIO(data))
    return out.getvalue().rstrip(b"\0") + b"\0" * BLOCK * 3


def headers_of(tar: bytes) -> list[int]:
    """Where blocks stand whose checksum holds."""
    found = []
    for at in range(0, len(tar) - BLOCK + 1, BLOCK):
        block = tar[at : at + BLOCK]
        if block[257:262] == b"ustar" and block[148:154].strip(b" \0").isdigit():
            if int(block[148:154].strip(b" \0"), 8) == checksum(block):
                found.append(at)
    return found


def checksum(block: bytes) -> int:
    return sum(block[:148]) + 8 * 32 + sum(block[156:])


def with_field(tar: bytes, at: int, offset: int, value: bytes) -> bytes:
    made = bytearray(tar)
    made[at + offset : at + offset + len(value)] = value
    block = made[at : at + BLOCK]
    made[at + 148 : at + 156] = b"%06o\0 " % checksum(bytes(block))
    return bytes(made)


def change(rand: random.Random, tar: bytes) -> bytes:
    at = rand.choice(headers_of(tar))
    what = rand.randrange(9)
    if what == 0:
        size = rand.choice([0, 1, 10, 511, 512, 513, 1024, 5000, 1 << 33])
        return with_field(tar, at, 124, rawtar.octal(size, 12))
    if what == 1:
        return with_field(tar, at, 156, rand.choice([b"0", b"1", b"2", b"3", b"5", b"6", b"7",
                                                     b"\0", b"x", b"g", b"L", b"K", b"S", b"V",
                                                     b"M", b"D", b"Z", b"A", b"X"]))
    if what == 2:
        field = rand.choice([b"0000000001x\0", b"            ", b"\0" * 12, b"12 34       ",
                             b"-0000000001\0", b"\xff" * 12, b"00000000010\x01", b"  1750     \0",
                             b"8888888888 \0", b"\x80" + b"\0" * 10 + b"\x0a"])
        return with_field(tar, at, 124, field)
    if what == 3:
        records = {rand.choice([b"size", b"path", b"linkpath", b"comment", b"GNU.sparse.name"]):
                   rand.choice([b"0", b"10", b"512", b"2000", b"etc/other", b"", b"a\0b", b"-1"])
                   for _ in range(rand.randrange(1, 3))}
        kind = rand.choice([b"x", b"x", b"x", b"g"])
        return tar[:at] + rawtar.pax(records, kind) + tar[at:]
    if what == 4:
        key = rand.choice([b"path", b"size", b"comment"])
        one = record(key, b"512" if key == b"size" else b"etc/one")
        two = record(key, b"10" if key == b"size" else b"etc/two")
        body = one + two
        return (tar[:at] + rawtar.header(b"PaxHeaders/1", len(body), b"x") + rawtar.padded(body) +
                tar[at:])
    if what == 5:
        return tar[:at] + b"\0" * BLOCK * rand.choice([1, 2, 3]) + tar[at:]
    if what == 6:
        return tar[:at] + rawtar.gnu_long(rand.choice([b"etc/by-gnu", b"", b"n" * 300]),
                                          rand.choice([b"L", b"K"])) + tar[at:]
    if what == 7:
        body = rand.choice([b"9 path=a\n", b"99 path=a\n", b"10 path=a\n", b"x path=a\n",
                            b"0 path=a\n", b"9 path=a\0", b"6 =ab\n", b"7 path\n"])
        return (tar[:at] + rawtar.header(b"PaxHeaders/1", len(body), b"x") + rawtar.padded(body) +
                tar[at:])
    return with_field(tar, at, rand.choice([257, 263, 345, 0, 99, 157]),
                      rand.choice([b"\0", b"ustar  \0", b"ustar\x0000", b"/", b"zz"]))


def record(key: bytes, value: bytes) -> bytes:
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(b"%d" % length) + len(rest) != length:
        length = len(b"%d" % length) + len(rest)
    return b"%d" % length + rest


def seen_by_python(tar: bytes) -> Members:
    members = []
    try:
        with tarfile.open(fileobj=io.BytesIO(tar)) as made:
            for info in made:
                members.append(member(info.name, kind_of(info), info.size))
    except Exception as error:  # whatever it is: it does not read the archive
        return f"error: {type(error).__name__}"
    return members


def kind_of(info: tarfile.TarInfo) -> str:
    return ("d" if info.isdir() else "l" if info.issym() else "h" if info.islnk() else
            "-" if info.isreg() else "?")


def member(name: str, kind: str, size: int) -> tuple[str, str, int]:
    return name.strip("/"), kind, size if kind == "-" else 0


def seen_by_gnu(path: Path) -> Members:
    ran = subprocess.run(["tar", "-tvf", str(path), "--numeric-owner", "--full-time",
                          "--quoting-style=escape"], capture_output=True,
                         env={**os.environ, "LC_ALL": "C", "TZ": "UTC"})
    members = []
    for line in ran.stdout.decode("latin-1").splitlines():
        parts = line.split(None, 5)
        if len(parts) < 6:
            return "error: a line of another form"
        name, kind = parts[5], parts[0][0]
        for arrow in (" -> ", " link to "):
            name = name.split(arrow)[0]
        name = name.encode("latin-1").decode("unicode_escape")
        size = int(parts[2]) if parts[2].isdigit() else 0
        kind = {"C": "-", "S": "-"}.get(kind, kind)  # contiguous and sparse files
        members.append(member(name, kind if kind in "dlh-" else "?", size))
    # What it warns of and reads all the same is said by the member list.
    return members if ran.returncode == 0 else f"error after {len(members)}"


def states(program: str, paths: list[Path]) -> list[bool]:
    """Whether each is a complete layer to the program."""
    ran = subprocess.run([program, "scan", "--no-store", "--format", "json",
                          *[f"layer:{path}" for path in paths]], capture_output=True)
    report = json.loads(ran.stdout)
    return [target["coverage"]["complete"] for target in report["targets"]]


def main(arguments: list[str]) -> int:
    program = str(Path(arguments[0]).resolve())
    seed = arguments[1] if len(arguments) > 1 else "readers"
    count = int(arguments[2]) if len(arguments) > 2 else 400
    rand = random.Random(seed)
    forms = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
    wrong = differ = unsure = clean = 0
    with tempfile.TemporaryDirectory() as folder:
        paths, views = [], []
        for number in range(count):
            tar = base_archive(rand, rand.choice(forms))
            for _ in range(number % 3):  # a third of them as they are
                tar = change(rand, tar)
            path = Path(folder) / f"{number:04d}.tar"
            path.write_bytes(tar)
            paths.append(path)
            views.append((seen_by_python(tar), seen_by_gnu(path)))
        complete = states(program, paths)
        for number, ((python, gnu), sure) in enumerate(zip(views, complete)):
            alike = python == gnu and not isinstance(python, str)
            differ += not alike
            unsure += alike and not sure
            clean += number % 3 == 0 and sure
            if alike or not sure:
                continue
            wrong += 1
            kept = os.environ.get("STRATASCAN_KEEP")
            if kept:
                (Path(kept) / paths[number].name).write_bytes(paths[number].read_bytes())
            print(f"{paths[number].name}: tarfile sees {python}, GNU tar {gnu}, and the layer is "
                  "complete")
    print(f"{count} archives: {differ} on which readers differ, {wrong} of them not told; "
          f"{unsure} told on which these two agree; {clean} as they were written, and complete")
    return 1 if wrong or clean != (count + 2) // 3 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
