"""Indexes, manifests and configs that are large, deep, circular, or say two things at once."""

import json
import os

import oci
import rawtar
from attack import MIB, Attack, attack
from oci import CONFIG, INDEX, LAYER, MANIFEST, Blob, Layout, sha256


def good(f: Attack, index: int = 0, kind: str = "github") -> Blob:
    layer = f.layer(index)
    layer.secret(f"etc/app{index}.env", kind)
    return layer.blob()


def beside(f: Attack, *descriptors: dict, layout: Layout | None = None,
           states: list[str] | None = None) -> None:
    """A good image first, and hostile descriptors beside it: its secret is found all the same."""
    layout = layout or Layout()
    layout.finish(layout.image([good(f)]), *descriptors)
    f.target_layout(layout)
    f.complete = None
    del states


@attack
def json_of_64_mebibytes(f: Attack) -> None:
    """A manifest that is far larger than any: never held."""
    layout = Layout()
    blob = good(f)
    manifest = layout.image([blob], manifest={"x": "a" * (64 * MIB)})
    layout.finish(manifest)
    f.target_layout(layout)
    f.findings = []
    f.seen()  # in the layer that no manifest has
    f.gap("the manifest was not read: too large for a JSON document")
    f.memory = 400 * MIB


@attack
def index_of_64_mebibytes(f: Attack) -> None:
    layout = Layout()
    layout.finish(layout.image([good(f)]), x="a" * (64 * MIB))
    f.target_layout(layout)
    f.findings = []
    f.exit, f.error = 3, "index.json: too large for a JSON document"
    f.memory = 400 * MIB


@attack
def json_of_a_million_brackets(f: Attack) -> None:
    """In a manifest, an index, a config and a manifest's annotations in turn: each is told."""
    deep = b"[" * 1_000_000 + b"]" * 1_000_000
    layout = Layout()
    layer = f.layer().file("etc/hostname").blob()
    layout.blob(layer.data or b"")
    made = []

    def add(kind: str, members: bytes) -> dict:
        data = b'{"schemaVersion":2,"mediaType":"' + kind.encode() + b'",' + members + b"}"
        return {"mediaType": kind, "digest": layout.blob(data), "size": len(data)}

    for kind in (MANIFEST, INDEX):
        made.append(add(kind, b'"x":' + deep))
    config = add(CONFIG, b'"os":"linux","x":' + deep)
    made.append(layout.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                                 "layers": [layer.descriptor()]}, MANIFEST))
    made.append(add(MANIFEST, b'"layers":[],"annotations":{"x":' + deep + b"}"))
    beside(f, *made, layout=layout)
    for path in (*(descriptor["digest"] for descriptor in (*made[:2], made[3])), config["digest"]):
        f.gap("nested deeper than", path="blobs/" + path.replace(":", "/"))


@attack
def json_of_two_hundred_thousand_keys(f: Attack) -> None:
    """Two hundred thousand labels, all different, none of note."""
    layout = Layout()
    labels = {f"k{number}": "v" for number in range(200_000)}
    layout.finish(layout.image([good(f)], Labels=labels))
    f.target_layout(layout)
    f.images = []
    f.gap("scanned as plain text, for it is more than 400000 values")
    f.memory = 450 * MIB


def with_member(layout: Layout, path: str, member: bytes) -> bytes:
    """A document that has one more member, of a name that it has already."""
    return layout.files[path].rstrip()[:-1] + b", " + member + b"}"


@attack
def json_with_keys_twice(f: Attack) -> None:
    """Two lists of layers in one manifest: one reader takes the first, the next one the last."""
    layout = Layout()
    first, second = good(f, 0), good(f, 1, "slack")
    for finding in f.findings:
        finding.pop("layer_index")
        finding.pop("path")
    image = layout.image([first])
    path = "blobs/" + image["digest"].replace(":", "/")
    data = with_member(layout, path, b'"layers": [' + oci.to_json(second.descriptor()) + b"]")
    layout.files.pop(path)
    layout.blob(second.data or b"")
    layout.finish({"mediaType": MANIFEST, "digest": layout.blob(data), "size": len(data)})
    f.target_layout(layout)
    f.gap('ambiguous JSON: "layers"')
    f.open = True


