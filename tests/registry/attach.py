#!/usr/bin/env python3
"""Attaches a signature to a manifest in a registry, as the tools of each form do, signed by openssl:

attach.py --registry HOST:PORT --repository NAME --subject DIGEST --key PEM [--chain PEM] [--tsa FOLDER] --form FORM

FORM is `cosign` (a tag sha256-….sig), `bundle` (a Sigstore bundle, v0.3), `notary` (JWS) or `cose`
(Notary in COSE); the last three name their subject and are listed under the referrers' fallback tag,
for registries without the API. `sbom` is a bundle with a statement of a bill of materials, `open-sbom`
the same statement without a signature. With --chain the signer's certificates go with it, the
signer's own first. With --tsa a time stamp of the signature goes with it, by the authority in that
folder: `openssl ts` with its ts.cnf. `provenance` is a bundle that says that `builder.example` built
it, `open-provenance` the same statement without a signature.
"""

import argparse
import base64
import hashlib
import json
import subprocess
import tempfile
import urllib.request
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PROVENANCE = "https://slsa.dev/provenance/v1"
CLAIMS = {"runDetails": {"builder": {"id": "https://builder.example/ci"}}}

parser = argparse.ArgumentParser()
for option in ("--registry", "--repository", "--subject", "--key", "--form"):
    parser.add_argument(option, required=True)
parser.add_argument("--chain")
parser.add_argument("--tsa")
options = parser.parse_args()
base = f"http://{options.registry}/v2/{options.repository}"


def send(method: str, url: str, data: bytes = b"", kind: str = "application/octet-stream") -> str:
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers.get("Location", "")


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def blob(data: bytes, kind: str, **annotations: str) -> dict:
    place = send("POST", f"{base}/blobs/uploads/")
    send("PUT", place + ("&" if "?" in place else "?") + f"digest={digest_of(data)}", data)
    made = {"mediaType": kind, "digest": digest_of(data), "size": len(data)}
    return made | ({"annotations": annotations} if annotations else {})


def put(reference: str, document: dict) -> bytes:
    data = json.dumps(document).encode()
    send("PUT", f"{base}/manifests/{reference}", data, document["mediaType"])
    return data


def signature(message: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "message"
        text.write_bytes(message)
        return subprocess.run(["openssl", "dgst", "-sha256", "-sign", options.key, text], check=True,
                              capture_output=True).stdout


def time_stamp(of: bytes, *more: str) -> bytes:
    """A response of the authority, in DER."""
    with tempfile.TemporaryDirectory() as folder:
        data, query, reply = (Path(folder) / name for name in ("data", "query", "reply"))
        data.write_bytes(of)
        subprocess.run(["openssl", "ts", "-query", "-data", data, "-sha256", "-cert", "-out", query],
                       check=True, capture_output=True)
        subprocess.run(["openssl", "ts", "-reply", "-config", f"{options.tsa}/ts.cnf", "-queryfile",
                        query, "-out", reply, *more], check=True, capture_output=True,
                       cwd=options.tsa)
        return reply.read_bytes()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw_ecdsa(der: bytes) -> bytes:
    """Two numbers of 32 bytes from SEQUENCE { INTEGER, INTEGER }."""
    first = der[3]
    r, s = der[4:4 + first], der[4 + first + 2:]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (r, s))


def certificates() -> list[bytes]:
    """Of the chain, in DER."""
    text = Path(options.chain).read_text() if options.chain else ""
    return [base64.b64decode("".join(block.split("-----END")[0].split()))
            for block in text.split("-----BEGIN CERTIFICATE-----")[1:]]


def statement(predicate: str, claims: dict | None = None) -> bytes:
    return json.dumps({"_type": "https://in-toto.io/Statement/v1", "predicateType": predicate,
                       "subject": [{"name": "", "digest": {"sha256": options.subject[7:]}}],
                       "predicate": claims or {}}).encode()


def bundle(predicate: str, claims: dict | None = None) -> bytes:
    kind = "application/vnd.in-toto+json"
    payload = statement(predicate, claims)
    signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    chain = certificates()
    material = ({"certificate": {"rawBytes": b64(chain[0])}} if chain
                else {"publicKey": {"hint": ""}})
    sig = signature(signed)
    if options.tsa:
        material["timestampVerificationData"] = {
            "rfc3161Timestamps": [{"signedTimestamp": b64(time_stamp(sig))}]}
    return json.dumps({"mediaType": BUNDLE, "verificationMaterial": material,
                       "dsseEnvelope": {"payload": b64(payload), "payloadType": kind,
                                        "signatures": [{"sig": b64(sig)}]}}).encode()


