"""Single bits turned over, a thousand of each kind of thing."""

import gzip
from collections.abc import Callable
from pathlib import Path

import compress
import lazy
import oci
import rawtar
from attack import Attack, attack
from attacks import samples
from attacks.cuts import image_archive, in_parts, sample
from oci import Blob, Layout
from rawtar import END


def flip(data: bytes, bit: int) -> bytes:
    made = bytearray(data)
    made[bit // 8] ^= 1 << bit % 8
    return bytes(made)


def thousand_bits(f: Attack, data: bytes) -> list[bytes]:
    return [flip(data, bit) for bit in f.secrets.random.sample(range(len(data) * 8), 1000)]


# How many of a thousand must be told at least. What has a checksum tells nearly all; the others
# tell what their structure no longer allows.
DAMAGE_TOLD = {"a.gz": 800, "a.zst": 900, "a.bz2": 900, "a.xz": 900, "a.lz4": 900, "a.lz": 900,
               "objects/pack/pack-0.pack": 900, "a.rpm": 600, "a.apk": 600, "a.deb": 500,
               "a.sh": 250, "a.zip": 700, "a.tar": 100, "a.Z": 50, "a.upx": 50, "a.cpio": 5, "a.crc": 700,
               "a.odc": 5, "a.db": 5, "a.l4": 50, "a.bin": 5, "a.bundle": 900}


@attack
def flipped_bits_in_files_of_a_layer(f: Attack) -> None:
    """A thousand bits of each kind of container, a layer a kind: what was damaged, and nothing
    behind it, is lost."""
    for name, data in samples.containers_of_files(f).items():
        layer = f.layer()
        for number, flipped in enumerate(thousand_bits(f, data)):
            layer.file(f"{number}/{name}", flipped)
        layer.secret("etc/after.env", "slack", image=len(f.arguments))
        kind = name.replace("/", "-")
        f.arguments.append(f"layer:{kind}.tar")
        (f.out / f"{kind}.tar").write_bytes(layer.tar())
        least = DAMAGE_TOLD.get(name, 0)
        f.image("partial" if least else ["partial", "complete"])
        f.told_paths[f.arguments[-1]] = least
    f.open = True
    f.complete = None


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
def flipped_bits_in_bzip2_layers(f: Attack) -> None:
    flipped_layers(f, compress.bzip2)


@attack
def flipped_bits_in_xz_layers(f: Attack) -> None:
    flipped_layers(f, compress.xz)


@attack
def flipped_bits_in_estargz_layers(f: Attack) -> None:
    flipped_layers(f, lambda tar: lazy.estargz(in_parts(tar)))


@attack
def flipped_bits_in_zstd_chunked_layers(f: Attack) -> None:
    flipped_layers(f, lambda tar: lazy.zstd_chunked(in_parts(tar))[0])


def flipped_archives(f: Attack, archive: bytes) -> None:
    """A thousand of them with one bit turned over in each: what is complete has the secret."""
    for number, flipped in enumerate(thousand_bits(f, archive)):
        path = f"image{number}.tar"
        (f.out / path).write_bytes(flipped)
        f.arguments.append(path)
    f.found_or_told = True
    f.open, f.exit, f.complete = True, [1, 2], None


@attack
def flipped_bits_in_image_archives(f: Attack) -> None:
    flipped_archives(f, image_archive(f))


@attack
def flipped_bits_in_compressed_image_archives(f: Attack) -> None:
    flipped_archives(f, compress.zstd(image_archive(f)))


@attack
def flipped_bits_in_docker_archives(f: Attack) -> None:
    flipped_archives(f, oci.old_docker_archive([sample(f)]))


@attack
def flipped_bits_in_rpm_databases(f: Attack) -> None:
    """In each of its three forms, an image a bit; what stands behind it is found."""
    for path, data in samples.rpm_databases().items():
        for number, flipped in enumerate(thousand_bits(f, data)):
            layer = f.layer().file(path, flipped)
            layer.secret("etc/after.env", image=len(f.arguments))
            name = f"{Path(path).name}{number}"
            f.arguments.append(f"layer:{name}")
            (f.out / name).write_bytes(layer.tar())
            f.image(["partial", "complete"])
    f.complete = None


@attack
def flipped_bits_in_keys_code_and_programs(f: Attack) -> None:
    """Nothing is unpacked of them, so that no gap is told. A key whose first and last lines are as they
    were is told. A secret in code that is as it was, with what stands next to it, is found where the
    code is known by its first bytes: a .pyc has a letter behind it."""
    layer = f.layer()
    code = samples.compiled_code(f)
    files = {**samples.private_keys(f), **samples.key_stores(f), "bin/tool": samples.linked_program(),
             **{name: data for name, (data, _) in code.items()}}
    for name, data in files.items():
        for number, flipped in enumerate(thousand_bits(f, data)):
            layer.file(f"{number}/{name}", flipped, mode=0o755)
            ends_as_before = flipped[:80] == data[:80] and flipped[-40:] == data[-40:]
            if name.startswith("private-key") and ends_as_before:
                f.seen(name, path=f"{number}/{name}")
            if name in code:
                at = data.index(code[name][1])
                if data[at - 1 : at + 41] in flipped and flipped[:4] == data[:4]:
                    f.seen(path=f"{number}/{name}")
    layer.secret("etc/after.env", "slack")
    f.open = True
    f.target_file("layer.tar", layer.tar())
    f.image("complete")


@attack
def flipped_bits_in_documents(f: Attack) -> None:
    """Index, manifest and config in turn: a thousand bits of each, an image a bit. The manifest and
    the config are then not what their digest claims; an index that still leads to the image is as
    good as before."""
    layer = f.layer()
    _, data = layer.text_with("github")
    layer.file("etc/first.env", data)
    layout = Layout()
    layout.finish(layout.image([layer.blob()], Env=["A=b"], history=[{"created_by": "RUN x"}]))
    texts = [path for path, text in layout.files.items()
             if text[:1] == b"{" and path != "oci-layout"]
    assert len(texts) == 3
    for path in texts:
        for flipped in thousand_bits(f, layout.files[path]):
            name = f"image{len(f.arguments)}.tar"
            (f.out / name).write_bytes(rawtar.archive({**layout.files, path: flipped}))
            f.arguments.append(name)
            if path != "index.json":
                f.told.append(name)
    f.found_or_told = True
    f.open, f.exit, f.complete = True, [1, 2], None


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


