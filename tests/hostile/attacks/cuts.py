"""All kinds of things cut at each hundredth of their length: what is cut and is told."""

import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path

import compress
import lazy
import oci
import rawtar
from attack import Attack, attack
from attacks import samples
from oci import CONFIG, MANIFEST, Blob, Layout


def sample(f: Attack) -> bytes:
    """A layer of about 40 kB in which a secret stands first, and text behind it."""
    layer = f.layer()
    _, data = layer.text_with("github")
    layer.file("etc/first.env", data)
    for number in range(20):
        text = b"".join(b"line %d of file %d\n" % (line, number) for line in range(80))
        layer.file(f"usr/share/doc/file{number}", text)
    return layer.tar()


def hundredths(whole: bytes) -> list[bytes]:
    return [whole[: max(len(whole) * part // 100, 1)] for part in range(1, 100)]


def between_members(tar: bytes) -> Callable[[int], bool]:
    """Whether a cut of that size can't be told from an archive without an end marker: behind a
    member's contents, up to the next header."""
    spans, at = [], 0
    while tar[at : at + 1] not in (b"", b"\0"):
        end = at + 512 + int(tar[at + 124 : at + 135], 8)
        at = end + -end % 512
        spans.append((end, at))
    spans.append((at, len(tar)))
    return lambda size: any(begin <= size <= end for begin, end in spans)


def every_hundredth(f: Attack, whole: bytes, scheme: str = "layer:", name: str = "cut",
                    fine: Callable[[int], bool] = lambda size: False) -> None:
    """A hundred targets, each longer by one part: what was cut is never complete, but for sizes
    that are `fine`, and what is complete has the secret."""
    for part, cut in enumerate(hundredths(whole), 1):
        path = f"{name}{part:02d}"
        (f.out / path).write_bytes(cut)
        f.arguments.append(scheme + path)
        if not fine(len(cut)):
            f.told.append(f.arguments[-1])
    f.found_or_told = f.open = True
    f.exit, f.complete = [1, 2], None


def cut_layer(f: Attack, pack: Callable[[bytes], bytes], behind: int = 0) -> None:
    """No cut of a compressed layer is complete, but where the cut is of the bytes that may stand
    behind it."""
    whole = pack(sample(f))
    every_hundredth(f, whole, fine=lambda size: size >= len(whole) - behind)
    f.images = [{"layers": [["partial", "failed", "unsupported"] if target in f.told else
                            ["partial", "complete"]]} for target in f.arguments]


def in_parts(tar: bytes, size: int = 5000) -> list[bytes]:
    """Cut where no member ends, without the end marker."""
    body = tar[: -len(rawtar.END)]
    return [body[at : at + size] for at in range(0, len(body), size)]


def packed_in_parts(pack: Callable[[bytes], bytes], tar: bytes, size: int = 5000) -> bytes:
    """A frame or stream a part, as writers with many threads make them: what is so small would be a
    single block, and nothing comes of one that is cut."""
    return b"".join(map(pack, [*in_parts(tar, size), rawtar.END]))


@attack
def cut_gzip_layer(f: Attack) -> None:
    cut_layer(f, lambda tar: gzip.compress(tar, mtime=0))


@attack
def cut_zstd_layer(f: Attack) -> None:
    cut_layer(f, lambda tar: packed_in_parts(compress.zstd, tar))


@attack
def cut_bzip2_layer(f: Attack) -> None:
    cut_layer(f, lambda tar: packed_in_parts(compress.bzip2, tar))


@attack
def cut_xz_layer(f: Attack) -> None:
    cut_layer(f, compress.xz)


@attack
def cut_estargz_layer(f: Attack) -> None:
    """Its table and its footer, too."""
    def pack(tar: bytes) -> bytes:
        return lazy.estargz(in_parts(tar))
    cut_layer(f, pack)


@attack
def cut_zstd_chunked_layer(f: Attack) -> None:
    def pack(tar: bytes) -> bytes:
        return lazy.zstd_chunked(in_parts(tar))[0]
    cut_layer(f, pack, behind=72)  # the footer, which only says where the table is


@attack
def cut_plain_layer(f: Attack) -> None:
    """Between two members a cut can't be told from an archive without an end marker; elsewhere it
    is told."""
    tar = sample(f)
    every_hundredth(f, tar, fine=between_members(tar))
    f.images = [{"layers": [["partial", "failed", "unsupported"] if target in f.told else
                            "complete"]} for target in f.arguments]


def image_archive(f: Attack) -> bytes:
    layout = Layout()
    tar = sample(f)
    layout.finish(layout.image([Blob(gzip.compress(tar, mtime=0), tar)]))
    return rawtar.archive(layout.files)


def cut_archive(f: Attack, archive: bytes, fine: Callable[[int], bool]) -> None:
    """All that is needed is there when the last member is."""
    last = len(archive.rstrip(b"\0"))
    every_hundredth(f, archive, "", fine=lambda size: size >= last or fine(size))


@attack
def cut_image_archive(f: Attack) -> None:
    cut_archive(f, image_archive(f), lambda size: False)


@attack
def cut_docker_archive(f: Attack) -> None:
    """Up to its manifest nothing but the members' names says that it is none of a layer's."""
    archive = oci.old_docker_archive([sample(f)])
    manifest = archive.index(b"manifest.json")
    end = manifest + 512 + int(archive[manifest + 124 : manifest + 135], 8)
    cut_archive(f, archive, lambda size: size >= end)


@attack
def cut_compressed_image_archive(f: Attack) -> None:
    every_hundredth(f, packed_in_parts(compress.zstd, image_archive(f), 700), "")


@attack
def cut_documents(f: Attack) -> None:
    """Index, manifest, config and docker's manifest, whose digests are those of what is left."""
    blob = f.layer()
    _, data = blob.text_with("github")
    layer = blob.file("etc/first.env", data).blob()
    whole = Layout()
    image = whole.image([layer], Env=["A=b"], history=[{"created_by": "RUN x"}])
    whole.finish(image)
    manifest = whole.files["blobs/" + image["digest"].replace(":", "/")]
    config = next(text for text in whole.files.values() if b'"rootfs"' in text)
    targets = {}
    for part, cut in enumerate(hundredths(whole.files["index.json"])):
        targets[f"index{part}"] = {**whole.files, "index.json": cut}
    for part, cut in enumerate(hundredths(manifest)):
        layout = Layout()
        layout.files.update(whole.files)
        targets[f"manifest{part}"] = layout.finish(
            {"mediaType": MANIFEST, "digest": layout.blob(cut), "size": len(cut)})
    for part, cut in enumerate(hundredths(config)):
        layout = Layout()
        layout.blob(layer.data or b"")
        descriptor = {"mediaType": CONFIG, "digest": layout.blob(cut), "size": len(cut)}
        targets[f"config{part}"] = layout.finish(layout.document(
            {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor,
             "layers": [layer.descriptor()]}, MANIFEST))
    listed = oci.docker_manifest(image["digest"], [layer], "a:1")
    for part, cut in enumerate(hundredths(listed)):
        files = {path: text for path, text in whole.files.items() if path.startswith("blobs/")}
        targets[f"docker{part}"] = {**files, "manifest.json": cut}
    for name, files in targets.items():
        (f.out / name).write_bytes(rawtar.archive(files))
        f.arguments.append(name)
    f.told = list(f.arguments)
    f.open = True
    f.exit, f.complete = [1, 2], False


# A file is known by so many bytes, and its cut is told from there on.
KNOWN_FROM = {"a.gz": 64, "a.zst": 6, "a.bz2": 10, "a.xz": 12, "a.lz4": 7, "a.lz": 26, "a.zip": 40,
              "a.l4": 9, "a.bin": 64, "a.bundle": 16,
              "a.tar": 512, "a.ar": 120, "a.cpio": 112, "a.crc": 112, "a.odc": 80, "a.rpm": 112, "a.deb": 68,
              "a.apk": 12, "a.db": 100, "a.upx": 150, "objects/pack/pack-0.pack": 12}
# zlib and the old lzma may be anything by their first bytes: a cut is told behind so much output.
WEAK = 64 << 10


def told_from(name: str, data: bytes) -> Callable[[int], bool]:
    """Whether a cut of that size must be told."""
    if name == "a.zz":
        return lambda size: len(zlib.decompressobj().decompress(data[:size])) > WEAK + 1024
    if name == "a.lzma":
        return lambda size: len(lzma.LZMADecompressor(lzma.FORMAT_ALONE).decompress(
            data[:size])) > WEAK + 4096
    if name.startswith("objects/ab/"):
        return lambda size: size >= 512
    if name == "a.Z":  # the format has no end
        return lambda size: False
    if name == "a.sh":
        begin = data.index(b"\x1f\x8b\x08")
        return lambda size: size >= begin + 64
    if name == "a.upx":  # the loader comes last
        end = data.index(b"\x90" * 100)
        return lambda size: KNOWN_FROM[name] <= size < end
    if name == "a.tar":
        whole = between_members(data)
        return lambda size: size >= KNOWN_FROM[name] and not whole(size)
    return lambda size: size >= KNOWN_FROM[name]


@attack
def cut_files_in_a_layer(f: Attack) -> None:
    """Each kind of container at each hundredth, a layer a kind: each cut is told that can be, and
    the secret behind them all is found."""
    for name, data in samples.containers_of_files(f, 200_000).items():
        layer = f.layer()
        must = told_from(name, data)
        for part, cut in enumerate(hundredths(data), 1):
            layer.file(f"{part}/{name}", cut)
            if must(len(cut)):
                f.gap(path=f"{part}/{name}")
        layer.secret("etc/after.env", "slack", image=len(f.arguments))
        kind = name.replace("/", "-")
        f.arguments.append(f"layer:{kind}.tar")
        (f.out / f"{kind}.tar").write_bytes(layer.tar())
        f.image("complete" if name == "a.Z" else "partial")
    f.open = True


@attack
def cut_rpm_databases(f: Attack) -> None:
    """In each of its three forms: not all packages are known, and that is said."""
    for path, data in samples.rpm_databases().items():
        for part, cut in enumerate(hundredths(data)):
            layer = f.layer().file(path, cut)
            layer.secret("etc/after.env", image=len(f.arguments))
            name = f"{Path(path).name}{part}"
            f.arguments.append(f"layer:{name}")
            (f.out / name).write_bytes(layer.tar())
            f.image("partial")


@attack
def cut_key_stores_and_programs(f: Attack) -> None:
    """Nothing is unpacked of them, so that no gap is told; what is left of a key store is one."""
    layer = f.layer()
    for name, data in samples.key_stores(f).items():
        for part, cut in enumerate(hundredths(data), 1):
            layer.file(f"{part}/{name}", cut)
            if part > 50:
                f.seen("keystore-pkcs12" if name == "a.p12" else "keystore-java",
                       path=f"{part}/{name}")
    for part, cut in enumerate(hundredths(samples.linked_program()), 1):
        layer.file(f"{part}/bin/tool", cut, mode=0o755)
    layer.secret("etc/after.env", "slack")
    f.open = True
    f.target_file("layer.tar", layer.tar())
    f.image("complete")


@attack
def cut_private_keys_and_compiled_code(f: Attack) -> None:
    """What is left of a key is told as one, and a secret that is whole in what is left of code is
    found."""
    layer = f.layer()
    for rule, data in samples.private_keys(f).items():
        for part, cut in enumerate(hundredths(data), 1):
            layer.file(f"{part}/{rule}", cut)
            if part > 20:
                f.seen(rule, path=f"{part}/{rule}")
    for name, (data, secret) in samples.compiled_code(f).items():
        for part, cut in enumerate(hundredths(data), 1):
            layer.file(f"{part}/{name}", cut)
            if secret in cut:
                f.seen(path=f"{part}/{name}")
    layer.secret("etc/after.env", "slack")
    f.open = True
    f.target_file("layer.tar", layer.tar())
    f.image("complete")
