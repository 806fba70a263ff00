"""Archives and compressed streams, plain, layered and of the forms that few writers make."""

import base64
import bz2
import gzip
import io
import lzma
import sqlite3
import struct
import subprocess
import tarfile
import tempfile
import zlib
from functools import cache
from pathlib import Path

import compress
import containers
import lazy
import rawtar

from seeds import Seeds, target, under

TEXT = b"name = value\n" * 20 + b"tst_abc123 and more\n"
FILES = {"etc/hostname": b"box\n", "app/settings.ini": TEXT}
SLIM = {"a": b"b\n"}


def tarfile_of(form: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as made:
        for name, kind, link in (("d", tarfile.DIRTYPE, ""), ("d/" + "long" * 40, tarfile.REGTYPE, ""),
                                 ("d/s", tarfile.SYMTYPE, "../etc"), ("d/h", tarfile.LNKTYPE, "d/s")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            if form == tarfile.PAX_FORMAT:
                info.pax_headers = {"SCHILY.xattr.user.note": "tst_abc123"}
            data = TEXT[:40] if kind == tarfile.REGTYPE else b""
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return out.getvalue().rstrip(b"\0") + rawtar.END


@cache
def tars() -> Seeds:
    return {
        "plain": containers.tar_of(SLIM), "files": containers.tar_of(FILES),
        "empty-file": containers.tar_of({"x": b""}),
        "gnu": tarfile_of(tarfile.GNU_FORMAT), "pax": tarfile_of(tarfile.PAX_FORMAT),
        "gnu-sparse": rawtar.gnu_sparse(b"holes", 9000, [(0, b"tst_abc123"), (8192, b"end")]) +
        rawtar.END,
        "pax-sparse": rawtar.pax_sparse(b"holes", 9000, [(512, b"x" * 512)]) + rawtar.END,
        "size-by-pax": rawtar.member_with({b"size": b"4"}, b"f", b"abcd") + rawtar.END,
        "long-by-gnu": rawtar.gnu_long(b"n" * 300) + rawtar.member(b"n", b"x") + rawtar.END,
        "whiteouts": containers.tar_of({"etc/.wh.shadow": b"", "opt/.wh..wh..opq": b""}),
        "behind-the-end": containers.tar_of(SLIM) + containers.tar_of({"later": b"x"}),
        "global": rawtar.pax({b"path": b"all"}, b"g") + rawtar.member(b"f", b"x") + rawtar.END,
    }


def zips() -> Seeds:
    made = {method: containers.zip_of(FILES, method) for method in containers.METHODS}
    made["streamed"] = containers.zip_of(FILES, "deflate", streamed=True)
    made["zstd"] = containers.zip_entry(b"z", compress.zstd(TEXT), 93, data=TEXT) + containers.ZIP_END
    made["encrypted"] = containers.zip_entry(b"e", b"?" * 24, 0, flags=1) + containers.ZIP_END
    made["without-end"] = containers.zip_entry(b"s", TEXT, 0)
    made["wrong-sum"] = containers.zip_entry(b"s", TEXT, 0, data=TEXT[1:]) + containers.ZIP_END
    made["other-directory"] = containers.zip_of(FILES).replace(b"PK\1\2", b"PK\1\2\x14", 1)
    packed = containers.raw_deflate(TEXT)
    for name, signature, size in (("", b"PK\7\x08", "I"), ("-bare", b"", "I"), ("-64", b"PK\7\x08", "Q")):
        behind = signature + struct.pack("<I" + size * 2, zlib.crc32(TEXT), len(packed), len(TEXT))
        made["descriptor" + name] = (containers.zip_entry(b"d", packed, 8, flags=8)[:14] + bytes(12) +
                                     struct.pack("<HH", 1, 0) + b"d" + packed + behind +
                                     containers.ZIP_END)
    return made


def compressed(data: bytes) -> dict[str, list[bytes]]:
    """By the number by which targets know the format."""
    return {
        "gzip": [gzip.compress(data, 6, mtime=0), gzip.compress(data, 0, mtime=0),
                 compress.gzip_member(data, b"xx\4\0data", b"name", b"comment tst_abc123"),
                 compress.gzip_member(data[:9]) + compress.gzip_member(data[9:]) + b"\0" * 9],
        "zstd": [compress.zstd(data), compress.zstd(data, 19) + compress.skippable(b"tst_abc123"),
                 compress.zstd_with_window(data, 20)],
        "bzip2": [bz2.compress(data, 1), bz2.compress(data[:9], 1) + bz2.compress(data[9:], 1)],
        "xz": [lzma.compress(data, preset=0), lzma.compress(b"") + b"\0" * 4 + lzma.compress(data),
               lzma.compress(data, check=lzma.CHECK_CRC32)],
    }


def numbered(data: bytes) -> Seeds:
    return {f"{form}-{number}": blob for form, blobs in compressed(data).items()
            for number, blob in enumerate(blobs)}


def zip_lzma() -> bytes:
    """A member of a zip that is packed as lzma: what stands behind its header, name and all."""
    entry = containers.zip_of({"z": TEXT}, "lzma")
    name, extra = struct.unpack_from("<HH", entry, 26)
    return entry[30 + name + extra : entry.index(b"PK\1\2")]


@target("decoder")
def decoder() -> Seeds:
    forms = ["none", *compressed(TEXT)]
    made = {name: bytes([forms.index(name.split("-")[0]), 100]) + blob
            for name, blob in numbered(TEXT).items()}
    made |= {"lzip": b"\5\x64" + compress.lzip(TEXT) * 2,
             "lzma": b"\6\x64" + compress.lzma_alone(TEXT),
             "lz4": b"\7\x64" + compress.lz4(TEXT) * 2,
             "lz4-legacy": b"\7\x64" + compress.lz4_legacy(TEXT) * 2 + compress.lz4(TEXT),
             "compress": b"\x08\x64" + compress.lzw(TEXT), "zip-lzma": b"\x09\x64" + zip_lzma()}
    return made | {"cut-gzip": made["gzip-0"][:-5], "plain": b"\0\0" + TEXT,
                   "cut-lz4": made["lz4"][:-5], "cut-lzip": made["lzip"][:-5]}


@target("decoder_reference")
def decoder_reference() -> Seeds:
    forms = list(compressed(TEXT))
    made = {name: bytes([forms.index(name.split("-")[0])]) + blob
            for name, blob in numbered(TEXT).items()}
    for level in (0, 1, 9):
        packer = zlib.compressobj(level, zlib.DEFLATED, -15)
        made[f"deflate-{level}"] = b"\4" + packer.compress(TEXT) + packer.flush() + b"rest"
        made[f"zlib-{level}"] = b"\5" + zlib.compress(TEXT, level)
        made[f"gzip-of-deflate-{level}"] = b"\6" + made[f"deflate-{level}"][1:]
    incomplete = incomplete_deflate()
    return made | {"deflate-incomplete-code": b"\4" + incomplete, "gzip-incomplete-code": b"\6" + incomplete}


def incomplete_deflate() -> bytes:
    """Twenty letters in a Huffman code of which half is used, which ISA-L takes and zlib doesn't."""
    def number(value: int, bits: int) -> str:
        return f"{value:0{bits}b}"[::-1]

    # A dynamic block with the codes 18: 0, 0: 10 and 2: 11 for the lengths of codes.
    lengths = {18: 1, 0: 2, 2: 2}
    order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2]
    bits = "1" + number(2, 2) + number(0, 5) + number(0, 5) + number(len(order) - 4, 4)
    bits += "".join(number(lengths.get(symbol, 0), 3) for symbol in order)
    # None of 97 symbols, "a" with two bits, none of 158, the end with two bits, no distance.
    bits += "0" + number(97 - 11, 7) + "11" + "0" + number(138 - 11, 7) + "0" + number(20 - 11, 7) + "11" + "10"
    bits += "00" * 20 + "01"
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))