@attack
def index_with_keys_twice(f: Attack) -> None:
    """Two lists of manifests: whoever takes the other one runs another image."""
    layout = Layout()
    first, second = layout.image([good(f, 0)]), layout.image([good(f, 1, "slack")])
    layout.finish(first)
    layout.files["index.json"] = with_member(layout, "index.json",
                                             b'"manifests": [' + oci.to_json(second) + b"]")
    f.findings = []
    f.seen()
    f.seen("slack-bot-token")
    f.target_layout(layout)
    f.gap('ambiguous JSON: "manifests"')
    f.open = True


@attack
def config_with_keys_twice(f: Attack) -> None:
    """Two environments, with a secret in each."""
    layout = Layout()
    layer = good(f)
    secrets = f.secrets.slack().decode(), f.secrets.npm().decode()
    image = layout.image([layer], Env=[f"A={secrets[0]}"])
    path = next(path for path, data in layout.files.items() if b'"rootfs"' in data)
    data = with_member(layout, path, b'"config": ' + oci.to_json({"Env": [f"A={secrets[1]}"]}))
    config = {"mediaType": CONFIG, "digest": layout.blob(data), "size": len(data)}
    manifest = json.loads(layout.files["blobs/" + image["digest"].replace(":", "/")])
    layout.finish(layout.document({**manifest, "config": config}, MANIFEST))
    f.seen("slack-bot-token")
    f.seen("npm-access-token")
    f.target_layout(layout)
    f.gap("ambiguous JSON: a member of the config stands twice")
    f.open = True


@attack
def json_with_values_of_the_wrong_kind(f: Attack) -> None:
    """Numbers for texts, texts for lists, null for objects: everywhere a member is expected."""
    layout = Layout()
    made = []
    for value in (None, 5, -1, 1e308, "x", [], {}, True, [[]], {"": {}}, [None], "\0", 2 ** 70):
        for document in ({"layers": value}, {"config": value, "layers": []},
                         {"layers": [value]}, {"annotations": value, "layers": []},
                         {"config": {"digest": value, "size": value, "mediaType": value},
                          "layers": [{"digest": value, "size": value, "mediaType": value}]}):
            made.append(layout.document({"schemaVersion": 2, "mediaType": MANIFEST, **document},
                                        MANIFEST))
        made.append(layout.document({"schemaVersion": 2, "manifests": value}, INDEX))
        made.append(layout.document({"schemaVersion": 2, "manifests": [value]}, INDEX))
        made.append({"mediaType": value, "digest": value, "size": value, "platform": value})
    beside(f, *made, layout=layout)
    f.open = True


@attack
def configs_of_the_wrong_kind(f: Attack) -> None:
    """Each member of a config as something else than it is."""
    layout = Layout()
    made = []
    layer = f.layer().file("etc/hostname").blob()
    layout.blob(layer.data or b"")
    for value in (None, 5, "x", [], {}, True, [5], {"a": 5}, [None, [None]]):
        for member in ("config", "history", "rootfs", "os", "architecture", "created"):
            config = layout.document({"os": "linux", "architecture": "amd64", member: value}, CONFIG)
            made.append(layout.document({"schemaVersion": 2, "mediaType": MANIFEST,
                                         "config": config, "layers": [layer.descriptor()]},
                                        MANIFEST))
        for member in ("Env", "Labels", "Entrypoint", "Cmd", "Healthcheck", "OnBuild", "Volumes",
                       "ExposedPorts", "User"):
            config = layout.document({"os": "linux", "config": {member: value}}, CONFIG)
            made.append(layout.document({"schemaVersion": 2, "mediaType": MANIFEST,
                                         "config": config, "layers": [layer.descriptor()]},
                                        MANIFEST))
    beside(f, *made, layout=layout)
    f.open = True


