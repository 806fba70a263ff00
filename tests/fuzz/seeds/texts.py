"""Texts that people and tools write: rules, policies, lists, and what a scan looks through."""

import base64
import gzip
import hashlib
import json
import struct
from pathlib import Path

import compress
import rawtar

from seeds import Seeds, target, under
from seeds.documents import DIGEST
from seeds.keys import made

PATTERNS = Path(__file__).resolve().parents[3] / "patterns"

RULE = b"""[[rule]]
id = "example"
title = "Example"
pattern = '\\b(?P<secret>exm_[A-Za-z0-9]{20})\\b'
anchors = ["exm_"]
severity = "high"
entropy = 2.5
context = ["example"]
allow = ['^exm_0+$']
examples = ["key = exm_{{alnum:20}}"]
"""
PROGRAM = b"""[[program]]
id = "prog"
title = "Program"
class = "shell"
identity = [["usage: prog", "prog version"]]
version = 'version (\\d+\\.\\d+)'
names = ["prog", "prog-#"]
"""
GITLEAKS = b"""title = "rules"
[extend]
useDefault = true
disabledRules = ["x"]
[[rules]]
id = "example"
description = "Example"
regex = '''(?i)exm_([a-z0-9]{20})'''
secretGroup = 1
entropy = 3
keywords = ["exm_"]
path = '''\\.env$'''
[[rules.allowlists]]
condition = "AND"
regexTarget = "line"
regexes = ['''example''']
stopwords = ["test"]
paths = ['''docs/''']
[allowlist]
paths = ['''vendor''']
"""


@target("rule_file")
def rule_file() -> Seeds:
    return {"rule": RULE, "program": PROGRAM, "both": RULE + PROGRAM,
            "gate": RULE.replace(b'anchors = ["exm_"]', b"gate = 'exm_[a-z]'")}


@target("gitleaks_file")
def gitleaks_file() -> Seeds:
    return {"rules": GITLEAKS, "bare": b"[[rules]]\nid = 'a'\nregex = 'abcd[0-9]{4}'\n", "other": RULE}


@target("extension")
def extension() -> Seeds:
    base = (b"[extend]\npath = 'b.toml'\ndisabledRules = ['a', 'gone']\n"
            b"[[rules]]\nid = 'own'\nregex = 'ijkl[0-9]{4}'\n"
            b"[[allowlists]]\ntargetRules = ['own', 'wide']\nregexTarget = 'line'\nregexes = ['x']\n")
    carried = (b"[extend]\nuseDefault = true\ndisabledRules = ['a']\n[[rules]]\nid = 'wide'\n"
               b"[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['y']\n"
               b"[allowlist]\nstopwords = ['z']\n")
    circle = b"[extend]\npath = 'a.toml'\n"
    return {"alone": GITLEAKS, "both-forms": GITLEAKS + b"\0" + RULE, "base": base + b"\0" + GITLEAKS,
            "carried": carried, "circle": circle, "own": RULE + PROGRAM}


@target("example")
def example() -> Seeds:
    kinds = ("alnum:8", "hex:40", "b64:12", "password:16", "uuid", "jwt", "wif", "xprv", "solana",
             "pem:ec", "pem-escaped:ed25519", "der:ec", "keystore:jks", "pgp:eddsa", "lit:a",
             "b64of:user=[[lower:4]]", "alnum:30}}{{crc32b62", "none", "alnum:")
    return {kind.replace(":", "-").replace("{", "").replace("}", "-"):
            b"\1x = {{" + kind.encode() + b"}}\n" for kind in kinds}


@target("directory_walk")
def directory_walk() -> Seeds:
    def step(kind: int, name: bytes, contents: bytes = b"") -> bytes:
        return bytes([kind, len(name)]) + name + len(contents).to_bytes(2, "big") + contents

    up = b"\7"
    return {"file": step(0, b"a", b"contents"), "attribute": step(128, b"a", b"value"),
            "sparse": step(3, b"s", b"behind a hole"), "link": step(5, b"l", b"../else where"),
            "tree": step(4, b"f") + step(4, b"g") + step(0, b"a", b"1") + up + step(6, b"pipe") + up +
                    step(0, b"f.", b"2") + step(0, b"f", b"twice"),
            "names": step(0, b"\xff\n\x1b[1m", b"x") + step(0, b"..", b"y") + step(5, b".wh.a", b"/")}