@target("decoded_stream")
def decoded_stream() -> Seeds:
    return numbered(tars()["files"]) | {"plain": tars()["files"]}


@target("side_scan")
def side_scan() -> Seeds:
    table = compress.zstd(b'{"entries":[{"name":"tst_abc123"}]}')
    return {"fields": b"\7SG\x16\0tst_abc123\0\0name\0\0", "table": b"\1" + table + b"\0\0more",
            "gzip": b"\50" + gzip.compress(TEXT, mtime=0), "text": b"\2a tst_abc123 b"}


@target("contents_table")
def contents_table() -> Seeds:
    parts = [rawtar.member(b"a", b"text"), rawtar.directory(b"d"),
             rawtar.member(b"d/l", kind=rawtar.SYMLINK, link=b"../a"),
             rawtar.member(b"h", kind=rawtar.HARDLINK, link=b"a"), rawtar.member(b"d/.wh.gone")]
    table = lazy.table_of(lazy.entries_of(parts))
    names = b"\0a\nd/b\n./c//e\n"
    return {"honest": b"\x40" + table + names, "names": b"\0{}" + names,
            "lines": b"\1" + b'{"type":1,"name":"a"}\n{"type":2}\n',
            "cases": b'\7{"ENTRIES":[{"NAME":"a","type":"reg","\xc5\xbfize":1,"lin\xe2\x84\xaaName":"b",'
                     b'"mode":-1,"uid":1.5,"xattrs":{"name":"x"}}]}' + names,
            "twice": b'\3 {"entries":[{"name":"a","type":"chunk"}],"entries":[]}' + names}


