#!/usr/bin/env python3
"""`gate` after a change of one layer: `gate.py BUILD_DIR [REPEATS [MIB]]`.

Makes an image of 12 layers of program-like files, MIB (24) of them in each but the last (as one archive and, where docker-registry and
skopeo are here, in a registry on loopback), gates it once with a store, adds one small layer, and
prints NAME VALUE UNIT lines, medians of REPEATS (5) runs each:

  gate.PLACE.full       wall time of a gate without a store: every layer is scanned
  gate.PLACE.new_layer  the same with a store that knows all layers but the new one
  gate.PLACE.ratio      the second over the first
  gate.PLACE.again      the same with a store that knows all of them
  gate.PLACE.cpu.…      the same in CPU time of the program

The new layer is known after one run, so each run has a new one.
"""

import gzip
import hashlib
import io
import json
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

LAYERS = 12
LAYER_BYTES = (int(sys.argv[3]) if len(sys.argv) > 3 else 24) << 20


def material(rng: random.Random, size: int) -> bytes:
    """Bytes of this machine's own programs and texts, in pieces, so that they are like an image's."""
    out = bytearray()
    files = [path for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/share", "/usr/bin")
             for path in sorted(Path(folder).glob("*")) if path.is_file() and not path.is_symlink()]
    while len(out) < size:
        out += rng.choice(files).read_bytes()[:1 << 20]
    return bytes(out[:size])


def layer(number: int, size: int, text: bytes = b"") -> tuple[bytes, str]:
    rng = random.Random(f"gate {number}")
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        left = size
        while left > 0:
            part = min(left, rng.randrange(10_000, 2_000_000))
            info = tarfile.TarInfo(f"opt/part{number}/file{left}")
            info.size = part
            tar.addfile(info, io.BytesIO(material(rng, part)))
            left -= part
        info = tarfile.TarInfo(f"opt/part{number}/note")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
    return gzip.compress(raw.getvalue(), 5, mtime=0), hashlib.sha256(raw.getvalue()).hexdigest()


class Layout:
    """An OCI layout, and the same as one archive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "blobs/sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        self.layers: list[tuple[dict, str]] = []

    def blob(self, data: bytes, kind: str) -> dict:
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / "blobs/sha256" / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}",
                "size": len(data)}

    def add(self, data: bytes, diff: str) -> None:
        self.layers.append((self.blob(data, "layer.v1.tar+gzip"), diff))

    def write(self, layers: list[tuple[dict, str]]) -> None:
        config = {"architecture": "amd64", "os": "linux", "config": {"User": "1000:1000"},
                  "created": "2026-01-01T00:00:00Z",
                  "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff}" for _, diff in layers]}}
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": self.blob(json.dumps(config).encode(), "config.v1+json"),
                    "layers": [descriptor for descriptor, _ in layers]}
        top = self.blob(json.dumps(manifest).encode(), "manifest.v1+json")
        top["annotations"] = {"org.opencontainers.image.ref.name": "app"}
        (self.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
        wanted = {top["digest"], manifest["config"]["digest"], *(d["digest"] for d, _ in layers)}
        for blob in (self.folder / "blobs/sha256").iterdir():
            if f"sha256:{blob.name}" not in wanted:
                blob.unlink()

    def archive(self, path: Path) -> None:
        with tarfile.open(path, "w") as tar:
            for name in ("oci-layout", "index.json", "blobs"):
                tar.add(self.folder / name, name)


def registry(folder: Path) -> tuple[subprocess.Popen, str] | None:
    if not shutil.which("docker-registry") or not shutil.which("skopeo"):
        print("skipped: the registry needs docker-registry and skopeo", file=sys.stderr)
        return None
    config = folder / "registry.yml"
    config.write_text("version: 0.1\nlog: {level: info, accesslog: {disabled: true}}\n"
                      f"storage:\n  filesystem: {{rootdirectory: {folder}/registry}}\n"
                      "http:\n  addr: 127.0.0.1:0\n")
    said = folder / "registry.log"
    with said.open("w") as log:
        server = subprocess.Popen(["docker-registry", "serve", config], stdout=log, stderr=log)
    for _ in range(1000):
        found = re.search(r"listening on (127\.0\.0\.1:\d+)", said.read_text())
        if found:
            return server, found[1]
        time.sleep(0.01)
    raise SystemExit("docker-registry did not start")


def main() -> int:
    program = Path(sys.argv[1]) / "stratascan"
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        os.environ.update(XDG_CONFIG_HOME=work, XDG_DATA_HOME=work, XDG_CACHE_HOME=work)
        layout = Layout(folder / "layout")
        for number in range(LAYERS - 1):
            layout.add(*layer(number, LAYER_BYTES))

        def cpu() -> float:
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            return used.ru_utime + used.ru_stime

        def gate(target: str, *options: str) -> tuple[float, float]:
            start, before = time.monotonic(), cpu()
            done = subprocess.run([program, "gate", "--quiet", "--policy", "default,forge", "--output",
                                   folder / "report", *options, target], check=False)
            if done.returncode not in (0, 1, 2):
                raise SystemExit(f"gate ended with {done.returncode}")
            return time.monotonic() - start, cpu() - before

        def rounds(name: str, publish) -> None:
            store = folder / f"{name}.sqlite"
            layout.write(layout.layers)
            target = publish()
            gate(target, "--store", store)
            full, new, again = [], [], []
            for number in range(repeats):
                data, diff = layer(1000 + number, 64 << 10, f"{name} {number}".encode())
                layout.write([*layout.layers, (layout.blob(data, "layer.v1.tar+gzip"), diff)])
                target = publish()
                full.append(gate(target, "--no-store"))
                new.append(gate(target, "--store", store))
                again.append(gate(target, "--store", store))
            for of, index in (("", 0), (".cpu", 1)):
                whole, changed, known = (statistics.median(run[index] for run in runs) * 1000
                                         for runs in (full, new, again))
                print(f"gate.{name}{of}.full {whole:.0f} ms")
                print(f"gate.{name}{of}.new_layer {changed:.0f} ms")
                print(f"gate.{name}{of}.ratio {100 * changed / whole:.1f} %")
                print(f"gate.{name}{of}.again {known:.0f} ms", flush=True)

        def as_archive() -> str:
            layout.archive(folder / "image.tar")
            return f"oci-archive:{folder}/image.tar"

        size = sum(descriptor["size"] for descriptor, _ in layout.layers)
        print(f"gate.image {size / 1e6:.0f} MB", flush=True)
        rounds("archive", as_archive)
        served = registry(folder)
        if served:
            server, address = served

            def in_registry() -> str:
                subprocess.run(["skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false",
                                f"oci:{folder}/layout:app", f"docker://{address}/team/app:1"], check=True)
                return f"{address}/team/app:1"

            try:
                rounds("registry", in_registry)
            finally:
                server.kill()
                server.wait()
    print("load: " + " ".join(f"{load:.1f}" for load in os.getloadavg()), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
