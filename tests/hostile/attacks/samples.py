"""A file of each kind that is looked into, with a secret in it, to be cut and damaged."""

import importlib.util
import lzma
import marshal
import sqlite3
import struct
import tempfile
import zlib
from pathlib import Path

import compress
import containers
import streams
from attack import Attack
from planted import run


def text(f: Attack, size: int = 0) -> bytes:
    """With a secret in front; padded to `size` with what compresses badly."""
    filler = b"".join(b"line %d\n" % line for line in range(300))
    made = b"value " + f.secrets.github() + b"\n" + filler
    return made + f.secrets.random.randbytes(max(size - len(made), 0) // 2).hex().encode()


def containers_of_files(f: Attack, weak: int = 0) -> dict[str, bytes]:
    """By name; what looks into them goes by their first bytes. Those that may be anything by them
    hold at least `weak` bytes."""
    def of(*names: str) -> dict[str, bytes]:
        return {name: text(f) for name in names}

    packed = {"a.gz": compress.gzip_member, "a.zst": compress.zstd, "a.bz2": compress.bzip2,
              "a.xz": compress.xz, "a.lz4": compress.lz4, "a.lz": compress.lzip,
              "a.Z": compress.lzw, "a.l4": compress.lz4_legacy}
    loosely = {"a.lzma": compress.lzma_alone, "a.zz": zlib.compress}
    return {**{name: pack(text(f)) for name, pack in packed.items()},
            **{name: pack(text(f, weak)) for name, pack in loosely.items()},
            "a.zip": containers.zip_of(of("x", "y")), "a.tar": containers.tar_of(of("x", "y")),
            "a.ar": containers.ar_of(of("x", "y" * 20)),
            "a.cpio": containers.cpio_of(of("x", "y")),
            "a.crc": containers.cpio_of(of("x", "y"), "crc"),
            "a.odc": containers.cpio_of(of("x"), "odc"),
            "a.bin": containers.cpio_of(of("x"), "binary"), "a.bundle": git_bundle(f), "a.rpm": containers.rpm_of(of("x")),
            "a.deb": containers.deb_of(of("x")), "a.apk": containers.alpine_apk_of(of("x")),
            "a.db": database(f), "a.upx": packed_by_upx(program(text(f))),
            "a.sh": packed_by_gzexe(f), "objects/pack/pack-0.pack": git_pack(f),
            "objects/ab/" + "c" * 38: git_object(text(f, 4000))}


def database(f: Attack) -> bytes:
    base = sqlite3.connect(":memory:")
    base.execute("create table t (name, value)")
    base.executemany("insert into t values (?, ?)", [(f"n{n}", "v" * n) for n in range(200)])
    base.execute("insert into t values ('token', ?)", (f.secrets.github().decode(),))
    base.commit()
    return base.serialize()


def git_pack(f: Attack) -> bytes:
    objects = [streams.pack_object(3, text(f)) for _ in range(5)]
    size = sum(map(len, objects))
    layer = b"".join(streams.pack_layer(iter(objects), len(objects), size))
    return layer[512 : 512 + 12 + size + 20]


def git_bundle(f: Attack) -> bytes:
    """A pack behind what git says of it."""
    return b"# v2 git bundle\n" + b"0" * 40 + b" refs/heads/main\n\n" + git_pack(f)


def git_object(data: bytes) -> bytes:
    """As git keeps it until it packs it."""
    return zlib.compress(b"blob %d\0" % len(data) + data)


def program(data: bytes) -> bytes:
    """A 64-bit ELF file of one segment, which has `data`, and no sections."""
    size = 120 + len(data)
    head = b"\x7fELF\2\1\1".ljust(16, b"\0")
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 4096) + data


def linked_program() -> bytes:
    """With all that a linker writes: segments, notes, a dynamic table, sections and symbols."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "a.c", Path(folder) / "a"
        source.write_text("int puts(const char*); int main() { return puts(\"tool 1.2.3\"); }")
        run("cc", "-O1", "-Wl,--build-id", "-o", str(out), str(source))
        return out.read_bytes()


def packed_by_upx(original: bytes) -> bytes:
    """As UPX writes it (scanner/nested/upx.hpp), with bytes that nobody can run for its loader."""
    def block(data: bytes) -> bytes:
        how = {"id": lzma.FILTER_LZMA1, "lc": 3, "lp": 0, "pb": 2}
        made = b"\2\3" + lzma.compress(data, lzma.FORMAT_RAW, filters=[how])
        stored = len(made) >= len(data)
        return (struct.pack("<IIB3x", len(data), len(data if stored else made), 0 if stored else 14) +
                (data if stored else made))

    stub = original[:120]  # its header and one segment, as `program` has them
    made = stub + b"\0" * 4 + b"UPX!" + bytes([0, 8, 14, 22])
    made += struct.pack("<III", 0, len(original), len(original))
    made += block(original[:120]) + block(original[120:])
    return made + b"\x90" * (2600 + -len(made) % 4)


def packed_by_gzexe(f: Attack) -> bytes:
    """A script that unpacks what stands behind its last line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tool"
        path.write_bytes(b"#!/bin/sh\n" + text(f))
        path.chmod(0o755)
        run("gzexe", str(path))
        return path.read_bytes()