@target("archive_index")
def archive_index() -> Seeds:
    return tars()


@target("tar_walk")
def tar_walk() -> Seeds:
    return under(0, tars()) | {"at-a-slab's-end": bytes([203]) + tars()["pax"]}


@target("tar_ambiguity")
def tar_ambiguity() -> Seeds:
    head = rawtar.header(b"f", 4)
    pax = rawtar.pax({b"size": b"4", b"path": b"p"})
    return {"ustar": head, "pax": pax + head, "gnu": rawtar.gnu_long(b"n" * 200) + head,
            "both": pax + rawtar.gnu_long(b"m" * 120, b"K") + head, "pax-alone": pax[512:]}


@target("archive_parser")
def archive_parser() -> Seeds:
    made = under(0, tars(), 7) | under(1, zips(), 60)
    made |= under(2, {"ar": containers.ar_of(FILES), "deb": containers.deb_of(SLIM),
                      "bsd": b"!<arch>\n" + containers.ar_header("#1/4", 8) + b"nameabcd"}, 9)
    made |= under(3, {form: containers.cpio_of(FILES, form)
                      for form in ("newc", "crc", "odc", "binary", "swapped")}, 30)
    made |= under(4, {"rpm": containers.rpm_of(SLIM)}, 200)
    script = b"#!/bin/sh\ntail -n +4 $0 | tar x\nexit\n"
    made |= under(5, {"script-tar": script + tars()["files"], "script-gzip": script + gzip.compress(TEXT, mtime=0),
                      "script": script, "script-zip": script + containers.zip_of(SLIM)}, 40)
    # No sections, and one segment, which ends where the zip begins.
    program = b"\x7fELF\2\1\1" + b"\0" * 9 + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 1, 64,
                                                       0, 0)
    program += struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 600, 600, 4096)
    program = program.ljust(600, b"\x90")
    return made | under(6, {"elf-zip": program + containers.zip_of(SLIM), "elf": program,
                            "elf-cut": program[:500]}, 66)


@cache
def git_repository() -> Seeds:
    """Files of a repository that git itself made: loose objects, a pack with deltas, refs."""
    with tempfile.TemporaryDirectory() as folder:
        def git(*arguments: str) -> None:
            subprocess.run(["git", "-C", folder, "-c", "user.name=n", "-c", "user.email=e@example.org",
                            "-c", "commit.gpgsign=false", "-c", "gc.auto=0", *arguments],
                           check=True, capture_output=True)

        git("init", "-q")
        for number in range(3):
            lines = "".join(f"line {line}\n" for line in range(60))
            (Path(folder) / "f").write_text(lines + f"tst_abc{number}\n")
            git("add", "f")
            git("commit", "-q", "-m", f"change {number}")
        loose = {path.name: path.read_bytes() for path in Path(folder).rglob("objects/??/*")}
        git("repack", "-adfq", "--depth=3")
        pack = next(Path(folder).rglob("*.pack")).read_bytes()
    return {"pack": pack, **{f"loose-{number}": data
                             for number, data in enumerate(sorted(loose.values(), key=len))}}