@target("policy_file")
def policy_file() -> Seeds:
    made = {path.stem: path.read_bytes() for path in sorted((PATTERNS / "policies").glob("*.toml"))}
    made["baseline"] = json.dumps({
        "schema": "stratascan/report/1",
        "targets": [{"target": "t", "findings": [{"rule": "r", "secret_id": "hmac-" + DIGEST,
                                                  "path": "p", "source": "file"}],
                     "programs": [{"program": "curl", "version": "1", "path": "p"}]}]}).encode()
    made["small"] = b'id = "p"\ntitle = "P"\n[checks.secrets]\nlevel = "must"\n'
    return made


@target("suppression")
def suppression() -> Seeds:
    entry = (b'[[suppress]]\nrule = "r"\npath = "app/**/x"\nreason = "known, and revoked"\n'
             b'owner = "team"\nuntil = 2026-08-01\n')
    return {"one": entry, "two": entry + entry.replace(b'rule = "r"', b'program = "curl"'),
            "layer": entry.replace(b'rule = "r"', b'layer = "' + DIGEST.encode() + b'"')}


REGISTRIES = b"""unqualified-search-registries = ["docker.io"]
credential-helpers = ["containers-auth.json", "secretservice"]
[[registry]]
prefix = "r.example/team"
location = "mirror.example:5000/team"
insecure = true
mirror-by-digest-only = true
[[registry.mirror]]
location = "a.example/x"
pull-from-mirror = "tag-only"
[[registry]]
prefix = "*.example.org"
location = "r.example"
blocked = true
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "mirror.gcr.io"
"""


@target("registries_conf")
def registries_conf() -> Seeds:
    """An image's name, a registries.conf, and files of a folder of certificates."""
    certificate = made()["certificate"]
    files = [b"\0" + certificate, b"\1" + certificate[:300], b"\3" + certificate, b"\4key", b"\6other"]
    names = {"team": b"r.example/team/app:1", "hub": b"debian", "star": b"a.example.org/x/y",
             "digest": b"r.example/team/app@" + DIGEST.encode()}
    seeds = {name: image + b"\0\0" + REGISTRIES for name, image in names.items()}
    seeds["elsewhere"] = b"r.example/a\0\0[[registry]]\nlocation = 'r.example'\nmirror = [{location=''}]\n"
    seeds["nowhere"] = b"r.example/a\0\0[[registry]]\nprefix = 'r.example/a'\nlocation = 'x'\n"
    return seeds | {"certificates": b"\0\0".join([b"a", b"", *files]),
                    "half-a-client": b"\0\0".join([b"a", b"", files[2], files[0]])}


@target("regex")
def regex() -> Seeds:
    return {"token": b"\\btst_[a-z0-9]{2,8}\0tst_\0a tst_abc1", "flags": b"(?i)key\\s*=\\s*(\\w+)\0KEY\0key = v",
            "classes": b"[^\\s\"'a-f\\x{41}-\\pL[:digit:]]+?(?:a|b*){1,3}$\0a\0xyz",
            "groups": b"(?P<secret>a(?:b|c(?:d|e)))\\z|^\\Aq\0ab\0abq", "quoted": b"\\Qa.b\\E.\\C\0a.b\0a.bc"}


@target("second_look")
def second_look() -> Seeds:
    return {"token": b"\0\0\x0e" + b"a = tst_AbCd1234efgh", "key": b"\1\0\x10" + b"-----BEGIN KEY-----\nYWJj\n",
            "url": b"\2\0\x12" + b"pg://user:pa55word@host", "near": b"\3\0\5" + b"name and other 01ab23cd"}


@target("views")
def views() -> Seeds:
    inside = b"secret=tst_abc123 and some more of it"
    wide = inside.decode().encode("utf-16-le")
    texts = {"base64": base64.b64encode(inside * 2), "lines": base64.encodebytes(inside * 4),
             "hex": inside.hex().encode(), "percent": b"".join(b"%%%02X" % c for c in inside),
             "escapes": b"".join(b"\\u%04x" % c for c in inside), "utf-16": wide,
             "entities": b"".join(b"&#%d;" % c for c in inside),
             "twice": base64.b64encode(base64.b64encode(inside * 2)), "plain": inside}
    return {name: b"\0\x14\1" + text for name, text in texts.items()}


