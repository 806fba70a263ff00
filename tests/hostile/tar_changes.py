"""Tar archives of a few members, and what an attacker would change in them: sizes, types, names,
records of extended headers, blocks of zeros."""

import io
import random
import tarfile

import rawtar

BLOCK = 512
FORMS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


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
        one = rawtar.pax_record(key, b"512" if key == b"size" else b"etc/one")
        two = rawtar.pax_record(key, b"10" if key == b"size" else b"etc/two")
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
