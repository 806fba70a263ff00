"""What an attack was made as, byte by byte: one whose file came out empty passes for ever, and
proves nothing."""

import bz2
import lzma
import os
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

MOST = 16 << 20  # of each file, unpacked
ZSTD = (b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18")


def unpacked(data: bytes) -> bytes:
    """The first bytes of what is in a layer's compression, as far as it can be read."""
    if data[:2] == b"\x1f\x8b":
        return joined(data, lambda: zlib.decompressobj(31), (zlib.error,))
    if data[:3] == b"BZh":
        return joined(data, bz2.BZ2Decompressor, (OSError,))
    if data[:6] == b"\xfd7zXZ\0":
        return joined(data, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, MOST), (lzma.LZMAError,))
    if data[:4] == ZSTD[0] or data[1:4] == ZSTD[1]:
        return by_zstd(data)
    return data[:MOST]


def joined(data: bytes, decoder: Callable, errors: tuple) -> bytes:
    """Of streams one behind the other."""
    made, at, one = bytearray(), 0, decoder()
    while at < len(data) and len(made) < MOST:
        part = data[at : at + 4096]
        try:
            made += one.decompress(part, MOST - len(made))
        except errors:
            break
        at += len(part) - len(one.unused_data)
        if one.eof:
            one = decoder()
    return bytes(made)


def by_zstd(data: bytes) -> bytes:
    """By the program, of which no more is taken."""
    with tempfile.TemporaryFile() as packed:
        packed.write(data)
        packed.seek(0)
        with subprocess.Popen(["zstd", "-dcq", "--long=31"], stdin=packed, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as program:
            made = program.stdout.read(MOST)
            program.kill()
    return made


def members(tar: bytes) -> Iterator[tuple[bytes, bytes, int, bytes]]:
    """Kind, name, size and contents of each member, up to what is no header."""
    at = 0
    while at < len(tar):
        head = tar[at : at + 512]
        at += 512
        if head.count(0) == 512:
            continue
        if head[257:262] != b"ustar":
            return
        digits = head[124:136].split(b"\0")[0].strip()
        size = int(digits, 8) if digits and not digits.strip(b"01234567") else 1 << 62
        yield head[156:157], head[:100].split(b"\0")[0], size, tar[at : at + size]
        at += size + -size % 512


def empty_members(tar: bytes) -> list[str]:
    """Regular files of no bytes. A whiteout has none, and neither has the header of a file whose
    size an extended header tells."""
    found, extended = [], b""
    for kind, name, size, data in members(tar):
        regular = kind in (b"0", b"\0") and not name.endswith(b"/")
        if regular and size == 0 and b" size=" not in extended:
            if not name.split(b"/")[-1].startswith(b".wh."):
                found.append(name.decode("latin-1"))
        extended = data if kind == b"x" else b""
    return found


def layers_of(data: bytes) -> list[bytes]:
    """A file is a layer, or an archive of an image, whose blobs may be. Of those that zstd has made
    there are thousands, and a process each is too much."""
    tar = unpacked(data)
    inner = {name: body for _, name, _, body in members(tar)}
    if not {b"oci-layout", b"manifest.json"} & inner.keys():
        return [tar]
    return [unpacked(body) for body in inner.values() if body[:4] != ZSTD[0]]


def empty_files(folder: Path) -> list[str]:
    """Files without a byte below the folder, and in its layers."""
    found = []
    for above, _, names in os.walk(folder):
        for path in (Path(above, name) for name in sorted(names)):
            if path.is_symlink() or not path.is_file():
                continue
            where, data = str(path.relative_to(folder)), path.read_bytes()
            found += [] if data else [where]
            found += [f"{where}: {name}" for layer in layers_of(data)
                      for name in empty_members(layer)]
    return found