def notary() -> bytes:
    payload = url64(json.dumps({"targetArtifact": {"mediaType": MANIFEST, "digest": options.subject,
                                                   "size": 1}}).encode())
    header = url64(json.dumps({"alg": "ES256", "cty": "application/vnd.cncf.notary.payload.v1+json",
                               "crit": ["io.cncf.notary.signingScheme"],
                               "io.cncf.notary.signingScheme": "notary.x509"}).encode())
    signed = raw_ecdsa(signature(f"{header}.{payload}".encode()))
    chain = [b64(one) for one in certificates()]
    beside: dict = {"x5c": chain}
    if options.tsa:
        beside["io.cncf.notary.timestampSignature"] = b64(time_stamp(signed, "-token_out"))
    return json.dumps({"payload": payload, "protected": header, "header": beside,
                       "signature": url64(signed)}).encode()


def cbor(value) -> bytes:
    """The few kinds of values that COSE needs (RFC 8949)."""
    def head(major: int, number: int) -> bytes:
        if number < 24:
            return bytes([major << 5 | number])
        width = 1 if number < 1 << 8 else 2 if number < 1 << 16 else 4
        return bytes([major << 5 | {1: 24, 2: 25, 4: 26}[width]]) + number.to_bytes(width, "big")

    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(cbor(one) for one in value)
    return head(5, len(value)) + b"".join(cbor(key) + cbor(one) for key, one in value.items())


def cose() -> bytes:
    payload = json.dumps({"targetArtifact": {"mediaType": MANIFEST, "digest": options.subject,
                                             "size": 1}}).encode()
    header = cbor({1: -7, 2: ["io.cncf.notary.signingScheme"],
                   3: "application/vnd.cncf.notary.payload.v1+json",
                   "io.cncf.notary.signingScheme": "notary.x509"})
    signed = raw_ecdsa(signature(cbor(["Signature1", header, b"", payload])))
    beside: dict = {33: certificates()}
    if options.tsa:
        beside["io.cncf.notary.timestampSignature"] = time_stamp(signed, "-token_out")
    return bytes([0xd2]) + cbor([header, beside, payload, signed])


def attach(layer: dict, artifact: str) -> None:
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": artifact,
                "config": blob(b"{}", "application/vnd.oci.empty.v1+json"), "layers": [layer],
                "subject": {"mediaType": MANIFEST, "digest": options.subject, "size": 1}}
    data = json.dumps(manifest).encode()
    put(digest_of(data), manifest)
    put(options.subject.replace(":", "-"),
        {"schemaVersion": 2, "mediaType": INDEX,
         "manifests": [{"mediaType": MANIFEST, "digest": digest_of(data), "size": len(data),
                        "artifactType": artifact}]})


if options.form == "cosign":
    text = json.dumps({"critical": {"identity": {"docker-reference": ""},
                                    "image": {"docker-manifest-digest": options.subject},
                                    "type": "cosign container image signature"},
                       "optional": None}).encode()
    chain = [f"-----BEGIN CERTIFICATE-----\n{b64(one)}\n-----END CERTIFICATE-----\n"
             for one in certificates()]
    beside = ({"dev.sigstore.cosign/certificate": chain[0],
               "dev.sigstore.cosign/chain": "".join(chain[1:])} if chain else {})
    sig = signature(text)
    if options.tsa:
        beside["dev.sigstore.cosign/rfc3161timestamp"] = json.dumps(
            {"SignedRFC3161Timestamp": b64(time_stamp(sig))})
    layer = blob(text, "application/vnd.dev.cosign.simplesigning.v1+json",
                 **{"dev.cosignproject.cosign/signature": b64(sig)}, **beside)
    put(options.subject.replace(":", "-") + ".sig",
        {"schemaVersion": 2, "mediaType": MANIFEST, "layers": [layer],
         "config": blob(b"{}", "application/vnd.oci.image.config.v1+json")})
elif options.form == "notary":
    attach(blob(notary(), "application/jose+json"), "application/vnd.cncf.notary.signature")
elif options.form == "cose":
    attach(blob(cose(), "application/cose"), "application/vnd.cncf.notary.signature")
elif options.form == "open-sbom":
    attach(blob(statement("https://spdx.dev/Document"), "application/vnd.in-toto+json",
                **{"in-toto.io/predicate-type": "https://spdx.dev/Document"}),
           "application/vnd.in-toto+json")
elif options.form == "provenance":
    attach(blob(bundle(PROVENANCE, CLAIMS), BUNDLE, **{"dev.sigstore.bundle.predicateType": PROVENANCE}),
           BUNDLE)
elif options.form == "open-provenance":
    attach(blob(statement(PROVENANCE, CLAIMS), "application/vnd.in-toto+json",
                **{"in-toto.io/predicate-type": PROVENANCE}), "application/vnd.in-toto+json")
else:
    predicate = ("https://spdx.dev/Document" if options.form == "sbom"
                 else "https://sigstore.dev/cosign/sign/v1")
    attach(blob(bundle(predicate), BUNDLE), BUNDLE)
