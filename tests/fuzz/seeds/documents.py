"""JSON documents of images, what registries say, and what is signed about an image."""

import base64
import hashlib
import json

import oci

from seeds import Seeds, target, under
from seeds.containers_of_files import SLIM, numbered, tars

import containers

DIGEST = "sha256:" + "a" * 64
DESCRIPTOR = {"mediaType": oci.MANIFEST, "digest": DIGEST, "size": 7,
              "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"},
              "annotations": {"org.opencontainers.image.ref.name": "r.example/a:1"}}
LAYER = {"mediaType": oci.LAYER + "+gzip", "digest": DIGEST, "size": 9}


def to_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


INDEX = to_json({"schemaVersion": 2, "mediaType": oci.INDEX, "manifests": [DESCRIPTOR]})
MANIFEST = to_json({"schemaVersion": 2, "mediaType": oci.MANIFEST, "layers": [LAYER],
                    "config": {"mediaType": oci.CONFIG, "digest": DIGEST, "size": 3},
                    "subject": DESCRIPTOR, "artifactType": "application/x"})
CONFIG = to_json({"os": "linux", "architecture": "amd64", "created": "2026-01-02T03:04:05Z",
                  "config": {"Env": ["A=b"], "Labels": {"l": "m"}, "Cmd": ["sh", "-c", "x"],
                             "Healthcheck": {"Test": ["CMD", "y"], "Interval": 3}},
                  "rootfs": {"type": "layers", "diff_ids": [DIGEST]},
                  "history": [{"created_by": "RUN x", "empty_layer": True}]})
DOCKER = to_json([{"Config": "c.json", "RepoTags": ["a/b:1"], "Layers": ["l/layer.tar"]}])
V1_LAYER = to_json({"id": "1" * 64, "parent": "2" * 64, "container_config": {"Cmd": ["/bin/sh"]}})
TAGS = to_json({"a/b": {"1": "1" * 64}})


def schema1() -> bytes:
    """A manifest of version 2 schema 1 in its signed form (RFC 7515, JSON serialization)."""
    text = json.dumps({"schemaVersion": 1, "name": "a/b", "tag": "1", "architecture": "amd64",
                       "fsLayers": [{"blobSum": DIGEST}],
                       "history": [{"v1Compatibility": V1_LAYER.decode()}]}, indent=3)
    head = json.dumps({"formatLength": len(text) - 2, "formatTail": "Cn0"})
    protected = base64.urlsafe_b64encode(head.encode()).decode().rstrip("=")
    signed = text[:-2] + ',\n   "signatures": [{"protected": "' + protected + '"}]\n}'
    return signed.encode()


@target("json")
def documents() -> Seeds:
    return {"index": INDEX, "manifest": MANIFEST, "config": CONFIG, "docker": DOCKER,
            "twice": b'{"a":1,"a":2}', "escaped": b'{"a":1,"\\u0061":[{"b":{}}]}',
            "numbers": b'[1,-2.5e3,true,null,"\\ud83d\\ude00"]', "deep": b"[" * 70 + b"]" * 70}


@target("bill")
def bills() -> Seeds:
    spdx = {"spdxVersion": "SPDX-2.3", "packages": [{"name": "curl"}],
            "files": [{"fileName": "./usr/bin/curl"}]}
    spdx3 = {"@context": "https://spdx.org/rdf/3.0.1/x", "@graph": [
        {"type": "software_Package", "name": "curl"}, {"name": "/a", "type": "software_File"}]}
    cyclonedx = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
        {"type": "application", "name": "app", "components": [{"type": "file", "name": "a/b"}],
         "evidence": {"occurrences": [{"location": "/opt/app"}]}}]}
    return {"spdx": to_json(spdx), "spdx-3": to_json(spdx3), "cyclonedx": to_json(cyclonedx),
            "tags": b"SPDXVersion: SPDX-2.3\nPackageName: curl\nFileName: ./usr/bin/curl\n",
            "xml": b'<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>',
            "syft": to_json({"artifacts": [{"name": "curl", "locations": [{"path": "/x"}]}]}),
            "lines": b"SPDX-2.3\nn0123456789abcdef\np0123456789abcdef\n"}


