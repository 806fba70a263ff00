"""Secrets in the corners of each format, and across every edge at which a reader cuts."""

import base64
import gzip
import io
import json
import sqlite3
import struct
import zipfile
import zlib

import compress
import containers
import oci
import rawtar
from attack import MIB, Attack, attack
from oci import Layout
from rawtar import BLOCK, END, SYMLINK


def cover(f: Attack) -> bytes:
    return rawtar.member(b"etc/hostname", b"nothing\n")


def corner(f: Attack, tar: bytes, state: str = "complete", **members: object) -> None:
    f.seen(**members)
    f.target_file("layer.tar", tar)
    f.image(state)


def word(f: Attack) -> bytes:
    return b" " + f.secrets.github() + b" "


@attack
def secret_in_the_headers_unused_bytes(f: Attack) -> None:
    """Behind the name's NUL, in the owner's name, which has no room for a token, and behind the
    prefix's NUL."""
    f.empty = True
    name = rawtar.header(b"a\0" + word(f))
    owner = bytearray(rawtar.header(b"b"))
    owner[265 : 265 + 22] = b" " + f.secrets.aws_id() + b" "
    tail = bytearray(rawtar.header(b"c"))
    tail[345 + 100 : 345 + 100 + 42] = word(f)
    f.seen()
    f.seen("aws-access-key-id")
    corner(f, name + rawtar.sealed(owner) + rawtar.sealed(tail) + cover(f) + END)


@attack
def secret_behind_a_links_target(f: Attack) -> None:
    corner(f, rawtar.header(b"a", kind=SYMLINK, link=b"/b\0" + word(f)) + cover(f) + END)


@attack
def secret_in_a_pax_records_key(f: Attack) -> None:
    f.empty = True
    corner(f, rawtar.member_with({b"X." + f.secrets.github(): b"1"}, b"a") + cover(f) + END)


@attack
def secret_in_a_global_header(f: Attack) -> None:
    corner(f, rawtar.pax({b"comment": word(f)}, b"g") + cover(f) + END)


@attack
def secret_in_attributes(f: Attack) -> None:
    """Extended attributes in both spellings, the second one in base64."""
    f.empty = True
    first, second = f.secrets.github(), f.secrets.slack()
    records = {b"SCHILY.xattr.user.a": first,
               b"LIBARCHIVE.xattr.user.b": base64.b64encode(second)}
    f.seen("slack-bot-token")
    corner(f, rawtar.member_with(records, b"a") + cover(f) + END)


@attack
def secret_in_a_pax_header_for_nobody(f: Attack) -> None:
    """An extended header with no member behind it, before the end."""
    f.complete = None
    f.seen()
    f.target_file("layer.tar", cover(f) + rawtar.pax({b"comment": word(f)}) + END)


@attack
def secret_in_the_end_marker(f: Attack) -> None:
    corner(f, cover(f) + b"\0" * 512 + (b"\0" * 50 + word(f)).ljust(512, b"\0"))


@attack
def secret_in_gzip_header_fields(f: Attack) -> None:
    """FNAME, FCOMMENT and FEXTRA; of the second member, too."""
    tar = cover(f) + END
    blob = compress.gzip_member(tar[:700], extra=b"XX\x2a\0" + word(f), name=word(f))
    blob += compress.gzip_member(tar[700:], comment=word(f))
    for _ in range(2):
        f.seen(source="trailer")
    corner(f, blob)


@attack
def secret_behind_the_gzip_stream(f: Attack) -> None:
    f.complete = None
    f.seen()
    f.target_file("layer", compress.gzip_member(cover(f) + END) + b"more:" + word(f))


@attack
def secret_in_a_zstd_skippable_frame(f: Attack) -> None:
    """In front, between and behind; the second one compressed once more."""
    tar = cover(f) + END
    blob = compress.skippable(word(f), 3) + compress.zstd(tar[:700])
    blob += compress.skippable(compress.zstd(word(f) * 1)) + compress.zstd(tar[700:])
    blob += compress.skippable(word(f), 15)
    for _ in range(2):
        f.seen(source="trailer")
    corner(f, blob)


@attack
def secret_in_a_large_skippable_frame(f: Attack) -> None:
    """Two mebibytes of noise and then the secret."""
    blob = compress.zstd(cover(f) + END)
    blob += compress.skippable(f.secrets.random.randbytes(2 * MIB) + word(f))
    corner(f, blob, source="trailer")


@attack
def secret_behind_the_xz_stream(f: Attack) -> None:
    f.complete = None
    f.seen()
    f.target_file("layer", compress.xz(cover(f) + END) + b"more:" + word(f))


@attack
def secret_behind_the_bzip2_stream(f: Attack) -> None:
    f.complete = None
    f.seen()
    f.target_file("layer", compress.bzip2(cover(f) + END) + b"more:" + word(f))


def in_a_file(f: Attack, name: str, data: bytes, count: int = 1, **members: object) -> None:
    for _ in range(count):
        f.seen(path=name, **members)
    f.target_file(f"layer{len(f.arguments)}.tar", rawtar.member(name.encode(), data) + END)
    f.image("complete")


