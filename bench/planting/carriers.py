"""What a text is wrapped in before it lies in a layer: encodings, archives, binaries, stores.

Each function takes a text that has the secret in it and returns a Carried: the file's bytes, the
way in as `inner_path` has it, and where the secret may rightly be said to be. That is its byte in
the innermost file; where only a part of a file is encoded, the first byte of its encoded form, or
that of the encoded run, or its byte in the decoded text.
"""

import base64
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import urllib.parse
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Callable

import compress
import containers

from .contexts import Text


@dataclass
class Carried:
    path: str
    data: bytes
    inner: list[str] = field(default_factory=list)
    offsets: set[int] = field(default_factory=set)
    loose: bool = False  # the way in and the offset are the store's affair; any are right


Carrier = Callable[[Text, bytes], Carried]


def plain(text: Text, secret: bytes) -> Carried:
    return Carried(text.path, text.data, [], {text.data.index(secret)})


def one_line(form: bytes, encoded: bytes, first: int, decoded: int, path: str) -> Carried:
    """`encoded` in the place of `%s`; `first` is the secret's first byte in it."""
    begin = form.index(b"%s")
    return Carried(path, form.replace(b"%s", encoded), [], {begin, begin + first, decoded})


def in_base64(text: Text, secret: bytes) -> Carried:
    at = text.data.index(secret)
    return one_line(b"#cloud-config\nwrite_files:\n- encoding: b64\n  content: %s\n  path: /a\n",
                    base64.b64encode(text.data), at * 4 // 3, at, "user-data")


def in_base64_url(text: Text, secret: bytes) -> Carried:
    at = text.data.index(secret)
    return one_line(b'{"v": 1, "state": "%s"}\n', base64.urlsafe_b64encode(text.data).rstrip(b"="),
                    at * 4 // 3, at, "state.json")


def in_wrapped_base64(text: Text, secret: bytes) -> Carried:
    at = text.data.index(secret)
    encoded = base64.encodebytes(text.data)  # lines of 76, as MIME has them
    column = at * 4 // 3
    return one_line(b"Content-Transfer-Encoding: base64\n\n%s\n--part--\n", encoded,
                    column + column // 76, at, "mail.eml")


def in_base64_twice(text: Text, secret: bytes) -> Carried:
    at = text.data.index(secret)
    once = base64.b64encode(text.data)
    carried = one_line(b"user_data:\n  encoded: %s\n", base64.b64encode(once),
                       at * 16 // 9, at, "instance.yaml")
    carried.offsets |= {at * 4 // 3}
    return carried


def in_hex(text: Text, secret: bytes) -> Carried:
    at = text.data.index(secret)
    return one_line(b"INSERT INTO blobs VALUES (1, X'%s');\n", text.data.hex().encode(), at * 2, at,
                    "dump.sql")


def in_percent(text: Text, secret: bytes) -> Carried:
    at = text.data.index(secret)
    quote = urllib.parse.quote_from_bytes
    return one_line(b"POST /hook HTTP/1.1\n\nbody=%s&v=1\n", quote(text.data, safe="").encode(),
                    len(quote(text.data[:at], safe="")), at, "request.log")


def in_json_escapes(text: Text, secret: bytes) -> Carried:
    """A document within a document, as PHP's json_encode writes it: `/` escaped, and more."""
    def escaped(data: bytes) -> bytes:
        inner = json.dumps(data.decode("latin-1"))[1:-1].replace("/", "\\/")
        return re.sub(r"[=+&<>']", lambda found: f"\\u{ord(found[0]):04x}", inner).encode()
    at = text.data.index(secret)
    return one_line(b'{"time": 1, "body": "%s"}\n', escaped(text.data),
                    len(escaped(text.data[:at])), at, "events.json")


def in_shell_escapes(text: Text, secret: bytes) -> Carried:
    """bash's $'…', each byte that is no letter, digit or blank escaped."""
    def escaped(data: bytes) -> bytes:
        return re.sub(rb"[^A-Za-z0-9 ]", lambda found: b"\\x%02x" % found[0][0], data)
    at = text.data.index(secret)
    return one_line(b"#!/bin/bash\nprintf %s > /etc/app.conf\n".replace(b"%s", b"$'%s'"),
                    escaped(text.data), len(escaped(text.data[:at])), at, "entry.sh")


def in_utf16(order: str) -> Carrier:
    def carry(text: Text, secret: bytes) -> Carried:
        at = text.data.index(secret)
        mark = b"\xff\xfe" if order == "le" else b"\xfe\xff"
        encoded = text.data.decode("latin-1").encode(f"utf-16-{order}")
        return Carried("settings.reg", mark + encoded, [], {2 + 2 * at, at, 0, 2})
    return carry


ENCODINGS: dict[str, Carrier] = {
    "base64": in_base64, "base64 url": in_base64_url, "base64 wrapped": in_wrapped_base64,
    "base64 twice": in_base64_twice, "hex": in_hex, "percent": in_percent,
    "json escapes": in_json_escapes, "shell escapes": in_shell_escapes,
    "utf-16 le": in_utf16("le"), "utf-16 be": in_utf16("be")}


def packed(path: str, inner: list[str], pack: Callable[[str, bytes], bytes]) -> Carrier:
    """`pack` takes the member's name and data; «m» in `inner` stands for the name."""
    def carry(text: Text, secret: bytes) -> Carried:
        return Carried(path, pack(text.path, text.data),
                       [text.path if step == "«m»" else step for step in inner],
                       {text.data.index(secret)})
    return carry


def jar(name: str, data: bytes) -> bytes:
    return containers.zip_of({"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\n",
                              "com/example/App.class": b"\xca\xfe\xba\xbe\0\0\0\x34" * 64,
                              name: data})


def tar_with(name: str, data: bytes) -> bytes:
    return containers.tar_of({"README": b"nothing\n", name: data})


ARCHIVES: dict[str, Carrier] = {
    "gzip": packed("settings.gz", ["gzip"], lambda _, data: compress.gzip_member(data)),
    "zlib": packed("settings.z", ["zlib"], lambda _, data: zlib.compress(data, 9)),
    "zstd": packed("settings.zst", ["zstd"], lambda _, data: compress.zstd(data)),
    "bzip2": packed("settings.bz2", ["bzip2"], lambda _, data: compress.bzip2(data)),
    "zip": packed("backup.zip", ["«m»"], lambda name, data: containers.zip_of({name: data})),
    "jar": packed("app.jar", ["«m»"], jar),
    "war in jar": packed("app.war", ["WEB-INF/lib/x.jar", "«m»"], lambda name, data:
                         containers.zip_of({"WEB-INF/lib/x.jar": jar(name, data)})),
    "tar.xz": packed("backup.tar.xz", ["xz", "«m»"],
                     lambda name, data: compress.xz(tar_with(name, data))),
    "tar.gz in zip": packed("bundle.zip", ["backup.tgz", "gzip", "«m»"], lambda name, data:
                            containers.zip_of({"backup.tgz": compress.gzip_member(
                                tar_with(name, data))})),
    "deb": packed("x.deb", ["data.tar.xz", "xz", "«m»"],
                  lambda name, data: containers.deb_of({name: data})),
    "rpm": packed("x.rpm", ["zstd", "«m»"],
                  lambda name, data: containers.rpm_of({"./" + name: data})),
    "apk": packed("x.apk", ["gzip", "«m»"],
                  lambda name, data: containers.alpine_apk_of({name: data})),
    "cpio": packed("initrd", ["gzip", "«m»"], lambda name, data:
                   compress.gzip_member(containers.cpio_of({name: data}))),
    "ar": packed("libx.a", ["«m»"], lambda name, data: containers.ar_of({name: data}))}


def elf(text: Text, secret: bytes) -> Carried:
    """A program that a compiler has made, with the text among its constants."""
    constant = "".join(f"\\{byte:03o}" for byte in text.data)
    source = ('#include <stdio.h>\nint main(int n, char **v) { printf("usage: %s\\n", v[0]); '
              f'puts("{constant}"); return n; }}\n')
    with TemporaryDirectory() as folder:
        made = Path(folder) / "a.out"
        subprocess.run(["gcc", "-O1", "-s", "-x", "c", "-", "-o", str(made)],
                       input=source.encode(), check=True, capture_output=True)
        data = made.read_bytes()
    return Carried("server", data, [], {data.index(secret)})


def core_dump(text: Text, secret: bytes) -> Carried:
    """Of a process that has the text in its memory, written by the kernel where it can be, else by
    gdb."""
    with TemporaryDirectory() as folder:
        code = "import os, sys; kept = sys.stdin.buffer.read(); os.write(1, b'.'); os.read(3, 1)"
        reader, writer = os.pipe()

        def prepare() -> None:
            os.dup2(reader, 3)
            limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))

        child = subprocess.Popen(["python3", "-S", "-c", code], stdin=subprocess.PIPE, cwd=folder,
                                 stdout=subprocess.PIPE, preexec_fn=prepare, pass_fds=(reader, 3))
        child.stdin.write(text.data)
        child.stdin.close()
        child.stdout.read(1)
        if shutil.which("gcore"):
            subprocess.run(["gcore", "-o", "core", str(child.pid)], cwd=folder, check=False,
                           capture_output=True)
        child.send_signal(signal.SIGABRT)
        child.wait()
        os.close(reader)
        os.close(writer)
        made = max(Path(folder).glob("core*"), key=lambda path: path.stat().st_size)
        data = made.read_bytes()
    return Carried("core", data, [], {found.start() for found in
                                      re.finditer(re.escape(secret), data)})


def sqlite_row(text: Text, secret: bytes) -> Carried:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        made = sqlite3.connect(path)
        made.execute("CREATE TABLE documents (id INTEGER PRIMARY KEY, name TEXT, body TEXT)")
        made.executemany("INSERT INTO documents (name, body) VALUES (?, ?)",
                         [("a", "nothing"), (text.path, text.data.decode("latin-1")),
                          ("z", "more of nothing")])
        made.commit()
        made.close()
        data = path.read_bytes()
    return Carried("app.db", data, [], {data.find(secret)}, loose=True)


BINARIES: dict[str, Carrier] = {"elf string": elf, "core dump": core_dump, "sqlite row": sqlite_row}


def git(*arguments: str, cwd: Path) -> None:
    person = ["-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "gc.auto=0"]
    subprocess.run(["git", *person, *arguments], cwd=cwd, check=True, capture_output=True,
                   env={"PATH": os.environ["PATH"], "HOME": str(cwd), "GIT_CONFIG_NOSYSTEM": "1"})


def git_history(texts: list[Text], pack: bool) -> dict[str, bytes]:
    """The files of a repository from whose tree a later commit has removed the texts, a folder
    each; loose or packed."""
    with TemporaryDirectory() as folder:
        work = Path(folder)
        git("init", "-q", "-b", "main", cwd=work)
        for number, text in enumerate(texts):
            path = work / str(number) / text.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.data)
            git("add", ".", cwd=work)
            git("commit", "-q", "-m", f"settings {number}", cwd=work)
        git("rm", "-q", "-r", ".", cwd=work)
        git("commit", "-q", "-m", "settings are elsewhere", cwd=work)
        if pack:
            git("gc", "-q", cwd=work)
        return {str(path.relative_to(work)): path.read_bytes()
                for path in sorted((work / ".git").rglob("*"))
                if path.is_file() and "hooks" not in path.parts}
