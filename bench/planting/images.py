"""Real images round what is planted, and beside them the truth: what a scan must say of each.

An image has four layers. The second holds what the third hides: by a whiteout of the file or of its
folder, by another file in its place, by an opaque marker. Each planted file has a folder of its
own. Secrets are kept in the truth by the name that the program gives them under the key of the run.
"""

import hashlib
import hmac
import random
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import oci
import rawtar

from . import carriers, contexts, manifests
from .carriers import Carried, Place, places_of
from .contexts import Text, styles
from .samples import Sample

HIDDEN = {"deleted": "deleted", "deleted folder": "deleted", "overwritten": "overwritten",
          "opaque folder": "deleted"}
CONFIG = ("env", "label", "history", "command")
PLACES = (*HIDDEN, "hard link", "git loose", "git packed", "file name", "xattr", *CONFIG)
FAMILIES = {"configuration": [context.name for context in contexts.CONFIGURATION],
            "source code": [context.name for context in contexts.SOURCE],
            "encoding": list(carriers.ENCODINGS), "kubernetes": list(manifests.MANIFESTS),
            "archive": list(carriers.ARCHIVES),
            "binary": list(carriers.BINARIES), "place": list(PLACES), "as it is": ["as it is"]}
BY_NAME = {context.name: context for context in (*contexts.CONFIGURATION, *contexts.SOURCE)}
CARRIERS = {**carriers.ENCODINGS, **carriers.ARCHIVES, **carriers.BINARIES}


@dataclass
class Planted:
    """One secret and where a scan must report it. What is None may be anything."""

    # Places are those of carriers.Place.

    rule: str
    context: str
    image: int
    secret_id: str
    length: int
    source: str = "file"
    paths: list[str] | None = None  # any of them; ending in "/": anything below
    places: list[Place] | None = None
    visibility: str = "visible"
    layer: int | None = None
    hidden_by: int | None = None
    in_head: bool | None = None
    # Another rule that is right in this context, for all of the value.
    also: str | None = None
    also_id: str = ""


def secret_name(key: bytes, secret: str) -> str:
    """As scanner/identity/ makes it: HMAC-SHA256 of the word and the secret; a PEM block counts
    without white space and the escapes of it."""
    if secret.startswith("-----BEGIN"):
        secret = re.sub(r"\\[nr]|\s", "", secret)
    return "hmac-sha256:" + hmac.new(
        key, b"secret\0" + secret.encode("latin-1"), hashlib.sha256).hexdigest()


