#!/usr/bin/env python3
"""Lists the private keys that packages ship in their test suites and documentation.

    known-keys.py STRATASCAN DOWNLOADS > patterns/known-keys.tsv

A key that anybody can download is no secret, and images are full of copies of them. This script
fetches the packages below with their registries' own clients (apt-get source, apt-get download, pip
download, npm pack) into DOWNLOADS, where they stay, has STRATASCAN look for private keys in them, and writes
a line for each: the hex SHA-256 of its DER SubjectPublicKeyInfo (or "SHA256:…" of its SSH form,
where it has no other) and the first package that ships it, by a tab. The list is sorted. It holds
no key: the public half's digest is all that a scan needs to know one again.

What can't be fetched is told on standard error, and left out; lines of KEPT, if given, that no
package has any more stay, since images live longer than releases:

    known-keys.py STRATASCAN DOWNLOADS KEPT
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

DEBIAN_SOURCES = """
    openssl gnutls28 libssh libssh2 dropbear openssh curl nginx stunnel4 mbedtls golang-1.19
    golang-golang-x-crypto python3.11 ruby3.1 libnet-ssleay-perl libio-socket-ssl-perl haproxy
    rust-openssl libgit2 apache2 freeradius erlang php8.2 nss squid wolfssl nodejs libevent
    mosquitto lighttpd netty tomcat10 postgresql-15 mariadb libwebsockets ssl-cert
""".split()
# What a key's origin is called, by the folder that its package is in.
NAMES = {"debian": "debian", "deb": "debian", "pypi": "pypi", "npm": "npm"}

# Of the architecture that runs this: programs with the keys of their benchmarks and self tests.
DEBIAN_BINARIES = "openssl libssl3 libgnutls30 gnutls-bin libnss3 libgcrypt20".split()
PYPI = """
    cryptography-vectors paramiko asyncssh twisted pyopenssl pyjwt python-jose authlib rsa
    pycryptodome tornado aiohttp urllib3 josepy acme oauthlib pysaml2 jwcrypto cheroot gevent
    eventlet certbot dulwich tlslite-ng python3-saml google-auth ecdsa httplib2 scapy
    websockets signxml sshtunnel pysftp
""".split()
NPM = """
    node-forge ssh2 ssh2-streams jsrsasign sshpk jsonwebtoken node-rsa pem http-signature jws
    spdy http2 request https-proxy-agent passport-saml xml-crypto ursa jose node-jose
""".split()


def run(command: list[str], **options) -> bool:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          **options)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"left out: {command[-1]}: {last[:160]}", file=sys.stderr)
    return done.returncode == 0


def fetch(downloads: Path, registry: str, name: str, command: list[str]) -> None:
    folder = downloads / registry / name
    if folder.exists():
        return
    with tempfile.TemporaryDirectory(dir=downloads) as work:
        fetched = Path(work) / "fetched"
        fetched.mkdir()
        if run([*command, name], cwd=fetched) and any(fetched.iterdir()):
            folder.parent.mkdir(exist_ok=True)
            fetched.rename(folder)


def apt_options(downloads: Path) -> list[str]:
    """This machine's own mirror, asked for sources."""
    origin = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)",
                             "Created-By: Packages", "Component: main"],
                            capture_output=True, text=True, check=True).stdout.split("\n")[0]
    site, release = origin.split()
    state = downloads / "apt"
    (state / "lists/partial").mkdir(parents=True, exist_ok=True)
    (state / "sources.list").write_text(f"deb-src {site} {release} main\n")
    options = ["-o", f"Dir::Etc::sourcelist={state}/sources.list", "-o",
               "Dir::Etc::sourceparts=-", "-o", f"Dir::State::lists={state}/lists"]
    run(["apt-get", *options, "update"])
    return options


def fetch_all(downloads: Path) -> None:
    downloads.mkdir(parents=True, exist_ok=True)
    for name in NPM:
        fetch(downloads, "npm", name, ["npm", "pack", "--silent"])
    options = apt_options(downloads)
    for name in DEBIAN_SOURCES:
        fetch(downloads, "debian", name, ["apt-get", *options, "source", "--download-only"])
    for name in DEBIAN_BINARIES:
        fetch(downloads, "deb", name, ["apt-get", "download"])
    # Where a package has both, tests are more often in the source.
    pip = ["pip", "download", "--quiet", "--no-deps"]
    for name in PYPI:
        fetch(downloads, "pypi", name, [*pip, "--no-binary", name])
        fetch(downloads, "pypi", name, pip)


def keys_below(program: str, downloads: Path) -> dict[str, str]:
    keys: dict[str, str] = {}
    for registry in NAMES:
        for folder in sorted((downloads / registry).glob("*")):
            done = subprocess.run([program, "scan", "--secrets-only", "--format", "json",
                                   f"dir:{folder}"], capture_output=True, text=True)
            if done.returncode not in (0, 1, 2):
                sys.exit(f"{folder}: {done.stderr.strip()}")
            for target in json.loads(done.stdout)["targets"]:
                for finding in target["findings"]:
                    name = finding["public_key_sha256"] or finding["public_fingerprint"]
                    if name:
                        keys.setdefault(name, f"{NAMES[registry]} {folder.name}")
    return keys


def main(arguments: list[str]) -> int:
    if len(arguments) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 3
    program, downloads = arguments[0], Path(arguments[1]).resolve()
    fetch_all(downloads)
    keys = keys_below(program, downloads)
    if len(arguments) == 3:
        for line in Path(arguments[2]).read_text().splitlines():
            name, package = line.split("\t")
            keys.setdefault(name, package)
    for name, package in sorted(keys.items()):
        print(f"{name}\t{package}")
    packages = len(set(keys.values()))
    print(f"{len(keys)} keys of {packages} packages", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
