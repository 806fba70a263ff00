"""Images of little else than what is found: a finding takes fifty times the bytes that it is made
of, and there may be as many as an image has room for. A ceiling of memory holds all the same, and
what is not told is counted."""

import random

import containers
import rawtar
from attack import FORMATS, MIB, Attack, attack
from oci import Blob, Layout
from rawtar import END

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def key_ids(f: Attack, count: int) -> list[bytes]:
    """Identifiers of access keys: the shortest that is told, with no checksum to make."""
    numbers = random.Random(f.name)
    return [("AKIA" + "".join(numbers.choices(LETTERS, k=16))).encode() for _ in range(count)]


def dense(f: Attack, name: str, count: int, between: bytes = b"\n") -> bytes:
    return rawtar.member(name.encode(), between.join(key_ids(f, count)))


def in_little_memory(f: Attack) -> None:
    f.arguments += ["--memory", "256MiB"]
    f.memory = 256 * MIB


@attack
def findings_and_nothing_else(f: Attack) -> None:
    """A layer of 400,000: each window has 50,000, and windows wait for each other."""
    f.target_file("layer", dense(f, "a.txt", 400_000 * f.size) + END)
    f.image("partial")
    f.open = True
    f.seen("aws-access-key-id", path="a.txt")
    f.gap("too many findings within a mebibyte", path="a.txt")


@attack
def dense_windows_behind_a_slow_one(f: Attack) -> None:
    """The windows of 3,000 each that are scanned before it wait for it, with every thread there is."""
    slow = b"eyJhbGciOiJIUzI1NiJ9.eyJ" * (MIB // 24)
    parts = []
    for number in range(12 * f.size):
        name = b"%d.txt" % number
        if number % 8 == 0:
            parts.append(rawtar.member(name, slow))
        else:
            between = b" # " + b"x" * (MIB // 3_000 - 24) + b"\n"
            parts.append(dense(f, name.decode(), 3_000, between))
    f.target_file("layer", b"".join(parts) + END)
    f.image("partial")
    f.open = True
    f.seen("aws-access-key-id", path="1.txt")
    f.gap("more than 20000 findings in one layer")


@attack
def findings_in_every_layer(f: Attack) -> None:
    """Three layers, each with almost as many as a window, a file and a layer may have."""
    between = b"\n" + b"some text " * 41 + b"\n"
    layers = []
    for number in range(3 * f.size):
        tar = b"".join(dense(f, f"{number}/{file}.txt", 9_000, between) for file in range(2)) + END
        layers.append(Blob(tar, tar))
    f.one_image(*layers, states=[["complete", "partial"]] * len(layers))
    f.complete = False
    f.open = True
    f.seen("aws-access-key-id", path="0/0.txt")
    f.gap("findings and programs of all layers take more than 16777216 bytes")
    in_little_memory(f)


@attack
def findings_in_a_config(f: Attack) -> None:
    """60,000 variables that hold one each; all texts of it are withheld."""
    layer = f.layer().file("a")
    layout = Layout()
    words = [word.decode() for word in key_ids(f, 60_000)]
    layout.finish(layout.image([layer.blob()], tag=words[0], User=words[1],
                               Env=[f"A={word}" for word in words]))
    f.target_layout(layout)
    f.image("complete")
    f.complete = False
    f.open = True
    f.seen("aws-access-key-id", source="env")
    f.gap("more than 10000 findings in config, manifest and the documents beside them")
    f.never = [word.encode() for word in [words[0], words[1], words[-1]]]


@attack
def findings_of_one_layer_in_fifty_images(f: Attack) -> None:
    """An index whose images share a layer: the layer is read once, and told in each."""
    tar = dense(f, "a.txt", 2_000) + dense(f, "b.txt", 2_000) + END
    layout = Layout()
    layout.finish(*[layout.image([Blob(tar, tar)], Labels={"n": str(number)})
                    for number in range(50 * f.size)])
    f.target_layout(layout)
    f.complete = None
    f.open = True
    f.seen("aws-access-key-id", path="a.txt")
    f.gap("the report takes more than its share of memory")
    in_little_memory(f)


@attack
def findings_in_tiny_files(f: Attack) -> None:
    """One in each of 40,000 members of an archive."""
    archive = containers.zip_of({f"f{number}": word for number, word
                                 in enumerate(key_ids(f, 40_000 * f.size))}, "stored")
    f.target_file("layer", rawtar.member(b"a.zip", archive) + END)
    f.image("partial")
    f.open = True
    f.seen("aws-access-key-id", path="a.zip")
    f.gap("more than 20000 findings in one layer")


@attack
def findings_in_names_and_nothing_else(f: Attack) -> None:
    """More in names than a window may have: then no name of the layer is told, for any may hold one
    that was not kept."""
    f.empty = True
    words = key_ids(f, 16_000 * f.size)
    parts = [rawtar.member_with({b"path": b"/".join(words[at : at + 8])}, b"x")
             for at in range(0, len(words), 8)]
    for _ in range(20):
        _, data = f.layer().text_with("slack")
        name = b"keys/" + f.secrets.github()
        parts.append(rawtar.member(name + b".env", data))
        parts.append(rawtar.member(name, b"contents", kind=rawtar.SYMLINK, link=name))
    f.target_file("layer", b"".join(parts) + END)
    for rule in ("github-pat-classic", "slack-bot-token", "aws-access-key-id"):
        f.seen(rule)
    f.gap("ambiguous-archive: contents of a link, folder or device")
    f.image("partial")
    f.open = True
    f.formats = FORMATS
