#!/usr/bin/env python3
"""A registry that means no good: each of its lists and documents is of a form that the APIs allow,
and more than any honest one gives.

hostile_registry.py --log FILE --attack ATTACK [--size N] [--secrets FILE]
"""

import argparse
import hashlib
import json
import re
import sys
import time
from pathlib import Path

from serving import Handler, Log, die_with_parent, serve

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))
import planted  # noqa: E402
import rawtar  # noqa: E402

ATTACKS = {
    "nested-indexes": "indexes that list each other's manifests: N of them in six levels",
    "referrers": "N pages of the largest size of what refers to an image",
    "repositories": "N pages of the largest size of names of repositories",
    "tags": "N pages of tags, each given once those of the page before were asked for",
    "secret-names": "names of repositories, tags, and kinds of documents are secrets",
}
OCI = "application/vnd.oci.image."
INDEX, MANIFEST, CONFIG = OCI + "index.v1+json", OCI + "manifest.v1+json", OCI + "config.v1+json"
LAYER = OCI + "layer.v1.tar"
NONE = "sha256:" + "0" * 64

parser = argparse.ArgumentParser()
parser.add_argument("--log", required=True)
parser.add_argument("--attack", choices=ATTACKS, required=True)
parser.add_argument("--size", type=int, default=1)
parser.add_argument("--secrets", default="")
options = parser.parse_args()

asked: set[str] = set()
blobs: dict[str, tuple[bytes, str]] = {}
tags: dict[str, dict[str, str]] = {}


def put(data: bytes, media_type: str) -> str:
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    blobs[digest] = (data, media_type)
    return digest


def put_json(value: dict, media_type: str) -> str:
    return put(json.dumps(value).encode(), media_type)


def descriptor(digest: str) -> dict:
    data, media_type = blobs[digest]
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def image(contents: bytes) -> str:
    layer = put(rawtar.member(b"f", contents) + rawtar.END, LAYER)
    config = put_json({"os": "linux", "architecture": "amd64",
                       "rootfs": {"type": "layers", "diff_ids": [layer]}}, CONFIG)
    return put_json({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(config),
                     "layers": [descriptor(layer)]}, MANIFEST)


def index(digests: list[str], name: str) -> str:
    return put_json({"schemaVersion": 2, "mediaType": INDEX, "annotations": {"name": name},
                     "manifests": [descriptor(digest) for digest in digests]}, INDEX)


def nested(width: int, levels: int) -> str:
    """As many ways down as `width` to the power of `levels`."""
    below = [image(b"%d" % i) for i in range(width)]
    for level in range(levels):
        below = [index(below, f"{level}-{i}") for i in range(width)]
    return index(below, "top")


def attested(subject: str, builder: str, predicate: str) -> str:
    """An image and a statement of who built it."""
    kind = "https://slsa.dev/provenance/" + predicate
    statement = put_json({"_type": "https://in-toto.io/Statement/v1", "predicateType": kind,
                          "subject": [{"name": "a", "digest": {"sha256": subject[7:]}}],
                          "predicate": {"runDetails": {"builder": {"id": "https://b/" + builder}}}},
                         "application/vnd.in-toto+json")
    config = put_json({"os": "unknown", "architecture": "unknown"}, CONFIG)
    manifest = put_json({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(config),
                         "layers": [descriptor(statement) | {
                             "annotations": {"in-toto.io/predicate-type": kind}}]}, MANIFEST)
    about = {"vnd.docker.reference.type": "attestation-manifest",
             "vnd.docker.reference.digest": subject}
    return put_json({"schemaVersion": 2, "mediaType": INDEX,
                     "manifests": [descriptor(subject),
                                   descriptor(manifest) | {"annotations": about}]}, INDEX)


