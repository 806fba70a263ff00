"""Containers behind, or in, what other readers look past: a zip file is read from its end, so
anything may stand in front of it; and tar headers that say of themselves what no writer does."""

import hashlib
import random
import struct
import zlib

import compress
import containers
import rawtar
from attack import Attack, attack
from rawtar import BLOCK, END

from attacks import samples

TEXT = b"nothing to see here, move along\n" * 300


def zip_with(f: Attack) -> bytes:
    return containers.zip_of({"a.txt": b"value " + f.secrets.github() + b"\n"})


def of_another_version(zip_file: bytes) -> bytes:
    """Its first header asks for a reader of version 25.5; the directory says 2.0."""
    return zip_file[:4] + b"\xff" + zip_file[5:]


def opened(f: Attack, files: dict[str, bytes], *inner: str) -> None:
    """Each of them must have its finding in what stands behind."""
    for name in files:
        f.seen(path=name, inner_path=list(inner) or ["a.txt"])
    f.target_file("layer.tar", containers.tar_of(files))
    f.image("complete")


def told(f: Attack, files: dict[str, bytes]) -> None:
    """Each of them must have its gap."""
    for name in files:
        f.gap(path=name)
    f.target_file("layer.tar", containers.tar_of(files))
    f.image("partial")
    f.exit = 2


def of_no_archive() -> dict[str, bytes]:
    compressions = {"gz": compress.gzip_member, "zst": compress.zstd, "bz2": compress.bzip2,
                    "xz": compress.xz, "lz4": compress.lz4, "lz": compress.lzip}
    return {"text": TEXT, "noise": random.Random("behind").randbytes(5000),
            "script": b"#!/bin/sh\n" + TEXT * 40, "elf": samples.linked_program(),
            "elf and a byte": samples.linked_program() + b"\n", "jmod": b"JM\1\0",
            "mark of one part": b"PK00", "mark of parts": b"PK\7\10",
            "end of another": containers.ZIP_END,
            **{name: pack(TEXT) for name, pack in compressions.items()}}


@attack
def zip_behind_anything(f: Attack) -> None:
    opened(f, {name: front + zip_with(f) for name, front in of_no_archive().items()})


@attack
def zip_behind_anything_in_a_layers_archive(f: Attack) -> None:
    """The same one and two containers further in, where bytes come from decoders."""
    files = {name: front + zip_with(f) for name, front in of_no_archive().items()}
    for name in files:
        f.seen(path="a.tar", inner_path=[name, "a.txt"])
        f.seen(path="a.tgz", inner_path=["gzip", name, "a.txt"])
    tar = containers.tar_of(files)
    f.target_file("layer.tar",
                  containers.tar_of({"a.tar": tar, "a.tgz": compress.gzip_member(tar)}))
    f.image("complete")


@attack
def zip_behind_a_package(f: Attack) -> None:
    one = {"x": TEXT}
    opened(f, {"cpio": containers.cpio_of(one) + zip_with(f),
               "rpm": containers.rpm_of(one) + zip_with(f)})


@attack
def zip_behind_an_archive(f: Attack) -> None:
    """Where what is in front is read to the end, what stands behind it is told."""
    one = {"x": TEXT}
    class_file = (b"\xca\xfe\xba\xbe\0\0\0\x34\0\2\1\0\3abc" + b"\0\x21" + b"\0" * 12)
    f.programs.append({"path": "upx", "program": "packed"})
    fronts = {"ar": containers.ar_of(one), "tar": containers.tar_of(one), "class": class_file,
              "db": samples.database(Nothing()), "pack": pack_of_nothing(),
              "upx": samples.packed_by_upx(samples.program(TEXT))}
    told(f, {name: front + zip_with(f) for name, front in fronts.items()})


class Nothing:
    """Stands for an attack where a sample needs a secret and the file is to have none."""

    def __init__(self) -> None:
        self.secrets = self

    def github(self) -> bytes:
        return b"none"


def pack_of_nothing() -> bytes:
    body = struct.pack(">4sII", b"PACK", 2, 1) + bytes([0x33]) + zlib.compress(b"abc")
    return body + hashlib.sha1(body).digest()


@attack
def zip_whose_first_header_is_of_another_version(f: Attack) -> None:
    opened(f, {"a.zip": of_another_version(zip_with(f))})


@attack
def zip_whose_first_header_has_another_method(f: Attack) -> None:
    """Which is believed, and no reader here has it; the directory says that it is deflated."""
    made = zip_with(f)
    told(f, {"a.zip": made[:8] + b"\x32" + made[9:]})