@attack
def secret_in_the_corners_of_a_zip(f: Attack) -> None:
    """The archive's comment, an entry's comment, an extra field, a name, between two entries, and
    in another one before the first entry."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        info = zipfile.ZipInfo(f.secrets.slack().decode())
        info.comment = word(f)
        info.extra = struct.pack("<HH", 0xCAFE, 42) + word(f)
        made.writestr(info, b"nothing\n")
        made.comment = word(f)
    data = out.getvalue()
    second = containers.zip_entry(b"b", b"nothing\n", 0) + b"#" + word(f) + b"#"
    # The name and the extra field stand twice, in front of the entry and in the directory.
    in_a_file(f, "x.zip", second + data, 4)
    f.seen("slack-bot-token", path="x.zip")
    in_a_file(f, "y.zip", word(f) + containers.zip_of({"a": b"nothing\n"}))
    f.open = True


@attack
def secret_in_the_corners_of_an_ar(f: Attack) -> None:
    """Among the long names, and behind the last member."""
    data = containers.ar_of({"a": b"x", f.secrets.github().decode(): b"y"})
    in_a_file(f, "x.a", data + word(f), 2)
    f.images, f.complete = [], None


@attack
def secret_behind_a_cpio_trailer(f: Attack) -> None:
    in_a_file(f, "x.cpio", containers.cpio_of({"a": b"x"}) + b"\0" * 64 + word(f))


@attack
def secret_behind_a_compressed_file(f: Attack) -> None:
    f.complete = None
    for name, pack in (("a.gz", compress.gzip_member), ("a.xz", compress.xz),
                       ("a.bz2", compress.bzip2), ("a.zst", compress.zstd)):
        f.seen(path=name)
        f.target_file(name + ".tar", rawtar.member(name.encode(), pack(b"text\n" * 99) + b"more:" +
                                                   word(f)) + END)


@attack
def secret_in_a_databases_free_page(f: Attack) -> None:
    """A row that was deleted; its page is in no table any more."""
    path = f.out / "build.db"
    base = sqlite3.connect(path)
    base.execute("pragma secure_delete = off")
    base.execute("create table t (v)")
    base.executemany("insert into t values (?)", [(word(f).decode(),)] + [("x" * 3000,)] * 20)
    base.commit()
    base.execute("delete from t")
    base.commit()
    base.close()
    data = path.read_bytes()
    path.unlink()
    assert f.secrets.planted[0] in data, "SQLite wiped what was deleted"
    in_a_file(f, "x.db", data)


@attack
def secret_in_a_programs_gaps(f: Attack) -> None:
    """Between an ELF file's segments, in its debug link, and behind its section headers."""
    names = b"\0.gnu_debuglink\0.shstrtab\0"
    link = f.secrets.github() + b".debug\0"
    link += b"\0" * (-len(link) % 4) + struct.pack("<I", zlib.crc32(b"debug"))
    parts = {0x400: word(f), 0x800: b"\xcc" * 0x200, 0xA00: link, 0xB00: names}
    data = bytearray(b"\x7fELF\2\1\1".ljust(0xC00, b"\0"))
    struct.pack_into("<HHIQQQIHHHHHH", data, 16, 2, 62, 1, 0x400000, 64, 0xC00, 0, 64, 56, 2, 64,
                     3, 2)
    for number, (offset, size) in enumerate(((0, 0x400), (0x800, 0x200))):
        struct.pack_into("<IIQQQQQQ", data, 64 + 56 * number, 1, 5, offset, 0x400000 + offset,
                         0x400000 + offset, size, size, 1)
    for offset, part in parts.items():
        data[offset : offset + len(part)] = part
    sections = bytes(64)
    for name, kind, offset, size in ((1, 1, 0xA00, len(link)), (16, 3, 0xB00, len(names))):
        sections += struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, size, 0, 0, 1, 0)
    in_a_file(f, "bin/x", bytes(data) + sections + b"\0" * 5000 + word(f), 3)


@attack
def secret_where_no_reader_of_images_looks(f: Attack) -> None:
    """In members that no specification knows: of the index, descriptors in it and in the manifest,
    the manifest, the config, the layout file, and in a file that nothing refers to."""
    layer = f.layer().file("etc/hostname")
    words = [word(f).decode() for _ in range(7)]
    layout = Layout()
    blob = layer.blob()
    blob.extra = {"x-note": words[0]}
    image = layout.image([blob], manifest={"x-note": words[1]}, **{"x-note": words[5]})
    image["x-note"] = words[2]
    layout.finish(image, **{"x-note": words[3]})
    layout.files["notes.txt"] = words[4].encode()
    layout.files["oci-layout"] = oci.to_json({"imageLayoutVersion": "1.0.0", "x-note": words[6]})
    f.target_layout(layout)
    for _ in words:
        f.seen()
    f.complete = True


