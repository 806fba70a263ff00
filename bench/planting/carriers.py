"""What a text is wrapped in before it lies in a layer: encodings, archives, binaries, stores.

Each function takes a text that has the secret in it and returns a Carried: the file's bytes and the
places at which the secret may rightly be said to be, as README.md says how a place is told. There is
one, but where a copy of the secret lies in a file twice, or where no byte of it is escaped, so that
it is seen with and without decoding. A place is the way in as `inner_path` has it, and the run of
bytes in the innermost file; of a secret in an encoding that of the encoded bytes, in whole groups.
"""

import base64
import html
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
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Callable

import compress
import containers

from .contexts import Text


@dataclass
class Place:
    """Where a secret is: a report begins there, covers it, and ends within the encoded run."""
    inner: list[str]
    begin: int
    end: int
    run_end: int  # of the encoding's last byte; `end` where there is none


@dataclass
class Carried:
    path: str
    data: bytes
    places: list[Place]


def places_of(data: bytes, secret: bytes, inner: list[str] | None = None) -> list[Place]:
    """Each copy of the secret in a file's bytes as they stand."""
    return [Place(inner or [], found.start(), found.end(), found.end())
            for found in re.finditer(re.escape(secret), data)]


Carrier = Callable[[Text, bytes], Carried]


def plain(text: Text, secret: bytes) -> Carried:
    return Carried(text.path, text.data, places_of(text.data, secret))


def span_of(text: Text, secret: bytes) -> tuple[int, int]:
    begin = text.data.index(secret)
    return begin, begin + len(secret)


def in_groups(begin: int, end: int, bits: int) -> tuple[int, int]:
    """The characters of `bits` bits that hold the bytes [begin, end)."""
    return begin * 8 // bits, -(-end * 8 // bits)


def one_line(form: bytes, encoded: bytes, span: tuple[int, int], steps: list[str],
             path: str, seen_bare: bool = False) -> Carried:
    """`encoded` in the place of `%s`; `span` is the secret's in it, padding apart. `seen_bare`: it
    stands there unescaped, too."""
    at = form.index(b"%s")
    last = at + len(encoded.rstrip(b"=\n"))
    places = [Place(steps, at + span[0], at + span[1], last)]
    if seen_bare:
        places.append(Place([], at + span[0], at + span[1], at + span[1]))
    return Carried(path, form.replace(b"%s", encoded), places)


def in_base64(text: Text, secret: bytes) -> Carried:
    return one_line(b"#cloud-config\nwrite_files:\n- encoding: b64\n  content: %s\n  path: /a\n",
                    base64.b64encode(text.data), in_groups(*span_of(text, secret), 6), ["base64"],
                    "user-data")


def in_base64_url(text: Text, secret: bytes) -> Carried:
    return one_line(b'{"v": 1, "state": "%s"}\n', base64.urlsafe_b64encode(text.data).rstrip(b"="),
                    in_groups(*span_of(text, secret), 6), ["base64"], "state.json")