@attack
def zip_behind_anything_and_of_another_version(f: Attack) -> None:
    """Then no header is believed but where a file or what a program leaves begins with it, and the
    directory's end is told."""
    begun = ("elf", "mark of one part", "mark of parts", "end of another")
    told(f, {name: front + of_another_version(zip_with(f))
             for name, front in of_no_archive().items() if name not in begun})


@attack
def elf_that_claims_the_zip_behind_it(f: Attack) -> None:
    """Its table of sections is said to begin behind all of the file."""
    program, behind = samples.linked_program(), zip_with(f)
    at = struct.pack("<Q", len(program) + len(behind) + 5000)
    told(f, {"tool": program[:40] + at + program[48:] + behind})


def sparse(f: Attack, name: bytes, front: bytes, hole: int) -> bytes:
    behind = zip_with(f)
    at = BLOCK * -(-len(front) // BLOCK)
    return rawtar.gnu_sparse(name, at + hole + len(behind),
                             [(0, front.ljust(at, b"\n")), (at + hole, behind)])


@attack
def zip_behind_a_hole(f: Attack) -> None:
    """A container that is read goes on behind what its file leaves out, as for whoever unpacks it."""
    fronts = {"script": b"#!/bin/sh\nexit 0\n", "elf": samples.linked_program(), "text": TEXT}
    layer = b"".join(sparse(f, name.encode(), front, 64 << 10) for name, front in fronts.items())
    for name in fronts:
        f.seen(path=name, inner_path=["a.txt"])
    f.target_file("layer.tar", layer + END)
    f.image("complete")


@attack
def zip_behind_a_terabyte_of_hole(f: Attack) -> None:
    for name in ("script", "text"):
        f.seen(path=name, inner_path=["a.txt"])
    f.target_file("layer.tar", sparse(f, b"script", b"#!/bin/sh\nexit 0\n", 1 << 40) +
                  sparse(f, b"text", TEXT, 1 << 40) + END)
    f.image("complete")


def gzip_with(f: Attack) -> bytes:
    return compress.gzip_member(b"value " + f.secrets.github() + b"\n")


def in_a_tar(f: Attack, tar: bytes, gap: str = "") -> None:
    f.seen(path="a.tar", inner_path=["a.gz", "gzip"])
    f.target_file("layer.tar", containers.tar_of({"a.tar": tar}))
    f.image("partial" if gap else "complete")
    if gap:
        f.gap(gap, path="a.tar")


@attack
def tar_whose_first_member_has_no_name(f: Attack) -> None:
    in_a_tar(f, rawtar.header(b"", len(TEXT)) + rawtar.padded(TEXT) + rawtar.member(b"a.gz", gzip_with(f)) + END)


@attack
def tar_with_a_sparse_file_in_it(f: Attack) -> None:
    """In GNU's format 1.0 the map stands in front of what the file begins with."""
    packed = gzip_with(f)
    in_a_tar(f, rawtar.pax_sparse(b"a.gz", 1 << 20, [(0, packed)]) + END)


def with_a_decoy(behind: bytes, decoy: bytes) -> bytes:
    """A global header of more than a MiB, and in it what looks like a header."""
    front = b"1052672 comment="
    record = front + b"x" * (BLOCK - len(front)) + decoy
    record += b"y" * (1_052_672 - len(record) - 1) + b"\n"
    return rawtar.header(b"g", len(record), b"g") + record + behind + END


@attack
def tar_with_a_decoy_in_a_long_header(f: Attack) -> None:
    """What it has is passed over by all others; a member there must not take the one behind."""
    real = rawtar.member(b"a.gz", gzip_with(f))
    in_a_tar(f, with_a_decoy(real, rawtar.header(b"decoy", 1_052_672 + len(real))),
             "extended header is too long")


@attack
def tar_with_a_decoy_for_the_next_header(f: Attack) -> None:
    """As the last thing in the long one, a record that gives the next member another size."""
    record = rawtar.pax_record(b"size", b"1000000000")
    last = rawtar.header(b"x", len(record), b"x") + rawtar.padded(record)
    real = rawtar.member(b"a.gz", gzip_with(f))
    made = with_a_decoy(real, b"")
    at = BLOCK + 1_052_672 - len(last)
    in_a_tar(f, made[:at] + last + made[at + len(last):], "extended header is too long")