def private_keys(f: Attack) -> dict[str, bytes]:
    """By the rule that knows it: in the forms of OpenSSL and OpenSSH, one under a password."""
    pkcs1, openssh = f.secrets.pem()[0], f.secrets.openssh()[0]

    def pkcs8(*options: str) -> bytes:
        return f.secrets.keep_key(run("openssl", "pkcs8", "-topk8", *options, data=pkcs1))

    return {"private-key-rsa": pkcs1, "private-key-openssh": openssh,
            "private-key-pkcs8": pkcs8("-nocrypt"),
            "private-key-pkcs8-encrypted": pkcs8("-passout", "pass:changeit", "-iter", "1")}


def compiled_code(f: Attack) -> dict[str, tuple[bytes, bytes]]:
    """Each with its secret: a class of Java's, and what this Python keeps of a module."""
    first, second = f.secrets.github(), f.secrets.github()
    return {"A.class": (java_class(b"token", first), first),
            "a.pyc": (python_module(f"token = '{second.decode()}'\n"), second)}


def java_class(name: bytes, value: bytes) -> bytes:
    """With a field that has a constant value (JVM specification, 4.1)."""
    def utf8(data: bytes) -> bytes:
        return struct.pack(">BH", 1, len(data)) + data

    pool = [utf8(b"A"), b"\7\0\1", utf8(b"java/lang/Object"), b"\7\0\3", utf8(name),
            utf8(b"Ljava/lang/String;"), utf8(b"ConstantValue"), utf8(value), b"\x08\0\x08"]
    head = b"\xca\xfe\xba\xbe" + struct.pack(">HHH", 0, 52, len(pool) + 1) + b"".join(pool)
    field = struct.pack(">HHHHHIH", 0x19, 5, 6, 1, 7, 2, 9)
    return head + struct.pack(">HHHHH", 0x21, 2, 4, 0, 1) + field + struct.pack(">HH", 0, 0)


def python_module(source: str) -> bytes:
    """As a .pyc that is checked by its time (PEP 552)."""
    code = compile(source, "a.py", "exec")
    return importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)


def key_stores(f: Attack) -> dict[str, bytes]:
    """PKCS #12 and JKS, of one key and one entry."""
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = (Path(folder) / name for name in ("k.pem", "c.pem"))
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=x.example")
        pkcs12 = run("openssl", "pkcs12", "-export", "-inkey", str(key), "-in", str(certificate),
                     "-passout", "pass:changeit", "-iter", "1")
    entry = (struct.pack(">I", 1) + b"\0\1a" + b"\0" * 8 + struct.pack(">I", 400) +
             f.secrets.random.randbytes(400) + struct.pack(">I", 0))
    return {"a.p12": pkcs12, "a.jks": struct.pack(">III", 0xFEEDFEED, 2, 1) + entry + b"s" * 20}


def rpm_databases() -> dict[str, bytes]:
    """By path: of SQLite, and of rpm's own form."""
    def entry(tag: int, kind: int, offset: int) -> bytes:
        return struct.pack(">IIII", tag, kind, offset, 1)

    headers = []
    for number in range(30):
        name = b"package%02d\0" % number
        store = name + b"1.0\0" + b"2\0" + b"noarch\0"
        index = [entry(1000, 6, 0), entry(1001, 6, len(name)), entry(1002, 6, len(name) + 4),
                 entry(1022, 6, len(name) + 6)]
        headers.append(struct.pack(">II", len(index), len(store)) + b"".join(index) + store)
    base = sqlite3.connect(":memory:")
    base.execute("create table Packages (hnum integer primary key autoincrement, blob blob not null)")
    base.executemany("insert into Packages values (?, ?)", enumerate(headers, 1))
    base.commit()
    return {"var/lib/rpm/rpmdb.sqlite": base.serialize(), "var/lib/rpm/Packages.db": ndb(headers),
            "var/lib/rpm/Packages": berkeley(headers)}


def ndb(headers: list[bytes]) -> bytes:
    """A page of slots, and blobs of blocks of 16 bytes."""
    slots, blobs = b"", b""
    for number, header in enumerate(headers, 1):
        blob = b"BlbS" + struct.pack("<III", number, 0, len(header)) + header
        blob += b"\0" * (-len(blob) % 16)
        slots += b"Slot" + struct.pack("<III", number, (4096 + len(blobs)) // 16, len(blob) // 16)
        blobs += blob
    head = b"RpmP" + struct.pack("<III", 0, 1, 1)
    return (head.ljust(32, b"\0") + slots).ljust(4096, b"\0") + blobs


def berkeley(headers: list[bytes]) -> bytes:
    """A hash of numbers to headers, as Berkeley DB writes it."""
    lines = ["VERSION=3", "format=bytevalue", "type=hash", "HEADER=END"]
    for number, header in enumerate(headers, 1):
        lines += [" " + struct.pack("<I", number).hex(), " " + header.hex()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Packages"
        run("db5.3_load", "-t", "hash", str(path), data="\n".join([*lines, "DATA=END", ""]).encode())
        return path.read_bytes()
