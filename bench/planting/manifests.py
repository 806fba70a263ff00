"""Kubernetes Secrets: a manifest in which a value stands in base64 and its name outside of it.

https://kubernetes.io/docs/concepts/configuration/secret/
"""

import base64
import json
import re

from .carriers import Carried, Place, in_groups, places_of
from .contexts import styles
from .samples import Sample

# The rule that goes by where a value stands. It is the right one for what is known by its name: the
# name is not in what is encoded.
BY_PLACE = "kubernetes-secret-value"
HEAD = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\n  namespace: prod\ntype: Opaque\n"


def decoded(value: str) -> str:
    return base64.b64decode(value).decode("latin-1")


def key_and_value(sample: Sample) -> tuple[str, bytes]:
    """A block or a line that has one way of being written is a file of its own."""
    key = "app.conf" if sample.form == "verbatim" else styles(sample)["kebab"]
    return re.sub(r"[^\w.-]", "-", key), sample.value.encode("latin-1")


def encoded_in(manifest: str, path: str, sample: Sample, key: str, value: bytes) -> Carried:
    """The secret's groups in `«v»`; a rule that goes by where a value stands says all of it."""
    secret = sample.secret.encode("latin-1")
    form = manifest.replace("«k»", key)
    at = form.index("«v»")
    encoded = base64.b64encode(value).decode()
    begin = value.index(secret)
    first, end = in_groups(begin, begin + len(secret), 6)
    last = at + len(encoded)
    return Carried(path, form.replace("«v»", encoded).encode(),
                   [Place(["base64"], at + first, at + end, last),
                    Place(["base64"], at, last, last)])


def data(sample: Sample) -> Carried | None:
    return encoded_in(HEAD + "data:\n  log-level: aW5mbw==\n  «k»: «v»\n", "secret.yaml", sample,
                      *key_and_value(sample))


def json_data(sample: Sample) -> Carried | None:
    """As `kubectl get secret app -o json` prints it."""
    manifest = {"apiVersion": "v1", "data": {"«k»": "«v»", "log-level": "aW5mbw=="},
                "kind": "Secret", "metadata": {"name": "app", "namespace": "prod"},
                "type": "Opaque"}
    return encoded_in(json.dumps(manifest, indent=4, ensure_ascii=False) + "\n", "secret.json",
                      sample, *key_and_value(sample))


def string_data(sample: Sample) -> Carried | None:
    """Not encoded; what is a file is a block."""
    key, value = key_and_value(sample)
    if sample.form == "verbatim":
        # Of a PEM block alone the name does not depend on the indent.
        if b"\n" not in value.strip(b"\n") or (
                "\n" in sample.secret and not sample.secret.startswith("-----BEGIN")):
            return None
        lines = value.decode("latin-1").strip("\n").split("\n")
        text = f"  {key}: |\n" + "".join(f"    {line}\n" for line in lines)
        secret = "\n    ".join(sample.secret.split("\n")).encode("latin-1")
    else:
        quoted = value.decode("latin-1").replace("\\", "\\\\").replace('"', '\\"')
        text = f'  {key}: "{quoted}"\n'
        secret = sample.secret.encode("latin-1")
    made = (HEAD + "stringData:\n" + text).encode("latin-1")
    found = places_of(made, secret)
    return Carried("secret.yaml", made, found) if len(found) == 1 else None


MANIFESTS = {"kubernetes data": data, "kubernetes json": json_data,
             "kubernetes string": string_data}