@attack
def index_that_refers_to_itself(f: Attack) -> None:
    """By a digest that it can't have: its bytes are not what the digest claims."""
    layout = Layout()
    digest = "sha256:" + "77" * 32
    own = oci.to_json({"schemaVersion": 2, "mediaType": INDEX,
                       "manifests": [{"mediaType": INDEX, "digest": digest, "size": 250}]})
    layout.blob(own, digest)
    beside(f, {"mediaType": INDEX, "digest": digest, "size": len(own)}, layout=layout)
    f.complete = False


@attack
def indexes_in_a_ring(f: Attack) -> None:
    layout = Layout()
    digests = ["sha256:" + "%02x" % number * 32 for number in range(50)]
    for digest, target in zip(digests, [*digests[1:], digests[0]]):
        layout.blob(oci.to_json({"schemaVersion": 2, "mediaType": INDEX,
                                 "manifests": [{"mediaType": INDEX, "digest": target}]}), digest)
    beside(f, {"mediaType": INDEX, "digest": digests[0]}, layout=layout)
    f.complete = False


@attack
def indexes_that_double(f: Attack) -> None:
    """Each lists the one below it twice, thirty deep: 2^30 images for who counts them all."""
    layout = Layout()
    top = layout.image([f.layer().file("etc/hostname").blob()])
    for number in range(30):
        top = layout.index([top, {**top, "annotations": {"n": str(number)}}])
    beside(f, top, layout=layout)
    f.gap("indexes nested deeper than 8")
    f.memory = 400 * MIB


@attack
def index_of_ten_thousand_images(f: Attack) -> None:
    """All of them the same one, by another name each."""
    layout = Layout()
    image = layout.image([f.layer().file("etc/hostname").blob()])
    many = [{**image, "annotations": {"org.opencontainers.image.ref.name": f"t{number}"}}
            for number in range(10_000)]
    beside(f, *many, layout=layout)
    f.gap("more than 10000 manifests; the rest was not read")
    f.open = True


@attack
def index_of_ten_thousand_missing_images(f: Attack) -> None:
    missing = [{"mediaType": MANIFEST, "digest": sha256(b"%d" % number), "size": 5}
               for number in range(10_000 * f.size)]
    beside(f, *missing)
    f.complete = False


@attack
def manifest_of_twenty_thousand_layers(f: Attack) -> None:
    layout = Layout()
    blob = good(f)
    ghosts = [Blob(None, b"", digest=sha256(b"%d" % number), size=9, media_type=LAYER)
              for number in range(20_000 * f.size)]
    layout.finish(layout.image([blob, *ghosts]))
    f.target_layout(layout)
    f.complete = False


@attack
def digests_of_the_wrong_kind(f: Attack) -> None:
    """Of other algorithms, too short, too long, in capitals, with a path in them, and empty."""
    layout = Layout()
    data = good(f, 1).data or b""
    f.findings = []
    digests = ["md5:" + "ab" * 16, "sha256:" + "ab" * 31, "sha256:" + "ab" * 33,
               "sha256:" + "AB" * 32, "sha256:../../../../etc/passwd", "sha256:", ":", "",
               "sha256:" + "zz" * 32, "sha512:" + "ab" * 32, "sha1:" + "ab" * 20,
               "/etc/passwd", "sha256:" + "ab" * 32 + "/../../x", "sha256+b64:abcd", "\0",
               "sha256:" + "ab" * 32 + "\n", "sha256:" + "a" * 100_000]
    made = []
    for digest in digests:
        blob = Blob(None, b"", digest=digest or "x", size=len(data), media_type=LAYER)
        descriptor = blob.descriptor()
        descriptor["digest"] = digest
        config = layout.document({"os": "linux"}, CONFIG)
        made.append(layout.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                                     "layers": [descriptor]}, MANIFEST))
        made.append({"mediaType": MANIFEST, "digest": digest, "size": 9})
    beside(f, *made, layout=layout)
    f.complete = False


