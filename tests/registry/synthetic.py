#!/usr/bin/env python3
"""Fills a registry with images by the recipe of published figures about registries: tags a
repository by Zipf's law, base layers drawn from a pool, indexes of several platforms with an
attestation, signatures under cosign's tags, secrets planted in layers and configs.

synthetic.py --registry HOST:PORT [--repositories N] [--tags N] [--seed TEXT] [--bytes MEDIAN]
             [--jobs N] [--layers FOLDER]

Prints what there is, as JSON. With --layers each layer is written there, too.
"""

import argparse
import concurrent.futures
import gzip
import hashlib
import http.client
import io
import json
import math
import random
import sys
import tarfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))
import planted  # noqa: E402

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    """Pushes blobs and manifests. A blob goes up once; other repositories mount it."""

    def __init__(self, address: str):
        self.address = address
        self.local = threading.local()
        self.lock = threading.Lock()
        self.home: dict[str, str] = {}
        self.linked: set[tuple[str, str]] = set()
        # docker-registry writes links of blobs in place: two that write one are seen half done.
        self.stripes = [threading.Lock() for _ in range(64)]

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> dict[str, str]:
        for attempt in range(3):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = http.client.HTTPConnection(self.address, timeout=120)
                self.local.connection = connection
            try:
                connection.request(method, path, body,
                                   {name.replace("_", "-"): v for name, v in headers.items()})
                response = connection.getresponse()
                text = response.read()
                break
            except (http.client.HTTPException, OSError):
                self.local.connection = None
                if attempt == 2:
                    raise
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {text[:200]!r}")
        return {name.lower(): value for name, value in response.getheaders()} | {
            "status": str(response.status)}

    def blob(self, repository: str, data: bytes) -> dict:
        digest = sha256(data)
        with self.stripes[hash((repository, digest)) % len(self.stripes)]:
            return self.put_blob(repository, data, digest)

    def put_blob(self, repository: str, data: bytes, digest: str) -> dict:
        descriptor = {"mediaType": LAYER, "digest": digest, "size": len(data)}
        with self.lock:
            if (repository, digest) in self.linked:
                return descriptor
            home = self.home.get(digest)
        query = f"?mount={digest}&from={home}" if home else ""
        answer = self.ask("POST", f"/v2/{repository}/blobs/uploads/{query}", Content_Length="0")
        if answer["status"] != "201":  # which says that it was mounted
            place = answer["location"]
            place = place[place.index("/v2/"):]
            self.ask("PUT", place + ("&" if "?" in place else "?") + "digest=" + digest, data,
                     Content_Type="application/octet-stream")
        with self.lock:
            self.home.setdefault(digest, repository)
            self.linked.add((repository, digest))
        return descriptor

    def manifest(self, repository: str, reference: str, value: dict) -> dict:
        data = json.dumps(value).encode()
        reference = reference or sha256(data)
        self.ask("PUT", f"/v2/{repository}/manifests/{reference}", data,
                 Content_Type=value["mediaType"])
        return {"mediaType": value["mediaType"], "digest": sha256(data), "size": len(data)}