@target("windows")
def windows() -> Seeds:
    """Which rules, two cuts in threes of bytes, and pieces: how it is written, how long it is, what
    is repeated for so long."""
    def piece(text: bytes, long: int = 0, way: int = 0) -> bytes:
        return bytes([way, long >> 8, long & 255, len(text)]) + text

    def cut(rules: int, *pieces: bytes, at: tuple[int, int] = (9000, 14000)) -> bytes:
        return struct.pack(">BHH", rules, *at) + b"".join(pieces)

    line, near = piece(b"name = value\n", 18000), piece(b"a key_AbCd1234 ") + piece(b".", 900) + piece(b"context ")
    wide = piece(b"OPENING ") + piece(b"what lies between ", 15700) + piece(b" CLOSING\n")
    token = b"and secret=tst_abc123 in it\n"
    made = {"wide": cut(0, line, wide, wide, line), "near": cut(0, line, *[near, piece(b"-", 3000)] * 9, line),
            "far": cut(0, line, piece(b"anchor"), piece(b" ", 900), piece(b"0123456789abcdef "), line, line),
            "many": cut(0, piece(token, 48000), piece(token, 20000)),
            "examples": cut(1, line, *[piece(b"", number) + piece(b" ", 400) for number in range(0, 300, 5)], line)}
    for way in range(128, 144):
        made[f"written-{way}"] = cut(0, line, piece(token, 9000, way), piece(b"\n"), piece(token, 9000, way), line)
        made[f"shipped-{way}"] = cut(1, line, *[piece(b"", way + number, way) + piece(b"\n\n")
                                              for number in range(0, 200, 7)], line, at=(8000, 11000))
    return made


@target("encoded_container")
def encoded_container() -> Seeds:
    packed = gzip.compress(b"secret=tst_abc123 " * 9, mtime=0)
    lines = base64.b64encode(packed).decode()
    texts = {"base64": lines.encode(), "hex": packed.hex().encode(),
             "twice": base64.b64encode(base64.b64encode(packed)),
             "yaml": "\n    ".join([lines[:32], lines[32:64], lines[64:]]).encode(),
             "source": '"\n  + "'.join([lines[:32], lines[32:64], lines[64:]]).encode()}
    return under(7, {name: b"key: " + text + b"\n" for name, text in texts.items()})


@target("sieve")
def sieve() -> Seeds:
    ends = b"\0\x20\0\x40\0\x60\0\x30"
    return {"assignments": ends + b'api_key = "Zx81"\npassword: hunted\n' * 4,
            "headers": ends + b"Authorization: Bearer abc\n-----BEGIN RSA PRIVATE KEY-----\n" * 3,
            "urls": ends + b"https://user:pw@h.example/ amqp://a:b@c\n" * 4,
            "prefixes": ends + b"".join(b"%s_ " % name for name in (b"ghq", b"xoxz", b"AKIB", b"sk-x")) * 6}


@target("matching")
def matching() -> Seeds:
    """The rules' own examples are filled in by the target."""
    return {f"rule-{number}": bytes([number >> 8, number & 255, 128 + number % 128, number % 7]) +
            (b"", b" \n", b'"', b"xyz")[number % 4] for number in range(0, 400, 3)}


@target("jobs")
def jobs() -> Seeds:
    def value(number: int) -> bytes:
        return base64.b64encode(hashlib.sha256(b"jobs %d" % number).digest(), b"Zq")[:20]

    lines = b"".join(b"api_key_%d = '%s'\n" % (i, value(i)) for i in range(120))
    many = b"\0\0".join([lines[at : at + 900] for at in range(0, 4500, 700)])
    made = {"one": b"\1\0\0" + lines[:40], "many": b"\2\0\0" + many,
            "raw": b"\x83\0\0" + lines, "twice": b"\1\0\0" + b"\0\0".join([lines[:500]] * 4)}
    # Layers of several windows: one file, some, a tar in one, and more findings than a file may have.
    # Files end at NUL pairs, and zstd writes none here.
    inside = compress.zstd(rawtar.member(b"inside", lines[:300]) + rawtar.END)
    assert b"\0\0" not in inside
    return made | {"long": b"\0\xff\xff" + lines[:40], "some": b"\2\x50\0" + many,
                   "long-tar": b"\0\xff\0" + inside, "long-lines": b"\0\xff\x0f" + lines}


@target("printable")
def printable() -> Seeds:
    return {"escapes": b"\x1b[31mred\x1b]0;t\x07\r\n\t\x7f\x9b", "marks": "a\u202eb\u2066c\ufeff\u00ad".encode(),
            "broken": b"\xc3\x28 \xf0\x9f\x98 \xed\xa0\x80 \xff", "wide": "日本語 한글 e\u0301".encode(),
            "markup": b"<script>|*_`[x](y)&lt;=1+cmd|'/c'!A0,\"q\""}


@target("file_facts")
def file_facts() -> Seeds:
    texts = [b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/app:\n", b"root:x:0:\nwheel:x:10:a,b\n",
             b"root:$6$x$y:19000:0:99999:7:::\ndaemon:*:1::::::\n", b"ID=debian\nVERSION_ID=\"12\"\n",
             b"%wheel ALL=(ALL) NOPASSWD: ALL\n"]
    made = {f"kind-{kind}": bytes([kind]) + text for kind, text in enumerate(texts)}
    return made | {"capability": b"\0\1\0\0\2\0\x20\0\0" + b"\0" * 12, "setuid": b"\3usr/bin/sudo",
                   "elf": b"\0\x7fELF\2\1\1" + b"\0" * 57}


