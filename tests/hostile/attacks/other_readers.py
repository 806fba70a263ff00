"""Containers in forms that few writers choose and some reader opens: what is in them is found,
and what nothing here opens is a gap. Each secret is packed: no look at the bare bytes sees it."""

import gzip
import lzma
import sqlite3
import struct
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import compress
import containers
import oci
import rawtar
from attack import Attack, attack
from attacks import samples
from planted import run


def files(f: Attack, made: dict[str, bytes]) -> None:
    """A target each, complete, whose secret is found in the file."""
    for name, data in made.items():
        f.seen(path=name)
        f.target_file(name + ".layer.tar", rawtar.member(name.encode(), data) + rawtar.END)
        f.image("complete")


def unopened(f: Attack, made: dict[str, tuple[bytes, str]]) -> None:
    """A target each, of which no more is known than that it was not opened."""
    f.exit = 2
    for name, (data, reason) in made.items():
        f.gap(reason, path=name)
        f.target_file(name + ".layer.tar", rawtar.member(name.encode(), data) + rawtar.END)
        f.image("partial")


def text(f: Attack) -> bytes:
    return b"value " + f.secrets.github() + b"\n"


def packed(f: Attack) -> bytes:
    return gzip.compress(text(f), mtime=0)


def database(make: Callable[[sqlite3.Connection], object]) -> bytes:
    base = sqlite3.connect(":memory:")
    make(base)
    base.commit()
    return base.serialize()


def table_of(f: Attack, name: str, key: str = "x", schema: str = "") -> bytes:
    """One of a row whose BLOB is a container; `schema` is done to the tables' own table."""
    def make(base: sqlite3.Connection) -> None:
        quoted = '"' + name.replace('"', '""') + '"'
        base.execute(f"create table {quoted} (name, value)")
        base.execute(f"insert into {quoted} values (?, ?)", (key, packed(f)))
        if schema:
            base.execute("pragma writable_schema = 1")
            base.execute("update sqlite_schema set " + schema)

    return database(make)


@attack
def tables_whose_names_are_no_words(f: Attack) -> None:
    """A line break, what looks like the next value, and more than is read of a definition."""
    files(f, {"break.db": table_of(f, "a\nb"), "value.db": table_of(f, 'a"\nrootpage = 0\n'),
              "long.db": table_of(f, "n" * 70_000), "longer.db": table_of(f, "n" * 300_000),
              "key.db": table_of(f, "t", "k" * 70_000)})


@attack
def tables_by_another_type(f: Attack) -> None:
    """SQLite goes by the definition and never asks for the type."""
    files(f, {"upper.db": table_of(f, "t", schema="type = 'TABLE'"),
              "index.db": table_of(f, "t", schema="type = 'index'"),
              "none.db": table_of(f, "t", schema="type = null"),
              "text.db": table_of(f, "t", schema="rootpage = cast('2' as blob)"),
              "remark.db": table_of(f, "t", schema="sql = replace(sql, 'TABLE', '/* */ table'), "
                                                   "type = 'x'")})


@attack
def gzip_with_reserved_flags(f: Attack) -> None:
    """zlib and GNU gzip refuse it; Python, Go and busybox do not look."""
    def flagged(flag: int) -> bytes:
        made = bytearray(packed(f))
        made[3] = flag
        return bytes(made)

    files(f, {f"{flag}.gz": flagged(flag) for flag in (0x20, 0x40, 0x80, 0xE0)})


@attack
def layer_of_gzip_with_a_reserved_flag(f: Attack) -> None:
    tar = rawtar.member(b"etc/hidden.env", text(f)) + rawtar.END
    made = bytearray(gzip.compress(tar, mtime=0))
    made[3] = 0x80
    f.seen(path="etc/hidden.env")
    f.one_image(oci.Blob(bytes(made), tar))