class Image:
    def __init__(self, number: int, key: bytes, rng: random.Random):
        self.number, self.key, self.rng = number, key, rng
        self.layers: list[list[bytes]] = [[rawtar.member(b"etc/os-release", b"ID=example\n")],
                                          [], [], []]
        self.env, self.command = ["PATH=/usr/bin:/bin"], ["serve"]
        self.labels: dict[str, str] = {}
        self.history: list[dict] = []
        self.gits: dict[str, list[tuple[Planted, Text, bytes]]] = {"git loose": [], "git packed": []}
        self.planted: list[Planted] = []

    def add(self, sample: Sample, context: str) -> bool:
        """Plants the sample; False where it can't stand in this context."""
        secret = sample.secret
        if sample.rule == manifests.BY_PLACE:
            secret = manifests.decoded(secret)
        made = Planted(sample.rule, context, self.number, secret_name(self.key, secret),
                       len(sample.secret))
        folder = f"srv/{len(self.planted):03}"
        if context in CONFIG:
            done = self.configure(made, sample)
        elif context in ("file name", "xattr"):
            done = self.name(made, sample, folder)
        else:
            done = self.file(made, sample, folder)
        if done:
            self.planted.append(made)
        return done

    def file(self, made: Planted, sample: Sample, folder: str) -> bool:
        secret = sample.secret.encode("latin-1")
        if made.context in manifests.MANIFESTS:
            if sample.rule == manifests.BY_PLACE:
                return False
            carried = manifests.MANIFESTS[made.context](sample)
            if carried is None:
                return False
            if sample.form != "token":
                made.also = manifests.BY_PLACE
                made.also_id = secret_name(self.key, sample.value)
            self.lay(made, folder, carried)
            return True
        if made.context in BY_NAME:
            text = contexts.write(BY_NAME[made.context], sample, self.rng)
        else:
            text = contexts.as_it_is(sample, self.rng)
        if text is None or text.data.count(secret) != 1:
            return False
        if made.context in self.gits:
            made.paths = [f"srv/{made.context.replace(' ', '-')}/"]
            made.layer, made.in_head = 0, False
            self.gits[made.context].append((made, text, secret))
            return True
        self.lay(made, folder, CARRIERS.get(made.context, carriers.plain)(text, secret))
        return True

    def lay(self, made: Planted, folder: str, carried: Carried) -> None:
        context = made.context
        path = f"{folder}/{carried.path}"
        made.paths, made.places = [path], carried.places
        if context not in HIDDEN and context != "hard link":
            made.layer = self.rng.choice((0, 1, 3))
            self.layers[made.layer].append(rawtar.member(path.encode(), carried.data))
            return
        made.layer = 1
        self.layers[1].append(rawtar.member(path.encode(), carried.data))
        parent, _, name = path.rpartition("/")
        above, _, last = folder.rpartition("/")
        if context == "hard link":
            other = f"{folder}/kept"
            made.paths.append(other)
            self.layers[1].append(rawtar.member(other.encode(), kind=rawtar.HARDLINK,
                                                link=path.encode()))
        else:
            made.visibility, made.hidden_by = HIDDEN[context], 2
        marker = {"deleted": f"{parent}/.wh.{name}", "deleted folder": f"{above}/.wh.{last}",
                  "opaque folder": f"{folder}/.wh..wh..opq", "overwritten": path,
                  "hard link": f"{parent}/.wh.{name}"}[context]
        data = b"moved to the vault\n" if context == "overwritten" else b""
        self.layers[2].append(rawtar.member(marker.encode(), data))

    def name(self, made: Planted, sample: Sample, folder: str) -> bool:
        """In what a tar header holds."""
        if sample.form == "verbatim" or not re.fullmatch(r"[\w.+=~@:-]{1,160}", sample.value):
            return False
        if made.context == "file name":
            if sample.form != "token":
                return False
            member = rawtar.member(f"{folder}/{sample.value} key".encode(), b"nothing\n")
        else:
            member = rawtar.member_with(
                {f"SCHILY.xattr.user.{styles(sample)['name']}".encode(): sample.value.encode()},
                f"{folder}/tool".encode(), b"#!/bin/sh\n")
        made.layer = self.rng.choice((0, 3))
        made.source = "xattr" if made.context == "xattr" else "header"
        made.paths = [folder + "/"]
        self.layers[made.layer].append(member)
        return True

    def configure(self, made: Planted, sample: Sample) -> bool:
        """In the image's configuration. A step's line is a shell's, so it has no quotes round a
        word that needs none."""
        if sample.form == "verbatim":
            if made.context != "history" or not sample.command:
                return False
            text = sample.value.strip()
            if not text.startswith("RUN |"):
                text = "RUN /bin/sh -c " + text.removeprefix("RUN ")
        elif contexts.quoted_word(sample.value) is None:
            return False
        else:
            named = styles(sample)
            text = f"{named['NAME']}={sample.value}"
        made.source = made.context
        if made.context == "env":
            made.paths = [f"config.Env[{len(self.env)}]"]
            made.places = places_of(text.encode(), sample.secret.encode())
            self.env.append(text)
        elif made.context == "label":
            self.labels[f"org.example.{len(self.labels)}.{named['kebab']}"] = sample.value
        elif made.context == "command":
            self.command += ["--" + named["kebab"], sample.value]
        else:
            if sample.form != "verbatim":
                step = self.rng.choice(("ENV {}", "ARG {}", "RUN |1 {} /bin/sh -c make"))
                text = step.format(text)
            made.paths = [f"history[{4 + len(self.history)}].created_by"]
            made.places = places_of(text.encode(), sample.secret.encode())
            self.history.append({"created_by": text, "empty_layer": True})
        return True

    def write(self, out: Path) -> Path:
        for context, planted in self.gits.items():
            if planted:
                files, ways = carriers.git_history([text for _, text, _ in planted],
                                                   "packed" in context)
                for (made, text, secret), way in zip(planted, ways):
                    made.places = places_of(text.data, secret, way)
                folder = planted[0][0].paths[0]
                self.layers[0] += [rawtar.member((folder + path).encode(), data)
                                   for path, data in files.items()]
        for made in self.planted:
            if made.rule == manifests.BY_PLACE:
                for place in made.places or ():
                    place.inner = [*place.inner, "base64"]
        tars = [b"".join(members) + rawtar.END for members in self.layers]
        blobs = [oci.Blob(pack(tar), tar) for pack, tar in zip(
            (carriers.compress.gzip_member, carriers.compress.zstd, carriers.compress.gzip_member,
             carriers.compress.zstd), tars)]
        steps = [{"created_by": step} for step in ("FROM scratch", "COPY app /", "RUN clean",
                                                   "COPY more /")]
        layout = oci.Layout()
        layout.finish(layout.image(blobs, steps + self.history, tag="latest", Env=self.env,
                                   Labels=self.labels, Cmd=self.command))
        path = out / f"image-{self.number:02}"
        layout.write(path)
        return path


def as_rows(planted: list[Planted]) -> list[dict]:
    return [asdict(one) for one in planted]
