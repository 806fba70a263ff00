"""Containers that hold themselves: what comes out of them is their own bytes, so that there is no
innermost one.

The construction is Russ Cox's ("Zip Files All The Way Down", 2010), a program in deflate's two
instructions: L(n) writes the next n bytes (a stored block), R(n) repeats the last n (a block with
fixed codes, RFC 1951 3.2.6). Each takes five bytes, so that they can write each other."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from attack import MIB, Attack, attack

from attacks.bombs import inside

UNIT = 5
# First length or distance of each code, and how many more bits follow it (RFC 1951 3.2.5).
LENGTHS = [(3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1),
           (15, 1), (17, 1), (19, 2), (23, 2), (27, 2), (31, 2), (35, 3), (43, 3), (51, 3), (59, 3),
           (67, 4), (83, 4), (99, 4)]
DISTANCES = [(1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (7, 1), (9, 2), (13, 2), (17, 3), (25, 3),
             (33, 4), (49, 4), (65, 5), (97, 5)]


def literals(count: int) -> bytes:
    return struct.pack("<BHH", 0, count, count ^ 0xFFFF)


class Bits:
    def __init__(self) -> None:
        self.number = self.count = 0

    def low_first(self, value: int, count: int) -> None:
        self.number |= value << self.count
        self.count += count

    def code(self, value: int, count: int) -> None:
        self.low_first(int(f"{value:0{count}b}"[::-1], 2), count)

    def copy(self, length: int, distance: int) -> None:
        code = max(at for at, (first, _) in enumerate(LENGTHS) if first <= length)
        self.code(code + 1, 7)
        self.low_first(length - LENGTHS[code][0], LENGTHS[code][1])
        code = max(at for at, (first, _) in enumerate(DISTANCES) if first <= distance)
        self.code(code, 5)
        self.low_first(distance - DISTANCES[code][0], DISTANCES[code][1])

    def literal(self, byte: int) -> None:
        self.code(byte + 0x30, 8) if byte < 144 else self.code(byte - 144 + 0x190, 9)


def repeat(lengths: list[int], end: bytes = b"", last: bool = False) -> bytes:
    """Repeats as many bytes as the lengths and `end` have, of which the last are `end`."""
    bits = Bits()
    bits.low_first(1 if last else 0, 1)
    bits.low_first(1, 2)
    for length in lengths:
        bits.copy(length, sum(lengths) + len(end))
    for byte in end:
        bits.literal(byte)
    bits.code(0, 7)
    assert bits.count <= 40 and (bits.count == 40 or (last and bits.count > 32)), bits.count
    return bits.number.to_bytes(UNIT, "little")


def deflated_quine(head: bytes, tail: bytes, repeat_head: bytes, repeat_tail: bytes) -> bytes:
    """`head`, deflated bytes and `tail`; the first make all of it."""
    to_head, to_tail = literals(len(head) + UNIT), literals(len(tail) + UNIT)
    none, one, four = literals(0), literals(UNIT), literals(4 * UNIT)
    again = repeat([10, 10])
    return b"".join([
        head, to_head, head, to_head, repeat_head, one, repeat_head, one, one, four,
        repeat_head, one, one, four, again, four, again, four, again, four, again,
        four, again, none, none, to_tail, again, none, none, to_tail, repeat_tail, tail,
        repeat_tail, tail])


def with_its_own_checksum(made: Callable[[int], bytes]) -> bytes:
    """`made` puts a number at its places; the number is chosen that is the CRC-32 of the whole.
    A CRC is linear in the bits of its message, so this is a system of 32 equations."""
    base = zlib.crc32(made(0))
    rows = []  # what a bit of the number changes, and which bit it is
    for bit in range(32):
        rows.append((zlib.crc32(made(1 << bit)) ^ base ^ (1 << bit), 1 << bit))
    number = 0
    for place in range(32):
        pivot = next((row for row in rows if row[0] >> place & 1), None)
        if pivot is None:
            if base >> place & 1:
                raise ValueError("no number is its own checksum here")
            continue
        rows = [(row[0] ^ pivot[0], row[1] ^ pivot[1]) if row[0] >> place & 1 else row
                for row in rows if row is not pivot]
        if base >> place & 1:
            base, number = base ^ pivot[0], number ^ pivot[1]
    whole = made(number)
    assert zlib.crc32(whole) == number
    return whole


def gzip_quine() -> bytes:
    head = b"\x1f\x8b\x08\x08" + bytes(5) + b"\xff" + b"r.gz\0"

    def made(number: int, size: int = 0) -> bytes:
        return deflated_quine(head, struct.pack("<II", number, size), repeat([10, 10]),
                              repeat([10, 3], last=True))

    size = len(made(0))
    return with_its_own_checksum(lambda number: made(number, size))


def zip_quine() -> bytes:
    name = b"a/zip/that/is/its/own/only/contents/r.zip"

    def made(number: int, size: int = 0) -> bytes:
        packed = max(0, size - 30 - len(name) - tail_size)
        fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, number, packed, size, len(name), 0)
        head = b"PK\3\4" + fields + name
        entry = b"PK\1\2" + struct.pack("<H", 20) + fields + bytes(14) + name
        end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(entry),
                          max(0, size - tail_size), 0)
        tail = entry + end
        return deflated_quine(head, tail, repeat([len(head) + UNIT - 1], b"\xff"),
                              repeat([len(tail) + UNIT - 1], b"\0", last=True))

    tail_size = 46 + len(name) + 22
    size = len(made(0))
    return with_its_own_checksum(lambda number: made(number, size))


@attack
def gzip_that_holds_itself(f: Attack) -> None:
    data = gzip_quine()
    assert gzip.decompress(data) == data
    inside(f, "r.gz", data, "nested more than 5 levels", MIB)


@attack
def zip_that_holds_itself(f: Attack) -> None:
    data = zip_quine()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read(archive.namelist()[0]) == data
    inside(f, "r.zip", data, "nested more than 5 levels", MIB)


@attack
def layer_that_holds_itself(f: Attack) -> None:
    f.target_file("layer", gzip_quine())
    f.image("partial")
    f.gap("nested more than 5 levels")
    f.scanned = MIB
    f.exit = 2