def in_window(data: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    return packer.compress(data) + packer.flush()


@attack
def zlib_with_small_windows(f: Attack) -> None:
    """Of 512 bytes to 16 KiB, short and longer than what is looked at, and as git's objects."""
    made = {f"{bits}.zz": in_window(text(f), bits) for bits in range(9, 15)}
    made["long.zz"] = in_window(samples.text(f, 9000), 9)
    body = text(f)
    made["objects/ab/" + "c" * 38] = in_window(b"blob %d\0" % len(body) + body, 10)
    for name, data in made.items():
        f.seen(path=name)
        f.target_file(name.rpartition("/")[2] + ".tar",
                      rawtar.member(name.encode(), data) + rawtar.END)
    f.images = []


@attack
def zlib_that_begins_with_empty_blocks(f: Attack) -> None:
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = text(f)
    body = raw.compress(data) + raw.flush()
    files(f, {"a.zz": b"\x78\x9c" + b"\0\0\0\xff\xff" * 200 + body +
              struct.pack(">I", zlib.adler32(data))})


@attack
def lzma_of_other_writers(f: Attack) -> None:
    """Properties that xz does not choose, dictionaries of sizes that nobody rounded."""
    def alone(**how: int) -> bytes:
        filters = [{"id": lzma.FILTER_LZMA1, **how}]
        return lzma.compress(text(f) + b"line\n" * 99, lzma.FORMAT_ALONE, filters=filters)

    def with_dictionary(size: int) -> bytes:
        made = bytearray(alone())
        made[1:5] = struct.pack("<I", size)
        return bytes(made)

    made = {"pb0.lzma": alone(pb=0), "lp2.lzma": alone(lc=2, lp=2, pb=1), "lc4.lzma": alone(lc=4),
            "odd.lzma": with_dictionary(5_000_001), "tiny.lzma": with_dictionary(0)}
    files(f, made)


@attack
def lzma_that_the_library_does_not_read(f: Attack) -> None:
    """As 7-Zip writes it with lc 8, or lp 4 beside lc 3: liblzma takes 4 of both together."""
    def alone(lc: int, lp: int) -> bytes:
        made = bytearray(lzma.compress(text(f) + b"line\n" * 99, lzma.FORMAT_ALONE))
        made[0] = (2 * 5 + lp) * 9 + lc
        return bytes(made)

    unopened(f, {"lc8.lzma": (alone(8, 0), "lzma: lc and lp"), "lp4.lzma": (alone(3, 4), "lzma")})


@attack
def lz4_in_legacy_frames(f: Attack) -> None:
    """One, two of them, one behind a frame of today's, one of two blocks, one of noise."""
    def archive(before: bytes = b"text\n" * 200) -> bytes:
        return containers.tar_of({"before": before, "a.gz": packed(f)})

    def halves(first: Callable[[bytes], bytes]) -> bytes:
        whole = archive()
        return first(whole[:700]) + compress.lz4_legacy(whole[700:])

    quiet = b"".join(b"line %d\n" % line for line in range(900_000))
    made = {"one.lz4": compress.lz4_legacy(archive()),
            "long.lz4": compress.lz4_legacy(archive(quiet)),
            "noise.lz4": compress.lz4_legacy(archive(f.secrets.random.randbytes(90_000))),
            "two.lz4": halves(compress.lz4_legacy), "both.lz4": halves(compress.lz4)}
    files(f, made)


@attack
def lz4_legacy_blocks_that_lie(f: Attack) -> None:
    """A copy from before the block, one to beyond 8 MiB, and a block that is cut."""
    def legacy(block: bytes, size: int = -1) -> bytes:
        return b"\x02\x21\x4c\x18" + struct.pack("<I", len(block) if size < 0 else size) + block

    beyond = b"\x1fx\1\0" + b"\xff" * 40_000 + b"\0"
    unopened(f, {"before.lz4": (legacy(b"\x40abcd\x05\0" + b"\0" * 20), "distance"),
                 "beyond.lz4": (legacy(beyond), "larger"),
                 "cut.lz4": (legacy(b"\xf0\x10" + b"abcd" * 4, 90), "inside a block"),
                 "sequence.lz4": (legacy(b"\x10a\1"), "inside a sequence")})


@attack
def cpio_as_it_was(f: Attack) -> None:
    """Numbers of two bytes, in the order of either machine, also behind another archive."""
    def of(form: str) -> bytes:
        return containers.cpio_of({"a/first": b"odd", "a/b.gz": packed(f)}, form)

    files(f, {"little.cpio": of("binary"), "big.cpio": of("swapped"),
              "image": containers.cpio_of({"a": b"x"}) + b"\0" * 100 + of("binary"),
              "long-name.cpio": containers.cpio_of({"n" * 900: packed(f)}, "binary")})


@attack
def cpio_as_it_was_without_an_end(f: Attack) -> None:
    whole = containers.cpio_of({"a": b"x" * 100, "b": b"y" * 100}, "binary")
    unopened(f, {"cut.cpio": (whole[:200], "cpio: it ends early"),
                 "bare.cpio": (whole[: -len(containers.cpio_binary("TRAILER!!!", b""))],
                               "cpio: the trailer is missing")})


def bundle(f: Attack, how: str) -> bytes:
    """Of a repository of one commit, of these ids."""
    with tempfile.TemporaryDirectory() as folder:
        git = ["git", "-C", folder, "-c", "user.name=n", "-c", "user.email=e@x"]
        run(*git[:3], "init", "-q", "--object-format=" + how)
        (Path(folder) / "settings").write_bytes(text(f) + b"line\n" * 30)
        run(*git, "add", "settings")
        run(*git, "commit", "-q", "-m", "first")
        run(*git, "bundle", "create", "-q", "out.bundle", "HEAD")
        return (Path(folder) / "out.bundle").read_bytes()


@attack
def git_bundles(f: Attack) -> None:
    made = bundle(f, "sha1")
    v3 = b"# v3 git bundle\n@object-format=sha1\n" + made.partition(b"\n")[2]
    files(f, {"v2.bundle": made, "v3.bundle": v3, "sha256.bundle": bundle(f, "sha256")})


@attack
def git_bundle_without_its_pack(f: Attack) -> None:
    head = bundle(f, "sha1").partition(b"PACK")[0]
    unopened(f, {"empty.bundle": (head, "git"), "cut.bundle": (head[:-1], "ends early"),
                 "text.bundle": (head + b"no pack at all, but a text" * 9, "git pack")})


def seven_zip(data: bytes) -> bytes:
    """The signature's header, which is all that says what it is, and what stands for the rest."""
    start = struct.pack("<QQI", len(data), 0, 0)
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + data


def cabinet(data: bytes) -> bytes:
    return struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, 36 + len(data), 0, 36, 0, 3, 1, 0, 0, 0, 0,
                       0) + data