def secret_names() -> list[bytes]:
    """The registry is filled with what is called by secrets, which are handed back."""
    planter = planted.Planter("hostile registry")
    tag, kind, builder, predicate = (planter.github() for _ in range(4))
    repository = b"dop_v1_" + planter.text("0123456789abcdef", 64).encode()
    odd = "application/" + kind.decode()
    broken = put_json({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": odd,
                       "config": {"mediaType": odd, "digest": NONE, "size": 3},
                       "layers": [{"mediaType": odd, "digest": "sha256:" + "1" * 64, "size": 5}]},
                      MANIFEST)
    good = image(b"value\n")
    tags["app"] = {tag.decode(): good, "broken-" + kind.decode(): broken,
                   "gone-" + tag.decode(): NONE, "plain": good}
    tags["team/" + repository.decode()] = {"latest": good}
    tags["attested"] = {"1": attested(good, builder.decode(), predicate.decode())}
    return [tag, repository, kind, builder, predicate]


def numbered(page: int, count: int) -> list[str]:
    return [f"p{page}-" + hashlib.md5(b"%d" % i).hexdigest() for i in range(count)]


def referrers_page(page: int) -> list[dict]:
    digests = ["sha256:" + hashlib.sha256(b"%d-%d" % (page, i)).hexdigest() for i in range(1_700)]
    return [{"mediaType": MANIFEST, "digest": digest, "size": 9,
             "annotations": {f"a{i}": "" for i in range(220)}} for digest in digests]


class Hostile(Handler):
    wbufsize = -1  # an answer in one piece: thousands are asked for
    disable_nagle_algorithm = True

    def do_HEAD(self) -> None:
        self.do_GET()

    def page(self, name: str, make) -> None:
        """The `--size` pages of a list, each of which leads to the next one."""
        at = int(re.search(r"page=(\d+)|$", self.path).group(1) or 0)
        more = {} if at + 1 >= options.size else {
            "Link": f'<{self.path.partition("?")[0]}?page={at + 1}>; rel="next"'}
        self.answer(200, json.dumps({"schemaVersion": 2, name: make(at)},
                                    separators=(",", ":")).encode(),
                    Content_Type=INDEX if name == "manifests" else "application/json", **more)

    def tags_when_asked(self, page: int) -> list[str]:
        names = list(tags["app"])
        here = names[page * 40:(page + 1) * 40]
        for _ in range(300):
            if page == 0 or asked.issuperset(names[(page - 1) * 40:page * 40]):
                return here
            time.sleep(0.1)
        return [name + " is none" for name in here]

    def list_of_tags(self, repository: str) -> None:
        if options.attack == "tags":
            self.page("tags", self.tags_when_asked)
        elif repository in tags:
            self.answer(200, json.dumps({"tags": list(tags[repository])}).encode())
        else:
            self.answer(404)

    def do_GET(self) -> None:
        self.note()
        path = self.path.partition("?")[0]
        if path == "/v2/":
            self.answer(200, b"{}")
        elif path == "/v2/_catalog" and options.attack == "repositories":
            self.page("repositories", lambda at: numbered(at, 90_000))
        elif path == "/v2/_catalog":
            self.answer(200, json.dumps({"repositories": list(tags)}).encode())
        elif found := re.match("/v2/(.+)/tags/list$", path):
            self.list_of_tags(found[1])
        elif "/referrers/" in path and options.attack == "referrers":
            self.page("manifests", referrers_page)
        elif found := re.match("/v2/(.+)/(?:manifests|blobs)/(.+)$", path):
            asked.add(found[2])
            digest = tags.get(found[1], {}).get(found[2], found[2])
            if digest in blobs:
                data, media_type = blobs[digest]
                self.answer(200, data, Content_Type=media_type, Docker_Content_Digest=digest)
            elif found[2].startswith("gone-"):
                self.answer(500, b"{}")
            else:
                self.answer(404, b"{}")
        else:
            self.answer(404)


if options.attack == "nested-indexes":
    tags["app"] = {"1": nested(options.size, 6)}
elif options.attack == "secret-names":
    Path(options.secrets).write_bytes(b"\n".join(secret_names()))
elif options.attack == "referrers":
    tags["app"] = {"1": image(b"value\n")}
elif options.attack == "tags":
    one = image(b"value\n")
    tags["app"] = {f"t{i}": one for i in range(options.size * 40)}
die_with_parent()
Hostile.log = Log(options.log)
server = serve(Hostile)
server.serve_forever()