class Maker:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.random = random.Random(options.seed)
        self.planter = planted.Planter(options.seed)
        self.registry = Registry(options.registry)
        # Files are drawn from a pool, as 97 % of the files of real images are.
        words = [self.planter.text(planted.ALNUM, self.random.randint(2, 9)) for _ in range(4000)]
        self.pool = [" ".join(self.random.choices(words, k=900)).encode() for _ in range(200)]
        self.bases = [self.layer(f"base{i}", scale=3) for i in range(options.bases)]
        self.told: dict[str, int] = {}
        self.lock = threading.Lock()

    def layer(self, name: str, secret: bytes = b"", scale: float = 1) -> bytes:
        """Sizes are lognormal round the median, with the spread of real ones (p90 is 44 times
        the median), cut at 64 times the median."""
        choose = random.Random(self.options.seed + name)
        size = self.options.bytes * scale * math.exp(min(choose.gauss(0, 2.0), math.log(64)))
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            made, count = 0, 0
            while made < size or count == 0:
                data = choose.choice(self.pool)
                data = data[:choose.randint(500, len(data))]
                if choose.random() < 0.3:
                    data += choose.randbytes(min(int(size / 4) + 1, 200_000))
                info = tarfile.TarInfo(f"usr/share/{name}/{count:05}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
                made, count = made + len(data), count + 1
            if secret:
                text = b"TOKEN=" + secret + b"\n"
                info = tarfile.TarInfo(f"app/{name}.env")
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text))
        return gzip.compress(out.getvalue(), 1, mtime=0)

    def put(self, repository: str, data: bytes) -> dict:
        descriptor = self.registry.blob(repository, data)
        with self.lock:
            new = descriptor["digest"] not in self.told
            self.told[descriptor["digest"]] = descriptor["size"]
        if new and self.options.layers:
            (Path(self.options.layers) / descriptor["digest"][7:]).write_bytes(data)
        return descriptor

    def image(self, repository: str, name: str, tag: str, platform: str, plan: dict) -> dict:
        layers = [self.put(repository, self.bases[b]) for b in plan["bases"]]
        for i in range(plan["own"]):
            secret = plan["secret"] if i == 0 else b""
            layers.append(self.put(repository, self.layer(f"{name}-{i}", secret)))
        system, arch = platform.split("/")
        config = {"architecture": arch, "os": system, "created": plan["created"],
                  "config": {"Env": ["PATH=/usr/bin"] + plan["env"]},
                  "rootfs": {"type": "layers", "diff_ids": []}}
        config_data = json.dumps(config).encode()
        described = self.registry.blob(repository, config_data) | {"mediaType": CONFIG}
        return self.registry.manifest(repository, tag, {
            "schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": layers})

    def accessory(self, repository: str, tag: str, payload: bytes, media_type: str) -> dict:
        layer = self.put(repository, payload) | {"mediaType": media_type}
        config = self.registry.blob(repository, b"{}") | {"mediaType": CONFIG}
        return self.registry.manifest(repository, tag, {
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]})

    def plan(self, count: int) -> dict:
        r = self.random
        secret = r.random() < 0.085
        in_config = secret and r.random() < 0.15
        token = self.planter.github() if secret else b""
        ranks = [1 / (i + 1) for i in range(len(self.bases))]
        return {"bases": sorted(set(r.choices(range(len(self.bases)), ranks, k=r.randint(1, 4)))),
                "own": r.choice([1, 1, 2, 3]), "secret": b"" if in_config else token,
                "env": ["TOKEN=" + token.decode()] if in_config else [],
                "created": f"2024-{1 + count % 12:02}-{1 + count % 28:02}T00:00:00Z",
                "platforms": r.choice([1] * 7 + [2, 2, 3]), "signed": r.random() < 0.2}

    def tag(self, repository: str, tag: str, plan: dict) -> int:
        name = repository.replace("/", "-") + "-" + tag
        platforms = ["linux/amd64", "linux/arm64", "linux/s390x"][:plan["platforms"]]
        if len(platforms) == 1:
            top = self.image(repository, name, tag, platforms[0], plan)
            made = 1
        else:
            children = []
            for platform in platforms:
                system, arch = platform.split("/")
                child = self.image(repository, name + arch, "", platform, plan)
                children.append(child | {"platform": {"os": system, "architecture": arch}})
            about = self.accessory(repository, "", json.dumps({"subject": name}).encode(),
                                   "application/vnd.in-toto+json")
            children.append(about | {
                "platform": {"os": "unknown", "architecture": "unknown"},
                "annotations": {"vnd.docker.reference.type": "attestation-manifest",
                                "vnd.docker.reference.digest": children[0]["digest"]}})
            top = self.registry.manifest(repository, tag, {
                "schemaVersion": 2, "mediaType": INDEX, "manifests": children})
            made = len(children) + 1
        if plan["signed"]:
            payload = json.dumps({"critical": {"image": top["digest"]}}).encode()
            self.accessory(repository, top["digest"].replace(":", "-") + ".sig", payload,
                           "application/vnd.dev.cosign.simplesigning.v1+json")
            made += 1
        return made

    def run(self) -> dict:
        options = self.options
        weights = [1 / (i + 1) for i in range(options.repositories)]
        counts = [1] * options.repositories
        for i in self.random.choices(range(options.repositories), weights,
                                     k=max(0, options.tags - options.repositories)):
            counts[i] += 1
        work = []
        for i, count in enumerate(counts):
            team = ["team-a", "team-b", "tools"][i % 3]
            for t in range(count):
                work.append((f"{team}/app{i}", f"v{t}", self.plan(len(work))))
        signed = sum(1 for item in work if item[2]["signed"])
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            manifests = sum(pool.map(lambda item: self.tag(*item), work))
        return {"repositories": options.repositories, "tags": len(work) + signed,
                "manifests": manifests, "layers": len(self.told),
                "bytes": sum(self.told.values()), "secrets": len(self.planter.planted),
                "largest": max(counts)}


parser = argparse.ArgumentParser()
parser.add_argument("--registry", required=True)
parser.add_argument("--repositories", type=int, default=10)
parser.add_argument("--tags", type=int, default=30)
parser.add_argument("--bases", type=int, default=12)
parser.add_argument("--bytes", type=int, default=20_000, help="of the median layer, uncompressed")
parser.add_argument("--seed", default="synthetic")
parser.add_argument("--jobs", type=int, default=4)
parser.add_argument("--layers", default="")
if __name__ == "__main__":
    print(json.dumps(Maker(parser.parse_args()).run()))
