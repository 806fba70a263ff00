#!/usr/bin/env python3
"""Builds the corpora that the benchmarks run on: `corpora.py OUT`.

Real packages, because the shares of text, of machine code and of small files decide what a
scanner costs: npm packages for text, Debian packages for machine code, about 400 MB each. Each as
one layer and as eight, in gzip and in zstd, all OCI layouts:

  text-1-gzip  text-8-gzip  text-1-zstd  text-8-zstd     and the same for binary
  dense-1-gzip, dense-1-zstd   64 MB of tokens, keywords and near misses, from a seed
  small-20-gzip                20 layers of about 1 MB

What exists is left as it is. Needs the network, npm and apt-get the first time; some 6 minutes on
two cores and 2 GB in OUT, of which 1 GB stays.
"""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fixtures"))

import oci  # noqa: E402
from planted import ALNUM, BASE32, BASE64, with_checksum  # noqa: E402

MB = 1_000_000
LIMIT = 400 * MB

NPM_PACKAGES = ("typescript@5.3.3", "aws-sdk@2.1500.0", "webpack@5.89.0", "eslint@8.56.0",
                "react@18.2.0", "react-dom@18.2.0", "lodash@4.17.21", "three@0.160.0",
                "monaco-editor@0.45.0", "date-fns@3.0.6", "echarts@5.4.3", "core-js@3.34.0",
                "jest@29.7.0", "prettier@3.1.1", "rxjs@7.8.1", "antd@5.12.0", "next@14.0.4",
                "firebase@10.7.0", "mathjs@12.2.0", "vue@3.4.0", "d3@7.8.5", "moment@2.29.4",
                "@angular/core@17.0.0", "@babel/preset-env@7.23.6", "highlight.js@11.9.0")
DEBIAN_PACKAGES = ("libllvm14", "libclang-cpp14", "gcc-12", "g++-12", "cpp-12", "cmake", "git",
                   "libicu72", "python3.11-minimal", "libpython3.11", "perl-base",
                   "libwebkit2gtk-4.0-37", "binutils-x86-64-linux-gnu", "gdb", "golang-1.19-go",
                   "coreutils", "openssl", "libssl3", "libavcodec59")
PACKERS = {"gzip": (["gzip", "-6", "-n", "-c"], oci.LAYER + "+gzip"),
           "zstd": (["zstd", "-3", "-q", "-c"], oci.LAYER + "+zstd")}


def run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-800:]}")


def have_npm(folder: Path) -> None:
    """Only this needs npm, so set-up does not bring it: apt is asked where it is missing."""
    if shutil.which("npm"):
        return
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    run(*as_root, "apt-get", "update", "-qq", cwd=folder)
    run(*as_root, *environment, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "npm",
        cwd=folder)


def npm_tree(folder: Path) -> None:
    """Installs without running anything that a package brings along."""
    have_npm(folder)
    run("npm", "install", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund",
        "--no-package-lock", "--legacy-peer-deps", "--cache", str(folder / ".npm"), "--prefix",
        str(folder), *NPM_PACKAGES, cwd=folder)
    shutil.rmtree(folder / ".npm", ignore_errors=True)


def debian_tree(folder: Path) -> None:
    """Unpacks; nothing is installed, no maintainer script runs."""
    run("apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", *DEBIAN_PACKAGES, cwd=folder)
    for package in sorted(folder.glob("*.deb")):
        run("dpkg-deb", "-x", str(package), str(folder), cwd=folder)
        package.unlink()
    shutil.rmtree(folder / "usr/share", ignore_errors=True)


def dense_tree(folder: Path) -> None:
    """One line in twelve is a token; the others make a scanner look twice for nothing."""
    rng = random.Random("dense")

    def text(alphabet: str, length: int) -> str:
        return "".join(rng.choices(alphabet, k=length))

    # Prefixes in pieces: no line of this file looks like a token.
    makers = (lambda: with_checksum("gh" + "p_", text(ALNUM, 30)).decode(),
              lambda: "xo" + "xb-" + text("123456789", 12) + "-" + text(ALNUM, 24),
              lambda: "AK" + "IA" + text(BASE32, 16),
              lambda: "password = " + text("aeiou", 6),
              lambda: "api_key: ${" + text(BASE32, 9) + "}",
              lambda: "secret=" + text(BASE64, 40),
              lambda: "gh" + "p_" + text(ALNUM, 12),
              lambda: "AK" + "IA" + text(BASE32, 9),
              lambda: "sk" + "_live_",
              lambda: "https://user@" + text(ALNUM, 8).lower() + ".example/",
              lambda: "-----BEGIN " + "CERTIFICATE-----",
              lambda: "token token token authorization bearer")
    weights = [1] * 3 + [4] * 9
    for number in range(64):
        lines, size = [], 0
        while size < MB:
            lines.append(rng.choices(makers, weights)[0]())
            size += len(lines[-1]) + 1
        (folder / f"dump{number:02}.txt").write_text("\n".join(lines) + "\n")


