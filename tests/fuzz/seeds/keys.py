"""Keys, certificates and stores of keys, made by OpenSSL, OpenSSH and keytool at this moment."""

import base64
import shutil
import struct
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from seeds import Seeds, target, under


def run(*command: str, data: bytes = b"") -> bytes:
    return subprocess.run(command, input=data, check=True, capture_output=True).stdout


def b64(data: bytes) -> bytes:
    return base64.b64encode(data)


@cache
def made() -> Seeds:
    keys = {
        "ed25519": run("openssl", "genpkey", "-algorithm", "ed25519"),
        "ec": run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
        "rsa": run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"),
    }
    keys["encrypted"] = run("openssl", "pkcs8", "-topk8", "-passout", "pass:x", "-iter", "1",
                            data=keys["ec"])
    keys["sec1"] = run("openssl", "ec", data=keys["ec"])
    keys["pkcs1"] = run("openssl", "rsa", "-traditional", data=keys["rsa"])
    keys["legacy"] = run("openssl", "rsa", "-traditional", "-aes128", "-passout", "pass:x",
                         data=keys["rsa"])
    keys["public"] = run("openssl", "pkey", "-pubout", data=keys["ec"])
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "k.pem"
        key.write_bytes(keys["ec"])
        certificate = Path(folder) / "c.pem"
        certificate.write_bytes(run(
            "openssl", "req", "-x509", "-key", str(key), "-days", "2", "-subj", "/CN=x.example/O=y",
            "-addext", "subjectAltName=DNS:x.example,IP:10.0.0.1,email:a@x.example,URI:u:v"))
        keys["certificate"] = certificate.read_bytes()
        keys["pkcs12"] = run("openssl", "pkcs12", "-export", "-inkey", str(key), "-in",
                             str(certificate), "-passout", "pass:changeit", "-iter", "1")
        for name, words in (("openssh", ["-t", "ed25519"]), ("openssh-ecdsa", ["-t", "ecdsa"]),
                            ("openssh-locked", ["-t", "ed25519", "-Z", "aes256-ctr", "-a", "1"])):
            file = Path(folder) / name
            run("ssh-keygen", "-q", "-C", "c", "-N", "pass5" if "locked" in name else "", *words,
                "-f", str(file))
            keys[name] = file.read_bytes()
            keys[name + ".pub"] = file.with_suffix(".pub").read_bytes()
        if shutil.which("keytool"):
            for kind in ("JKS", "JCEKS"):
                file = Path(folder) / kind
                run("keytool", "-importcert", "-noprompt", "-alias", "a", "-file", str(certificate),
                    "-keystore", str(file), "-storetype", kind, "-storepass", "changeit")
                keys[kind] = file.read_bytes()
    keys["jks-by-hand"] = struct.pack(">III", 0xFEEDFEED, 2, 1) + struct.pack(">I", 1) + \
        b"\0\1a" + b"\0" * 8 + struct.pack(">I", 8) + b"key-data" + struct.pack(">I", 0) + b"s" * 20
    return keys


def der(pem: bytes) -> bytes:
    lines = pem.split(b"\n")
    begin = next(at for at, line in enumerate(lines) if line.startswith(b"-----BEGIN"))
    end = next(at for at, line in enumerate(lines) if line.startswith(b"-----END"))
    return base64.b64decode(b"".join(line for line in lines[begin + 1 : end] if b":" not in line))


def putty() -> bytes:
    public = base64.b64decode(made()["openssh.pub"].split()[1])
    body, private = b64(public), b64(b"\0\0\0\x20" + b"p" * 32)
    return (b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: c\nPublic-Lines: 1\n" +
            body + b"\nPrivate-Lines: 1\n" + private + b"\nPrivate-MAC: " + b"0" * 64 + b"\n")


@target("key_forms")
def key_forms() -> Seeds:
    keys = made()
    pems = {name: data for name, data in keys.items() if data.startswith(b"-----BEGIN")}
    bodies = {name: der(data) for name, data in pems.items() if "openssh" not in name}
    seeds = under(0, pems) | under(1, bodies) | under(2, {"pkcs12": keys["pkcs12"]})
    seeds |= under(3, {name: data for name, data in keys.items() if name.lower().startswith("j")})
    seeds |= under(4, {"putty": putty(), "putty-2": putty().replace(b"File-3", b"File-2")})
    seeds |= under(5, {name: der(data) for name, data in pems.items() if "openssh" in name})
    seeds |= under(6, {name: base64.b64decode(data.split()[1])
                       for name, data in keys.items() if name.endswith(".pub")})
    seeds |= under(7, {"der": bodies["certificate"], "pem": keys["certificate"]})
    quoted = b'"' + pems["ec"].replace(b"\n", b"\\n") + b'"'
    account = b'{"type":"service_account","private_key_id":"1","private_key":' + quoted + b"}"
    indented = b"  " + pems["rsa"].replace(b"\n", b"\r\n  ")
    return seeds | under(8, {"json": account, "yaml": indented, "cut": pems["rsa"][:200], **pems})


@target("certificate")
def certificate() -> Seeds:
    return {"certificate": der(made()["certificate"])}


@target("key_prints")
def key_prints() -> Seeds:
    keys = made()
    return {**keys, "der": der(keys["ec"]), "der-certificate": der(keys["certificate"])}


@target("key_file")
def key_file() -> Seeds:
    """No key of these is used for anything."""
    pem = made()["ec"]
    return {"made": bytes(range(32)) + b"\0\0hunted", "least": b"k" * 16 + b"\0\0", "short": b"k" * 15,
            "empty": b"", "long": b"q" * 500 + b"\0\0x", "pem": b"k" * 20 + b"\0\0" + pem,
            "escaped": b"k" * 20 + b"\0\0" + pem.replace(b"\n", b"\\n")}


@target("verify_key")
def verify_key() -> Seeds:
    """Keys of users, and changes of a signature and of its message."""
    keys = made()
    publics = {"ec": keys["public"], "certificate": keys["certificate"],
               "two": keys["certificate"] * 2, "private": keys["ec"],
               "both": keys["certificate"] + keys["ec"], "text": b"a note\n" + keys["public"],
               "openssh": keys["openssh.pub"]}
    for name, words in (("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), ("ed25519", ["ed25519"]),
                        ("secp256k1", ["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"]),
                        ("explicit", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt",
                                      "ec_param_enc:explicit"])):
        private = run("openssl", "genpkey", "-algorithm", *words)
        publics[name] = run("openssl", "pkey", "-pubout", data=private)
    return publics | {"signature": b"\0\1\5\x80", "message": b"\0\0\1\2\3",
                      "both-changed": keys["public"] + b"\0\1\1\1\0\1\2\1"}


@target("evidence")
def evidence() -> Seeds:
    """One seed for each check and a bit more, for a check is known by its number alone."""
    jwt = b".".join(b64(part).rstrip(b"=") for part in (b'{"alg":"HS256","typ":"JWT"}',
                                                        b'{"sub":"a","exp":1}', b"signature"))
    texts = {"jwt": jwt, "pem": made()["ed25519"], "url": b"postgres://user:pa55@h.example/db",
             "json": b'{"auth":"dTpw","server":"https://x.example"}', "crypt": b"$6$salt$" + b"h" * 86,
             "yaml": b"kind: Secret\ndata:\n  a: dmFsdWU=\n", "assignment": b'password = "Wb7.x9qT"'}
    return {f"{name}-{check}": bytes([check, 0, 0, 0]) + text for check in range(33)
            for name, text in texts.items() if (check + len(name)) % 2 == 0}
