"""ELF files as a compiler and a linker make them, scripts, and what names a program."""

import struct
import subprocess
import tempfile
import zlib
from functools import cache
from pathlib import Path

from seeds import Seeds, target, under

SOURCE = ('const char usage[] = "usage: prog\\0prog version 1.2\\0BusyBox v1.36.1 multi-call binary";'
          "int main(void) { return usage[0]; }")


@cache
def elves() -> Seeds:
    """Small ones; what only one kind has is in that kind alone."""
    made = {}
    ways = {"static": ["-static", "-nostdlib", "-Wl,-e,main"], "pie": ["-nostdlib", "-Wl,-e,main"],
            "library": ["-shared", "-nostdlib"], "stripped": ["-nostdlib", "-s", "-Wl,-e,main"],
            "object": ["-c"]}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "s.c"
        source.write_text(SOURCE)
        for name, flags in ways.items():
            out = Path(folder) / name
            subprocess.run(["cc", "-Os", "-g0", "-Wl,--build-id", "-Wl,-z,noseparate-code", *flags,
                            "-o", str(out), str(source)], check=True, capture_output=True)
            made[name] = out.read_bytes()
    big = bytearray(64)
    big[:8] = b"\x7fELF\2\2\1\0"
    made["big-endian"] = bytes(big[:16]) + struct.pack(">HHIQQQIHHHHHH", 2, 43, 1, 0, 64, 0, 0, 64,
                                                       56, 1, 64, 0, 0) + struct.pack(
        ">IIQQQQQQ", 1, 5, 0, 0, 0, 120, 120, 4096)
    return made


@target("elf")
def elf() -> Seeds:
    return {f"{name}-{cut}": data + bytes([cut]) for name, data in elves().items()
            for cut in (90, 255)}


def note(name: bytes, kind: int, description: bytes) -> bytes:
    def padded(data: bytes) -> bytes:
        return data + b"\0" * (-len(data) % 4)

    return struct.pack("<III", len(name), len(description), kind) + padded(name) + padded(description)


@target("elf_evidence")
def elf_evidence() -> Seeds:
    package = b'{"type":"deb","name":"n","version":"1","architecture":"amd64","osCpe":"x"}\0'
    crates = zlib.compress(b'{"packages":[{"name":"serde","version":"1.0.0","source":"local"}]}')
    lines = b"path\tcmd/x\nmod\texample.org/x\tv1.2.3\th1:\nbuild\t-ldflags=\"-X main.version=1\"\n"
    go = bytes([8, 2]) + b"\0" * 16 + bytes([8]) + b"go1.22.3" + bytes([len(lines)]) + lines
    return {**under(0, elves()),
            "build-id": b"\0" + note(b"GNU\0", 3, b"\x12" * 20) + note(b"Go\0\0", 4, b"a/b"),
            "package": b"\0" + note(b"FDO\0", 0xCAFE1A7E, package), "crates": b"\0" + crates,
            "go": b"\0" + go, "lines": b"\0" + lines, "swapped": b"\1" + note(b"GNU\0", 3, b"x"),
            "script": b"\0#!/usr/bin/env -S python3 -u\n", "module": b"\0Name: pip\nVersion: 23.0\n",
            "package-json": b'\0{"name":"npm","version":"10.1.0","bin":{"npm":"x"}}',
            "gem": b'\0  s.name = "a".freeze\n  s.version = "1.2"\n'}


@target("identify")
def identify() -> Seeds:
    table = b"\0[\0[[\0ar\0ash\0awk\0base64\0basename\0cat\0"
    return {"version": b"\4\0\0\2literal of bare\0" b"1.2.3\0" b"usage", "table": b"\2\0\1\3" + table,
            "box": b"\0\0\2\1BusyBox v1.36.1 (2026-01-01) multi-call binary",
            "binutils": b"\0\0\3\1ar (GNU Binutils for Debian) 2.40\n"}


@target("upx")
def upx() -> Seeds:
    """What the packer's stub begins with; files that UPX made are in the unit tests."""
    head = b"\x7fELF\2\1\1" + b"\0" * 9 + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x401000, 64, 0,
                                                       0, 64, 56, 1, 64, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 600, 600, 4096)
    info = b"\0" * 4 + b"UPX!" + bytes([0, 8, 14, 22])
    sizes = struct.pack("<III", 0, 64, 64)
    block = struct.pack("<IIBBBB", 64, 64, 8, 0, 0, 0) + b"b" * 64
    end = struct.pack("<I", 0) + b"UPX!" + b"\0" * 24
    return {"stub": head + load + info + sizes + block + end,
            "original": head + load + info + sizes + block[:12] + head + block[12:] + end}


@target("pack")
def pack() -> Seeds:
    def text(value: bytes) -> bytes:
        return struct.pack("<Q", len(value)) + value

    return {"rules": text(b"stratascan rules 6\n") + b"\0" * 64,
            "pack": text(b"stratascan pack 3\n") + text(b"hash") + text(b"5.4") + b"\0" * 40}