@target("known_bases")
def known_bases() -> Seeds:
    line = f"a/b:1\tlinux/amd64\t2026-01-01\t{DIGEST},{DIGEST}"
    return {"line": line.encode(), "diff-ids": f"# x\n{line}\t{DIGEST},{DIGEST}\r\n".encode(),
            "short": b"a/b:1\tlinux/amd64\n"}


@target("oci_json")
def oci_json() -> Seeds:
    kinds = [INDEX, CONFIG, DOCKER, V1_LAYER, TAGS]
    made = {f"kind-{number}": bytes([number]) + data for number, data in enumerate(kinds)}
    made |= {"manifest": b"\0" + MANIFEST, "schema1": b"\0" + schema1()}
    whole = b"\0".join([INDEX, b"", MANIFEST, CONFIG, INDEX])
    old = b"\0".join([b"", DOCKER, CONFIG, b"", b"", TAGS, V1_LAYER])
    return made | {"layout": b"\5" + whole, "platform": b"\13" + whole, "docker": b"\5" + old,
                   "legacy": b"\5" + b"\0" * 5 + TAGS + b"\0" + V1_LAYER + b"\0" + V1_LAYER}


@target("metadata")
def metadata() -> Seeds:
    return {"both": CONFIG + b"\0" + MANIFEST, "config": CONFIG, "index": b"\0" + INDEX,
            "step": to_json({"history": [{"created_by": "|1 A=tst_abc /bin/sh -c x",
                                          "comment": "c", "author": "a"}]})}


@target("image_archive")
def image_archive() -> Seeds:
    layer = containers.tar_of(SLIM)
    config = to_json({"os": "linux", "architecture": "amd64",
                      "rootfs": {"type": "layers", "diff_ids": [oci.sha256(layer)]}})
    manifest = to_json({"schemaVersion": 2, "layers": [oci.Blob(layer).descriptor()],
                        "config": {"mediaType": oci.CONFIG, "digest": oci.sha256(config),
                                   "size": len(config)}})
    index = to_json({"schemaVersion": 2, "manifests": [{**DESCRIPTOR, "size": len(manifest),
                                                        "digest": oci.sha256(manifest)}]})
    blobs = {"blobs/sha256/" + hashlib.sha256(data).hexdigest(): data
             for data in (layer, config, manifest)}
    layout = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index, **blobs}
    docker = {"manifest.json": DOCKER, "c.json": config, "l/layer.tar": layer, "l/VERSION": b"1.0"}
    legacy = {"repositories": TAGS, **{one * 64 + "/json": V1_LAYER for one in "12"},
              "1" * 64 + "/layer.tar": layer}
    seeds = {}
    for name, files in (("oci", layout), ("docker", docker), ("legacy", legacy)):
        tar = containers.tar_of(files)
        seeds |= under(0, {f"{name}-{form}": data for form, data in numbered(tar).items()
                           if form in ("gzip-0", "zstd-0", "xz-0")} | {name: tar})
        seeds[f"{name}-members"] = b"\1" + b"\0\0".join(
            path.encode() + b"\n" + data for path, data in files.items() if b"\0\0" not in data)
    return seeds | under(0, tars())


STATEMENT = to_json({"_type": "https://in-toto.io/Statement/v1", "predicate": {},
                     "predicateType": "https://slsa.dev/provenance/v1",
                     "subject": [{"name": "a", "digest": {"sha256": "a" * 64}}]})
PAYLOAD = to_json({"critical": {"identity": {"docker-reference": "r.example/a"},
                                "image": {"docker-manifest-digest": DIGEST},
                                "type": "cosign container image signature"}, "optional": None})


def b64(data: bytes, url: bool = False) -> str:
    return (base64.urlsafe_b64encode(data).rstrip(b"=") if url else base64.b64encode(data)).decode()