def in_wrapped_base64(text: Text, secret: bytes) -> Carried:
    first, end = in_groups(*span_of(text, secret), 6)
    encoded = base64.encodebytes(text.data)  # lines of 76, as MIME has them
    return one_line(b"Content-Transfer-Encoding: base64\n\n%s\n--part--\n", encoded,
                    (first + first // 76, end + (end - 1) // 76), ["base64"], "mail.eml")


def in_base64_twice(text: Text, secret: bytes) -> Carried:
    once = base64.b64encode(text.data)
    inner = in_groups(*span_of(text, secret), 6)
    return one_line(b"user_data:\n  encoded: %s\n", base64.b64encode(once),
                    in_groups(*inner, 6), ["base64", "base64"], "instance.yaml")


def in_hex(text: Text, secret: bytes) -> Carried:
    return one_line(b"INSERT INTO blobs VALUES (1, X'%s');\n", text.data.hex().encode(),
                    in_groups(*span_of(text, secret), 4), ["hex"], "dump.sql")


def marked(form: bytes, escape: Callable[[bytes], bytes], step: str, path: str, text: Text,
           secret: bytes) -> Carried:
    """An encoding in which most bytes stand for themselves."""
    begin, _ = span_of(text, secret)
    first = len(escape(text.data[:begin]))
    escaped = escape(secret)
    return one_line(form, escape(text.data), (first, first + len(escaped)), [step], path,
                    escaped == secret)


def in_percent(text: Text, secret: bytes) -> Carried:
    return marked(b"POST /hook HTTP/1.1\n\nbody=%s&v=1\n",
                  lambda data: urllib.parse.quote_from_bytes(data, safe="").encode(), "percent",
                  "request.log", text, secret)


def in_json_escapes(text: Text, secret: bytes) -> Carried:
    """A document within a document, as PHP's json_encode writes it: `/` escaped, and more."""
    def escaped(data: bytes) -> bytes:
        inner = json.dumps(data.decode("latin-1"))[1:-1].replace("/", "\\/")
        return re.sub(r"[=+&<>']", lambda found: f"\\u{ord(found[0]):04x}", inner).encode()
    return marked(b'{"time": 1, "body": "%s"}\n', escaped, "escapes", "events.json", text, secret)


def in_shell_escapes(text: Text, secret: bytes) -> Carried:
    """bash's $'…', each byte that is no letter, digit or blank escaped."""
    def escaped(data: bytes) -> bytes:
        return re.sub(rb"[^A-Za-z0-9 ]", lambda found: b"\\x%02x" % found[0][0], data)
    return marked(b"#!/bin/bash\nprintf $'%s' > /etc/app.conf\n", escaped, "escapes", "entry.sh",
                  text, secret)


def in_entities(text: Text, secret: bytes) -> Carried:
    def escaped(data: bytes) -> bytes:
        return html.escape(data.decode("latin-1")).replace("=", "&#61;").encode("latin-1")
    return marked(b"<html><body><textarea>%s</textarea></body></html>\n", escaped, "entities",
                  "page.html", text, secret)


def in_utf16(order: str) -> Carrier:
    def carry(text: Text, secret: bytes) -> Carried:
        begin, end = span_of(text, secret)
        mark = b"\xff\xfe" if order == "le" else b"\xfe\xff"
        encoded = text.data.decode("latin-1").encode(f"utf-16-{order}")
        place = Place([f"utf-16{order}"], 2 + 2 * begin, 2 + 2 * end, 2 + len(encoded))
        return Carried("settings.reg", mark + encoded, [place])
    return carry


ENCODINGS: dict[str, Carrier] = {
    "base64": in_base64, "base64 url": in_base64_url, "base64 wrapped": in_wrapped_base64,
    "base64 twice": in_base64_twice, "hex": in_hex, "percent": in_percent,
    "json escapes": in_json_escapes, "shell escapes": in_shell_escapes,
    "entities": in_entities, "utf-16 le": in_utf16("le"), "utf-16 be": in_utf16("be")}


def packed(path: str, inner: list[str], pack: Callable[[str, bytes], bytes]) -> Carrier:
    """`pack` takes the member's name and data; «m» in `inner` stands for the name."""
    def carry(text: Text, secret: bytes) -> Carried:
        way = [text.path if step == "«m»" else step for step in inner]
        return Carried(path, pack(text.path, text.data), places_of(text.data, secret, way))
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
    return Carried("server", data, places_of(data, secret))


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
    return Carried("core", data, places_of(data, secret))


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
    row = b'name = "%s"\nbody = "%s"\n' % (text.path.encode(), text.data)
    return Carried("app.db", data, places_of(row, secret, ["table documents row 2"]))


BINARIES: dict[str, Carrier] = {"elf string": elf, "core dump": core_dump, "sqlite row": sqlite_row}


def git(*arguments: str, cwd: Path) -> str:
    person = ["-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "gc.auto=0"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(["git", *person, *arguments], cwd=cwd, check=True, capture_output=True,
                          env=environment, text=True).stdout


def git_history(texts: list[Text], pack: bool) -> tuple[dict[str, bytes], list[list[str]]]:
    """The files of a repository from whose tree a later commit has removed the texts, a folder
    each; loose or packed. And of each text the way to it: its blob, and the commit that added it."""
    with TemporaryDirectory() as folder:
        work = Path(folder)
        ways = []
        git("init", "-q", "-b", "main", cwd=work)
        for number, text in enumerate(texts):
            path = work / str(number) / text.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.data)
            git("add", ".", cwd=work)
            git("commit", "-q", "-m", f"settings {number}", cwd=work)
            name = f"{number}/{text.path}"
            blob, commit = git("rev-parse", f"HEAD:{name}", "HEAD", cwd=work).split()
            ways.append([f"blob {blob}", f"commit {commit} {name}"])
        git("rm", "-q", "-r", ".", cwd=work)
        git("commit", "-q", "-m", "settings are elsewhere", cwd=work)
        if pack:
            git("gc", "-q", cwd=work)
        files = {str(path.relative_to(work)): path.read_bytes()
                 for path in sorted((work / ".git").rglob("*"))
                 if path.is_file() and "hooks" not in path.parts}
        return files, ways
