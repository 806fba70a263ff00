"""A secret in place of every text of every document: what is wrong with a document is told
without its words."""

import base64
import io
import json
import tarfile
from collections.abc import Iterator

import oci
import rawtar
from attack import FORMATS, Attack, attack
from oci import Layout, sha256


def places(value: object, way: tuple = ()) -> Iterator[tuple]:
    """The ways to all texts of a document, and to all names of members (those end in None)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*way, key, None)
            yield from places(inner, (*way, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*way, number))
    else:
        yield way


def with_word(value: object, way: tuple, word: str) -> object:
    """The document with the word in that place; in digests and media types behind their beginning."""
    if way == ():
        begin = next((begin for begin in ("sha256:", "application/vnd.oci.")
                      if isinstance(value, str) and value.startswith(begin)), "")
        return begin + word
    if isinstance(value, list):
        return [with_word(inner, way[1:], word) if number == way[0] else inner
                for number, inner in enumerate(value)]
    if way[1:] == (None,):
        return {word if key == way[0] else key: inner for key, inner in value.items()}
    return {key: with_word(inner, way[1:], word) if key == way[0] else inner
            for key, inner in value.items()}


def documents() -> tuple[dict, dict, dict, bytes]:
    """An index, a manifest and a config with all that a specification knows, and a layer."""
    layer = rawtar.member(b"etc/motd", b"hello\n") + rawtar.END
    config = {"os": "linux", "architecture": "arm64", "variant": "v8", "author": "somebody",
              "created": "2024-01-02T03:04:05Z", "os.version": "1", "os.features": ["x"],
              "config": {"User": "app", "ExposedPorts": {"80/tcp": {}}, "Env": ["PATH=/bin"],
                         "Entrypoint": ["/bin/sh"], "Cmd": ["-c"], "Volumes": {"/data": {}},
                         "WorkingDir": "/", "Labels": {"a": "b"}, "StopSignal": "SIGTERM",
                         "Healthcheck": {"Test": ["CMD", "x"]}, "Shell": ["/bin/sh"],
                         "OnBuild": ["RUN x"]},
              "rootfs": {"type": "layers", "diff_ids": [sha256(layer)]},
              "history": [{"created": "2024-01-02T03:04:05Z", "created_by": "COPY x", "author": "a",
                           "comment": "c"}]}
    manifest = {"schemaVersion": 2, "mediaType": oci.MANIFEST, "artifactType": "application/x",
                "config": {"mediaType": oci.CONFIG, "digest": "", "size": 0},
                "layers": [{"mediaType": oci.LAYER, "digest": sha256(layer), "size": len(layer),
                            "urls": ["https://registry.example/blob"], "annotations": {"a": "b"}}],
                "annotations": {"a": "b"}}
    index = {"schemaVersion": 2, "mediaType": oci.INDEX, "artifactType": "application/x",
             "manifests": [{"mediaType": oci.MANIFEST, "digest": "", "size": 0,
                            "platform": {"os": "linux", "architecture": "arm64", "variant": "v8",
                                         "os.version": "1", "os.features": ["x"]},
                            "annotations": {"org.opencontainers.image.ref.name": "1"}}],
             "annotations": {"a": "b"}}
    return index, manifest, config, layer


def layout_with(name: str, way: tuple, word: str) -> dict[str, bytes]:
    """Digests and sizes are those of what the word made, but for the one that it stands in."""
    index, manifest, config, layer = documents()
    layout = Layout()
    layout.blob(layer)

    def changed(kind: str, document: dict) -> dict:
        return with_word(document, way, word) if kind == name else document

    for kind, document, user in (("config", config, manifest["config"]),
                                 ("manifest", manifest, index["manifests"][0])):
        data = oci.to_json(changed(kind, document))
        user |= {"digest": layout.blob(data), "size": len(data)}
    layout.files["index.json"] = oci.to_json(changed("index", index))
    return layout.files


@attack
def secrets_for_texts_of_a_layout(f: Attack) -> None:
    index, manifest, config, _ = documents()
    for name, document in (("index", index), ("manifest", manifest), ("config", config)):
        for number, way in enumerate(places(document)):
            files = layout_with(name, way, f.secrets.github().decode())
            target = f"{name}{number:03}"
            for path, data in files.items():
                (f.out / target / path).parent.mkdir(parents=True, exist_ok=True)
                (f.out / target / path).write_bytes(data)
            f.arguments.append(target)
    f.found_or_told = f.open = True
    f.complete = None
    f.formats = FORMATS


@attack
def secrets_for_texts_of_an_archive(f: Attack) -> None:
    """As docker saves images, of today and of old: a word for each text of `manifest.json`,
    `repositories` and a layer's `json`, and for each name of a member."""
    plain = oci.old_docker_archive([rawtar.member(b"etc/motd", b"hello\n") + rawtar.END])
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar if member.isreg()}
    old = {name: data for name, data in members.items() if name != "manifest.json"}
    number = 0
    for files in (members, old):
        for name, data in files.items():
            names = [f.secrets.github().decode()]
            if "/" in name:
                names.append(name.replace("/", "/" + f.secrets.github().decode() + "/"))
            variants = [{other if name == old_name else old_name: body
                         for old_name, body in files.items()} for other in names]
            if data[:1] in (b"{", b"["):
                document = json.loads(data)
                for way in places(document):
                    word = f.secrets.github().decode()
                    variants.append({**files, name: oci.to_json(with_word(document, way, word))})
                    f.seen()
            for variant in variants:
                f.target_file(f"archive{number:03}.tar", rawtar.archive(variant, {}))
                number += 1
    f.open = True
    f.complete = None
    f.formats = FORMATS


def token_of(claims: dict[str, str]) -> bytes:
    """A web token that is signed by nobody."""
    parts = [json.dumps({"alg": "HS256", "typ": "JWT"}).encode(), json.dumps(claims).encode(),
             b"a signature of thirty-two bytes."]
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


@attack
def secrets_in_what_findings_say(f: Attack) -> None:
    """An issuer, a system's name, a user: what is told of a finding or an image."""
    def word() -> str:
        return f.secrets.github().decode()

    layer = f.layer()
    layer.file("srv/token", b"token: " + token_of({"iss": word(), "sub": word()}))
    layer.file("etc/os-release", f"ID=debian\nPRETTY_NAME={word()}\n".encode())
    layer.file("etc/passwd", f"root:x:0:0::/:/bin/sh\n{word()}:x:0:0::/:/bin/sh\n".encode())
    # A word that runs into a secret hides it from a pattern that wants a word's border.
    user = base64.b64encode(f"u{word()}:{f.secrets.password().decode()}".encode()).decode()
    layer.file("root/.docker/config.json",
               json.dumps({"auths": {"registry.example": {"auth": user}}}).encode())
    f.one_image(layer.blob())
    f.open = True
    f.seen("jwt", path="srv/token")
    f.formats = FORMATS