def squashfs(data: bytes) -> bytes:
    """Version 4.0, blocks of 128 KiB."""
    return struct.pack("<4sIIIIHHHHHH", b"hsqs", 1, 0, 1 << 17, 0, 1, 17, 0, 1, 4, 0).ljust(96, b"\0") + data


def not_opened(f: Attack) -> dict[str, tuple[bytes, str]]:
    body = zlib.compress(text(f))
    return {"7z": (seven_zip(body), "7z archive: not opened"),
            "rar4": (b"Rar!\x1a\x07\0" + body, "RAR archive: not opened"),
            "rar5": (b"Rar!\x1a\x07\1\0" + body, "RAR archive: not opened"),
            "cab": (cabinet(body), "cabinet archive: not opened"),
            "xar": (struct.pack(">4sHHQQI", b"xar!", 28, 1, 9, 9, 1) + body,
                    "xar archive: not opened"),
            "snap": (squashfs(body), "squashfs archive: not opened")}


@attack
def archives_that_nothing_here_opens(f: Attack) -> None:
    unopened(f, not_opened(f))


@attack
def archives_that_nothing_here_opens_in_others(f: Attack) -> None:
    """In a zip, in gzip, behind a script's line and behind an ELF file."""
    made = not_opened(f)
    elf = samples.linked_program()
    script = b"#!/bin/sh\nexit\n"
    unopened(f, {"a.zip": (containers.zip_of({"x": made["7z"][0]}), "7z"),
                 "a.gz": (gzip.compress(made["rar5"][0], mtime=0), "RAR"),
                 "a.sh": (script + made["7z"][0], "7z"), "a.elf": (elf + made["rar4"][0], "RAR"),
                 "a.AppImage": (elf + made["snap"][0], "squashfs")})


@attack
def files_that_only_begin_like_an_archive(f: Attack) -> None:
    """The signature of one, and no header that any reader takes; texts that begin like a bundle."""
    f.exit = 0
    wrong = bytearray(seven_zip(b"x" * 90))
    wrong[9] ^= 1
    made = {"7z": bytes(wrong), "7z-text": b"7z is a program that packs files\n" * 9,
            "rar": b"Rar!\x1a\x07\2\0" + b"x" * 90, "cab": b"MSCF is a signature\n" * 9,
            "bundle": b"# v4 git bundle\n", "cpio": b"\xc7\x71" + b"no archive" * 90,
            "zlib": b"8O text that is no stream of zlib's\n" * 40,
            "lzma": b"\x5e\0\0\1\0" + b"\xff" * 8 + b"\0" + b"noise that is none of lzma's" * 30}
    for name, data in made.items():
        f.target_file(name + ".tar", rawtar.member(name.encode(), data) + rawtar.END)
        f.image("complete")


def without_a_name(tar: bytes) -> bytes:
    """Its first header."""
    return rawtar.sealed(b"\0" * 100 + tar[100:512]) + tar[512:]


@attack
def tars_whose_headers_have_no_name(f: Attack) -> None:
    """Of a record for the member behind it, which has a name, and of a member that has none."""
    named = rawtar.member_with({b"path": b"a.gz"}, b"zz", packed(f))
    files(f, {"record.tar": without_a_name(named) + rawtar.END,
              "member.tar": rawtar.member(b"b", b"text") +
              without_a_name(rawtar.member(b"x", packed(f))) + rawtar.END})


@attack
def sparse_files_of_tars_in_files(f: Attack) -> None:
    """GNU tar's newest form has the map in front of the contents."""
    def sparse(extents: int) -> bytes:
        holes = [(100_000 * (number + 1), b"x") for number in range(extents)]
        return rawtar.pax_sparse(b"a.gz", 100_000 * (extents + 2), [(0, packed(f)), *holes])

    files(f, {"few.tar": sparse(2) + rawtar.END, "many.tar": sparse(900) + rawtar.END})