@target("git_object")
def git_object() -> Seeds:
    def seed(how: int, object_: bytes, name: bytes = b"r/.git/objects/ab/" + b"c" * 38) -> bytes:
        return bytes([how, 9, len(name)]) + name + object_

    loose = {name: zlib.decompress(data) for name, data in git_repository().items() if name != "pack"}
    made = {name: seed(0, data) for name, data in loose.items()}
    made |= {f"little-{name}": seed(1, data) for name, data in loose.items()}
    for number, kind in enumerate(("commit", "tree", "blob", "tag")):
        body = next((data.split(b"\0", 1)[1] for data in loose.values() if data.startswith(kind.encode())),
                    b"object " + b"1" * 40 + b"\ntype commit\ntag v1\ntagger n <e> 1 +0000\n\nnote\n")
        made |= {f"made-{kind}": seed(2 + 4 * number, body),
                 f"made-{kind}-sha256": seed(2 + 4 * number, body, b"objects/ab/" + b"0" * 62)}
    return made | {"cut": seed(0, b"blob 900\0abc"), "long-size": seed(0, b"blob " + b"9" * 25 + b"\0abc"),
                   "more": seed(0, b"blob 2\0abcd"), "ref": seed(0, b"ref: refs/heads/main\n", b"r/HEAD"),
                   "packed-refs": seed(0, b"# pack-refs with: peeled\n" + b"1" * 40 + b" refs/heads/main\n",
                                       b"r/packed-refs")}


@target("git_pack")
def git_pack() -> Seeds:
    pack = git_repository()["pack"]
    made = b"\2\5\0abcde" + b"\5\x09\0\5\5\x90\5\0\0\0\0\0" + b"\6\4\1wxyz"
    bundle = b"# v3 git bundle\n@object-format=sha1\n" + b"1" * 40 + b" HEAD\n\n" + pack
    return {"bundle": b"\x80\x40" + bundle, "pack": b"\0\x40" + pack, "pack-in-one": b"\0\xff" + pack, "made-up": b"\1\3" + made}


@target("git_graph")
def git_graph() -> Seeds:
    return {"line": b"\0\0\2\1\2" b"\1\1\2\3\4" b"\0\2\1\5", "ring": b"\0\0\2\1\0\1\1\1\x11",
            "blobs": b"\2\3\2ab"}