DSSE = {"payload": b64(STATEMENT), "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"keyid": "", "sig": b64(b"signature")}]}
BUNDLE = {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
          "verificationMaterial": {"publicKey": {"hint": "h"}, "tlogEntries": []}}


@target("envelope")
def envelopes() -> Seeds:
    jws = {"payload": b64(to_json({"targetArtifact": {"digest": DIGEST, "size": 1,
                                                      "mediaType": oci.MANIFEST}}), True),
           "protected": b64(to_json({"alg": "PS256", "cty": "application/vnd.cncf.notary.payload.v1+json",
                                     "crit": ["io.cncf.notary.signingScheme"],
                                     "io.cncf.notary.signingScheme": "notary.x509",
                                     "io.cncf.notary.signingTime": "2026-01-02T03:04:05Z"}), True),
           "header": {"x5c": [b64(b"certificate")]}, "signature": b64(b"signature", True)}
    digest = {"messageDigest": {"algorithm": "SHA2_256", "digest": b64(b"d" * 32)},
              "signature": b64(b"signature")}
    stamped = {"publicKey": {"hint": ""}, "timestampVerificationData": {
        "rfc3161Timestamps": [{"signedTimestamp": b64(b"\x30\x05\x30\x03\x02\x01\x00")}]}}
    kept = {"subjects": [DIGEST], "complete": True, "attachments": [
        {"subject": DIGEST, "digest": DIGEST, "artifact_type": "a", "tag": "", "blobs": [
            {"digest": DIGEST, "media_type": "application/vnd.in-toto+json", "predicate_type":
             "https://slsa.dev/provenance/v1", "envelope": True, "statement": json.loads(STATEMENT)}]}]}
    return {"stamped": to_json({**BUNDLE, "verificationMaterial": stamped, "dsseEnvelope": DSSE}),
            "kept": to_json(kept), "dsse": to_json(DSSE), "bundle": to_json({**BUNDLE, "dsseEnvelope": DSSE}),
            "message": to_json({**BUNDLE, "messageSignature": digest}), "jws": to_json(jws),
            "cose": b"\xd2\x84\x43\xa1\x01\x26\xa0\x40\x40", "statement": STATEMENT}


@target("signature")
def signature() -> Seeds:
    manifest = to_json({"schemaVersion": 2, "mediaType": oci.MANIFEST, "layers": [LAYER],
                        "config": {"mediaType": oci.CONFIG, "digest": DIGEST, "size": 3},
                        "artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json",
                        "subject": {**DESCRIPTOR, "digest": oci.sha256(b"an image")}})
    payload = PAYLOAD.replace(DIGEST.encode(), oci.sha256(b"an image").encode())
    statement = STATEMENT.replace(b"a" * 64, hashlib.sha256(b"an image").hexdigest().encode())
    dsse = to_json({**DSSE, "payload": b64(statement)})
    sign = b64(b"0\6\2\1\1\2\1\1").encode()
    blobs = [payload, dsse, to_json({**BUNDLE, "dsseEnvelope": json.loads(dsse)}),
             envelopes()["jws"], statement]
    return {"all": b"\0".join([b"", manifest, sign, *blobs]),
            "cosign": b"\0".join([b"", b"{}", sign, payload]),
            "key": b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA" + b"A" * 42 + b"=\n"
                   b"-----END PUBLIC KEY-----\n\0" + manifest + b"\0\0" + payload}


@target("gate")
def gate() -> Seeds:
    """A config, a manifest, a statement about it, and lists of users."""
    config = to_json({"os": "linux", "created": "2026-01-02T03:04:05Z",
                      "config": {"User": "app:0", "WorkingDir": "/app", "ExposedPorts": {"22/tcp": {}},
                                 "Env": ["PATH=/bin:.", "HTTP_PROXY=http://u@h", "EMPTY="],
                                 "Entrypoint": ["/bin/sh", "-c", "sshd; exec apt-get install x"],
                                 "Volumes": {"/data": {}}, "OnBuild": ["RUN x"],
                                 "Healthcheck": {"Test": ["CMD-SHELL", "curl -k https://h"]},
                                 "Labels": {"org.opencontainers.image.base.name": "debain:latest",
                                            "org.opencontainers.image.created": "2026-01-01"}},
                      "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "ADD file:x in /"},
                                  {"created_by": "RUN curl http://h | sh", "empty_layer": True},
                                  {"created_by": "RUN |1 T=x /bin/sh -c pip install --trusted-host h"}]})
    manifest = to_json({"mediaType": oci.MANIFEST, "annotations": {"io.k8s.resources.cpu": "1"}})
    slsa = to_json({"_type": "https://in-toto.io/Statement/v1", "subject": [],
                    "predicate": {"buildDefinition": {"resolvedDependencies": [
                                      {"uri": "pkg:docker/debain@12", "digest": {"sha256": "a" * 64}}],
                                      "internalParameters": {"buildConfig": {}}},
                                  "runDetails": {"builder": {"id": "https://b.example"}},
                                  "builder": {"id": "b"}, "materials": [{"uri": "pkg:docker/alpnie@3"}]},
                    "predicateType": "https://slsa.dev/provenance/v1"})
    boms = to_json({"spdxVersion": "SPDX-2.3", "packages": [{"name": "a", "versionInfo": "1"}]})
    users = [b"\0root:x:0:0:root:/root:/bin/sh\napp:x:0:0::/app:/bin/false\n", b"\1root:x:0:\nwheel:x:10:a\n",
             b"\2root::19000:0:99999:7:::\n", b"\3/bin/sh\n", b"\4ID=debian\nVERSION_ID=\"12\"\n"]
    seeds = {f"slsa-{fill}": b"\0\0".join([config, manifest, slsa + b" " * fill, *users])
             for fill in range(6)}
    return seeds | {"bom": b"\0\0".join([config, manifest, boms]), "config": config,
                    "wrapped": b"\0\0".join([config, b"", to_json(DSSE)]),
                    "users": b"\0\0".join([b"{}", b"{}", b"", *users])}