@attack
def secret_in_json_keys_and_escapes(f: Attack) -> None:
    """As a key, and with each letter escaped as JSON allows."""
    layer = f.layer().file("etc/hostname")
    key, escaped = f.secrets.github().decode(), f.secrets.slack().decode()
    layout = Layout()
    image = layout.image([layer.blob()], Labels={key: "x"}, Env=["T=MARK"])
    config = next(path for path, data in layout.files.items() if b'"rootfs"' in data)
    data = layout.files.pop(config).replace(
        b"MARK", "".join(f"\\u{ord(letter):04x}" for letter in escaped).encode())
    manifest_path = "blobs/" + image["digest"].replace(":", "/")
    manifest = layout.files.pop(manifest_path)
    old = "sha256:" + config.split("/")[-1]
    document = json.loads(manifest)
    document["config"].update(digest=layout.blob(data), size=len(data))
    assert old != document["config"]["digest"]
    layout.finish(layout.document(document, oci.MANIFEST))
    f.target_layout(layout)
    f.image("complete")
    f.seen()
    f.seen("slack-bot-token")


def text_with_secrets(f: Attack, size: int, every: int, reach: int = 61,
                      begin: int = 0) -> tuple[bytes, int]:
    """Text with a token across each multiple of `every`, each cut elsewhere; the text itself stands
    at `begin` of what is cut there."""
    data = bytearray((b"a line of text that says nothing of note\n" * (size // 41 + 1))[:size])
    count = 0
    for at in range(every, size - 100, every):
        secret = f.secrets.github()
        place = at - begin - (count * 7) % reach
        data[place - 1 : place + len(secret) + 1] = b" " + secret + b" "
        count += 1
    return bytes(data), count


def cut_at_edges(f: Attack, pack, name: str, inner: bool = False, begin: int = 0) -> None:
    data, count = text_with_secrets(f, 3 * MIB, 32 << 10, begin=begin if inner else BLOCK)
    for _ in range(count):
        f.seen(path=name)
    tar = rawtar.member(name.encode(), pack(data) if inner else data) + END
    f.target_file("layer", tar if inner else pack(tar))
    f.image("complete")


@attack
def secrets_across_edges_of_slabs(f: Attack) -> None:
    """Across each mebibyte, where the stream is handed on, and 16 KiB before it, where a window's own
    places end: a token cut at each of its letters."""
    data, count = text_with_secrets(f, 49 * MIB, MIB, 47, BLOCK)
    more, others = text_with_secrets(f, 49 * MIB, MIB, 47, BLOCK + (16 << 10))
    for name, amount in (("a.txt", count), ("b.txt", others)):
        for _ in range(amount):
            f.seen(path=name)
    f.target_file("a.tar", rawtar.member(b"a.txt", data) + END)
    f.target_file("b.tar", rawtar.member(b"b.txt", more) + END)
    f.image("complete")
    f.image("complete")


@attack
def secrets_across_gzip_members(f: Attack) -> None:
    """Members of 37 bytes: each token stands in two of them or three, and in one tar."""
    cut_at_edges(f, lambda data: b"".join(compress.gzip_member(data[at : at + 37])
                                          for at in range(0, len(data), 37)), "a.txt")


@attack
def secrets_across_zstd_frames(f: Attack) -> None:
    """A frame for each 20 bytes: no token is in one."""
    def pack(data: bytes) -> bytes:
        return b"".join(compress.zstd_with_window(data[at : at + 20], 10)
                        for at in range(0, len(data), 20))
    cut_at_edges(f, pack, "a.txt")


@attack
def secrets_across_deflate_blocks(f: Attack) -> None:
    """Stored blocks of 19 bytes."""
    def pack(data: bytes) -> bytes:
        parts = [data[at : at + 19] for at in range(0, len(data), 19)]
        body = b"".join(struct.pack("<BHH", part is parts[-1], len(part), ~len(part) & 0xFFFF) +
                        part for part in parts)
        return (b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body +
                struct.pack("<II", zlib.crc32(data), len(data)))
    cut_at_edges(f, pack, "a.txt")


@attack
def secrets_across_edges_in_a_gzip_file(f: Attack) -> None:
    cut_at_edges(f, lambda data: gzip.compress(data, mtime=0), "a.gz", inner=True)


@attack
def secrets_across_edges_in_a_zip(f: Attack) -> None:
    cut_at_edges(f, lambda data: containers.zip_of({"x" * 333: b"", "a.txt": data}), "a.zip",
                 inner=True)


@attack
def secrets_across_edges_in_a_tar_in_xz(f: Attack) -> None:
    cut_at_edges(f, lambda data: compress.xz(containers.tar_of({"a.txt": data})), "a.txz",
                 inner=True, begin=BLOCK)


@attack
def secrets_across_edges_of_extents(f: Attack) -> None:
    """A sparse file's extents: what touches is one text; what does not is two, and a token that is
    cut there is none."""
    data, count = text_with_secrets(f, 64 << 10, 16 << 10)
    half = len(data) // 2
    for number in range(2 * count - 1):
        f.seen(path="disk" if number < count else "disk-with-a-hole")
    layer = b""
    for name, hole in ((b"disk", 0), (b"disk-with-a-hole", 4096)):
        parts = [(0, data[:half]), (half + hole, data[half:])]
        layer += rawtar.gnu_sparse(name, len(data) + hole, parts)
    f.target_file("layer.tar", layer + END)
    f.image("complete")