@attack
def blobs_in_each_others_place(f: Attack) -> None:
    """A layer as the config, a config as a layer, a manifest as a layer, a layer as a manifest."""
    layout = Layout()
    layer = f.layer().file("etc/hostname").blob()
    config = layout.document({"os": "linux", "rootfs": {}}, CONFIG)
    as_layer = layout.blob(layer.data or b"")
    made = [layout.document({"schemaVersion": 2, "mediaType": MANIFEST,
                             "config": {"mediaType": CONFIG, "digest": as_layer,
                                        "size": len(layer.data or b"")},
                             "layers": [{**config, "mediaType": LAYER}]}, MANIFEST),
            {"mediaType": MANIFEST, "digest": as_layer, "size": len(layer.data or b"")},
            {"mediaType": INDEX, "digest": config["digest"], "size": config["size"]},
            {"mediaType": MANIFEST, "digest": config["digest"], "size": config["size"]}]
    beside(f, *made, layout=layout)
    f.complete = False


@attack
def layers_against_the_config(f: Attack) -> None:
    """The manifest lists two layers; the config knows three others."""
    layout = Layout()
    blobs = [good(f, 0), good(f, 1, "slack")]
    for blob in blobs:
        layout.blob(blob.data or b"")
    config = layout.document(
        {"os": "linux", "architecture": "amd64",
         "history": [{"created_by": f"RUN {number}"} for number in range(7)],
         "rootfs": {"type": "layers", "diff_ids": [sha256(b"%d" % number) for number in range(3)]}},
        CONFIG)
    layout.finish(layout.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                                   "layers": [blob.descriptor() for blob in blobs]}, MANIFEST))
    f.target_layout(layout)
    f.gap("the config lists 3 layers, the manifest 2")


@attack
def sizes_that_lie(f: Attack) -> None:
    """A layer's size as zero, negative, 2^63 and as a text."""
    layout = Layout()
    made = []
    for number, size in enumerate((0, -1, (1 << 63) - 1, 1 << 64, "7", 1.5, None)):
        blob = f.layer().file(f"etc/{number}").blob()
        layout.blob(blob.data or b"")
        config = layout.document({"os": "linux"}, CONFIG)
        made.append(layout.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                                     "layers": [{**blob.descriptor(), "size": size}]}, MANIFEST))
    beside(f, *made, layout=layout)
    f.complete = False


@attack
def json_in_other_encodings(f: Attack) -> None:
    """UTF-16, a byte order mark, NULs and broken UTF-8 in documents."""
    f.empty = True
    layout = Layout()
    text = '{"schemaVersion":2,"mediaType":"%s","layers":[]}' % MANIFEST
    made = []
    for data in (text.encode("utf-16"), b"\xef\xbb\xbf" + text.encode(), text.encode() + b"\0",
                 text.encode().replace(b"2", b"2\0"), b'{"a":"\xff\xfe"}', b"\0" * 100, b""):
        made.append({"mediaType": MANIFEST, "digest": layout.blob(data), "size": len(data)})
    beside(f, *made, layout=layout)
    for number in (0, 3, 5, 6):
        f.gap("not valid JSON", path="blobs/" + made[number]["digest"].replace(":", "/"))
    f.gap("it is neither a manifest nor an index",
          path="blobs/" + made[4]["digest"].replace(":", "/"))


def docker(f: Attack, manifest: object, files: dict[str, bytes],
           links: dict[str, str] | None = None) -> None:
    files = {**files, "manifest.json": json.dumps(manifest).encode()}
    f.target_file("image.tar", rawtar.archive(files, links))


