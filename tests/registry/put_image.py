#!/usr/bin/env python3
"""Puts one image into a registry, made for one question of a test.

put_image.py --registry HOST:PORT --name REPOSITORY:TAG [--created TIME] [--label NAME=VALUE]
             [--noise BYTES]... [--file PATH=FILE]... [--aws PATH] [--embed]

--aws is a layer with the two halves of an access key at PATH, each --noise one of bytes that do not
compress, each --file one with that file. With --embed the layers are in their descriptors (`data`)
and nowhere else. Prints the digests and sizes of the layers and of the manifest, as JSON.
"""

import argparse
import base64
import json
import random
from pathlib import Path

from synthetic import CONFIG, LAYER, MANIFEST, Registry, sha256

import containers  # noqa: E402  synthetic.py knows where the fixtures are
import planted  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("--registry", required=True)
parser.add_argument("--name", required=True)
parser.add_argument("--created", default="2024-01-01T00:00:00Z")
parser.add_argument("--label", action="append", default=[])
parser.add_argument("--noise", action="append", default=[], type=int)
parser.add_argument("--file", action="append", default=[])
parser.add_argument("--aws", default="")
parser.add_argument("--embed", action="store_true")
options = parser.parse_args()

tars = []
if options.aws:
    keys = planted.Planter(options.name)
    while (identity := keys.aws_id())[4:5] < b"R":  # the older form names no account
        pass
    tars.append(containers.tar_of({options.aws: b"[default]\naws_access_key_id = " + identity +
                                   b"\naws_secret_access_key = " + keys.aws_secret() + b"\n"}))
tars += [containers.tar_of({f"noise/{count}": random.Random(count).randbytes(count)})
         for count in options.noise]
for file in options.file:
    path, _, source = file.partition("=")
    tars.append(containers.tar_of({path: Path(source).read_bytes()}, mode=0o755))
registry = Registry(options.registry)
repository, _, tag = options.name.rpartition(":")
layers = []
for tar in tars:
    if options.embed:
        layers.append({"mediaType": LAYER.removesuffix("+gzip"), "digest": sha256(tar),
                       "size": len(tar), "data": base64.b64encode(tar).decode()})
    else:
        layers.append(registry.blob(repository, tar) | {"mediaType": LAYER.removesuffix("+gzip")})
config = {"architecture": "amd64",
          "config": {"Labels": dict(label.split("=", 1) for label in options.label)},
          "created": options.created, "os": "linux",
          "history": [{"created": options.created, "created_by": f"COPY part{i} /"}
                      for i in range(len(tars))],
          "rootfs": {"type": "layers", "diff_ids": [sha256(tar) for tar in tars]}}
described = registry.blob(repository, json.dumps(config).encode()) | {"mediaType": CONFIG}
manifest = registry.manifest(repository, tag, {"schemaVersion": 2, "mediaType": MANIFEST,
                                               "config": described, "layers": layers})
print(json.dumps({"layers": [[layer["digest"], layer["size"]] for layer in layers],
                  "manifest": manifest["digest"]}))