@target("package_lists")
def package_lists() -> Seeds:
    status = (b"Package: a\nStatus: install ok installed\nVersion: 1:2-3\nArchitecture: amd64\n"
              b"Conffiles:\n /etc/a 0123456789abcdef0123456789abcdef\nDescription: x\n y\n\n")
    apk = (b"P:musl\nV:1.2.3-r4\nA:x86_64\nF:lib\nR:ld-musl.so\na:0:0:755\nZ:Q1" +
           base64.b64encode(b"s" * 20) + b"\n\n")
    texts = [b"0123456789abcdef0123456789abcdef  usr/bin/a\n" * 3, status, apk, b"/.\n/usr\n/usr/bin/a\n",
             b"SQLite format 3\0", b"RpmP"]
    return {f"kind-{kind}-{cut}": bytes([kind, cut]) + text for kind, text in enumerate(texts)
            for cut in (0, 97)}


@target("target")
def targets() -> Seeds:
    names = ["oci:path:tag", "oci-archive:a.tar", "docker-archive:x.tar:1", "dir:/", "-", "linux/arm64/v8",
             "registry:r.example:5000/a/b:1@" + DIGEST, "docker-daemon:a:b", DIGEST, "layer:l.tar.gz"]
    return {f"name-{number}": name.encode() for number, name in enumerate(names)} | {
        "json": b'{"a":1}', "gzip": b"\x1f\x8b\x08\0"}


@target("store_question")
def store_question() -> Seeds:
    return {"glob": b"**/k[a-z]?*etc/keys/kab", "range": b">=1.2,<2:3.4-11:1.2~rc1-3", "plain": b"abab"}


@target("store_parts")
def store_parts() -> Seeds:
    def piece(kind: int, data: bytes) -> bytes:
        return bytes([kind, len(data) >> 8, len(data) & 255]) + data

    return {"pieces": b"".join(piece(kind, b"\0" * 30) for kind in range(8)),
            "text": piece(1, b"\5rule\0\3abc" + b"\1" * 40), "empty": piece(0, b"")}


@target("store_file")
def store_file() -> Seeds:
    return {"sound": b"\x40\0", "page": b"\x40" + b"\0\x20\0\x40\xff", "header": b"\x40" + b"\0\0\x12\4\0",
            "cut": b"\xc0" + b"\0\x80\0\0\0", "text": b"\0not a database", "sql": b"\x40\0\2\0\x10\x41" * 3}


@target("database_cache")
def database_cache() -> Seeds:
    return {"sound": b"\x80", "head": b"\x80\0\0\x08x", "body": b"\x80\0\x02\0\xff\0\0\x60\0", "empty": b"\0",
            "text": b"\0stratascan database 2\n"}


@target("sweep_scope")
def sweep_scope() -> Seeds:
    texts = [["registry:r.example/team", "docker.io/library/"], ["2026-01-02T03:04:05Z\n2025-12-31\nx"],
             ["90s", "2h", "7d"], ["team/*\nteam/app", "**/x-?\na/x-1"],
             ['{"manifests":[{"platform":{"os":"linux","architecture":"arm64"},"digest":"' + DIGEST + '"}]}']]
    return {f"{kind}-{number}": bytes([kind]) + text.encode() for kind, all_of_it in enumerate(texts)
            for number, text in enumerate(all_of_it)}


@target("sections")
def sections() -> Seeds:
    return {"ini": b"[acme]\non = true\nkey = @\n", "yaml": b"a:\n  acme:\n    key: @\n",
            "json": b'{"b": [1], "newforge": {"key": "@"}}', "xml": b"<acme>\n <key>@</key>\n",
            "call": b"new AcmeClient({ key: '@' })", "comment": b"# new-forge\nA=1\nKEY=@\n",
            "url": b"'key: @' https://api.acme.example/v1\n",
            "form": b"acme=(?P<secret>[a-z)\\]]{2}(?:x|@))"}


@target("os_release")
def os_release() -> Seeds:
    return {"debian": b'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_ID="12"\n',
            "quotes": b"ID='a\\'b'\nVERSION_ID=\"$(x)\"\n# ID=x\n", "date": b"2026-01-02T03:04:05.678+01:00",
            "day": b"2024-02-29", "long": b"ID=" + b"a" * 80 + b"\n"}
