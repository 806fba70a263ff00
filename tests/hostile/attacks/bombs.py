"""What is small and becomes large: bombs of each compression, and archives in themselves."""

import base64
import gzip
import hashlib
import lzma
import struct
import zlib

import compress
import containers
import rawtar
import streams
from attack import MIB, Attack, attack

GIB = 1 << 30


def layer_of_zeros(f: Attack, size: int, pack) -> bytes:
    """A layer with a file of `size` zeros (a multiple of 16 MiB) and one with a secret behind it."""
    piece = 16 * MIB
    after = f.layer()
    after.secret("etc/after.env")
    head = streams.file_head(b"srv/zeros", size)
    body = pack(b"\0" * piece)
    return pack(head) + body * (size // piece) + pack(after.tar())


def one_layer(f: Attack, blob: bytes, state: str = "complete") -> None:
    f.target_file("layer", blob)
    f.image(state)


@attack
def gzip_bomb(f: Attack) -> None:
    """1000:1, as much as deflate can: an honest file of zeros looks the same, and is read."""
    size = 2 * GIB * f.size
    one_layer(f, layer_of_zeros(f, size, lambda data: gzip.compress(data, 9, mtime=0)))
    f.scanned = size + 8 * MIB


@attack
def bzip2_bomb(f: Attack) -> None:
    """700,000:1 is what bzip2 makes of zeros: an honest file of them looks the same."""
    one_layer(f, layer_of_zeros(f, 512 * MIB * f.size, compress.bzip2))
    f.scanned = 512 * MIB * f.size + 8 * MIB


@attack
def xz_bomb(f: Attack) -> None:
    one_layer(f, layer_of_zeros(f, 512 * MIB * f.size, compress.xz))
    f.scanned = 512 * MIB * f.size + 8 * MIB


def rle_frame(size: int) -> bytes:
    """A zstd frame of RLE blocks of zeros: four bytes for each 128 KiB."""
    blocks = size // (128 << 10)
    block = struct.pack("<I", (128 << 10) << 3 | 2)[:3] + b"\0"
    last = struct.pack("<I", (128 << 10) << 3 | 3)[:3] + b"\0"
    return struct.pack("<I", 0xFD2FB528) + bytes([0, 7 << 3]) + block * (blocks - 1) + last


@attack
def zstd_bomb(f: Attack) -> None:
    """32,000:1. A layer that is compressed like this is ended when it has made 16 GiB."""
    size = 17 * GIB
    head = streams.file_head(b"srv/zeros", size)
    before = f.layer()
    before.secret("etc/before.env")
    blob = compress.zstd(b"".join(before.parts) + head) + rle_frame(GIB) * 17
    one_layer(f, blob + compress.zstd(rawtar.END), "partial")
    f.gap("compressed more than 2000:1")
    f.scanned = 17 * GIB


@attack
def layer_over_its_bytes(f: Attack) -> None:
    """The limit of a layer's bytes, and what stands before it."""
    before = f.layer()
    before.secret("etc/before.env")
    head = rawtar.header(b"srv/zeros", GIB)
    f.arguments += ["--max-layer-bytes", "64MiB"]
    one_layer(f, compress.zstd(b"".join(before.parts) + head) + rle_frame(GIB), "partial")
    f.gap("larger than 67108864 bytes")
    f.scanned = 70 * MIB


def inside(f: Attack, name: str, data: bytes, gap: str = "", scanned: int | None = None,
           arguments: list[str] | None = None) -> None:
    """A layer of one hostile file, with a secret in the file behind it."""
    layer = f.layer()
    layer.file(name, data)
    layer.secret("etc/after.env", "slack")
    f.arguments += arguments or []
    f.target_file("layer.tar", layer.tar())
    f.image("partial" if gap else "complete")
    if gap:
        f.gap(gap, path=name)
    f.scanned = scanned


@attack
def gzip_bomb_in_a_file(f: Attack) -> None:
    size = 512 * MIB * f.size
    body = compress.gzip_member(b"\0" * (16 * MIB))
    inside(f, "bomb.gz", body * (size // (16 * MIB)), scanned=size + 16 * MIB)


@attack
def zstd_bomb_in_a_file(f: Attack) -> None:
    """The ratio of containers is judged from 1 GiB on."""
    inside(f, "bomb.zst", rle_frame(GIB) * 8, "compressed more than 2000:1", 2 * GIB)


@attack
def bzip2_bomb_in_a_file(f: Attack) -> None:
    inside(f, "bomb.bz2", compress.bzip2(b"\0" * (256 * MIB)) * 8,
           "compressed more than 2000:1", 2 * GIB)


@attack
def xz_bomb_in_a_file(f: Attack) -> None:
    inside(f, "bomb.xz", compress.xz(b"\0" * (256 * MIB)) * 8,
           "compressed more than 2000:1", 2 * GIB)


@attack
def many_bombs_in_a_layer(f: Attack) -> None:
    """The second bomb is ended sooner than the first, and so are all behind it."""
    layer = f.layer()
    bomb = rle_frame(2 * GIB)
    for number in range(40 * f.size):
        layer.file(f"bomb{number}", bomb)
    layer.secret("etc/after.env", "slack")
    f.target_file("layer.tar", layer.tar())
    f.image("partial")
    f.gap("compressed more than 2000:1", path="bomb0")
    f.gap("compressed more than 2000:1", path="bomb39")
    f.scanned = 2 * GIB + 40 * f.size * 160 * MIB


@attack
def bomb_of_bombs(f: Attack) -> None:
    """gzip in gzip in gzip: a billion to one."""
    once = compress.gzip_member(b"\0" * (64 * MIB)) * 200
    twice = compress.gzip_member(once * 20)
    inside(f, "bomb", compress.gzip_member(twice * 20), "compressed more than 2000:1", 4 * GIB)


def zip_level(data: bytes, width: int) -> bytes:
    return containers.zip_of({f"lib {number}.zip": data for number in range(width)})


@attack
def zip_of_zips_of_zips(f: Attack) -> None:
    """The form of 42.zip: five levels of sixteen, a petabyte when it is all unpacked."""
    data = containers.zip_of({"0.dll": b"\0" * (64 * MIB)})
    for _ in range(4):
        data = zip_level(data, 16)
    inside(f, "42.zip", data, "compressed more than 2000:1", 4 * GIB)


def directory_entry(name: bytes, local: bytes, at: int) -> bytes:
    """Of a deflated entry by its local header, which has its CRC-32 and sizes."""
    return (struct.pack("<4sHHHHHH", b"PK\1\2", 20, 20, 0, 8, 0, 0x21) + local[14:26] +
            struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, at) + name)


def directory_end(count: int, size: int, at: int) -> bytes:
    return struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count & 0xFFFF, count & 0xFFFF, size, at, 0)


@attack
def zip_overlapping_entries(f: Attack) -> None:
    """The directory names one entry 5,000 times: who believes it unpacks 5,000 copies."""
    local = containers.zip_entry(b"a", containers.raw_deflate(b"\0" * (2 * MIB)), 8)
    count = 5000 * f.size
    directory = b"".join(directory_entry(b"%05d" % number, local, 0) for number in range(count))
    end = directory_end(count, len(directory), len(local))
    inside(f, "overlap.zip", local + directory + end, "entries of its directory",
           scanned=8 * MIB * f.size)


@attack
def zip_quoted_entries(f: Attack) -> None:
    """As the better zip bomb does it (D. Fifield, 2019): each entry's deflate stream quotes the next
    entry's header as a stored block, and goes on as that entry's stream. The directory leads to all
    of them, each with the same 2 MiB in it; read from the front, the bytes count once."""
    data = b"\0" * (2 * MIB) + f.layer().text_with("github")[1]
    f.seen()
    names = [b"%03d" % number for number in range(250 * f.size)]
    stream = containers.raw_deflate(data)
    files = containers.zip_entry(names[-1], stream, 8, data=data)
    entries = [(files[:30], len(files))]
    for name in reversed(names[:-1]):
        quoted = files[: len(files) - len(stream)]
        stream = b"\0" + struct.pack("<HH", len(quoted), len(quoted) ^ 0xFFFF) + files
        data = quoted + data
        files = containers.zip_entry(name, stream, 8, data=data)
        entries.append((files[:30], len(files)))
    directory = b"".join(directory_entry(name, local, len(files) - behind)
                         for name, (local, behind) in zip(names, reversed(entries)))
    end = directory_end(len(entries), len(directory), len(files))
    inside(f, "quoted.zip", files + directory + end, "entries of its directory",
           scanned=4 * MIB)


@attack
def zip_of_many_large_entries(f: Attack) -> None:
    """Deflate's own 1000:1, entry by entry: an honest ratio, read to its end."""
    zeros = b"\0" * (4 * MIB)
    entry = containers.raw_deflate(zeros)
    data = b"".join(containers.zip_entry(b"%06d" % number, entry, 8, data=zeros)
                    for number in range(128 * f.size))
    inside(f, "many.zip", data + containers.ZIP_END, scanned=600 * MIB * f.size)


@attack
def zip_of_many_empty_entries(f: Attack) -> None:
    count = 200_000 * f.size
    data = b"".join(containers.zip_entry(b"%07d" % number, b"", 0) for number in range(count))
    inside(f, "many.zip", data + containers.ZIP_END, scanned=64 * MIB * f.size)


@attack
def zip_of_two_million_empty_entries(f: Attack) -> None:
    """What is known of an entry is given up with the window that shows it."""
    data = b"".join(containers.zip_entry(b"%07d" % number, b"", 0)
                    for number in range(2_000_000 * f.size))
    inside(f, "many.zip", data + containers.ZIP_END, scanned=640 * MIB * f.size)
    f.memory = 256 * MIB


@attack
def tar_in_tar_a_thousand_deep(f: Attack) -> None:
    data = b"the innermost\n"
    for _ in range(1000):
        data = rawtar.member(b"in.tar", data)
    inside(f, "deep.tar", data, "nested more than 5 levels", 8 * MIB)


@attack
def gzip_in_gzip_a_thousand_deep(f: Attack) -> None:
    data = b"the innermost\n"
    for _ in range(1000):
        data = compress.gzip_member(data)
    inside(f, "deep.gz", data, "nested more than 5 levels", 8 * MIB)


@attack
def each_format_in_the_next(f: Attack) -> None:
    """ar in cpio in zip in rpm in tar in bzip2, again and again."""
    data = b"the innermost\n"
    for _ in range(4):
        data = containers.ar_of({"a": data})
        data = containers.cpio_of({"c": data})
        data = containers.zip_of({"z": data})
        data = containers.rpm_of({"r": data}, compress.gzip_member)
        data = compress.bzip2(containers.tar_of({"t": data}))
    inside(f, "mixed", data, "nested more than 5 levels", 8 * MIB)


@attack
def xz_asks_for_four_gigabytes(f: Attack) -> None:
    """A dictionary of 4 GiB less a byte: xz's largest, refused before it is made."""
    data = b"".join(compress.xz_with_dictionary([(b"text\n" * 100, 1)], 32))
    inside(f, "big.xz", data, "memory", 8 * MIB)
    f.memory = 300 * MIB


@attack
def zstd_asks_for_two_gigabytes(f: Attack) -> None:
    inside(f, "big.zst", compress.zstd_with_window(b"text\n" * 100, 31), "window", 8 * MIB)
    f.memory = 300 * MIB


@attack
def lzma_in_zip_asks_for_four_gigabytes(f: Attack) -> None:
    packed = struct.pack("<BBH", 9, 4, 5) + b"\x5d" + struct.pack("<I", 0xFFFFFFFF)
    raw = lzma.compress(b"text\n" * 100, lzma.FORMAT_ALONE)[13:]
    inside(f, "big.zip", containers.zip_entry(b"a", packed + raw, 14) + containers.ZIP_END,
           "memory", 8 * MIB)
    f.memory = 300 * MIB


@attack
def git_object_claims_a_terabyte(f: Attack) -> None:
    """An object's size in a pack is what it says it is, and nothing is made for it."""
    head = bytearray([3 << 4 | 128])
    size = (1 << 40) >> 4
    while size:
        head.append(size & 127 | (128 if size >> 7 else 0))
        size >>= 7
    objects = bytes(head) + zlib.compress(b"text\n" * 100)
    data = b"PACK" + struct.pack(">II", 2, 0xFFFFFFFF) + objects
    inside(f, ".git/objects/pack/pack-0.pack", data, "pack", 8 * MIB)
    f.memory = 300 * MIB


@attack
def git_repositories_by_the_ten_thousand(f: Attack) -> None:
    """A commit each, before an archive of many members: what repositories hold is asked for at each."""
    commit = (b"tree " + b"a" * 40 + b"\nauthor a <b> 1 +0000\ncommitter a <b> 1 +0000\n\nx\n")
    loose = zlib.compress(b"commit %d\0" % len(commit) + commit)
    parts = [rawtar.member(b"r%d/objects/ab/%s" % (number, b"c" * 38), loose)
             for number in range(10_000 * f.size)]
    members = {f"f{number}": b"x" for number in range(40_000 * f.size)}
    parts.append(rawtar.member(b"many.zip", containers.zip_of(members, "stored")))
    secret, text = f.layer().text_with("github")
    parts.append(rawtar.member(b"etc/app.env", text))
    f.target_file("layer", gzip.compress(b"".join(parts) + rawtar.END, mtime=0))
    f.image("complete")
    f.found("github-pat-classic", text, secret, "etc/app.env")


@attack
def git_deltas_of_deltas(f: Attack) -> None:
    """Each delta makes 512 KiB of a few bytes, and is the next one's base."""
    base = streams.block("deltas")[: 512 << 10]
    size = bytes([len(base) & 127 | 128, len(base) >> 7 & 127 | 128, len(base) >> 14])
    delta = size + size + bytes([0xF0]) + struct.pack("<I", len(base))[:3]
    packed = zlib.compress(delta)
    first = streams.pack_object(3, base)
    second = streams.pack_object(6, delta, packed, len(first))
    other = streams.pack_object(6, delta, packed, len(streams.pack_object(6, delta, packed, 100)))
    objects = [first, second, streams.pack_object(6, delta, packed, len(second))] + [other] * 10_000
    data = b"PACK" + struct.pack(">II", 2, len(objects)) + b"".join(objects)
    data += hashlib.sha1(data).digest()
    inside(f, ".git/objects/pack/pack-0.pack", data, "compressed more than 2000:1", 3 * GIB)


@attack
def streamed_bomb(f: Attack) -> None:
    """An image archive on standard input whose compression is a bomb."""
    (f.out / "bomb").write_bytes(rle_frame(GIB) * 17)
    f.stdin, f.arguments = "bomb", ["-"]
    f.image("partial")
    f.exit = 2


@attack
def nothing_at_all(f: Attack) -> None:
    """What every scan costs, whatever it scans; the figures of the others stand beside it."""
    layer = f.layer()
    layer.file("etc/hostname", b"nothing\n")
    f.target_file("layer.tar", layer.tar())
    f.image("complete")
    f.exit = 0




@attack
def many_bombs_in_base64(f: Attack) -> None:
    """Each is a line of 120 characters, and 70 MiB: once a layer has had a GiB, one of many such
    is ended at a MiB."""
    line = base64.b64encode(compress.bzip2(b"\0" * (70 * MIB))) + b"\n"
    layer = f.layer().file("etc/bombs", line * (200 * f.size))
    layer.secret("etc/after.env", "slack")
    f.gap("compressed more than 2000:1", path="etc/bombs")
    f.target_file("layer.tar", layer.tar())
    f.image("partial")
    f.scanned = (1250 + 200 * f.size) * MIB


@attack
def git_pack_of_false_starts(f: Attack) -> None:
    """Behind damage the next object is looked for. Here thousands of places may be one, and each is
    a stream of empty blocks up to the end."""
    head = b"\xbf\xff\x1f"  # a blob of 65,535 bytes
    count = 4096
    zone = count * (len(head) + 7)
    starts = b""
    for number in range(1, count + 1):
        left = zone - number * (len(head) + 7)
        starts += head + struct.pack("<HBHH", 0x0178, 0, left, left ^ 0xFFFF)
    pack = struct.pack(">4sII", b"PACK", 2, 1_000_000) + b"\0" + starts
    pack += b"\0\0\0\xff\xff" * (3000 * f.size) + b"\7" + b"\0" * 40
    inside(f, "srv/r.git/objects/pack/pack-0.pack", pack, "git pack: damaged object", MIB * f.size)