def database(statements: list[str], page: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d.sqlite"
        base = sqlite3.connect(path)
        base.execute(f"pragma page_size = {page}")
        for statement in statements:
            base.execute(statement)
        base.commit()
        base.close()
        return path.read_bytes()


@cache
def databases() -> Seeds:
    plain = ["create table t(name text, value blob)",
             "insert into t values('key', 'tst_abc123'), (null, x'0102'), (7, 1.5)"]
    wide = ["create table w(a, b, primary key(b)) without rowid",
            "insert into w values('" + "long " * 300 + "', 1)"]
    many = ["create table m(a)", *[f"insert into m values('row {i}')" for i in range(120)],
            "create index i on m(a)"]
    return {"plain": database(plain, 512), "wide": database(wide, 512), "many": database(many, 512),
            "utf-16": database(["pragma encoding = 'UTF-16le'", *plain], 1024)}


@target("sqlite")
def sqlite() -> Seeds:
    made = {name: bytes([1 if name == "utf-16" else 0, 90]) + data
            for name, data in databases().items()}
    packed = gzip.compress(TEXT, mtime=0).hex()
    blobs = ["create table t(a text, b blob)", f"insert into t values('key', x'{packed}'), "
             f"('wide', x'{'key = tst_abc123'.encode('utf-16le').hex()}')"]
    return made | {"blobs": b"\0\x5a" + database(blobs, 512), "log": b"\2\x5a" + log_of(blobs)}


def log_of(statements: list[str]) -> bytes:
    """A write-ahead log, with a schema and rows in it, of pages of 512 bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d.sqlite"
        base = sqlite3.connect(path)
        base.execute("pragma page_size = 512")
        base.execute("pragma journal_mode = wal")
        for statement in statements:
            base.execute(statement)
            base.commit()
        made = path.with_name("d.sqlite-wal").read_bytes()
        base.close()
        return made


@target("nest")
def nest() -> Seeds:
    inside = containers.tar_of({"in.zip": containers.zip_of(SLIM), "in.gz": gzip.compress(TEXT)})
    made = {"tar-gz": gzip.compress(inside, mtime=0), "deb": containers.deb_of(SLIM),
            "apk": containers.alpine_apk_of(SLIM), "rpm": containers.rpm_of(SLIM),
            "zip-in-xz": lzma.compress(containers.zip_of({"z": containers.zip_of(FILES)}), preset=0),
            "cpio-zstd": compress.zstd(containers.cpio_of(FILES)),
            "loose-object": git_repository()["loose-0"], "pack": git_repository()["pack"],
            "bundle": b"# v2 git bundle\n" + b"1" * 40 + b" HEAD\n\n" + git_repository()["pack"],
            "lz4-legacy": compress.lz4_legacy(inside), "rar": b"Rar!\x1a\7\0" + TEXT,
            "cpio-binary": containers.cpio_of(FILES, "binary"),
            "lzma-pb": lzma.compress(inside, lzma.FORMAT_ALONE,
                                     filters=[{"id": lzma.FILTER_LZMA1, "pb": 0}]),
            "text": TEXT, **databases(), **zips()}
    return under(120, made)


@target("layer")
def layer() -> Seeds:
    shell = b"\x7fELF\2\1\1" + b"\0" * 57 + b"usage: prog\0prog version\0version 1.2\0"
    tar = containers.tar_of({"etc/secret.ini": b"secret=tst_AbCd1234\n", "bin/prog": shell,
                             "n": b"name 0123abcd abc=12345\n", ".wh.gone": b"",
                             "b.zip": containers.zip_of({"s": b"tst_AbCd1234"}),
                             "k": b"k: " + base64.b64encode(gzip.compress(b"tst_AbCd1234", mtime=0))})
    parts = [rawtar.member(b"a", b"tst_AbCd1234")]
    return {"tar": tar, **numbered(tar), "estargz": lazy.estargz(parts),
            "zstd-chunked": lazy.zstd_chunked(parts)[0], **tars()}


@target("rpm_database")
def rpm_database() -> Seeds:
    def entry(tag: int, kind: int, offset: int, count: int) -> bytes:
        return struct.pack(">IIII", tag, kind, offset, count)

    store = (b"name\0" + b"1.0\0" + b"2\0" + b"noarch\0" + b"/usr/bin/\0" + b"tool\0" + b"ab" * 32 +
             b"\0")
    store += b"\0" * (-len(store) % 4) + struct.pack(">I", 0) * 2
    index = [entry(1000, 6, 0, 1), entry(1001, 6, 5, 1), entry(1002, 6, 9, 1),
             entry(1022, 6, 11, 1), entry(1118, 8, 18, 1), entry(1117, 8, 28, 1),
             entry(1035, 8, 33, 1), entry(1116, 4, len(store) - 8, 1),
             entry(5011, 4, len(store) - 4, 1)]
    header = struct.pack(">II", len(index), len(store)) + b"".join(index) + store
    base = sqlite3.connect(":memory:")
    base.execute("create table Packages (hnum integer primary key autoincrement, blob blob not null)")
    base.execute("insert into Packages values (1, ?)", [header])
    base.commit()
    packed = b"RpmP" + struct.pack("<IIIII", 0, 1, 1, 0, 0) + b"\0" * 8 + b"Slot" + b"\1\0\0\0" * 3
    made = {"sqlite": base.serialize(), "header": header,
            "ndb": packed + b"\0" * 4000 + b"BlbS" + struct.pack("<III", 1, 0, len(header)) + header}
    return under(0, made) | under(90, made)


@target("overlay")
def overlay() -> Seeds:
    """Names by number: a, b, bin, usr, lib, .wh.a, .wh.bin, .wh..wh..opq."""
    file, deep, whiteout, opaque = b"\x00\x00", b"\x10\x03\x02\x00", b"\x08\x02\x05", b"\x08\x03\x07"
    merged = b"\x02\x02\x03\x02\x02"  # bin -> usr/bin/bin
    hard = b"\x03\x01\x00\x00"
    return {"one": file + deep, "deleted": deep + b"\xff" + b"\x10\x03\x02\x05",
            "through-a-link": deep + merged + b"\xff" + whiteout, "opaque": deep + b"\xff" + opaque,
            "names": file + hard + b"\xff" + b"\x00\x05" + b"\xff" + hard,
            "loop": b"\x02\x00\x01\x01\x01" + b"\x02\x01\x00\x00\x00" + file + b"\xff" + file,
            "replaced": deep + b"\xff" + b"\x00\x03" + b"\xff" + deep + merged}