@attack
def docker_archive_of_links_in_a_ring(f: Attack) -> None:
    """Layers that are symbolic links to each other, to themselves and out of the archive."""
    tar = f.layer().tar()
    links = {"a/layer.tar": "../b/layer.tar", "b/layer.tar": "../a/layer.tar",
             "c/layer.tar": "layer.tar", "d/layer.tar": "../../../../../etc/passwd",
             "e/layer.tar": "/etc/passwd"}
    docker(f, [{"Config": "config.json", "RepoTags": ["a:1"],
                "Layers": ["good/layer.tar", *links, "../../../etc/passwd", "/etc/passwd", ""]}],
           {"good/layer.tar": rawtar.member(b"x", f.layer().text_with("github")[1]) + tar,
            "config.json": b"{}"}, links)
    f.seen()
    f.complete = False


@attack
def docker_archive_that_names_itself(f: Attack) -> None:
    """The manifest as its own config and layer."""
    docker(f, [{"Config": "manifest.json", "RepoTags": None, "Layers": ["manifest.json"] * 3}], {})
    f.exit = 2
    f.gap("the config was not read: not a JSON object")


@attack
def docker_archive_of_a_thousand_images(f: Attack) -> None:
    """One layer, a thousand images of it, each with twenty tags."""
    tar = rawtar.member(b"x", f.layer().text_with("github")[1]) + rawtar.END
    many = [{"Config": "config.json", "RepoTags": [f"a{number}:{tag}" for tag in range(20)],
             "Layers": ["good/layer.tar"]} for number in range(1000)]
    docker(f, many, {"good/layer.tar": tar, "config.json": b'{"os":"linux"}'})
    f.seen()
    f.scanned = 4 * MIB


@attack
def layout_of_devices(f: Attack) -> None:
    """A layout folder whose blobs are links out of it, a pipe, a folder, a device without end."""
    layout = Layout()
    made, paths = [], []
    for number in range(5):
        digest = sha256(b"ghost %d" % number)
        paths.append(f.out / "image/blobs/sha256" / digest.removeprefix("sha256:"))
        config = layout.document({"os": "linux"}, CONFIG)
        made.append(layout.document(
            {"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
             "layers": [{"mediaType": LAYER, "digest": digest, "size": 10}]}, MANIFEST))
    beside(f, *made, layout=layout)
    os.symlink("/dev/zero", paths[0])
    os.symlink("/etc/passwd", paths[1])
    os.mkfifo(paths[2])
    paths[3].mkdir()
    os.symlink(paths[4].name, paths[4])
    f.gap("out of the layout")
    f.gap("blob is missing from the layout")


@attack
def folder_of_pipes_and_devices(f: Attack) -> None:
    """A root file system folder with a pipe, links to devices, to itself and out of it."""
    root = f.out / "root"
    (root / "etc").mkdir(parents=True)
    secret, data = f.layer().text_with("github")
    (root / "etc/app.env").write_bytes(data)
    f.found("github-pat-classic", data, secret, "etc/app.env")
    os.mkfifo(root / "etc/pipe")
    os.symlink("/dev/zero", root / "etc/zero")
    os.symlink("/", root / "etc/root")
    os.symlink("loop", root / "etc/loop")
    os.symlink("../../expect.json", root / "etc/out")
    f.arguments.append("root")


@attack
def folder_that_is_deep(f: Attack) -> None:
    """600 folders in each other; below the limit of 256 nothing is read, and that is said."""
    (f.out / "root").mkdir()
    here = os.open(f.out / "root", os.O_RDONLY)
    for _ in range(600):
        os.mkdir("folder", dir_fd=here)
        below = os.open("folder", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    data = b"nothing to see\n"
    file = os.open("app.env", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=here)
    os.write(file, data)
    os.close(file)
    os.close(here)
    f.arguments.append("root")
    f.exit = 2
    f.gap("nested too deep")