def answer(body: bytes, *headers: str, status: str = "200 OK", length: bool = True) -> bytes:
    head = [f"HTTP/1.1 {status}", *headers, "Connection: close"]
    if length:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@target("registry_answers")
def registry_answers() -> Seeds:
    def asked(kind: int, *answers: bytes) -> bytes:
        return bytes([kind]) + b"\n%%\n".join(answers)

    config = b'{"os":"linux","architecture":"amd64"}'
    manifest = to_json({"schemaVersion": 2, "mediaType": oci.MANIFEST, "layers": [],
                        "config": {"mediaType": oci.CONFIG, "digest": oci.sha256(config),
                                   "size": len(config)}})
    typed = "Content-Type: " + oci.MANIFEST
    digest = "Docker-Content-Digest: " + oci.sha256(manifest)
    token = answer(b"", 'WWW-Authenticate: Bearer realm="http://@HOST@/token",service="s",'
                   'scope="repository:a/b:pull"', status="401 Unauthorized")
    tar = image_archive()["docker-0"][1:]
    return {
        "head": asked(0, answer(b"", typed, digest)),
        "manifest": asked(1, answer(manifest, typed, digest)),
        "token": asked(1, token, answer(b'{"token":"t","expires_in":60}'), answer(manifest, typed)),
        "basic": asked(1, answer(b"", 'WWW-Authenticate: Basic realm="r"', status="401 No"),
                       answer(manifest, typed)),
        "refused": asked(1, answer(b'{"errors":[{"code":"DENIED"}]}', status="403 Forbidden")),
        "later": asked(1, answer(b"", "Retry-After: 1", status="429 Too Many Requests")),
        "tags": asked(2, answer(b'{"name":"a/b","tags":["1","2"]}',
                                'Link: </v2/a/b/tags/list?n=2&last=2>; rel="next"'),
                      answer(b'{"tags":null}')),
        "catalog": asked(3, answer(b'{"repositories":["a/b"]}', 'Warning: 299 - "old"')),
        "referrers": asked(4, answer(INDEX, "Content-Type: " + oci.INDEX, "OCI-Filters-Applied: x")),
        "blob": asked(5, answer(b"x" * 1000)),
        "blob-cut": asked(5, answer(b"x" * 400, "Content-Length: 1000", length=False),
                          answer(b"x" * 600, "Content-Range: bytes 400-999/1000",
                                 status="206 Partial Content")),
        "moved": asked(5, answer(b"", "Location: http://@HOST@/b", status="307 Moved"),
                       answer(b"x" * 10)),
        "image": asked(6, answer(manifest, typed, digest), answer(config)),
        "chunks": asked(1, answer(b"2\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked",
                                  length=False)),
        "no-greeting": asked(136, answer(b"", status="404 Not Found")),
        "engine": asked(7, answer(b"{}"), answer(tar, "Content-Type: application/x-tar")),
        "engine-chunks": asked(7, answer(b"{}"), answer(
            b"%x\r\n" % len(tar) + tar + b"\r\n0\r\n\r\n", "Transfer-Encoding: chunked",
            length=False)),
        "engine-none": asked(7, answer(b'{"message":"no such image"}', status="404 Not Found")),
    }


