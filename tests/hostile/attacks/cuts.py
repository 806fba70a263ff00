"""Archives cut at each hundredth of their length, and with single bits turned over."""

import gzip
import sqlite3
from collections.abc import Callable

import compress
import containers
import oci
import rawtar
import streams
from attack import Attack, attack
from oci import Blob, Layout
from rawtar import END


def sample(f: Attack) -> bytes:
    """A layer of about 40 kB in which a secret stands first, and text behind it."""
    layer = f.layer()
    _, data = layer.text_with("github")
    layer.file("etc/first.env", data)
    for number in range(20):
        text = b"".join(b"line %d of file %d\n" % (line, number) for line in range(80))
        layer.file(f"usr/share/doc/file{number}", text)
    return layer.tar()


def every_hundredth(f: Attack, whole: bytes, scheme: str = "layer:", name: str = "cut") -> None:
    """A hundred files, each longer by one part; what was cut is never complete."""
    for part in range(1, 100):
        path = f"{name}{part:02d}"
        (f.out / path).write_bytes(whole[: max(len(whole) * part // 100, 1)])
        f.arguments.append(scheme + path)
    f.open = True
    f.exit = [1, 2]


def cut_layer(f: Attack, pack: Callable[[bytes], bytes], end: int = 99) -> None:
    """No cut of a compressed layer is complete."""
    every_hundredth(f, pack(sample(f)))
    f.images = [{"layers": [["partial", "failed", "unsupported"]]}] * end
    f.complete = False


@attack
def cut_gzip_layer(f: Attack) -> None:
    cut_layer(f, lambda tar: gzip.compress(tar, mtime=0))


@attack
def cut_zstd_layer(f: Attack) -> None:
    cut_layer(f, compress.zstd)


@attack
def cut_bzip2_layer(f: Attack) -> None:
    cut_layer(f, compress.bzip2)


@attack
def cut_xz_layer(f: Attack) -> None:
    cut_layer(f, compress.xz)


@attack
def cut_plain_layer(f: Attack) -> None:
    """Between two members a cut can't be told from an archive without an end marker; elsewhere it
    is told."""
    every_hundredth(f, sample(f))
    f.images = [{"layers": [["partial", "failed", "unsupported", "complete"]]}] * 99
    f.complete = None


def image_archive(f: Attack) -> bytes:
    layout = Layout()
    tar = sample(f)
    layout.finish(layout.image([Blob(gzip.compress(tar, mtime=0), tar)]))
    return rawtar.archive(layout.files)


@attack
def cut_image_archive(f: Attack) -> None:
    every_hundredth(f, image_archive(f), "")
    f.exit, f.complete = [1, 2, 3], None


@attack
def cut_compressed_image_archive(f: Attack) -> None:
    every_hundredth(f, compress.zstd(image_archive(f)), "")
    f.exit, f.complete = [1, 2, 3], None


def inner_samples(f: Attack) -> dict[str, bytes]:
    """A file of each kind that is looked into, with a secret in it."""
    def text() -> bytes:
        filler = b"".join(b"line %d\n" % line for line in range(300))
        return b"value " + f.secrets.github() + b"\n" + filler

    path = f.out / "build.db"
    base = sqlite3.connect(path)
    base.execute("create table t (name, value)")
    base.executemany("insert into t values (?, ?)", [(f"n{n}", "v" * n) for n in range(200)])
    base.execute("insert into t values ('token', ?)", (f.secrets.github().decode(),))
    base.commit()
    base.close()
    database = path.read_bytes()
    path.unlink()
    objects = [streams.pack_object(3, text()) for _ in range(5)]
    pack = b"".join(streams.pack_layer(iter(objects), len(objects), sum(map(len, objects))))
    return {"a.gz": compress.gzip_member(text()), "a.zst": compress.zstd(text()),
            "a.bz2": compress.bzip2(text()), "a.xz": compress.xz(text()),
            "a.zip": containers.zip_of({"x": text(), "y": text()}),
            "a.tar": containers.tar_of({"x": text(), "y": text()}),
            "a.ar": containers.ar_of({"x": text(), "y" * 20: text()}),
            "a.cpio": containers.cpio_of({"x": text(), "y": text()}),
            "a.odc": containers.cpio_of({"x": text()}, "odc"),
            "a.rpm": containers.rpm_of({"x": text()}), "a.deb": containers.deb_of({"x": text()}),
            "a.apk": containers.alpine_apk_of({"x": text()}), "a.db": database,
            "objects/pack/pack-0.pack": pack[512 : 512 + 12 + sum(map(len, objects)) + 20]}


@attack
def cut_files_in_a_layer(f: Attack) -> None:
    """Each kind of container at each hundredth, all in one layer; the secret behind them all is
    found."""
    layer = f.layer()
    for name, data in inner_samples(f).items():
        for part in range(1, 100):
            layer.file(f"{part}/{name}", data[: len(data) * part // 100])
    layer.secret("etc/after.env", "slack")
    f.open = True
    f.one_image(layer.blob(), states=["partial"])
    f.complete = False


def flip(data: bytes, bit: int) -> bytes:
    made = bytearray(data)
    made[bit // 8] ^= 1 << bit % 8
    return bytes(made)


def thousand_bits(f: Attack, data: bytes) -> list[bytes]:
    places = f.secrets.random.sample(range(len(data) * 8), min(1000, len(data) * 8))
    return [flip(data, bit) for bit in places]


@attack
def flipped_bits_in_files_of_a_layer(f: Attack) -> None:
    """A thousand bits of each kind of container: what was damaged, and nothing behind it, is
    lost."""
    layer = f.layer()
    for name, data in inner_samples(f).items():
        for number, flipped in enumerate(thousand_bits(f, data[:6000])[:300]):
            layer.file(f"{number}/{name}", flipped)
    layer.secret("etc/after.env", "slack")
    f.open = True
    f.one_image(layer.blob(), states=["partial"])
    f.complete = False


def flipped_layers(f: Attack, pack: Callable[[bytes], bytes]) -> None:
    """A thousand images of one layer with one bit turned over in each: none is what its digest
    claims, and every one is said."""
    layer = f.layer()
    _, data = layer.text_with("github")
    layer.file("etc/first.env", data)
    layer.file("usr/share/doc/text", b"".join(b"line %d\n" % line for line in range(400)))
    whole = pack(layer.tar())
    digest = oci.sha256(whole)
    paths = []
    for number, flipped in enumerate(thousand_bits(f, whole)):
        layout = Layout()
        layout.finish(layout.image([Blob(whole, layer.tar())]))
        layout.files["blobs/" + digest.replace(":", "/")] = flipped
        path = f"image{number}.tar"
        (f.out / path).write_bytes(rawtar.archive(layout.files))
        paths.append("oci-archive:" + path)
    f.arguments += paths
    f.images = [{"layers": ["failed"]}] * len(paths)
    f.open, f.exit, f.complete = True, [1, 2], False


@attack
def flipped_bits_in_gzip_layers(f: Attack) -> None:
    flipped_layers(f, lambda tar: gzip.compress(tar, mtime=0))


@attack
def flipped_bits_in_zstd_layers(f: Attack) -> None:
    flipped_layers(f, compress.zstd)


@attack
def flipped_bits_in_plain_layers(f: Attack) -> None:
    flipped_layers(f, bytes)


@attack
def flipped_bits_in_documents(f: Attack) -> None:
    """Index, manifest and config in turn: a thousand bits, a thousand images."""
    layer = f.layer()
    _, data = layer.text_with("github")
    layer.file("etc/first.env", data)
    layout = Layout()
    layout.finish(layout.image([layer.blob()], Env=["A=b"], history=[{"created_by": "RUN x"}]))
    texts = [path for path, text in layout.files.items() if text[:1] == b"{"]
    for number in range(1000):
        path = texts[number % len(texts)]
        bits = len(layout.files[path]) * 8
        files = {**layout.files, path: flip(layout.files[path], f.secrets.random.randrange(bits))}
        (f.out / f"image{number}.tar").write_bytes(rawtar.archive(files))
        f.arguments.append(f"oci-archive:image{number}.tar")
    f.open, f.exit, f.complete = True, [1, 2, 3], None


@attack
def flipped_bits_in_headers(f: Attack) -> None:
    """A thousand bits of a tar's headers, in one file each; the secret is never lost."""
    tar = sample(f)[: 40 << 10]
    headers = [at for at in range(0, len(tar), 512) if tar[at + 257 : at + 262] == b"ustar"]
    for number in range(1000):
        at = f.secrets.random.choice(headers)
        (f.out / f"layer{number}").write_bytes(
            flip(tar, at * 8 + f.secrets.random.randrange(4096)) + END)
        f.arguments.append(f"layer:layer{number}")
    f.open, f.complete = True, None
    for number in range(1000):
        f.seen(image=number)


