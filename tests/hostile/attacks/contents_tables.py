"""Tables of contents of lazy pulling formats against the tar that they are of: a runtime that
mounts by the table and one that unpacks the tar see different files."""

import hashlib
import json
import struct

import compress
import rawtar
from attack import MIB, Attack, attack
from oci import Blob
from rawtar import END


def entries(*names: str) -> list[dict]:
    return [{"name": name, "type": "reg", "offset": 0, "size": 10} for name in names]


def estargz(members: list[bytes], table: bytes) -> bytes:
    """eStargz with any table."""
    blob = b"".join(compress.gzip_member(part) for part in members)
    offset = len(blob)
    blob += compress.gzip_member(rawtar.member(b"stargz.index.json", table) + END)
    extra = b"SG" + struct.pack("<H", 22) + b"%016xSTARGZ" % offset
    return (blob + b"\x1f\x8b\x08\x04" + b"\0" * 4 + b"\0\xff" +
            struct.pack("<H", len(extra)) + extra + b"\x01\0\0\xff\xff" + b"\0" * 8)


def chunked(frames: list[bytes], table: bytes, hidden: bytes = b"") -> tuple[bytes, dict]:
    """zstd:chunked with any table, and anything in front of it in a skippable frame."""
    blob = b"".join(map(compress.zstd, frames))
    if hidden:
        blob += compress.skippable(hidden)
    index = compress.zstd(table)
    position = len(blob) + 8
    blob += compress.skippable(index)
    blob += compress.skippable(struct.pack("<QQQQ", position, len(index), len(table), 1) +
                               b"\0" * 24 + b"GNUlInUx")
    base = "io.github.containers.zstd-chunked.manifest-"
    return blob, {base + "checksum": "sha256:" + hashlib.sha256(index).hexdigest(),
                  base + "position": f"{position}:{len(index)}:{len(table)}:1"}


def table_of(listed: list[dict], **members: object) -> bytes:
    return json.dumps({"version": 1, "entries": listed, **members}).encode()


@attack
def table_with_a_secret_in_estargz(f: Attack) -> None:
    layer = f.layer().file("a")
    table = table_of(entries("a"), note=f.secrets.github().decode())
    f.seen()
    f.one_image(Blob(estargz(layer.parts, table), b"".join(layer.parts) + END))


@attack
def table_with_a_secret_in_zstd_chunked(f: Attack) -> None:
    """The table is compressed, in a frame that decoders step over."""
    layer = f.layer().file("a")
    names = [f"usr/share/doc/package{number}/copyright" for number in range(500)]
    table = table_of(entries(*names), note=f.secrets.github().decode())
    blob, annotations = chunked([layer.parts[0], END], table)
    f.seen(source="trailer")
    f.one_image(Blob(blob, b"".join(layer.parts) + END, annotations=annotations))


@attack
def table_of_a_large_image_in_zstd_chunked(f: Attack) -> None:
    """What an honest image of 100,000 files has: no gap. The secret is in its last entry."""
    layer = f.layer().file("a")
    listed = entries(*[f"usr/share/d{number % 997}/file{number}" for number in range(100_000)])
    for number, entry in enumerate(listed):
        entry["digest"] = "sha256:" + hashlib.sha256(b"%d" % number).hexdigest()
    listed[-1]["xattrs"] = {"user.note": f.secrets.github().decode()}
    blob, annotations = chunked([layer.parts[0], END], table_of(listed))
    f.seen(source="trailer")
    f.one_image(Blob(blob, b"".join(layer.parts) + END, annotations=annotations))


def contradicting(layer_members: dict[str, bytes]) -> list[dict]:
    """For each member an entry that says something else of it: another size, another digest,
    another name, a link where a file is, and another target."""
    said = []
    for number, (name, data) in enumerate(layer_members.items()):
        honest = {"name": name, "type": "reg", "offset": 600 * number, "size": len(data),
                  "digest": "sha256:" + hashlib.sha256(data).hexdigest()}
        said.append([{**honest, "size": 7},
                     {**honest, "digest": "sha256:" + hashlib.sha256(b"other").hexdigest()},
                     {**honest, "name": "etc/another"},
                     {**honest, "type": "symlink", "linkName": "/etc/passwd", "size": 0}]
                    [number % 4])
    return [*said, {"name": "bin/link", "type": "symlink", "linkName": "/etc/elsewhere"}]


def tar_that_is_contradicted(f: Attack) -> tuple[list[bytes], list[dict]]:
    """What a runtime that unpacks the tar has, with a secret in each file."""
    members, parts = {}, []
    for number in range(8):
        secret, data = f.layer().text_with("github")
        name = f"etc/app{number}.env"
        members[name] = data
        parts.append(rawtar.member(name.encode(), data))
        f.found("github-pat-classic", data, secret, name)
    parts.append(rawtar.member(b"bin/link", kind=rawtar.SYMLINK, link=b"/etc/app0.env"))
    return parts, contradicting(members)


@attack
def table_against_the_tar_in_estargz(f: Attack) -> None:
    """Who mounts by the table sees other files than who unpacks the tar. All bytes are read, so
    nothing is missed; that the two disagree is not told."""
    parts, listed = tar_that_is_contradicted(f)
    f.one_image(Blob(estargz(parts, table_of(listed)), b"".join(parts) + END))


@attack
def table_against_the_tar_in_zstd_chunked(f: Attack) -> None:
    """The same, where the table is in a skippable frame."""
    parts, listed = tar_that_is_contradicted(f)
    blob, annotations = chunked([*parts, END], table_of(listed))
    f.one_image(Blob(blob, b"".join(parts) + END, annotations=annotations))


@attack
def contents_that_only_the_table_knows(f: Attack) -> None:
    """A compressed file in a skippable frame, to which the table leads: no tar has it."""
    layer = f.layer().file("a")
    text = b"".join(b"setting number %d has a value\n" % number for number in range(2000))
    hidden = compress.zstd(text + b"token " + f.secrets.github() + b"\n" + text)
    table = table_of([*entries("a"), {"name": "etc/hidden", "type": "reg", "size": 99,
                                      "offset": 600, "endOffset": 600 + len(hidden)}])
    blob, annotations = chunked([layer.parts[0], END], table, hidden)
    f.seen(source="trailer")
    f.one_image(Blob(blob, b"".join(layer.parts) + END, annotations=annotations))


@attack
def bomb_in_a_skippable_frame(f: Attack) -> None:
    """Compressed zeros where the table should be."""
    from attacks.bombs import rle_frame
    layer = f.layer()
    layer.secret("etc/app.env")
    blob = compress.zstd(layer.parts[0] + END) + compress.skippable(rle_frame(8 << 30))
    f.one_image(Blob(blob, layer.parts[0] + END), states=["partial"])
    f.gap("frame")
    f.scanned = 300 * MIB