def files_of(folder: Path, limit: int) -> list[tuple[str, int]]:
    """Path and size of files that together come to `limit`, chosen by a hash of their names: a
    mixture that is the same each time. In path order."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            found.append((str(path.relative_to(folder)), path.stat().st_size))
    found.sort(key=lambda file: hashlib.sha256(file[0].encode()).digest())
    chosen, total = [], 0
    for file in found:
        if total + file[1] <= limit:
            chosen.append(file)
            total += file[1]
    return sorted(chosen)


def split(files: list[tuple[str, int]], layers: int) -> list[list[str]]:
    """Biggest first, each into the layer that has least."""
    parts: list[list[str]] = [[] for _ in range(layers)]
    sizes = [0] * layers
    for path, size in sorted(files, key=lambda file: (-file[1], file[0])):
        least = sizes.index(min(sizes))
        parts[least].append(path)
        sizes[least] += size
    return [sorted(part) for part in parts]


def file_digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def add_layer(layouts: dict[str, Path], source: Path, paths: list[str]) -> dict[str, dict]:
    """Packs one layer for each of the layouts; their descriptors, with the diff ID."""
    some = next(iter(layouts.values()))
    tar = some / "layer.tar"
    names = some / "names"
    names.write_bytes(b"".join(path.encode() + b"\0" for path in paths))
    run("tar", "-cf", str(tar), "--format=gnu", "--mtime=@1700000000", "--owner=0", "--group=0",
        "--numeric-owner", "--null", "-T", str(names), cwd=source)
    diff_id = "sha256:" + file_digest(tar)
    descriptors = {}
    for how, layout in layouts.items():
        command, media_type = PACKERS[how]
        packed = layout / "packed"
        with open(packed, "wb") as output:
            subprocess.run([*command, str(tar)], check=True, stdout=output)
        digest = file_digest(packed)
        size = packed.stat().st_size
        packed.rename(layout / "blobs/sha256" / digest)
        descriptors[how] = {"mediaType": media_type, "digest": "sha256:" + digest, "size": size,
                            "diff_id": diff_id}
    tar.unlink()
    names.unlink()
    return descriptors


def finish_layout(layout: Path, layers: list[dict]) -> None:
    """Config, manifest and, last of all, index.json: its presence says that all is there."""
    def blob(value: object, media_type: str) -> dict:
        data = oci.to_json(value)
        digest = oci.sha256(data)
        (layout / "blobs" / digest.replace(":", "/")).write_bytes(data)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    diff_ids = [layer.pop("diff_id") for layer in layers]
    config = blob({"os": "linux", "architecture": "amd64", "config": {},
                   "rootfs": {"type": "layers", "diff_ids": diff_ids}}, oci.CONFIG)
    manifest = blob({"schemaVersion": 2, "mediaType": oci.MANIFEST, "config": config,
                     "layers": layers}, oci.MANIFEST)
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))


def write_layouts(out: Path, kind: str, parts: list[list[str]], source: Path,
                  packers: list[str]) -> None:
    layouts = {how: out / f"{kind}-{len(parts)}-{how}" for how in packers}
    for layout in layouts.values():
        shutil.rmtree(layout, ignore_errors=True)
        (layout / "blobs/sha256").mkdir(parents=True)
    layers: dict[str, list[dict]] = {how: [] for how in packers}
    for paths in parts:
        for how, descriptor in add_layer(layouts, source, paths).items():
            layers[how].append(descriptor)
    for how, layout in layouts.items():
        finish_layout(layout, layers[how])


def tree(out: Path, kind: str, make) -> Path:
    """The corpus's files, made once a run and only when something needs them."""
    folder = out / "sources" / kind
    if not (folder.parent / f"{kind}.done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        (folder.parent / f"{kind}.done").touch()
    return folder


def missing(out: Path, kind: str, layers: int, packers: list[str]) -> bool:
    return any(not (out / f"{kind}-{layers}-{how}/index.json").exists() for how in packers)


def build(out: Path) -> None:
    both = ["gzip", "zstd"]
    for kind, make, counts in (("text", npm_tree, (1, 8)), ("binary", debian_tree, (1, 8)),
                               ("dense", dense_tree, (1,))):
        for layers in counts:
            if missing(out, kind, layers, both):
                source = tree(out, kind, make)
                write_layouts(out, kind, split(files_of(source, LIMIT), layers), source, both)
    if missing(out, "small", 20, ["gzip"]):
        source = tree(out, "text", npm_tree)
        small = [file for file in files_of(source, 100 * MB) if file[1] < MB]
        chosen = small[: next((number for number in range(len(small))
                               if sum(size for _, size in small[:number]) > 20 * MB), None)]
        write_layouts(out, "small", split(chosen, 20), source, ["gzip"])
    shutil.rmtree(out / "sources", ignore_errors=True)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 3
    out = Path(arguments[0]).absolute()
    out.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    build(out)
    for layout in sorted(out.glob("*-*-*")):
        size = sum(path.stat().st_size for path in (layout / "blobs/sha256").iterdir())
        print(f"{layout.name:16} {size / MB:8.1f} MB compressed")
    print(f"{time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(sys.argv[1:]))