@target("registry")
def registry() -> Seeds:
    texts = {
        0: ["r.example:5000/a/b:1@" + DIGEST, "debian"],
        1: ['Bearer realm="https://t.example/token",service="s",scope="a b", Basic realm="x"'],
        2: ['</v2/_catalog?last=x&n=5>; rel="next"', '<https://o.example/>; rel=prev, <y>;rel=next'],
        3: ["120", "Wed, 21 Oct 2026 07:28:00 GMT", "1m30s", "454.813µs"],
        4: ["bytes 0-99/200", "bytes 5-9/*"],
        5: ['{"auths":{"r.example":{"auth":"' + b64(b"u:p") + '"},"q":{"identitytoken":"t"}},'
            '"credHelpers":{"h":"x"},"credsStore":"s"}', '{"r.example":{"auth":"dTpw"}}'],
        6: ['{"ServerURL":"r","Username":"u","Secret":"s"}', "credentials not found",
            '{"https://r.example/v1/":"u","q.example:5000":"v"}'],
        7: ['{"token":"t","expires_in":300,"issued_at":"2026-01-02T03:04:05Z"}'],
        8: [schema1().decode()],
        9: ['{"name":"a","tags":["1","2"]}', '{"tags":null}'],
        10: ["/v2/a?x=1", "https://[::1]:8/x", "?next", "http://u:p@h:1/%2e"],
        11: ['[[registry]]\nprefix = "*.example"\nlocation = "m/x"\nblocked = false\n'
             '[[registry.mirror]]\nlocation = "n"\ninsecure = true\n'],
        12: ['{"next":null,"results":[{"name":"b"}],"count":1}', '[{"name":"a","artifact_count":2}]',
             '{"repositories":[{"name":"x","repositoryName":"y"}],"nextToken":"z"}'],
        13: ['299 - "text"', "10.0.0.0/8, .example", "100;w=21600", "0123.dkr.ecr.eu-west-1.amazonaws.com",
             "[default]\naws_access_key_id = x\naws_secret_access_key = y\n",
             '{"config":{"digest":"' + oci.sha256(b"{}") + '","size":2,"data":"e30="},"layers":[]}'],
    }
    return {f"{kind}-{number}": bytes([kind]) + text.encode()
            for kind, all_of_it in texts.items() for number, text in enumerate(all_of_it)}


@target("proxy")
def proxy() -> Seeds:
    return {"names": b"http://p.example:3128\0.example,10.0.0.0/8\0r.example",
            "all": b"socks5h://u@p:1\0*\0r", "networks": b"http://p\0fd00::/9 10.1.0.0/16\0[fd00::1]",
            "bare": b"p:1\0\x0010.1.2.3"}


@target("manifest")
def manifest() -> Seeds:
    return {"pod": b"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: a/b:1\n",
            "forge": b"name: x\nversion: 1.2.3\nimage: &i\n  tag: 'v'\nother: *i\nlist: [1, {a: b}]\n",
            "text": b"a: |\n  lines\n  more\n? k\n: v\n...\n---\n!!str x\n"}
