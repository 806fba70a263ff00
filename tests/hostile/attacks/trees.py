"""Links and whiteouts that lead nowhere, back, or without end; names that are not for a terminal."""

import gzip

import compress
import containers
import rawtar
from attack import FORMATS, Attack, attack
from lazy import entries_of, table_of, zstd_chunked
from oci import Blob, Layout
from rawtar import HARDLINK, SYMLINK


def link(path: str, target: str, kind: bytes = SYMLINK) -> bytes:
    return rawtar.member(path.encode(), kind=kind, link=target.encode())


@attack
def hard_links_in_a_ring(f: Attack) -> None:
    """Each is a link to the next one, and none is a file."""
    layer, upper = f.layer(0), f.layer(1)
    names = [f"ring/{number}" for number in range(1000)]
    for name, target in zip(names, [*names[1:], names[0]]):
        layer.raw(link(name, target, HARDLINK))
    layer.raw(link("self", "self", HARDLINK))
    layer.secret("etc/app.env", visibility="deleted", hidden_by=1)
    upper.file("etc/.wh.app.env", b"")
    f.one_image(layer.blob(), upper.blob())


@attack
def hard_links_in_a_long_chain(f: Attack) -> None:
    """10,000 names of one file, each a link to the one before; the last one keeps it alive."""
    layer, upper = f.layer(0), f.layer(1)
    layer.secret("chain/0")
    for number in range(1, 10_000 * f.size):
        layer.raw(link(f"chain/{number}", f"chain/{number - 1}", HARDLINK))
    upper.file("chain/.wh.0", b"")
    f.one_image(layer.blob(), upper.blob())


@attack
def symbolic_links_in_a_ring(f: Attack) -> None:
    """bin leads to usr/bin and back; what lies behind has no place, and is found."""
    layer = f.layer()
    for name, target in (("bin", "/usr/bin"), ("usr/bin", "/bin"), ("self", "self"),
                         ("a", "b"), ("b", "a"), ("up", "../../../../up")):
        layer.raw(link(name, target))
    layer.secret("bin/app.env")
    layer.secret("self/self/self/x.env", "slack")
    layer.file("bin/sh", b"#!/bin/bash\n", mode=0o755)
    f.one_image(layer.blob())


@attack
def symbolic_links_that_double(f: Attack) -> None:
    """Each folder's link leads through the one below it twice: 2^60 steps for who follows."""
    layer = f.layer()
    layer.directory("d0")
    for number in range(1, 60):
        layer.raw(link(f"d{number}", f"/d{number - 1}/../d{number - 1}"))
    layer.secret("d59/d59/app.env")
    layer.raw(rawtar.member(b"var/lib/dpkg/status",
                            b"Package: x\nStatus: install ok installed\nVersion: 1\n\n"))
    layer.raw(rawtar.member(b"var/lib/dpkg/info/x.list", b"/d59/tool\n"))
    f.one_image(layer.blob())


@attack
def links_out_of_the_image(f: Attack) -> None:
    """Names and targets that climb: no file of the machine is ever read through them."""
    layer = f.layer()
    layer.raw(link("etc/shadow", "/../../../../etc/shadow"))
    layer.raw(link("x", "../../../../../../etc/passwd", HARDLINK))
    secret, data = layer.text_with("github")
    layer.file("../../../../../../tmp/app.env", data)
    layer.expect("github", data, secret, "tmp/app.env")
    f.one_image(layer.blob())


@attack
def whiteouts_of_whiteouts(f: Attack) -> None:
    """Whiteouts of whiteouts, of nothing, of the root and of each other; none hides what it must
    not."""
    lower, middle, upper = f.layer(0), f.layer(1), f.layer(2)
    lower.secret("app/kept.env")
    lower.secret("app/gone.env", "slack", visibility="deleted", hidden_by=1)
    middle.file("app/.wh.gone.env", b"")
    for name in (".wh.", ".wh..", ".wh...", ".wh..wh.", ".wh..wh..wh.x", "app/.wh..wh.gone.env",
                 "app/.wh..wh..plnk", "app/.wh..wh..aufs"):
        upper.file(name, b"")
    upper.file("other/.wh..wh..opq/inside", b"nothing\n")
    f.one_image(lower.blob(), middle.blob(), upper.blob())


@attack
def whiteouts_with_contents(f: Attack) -> None:
    """A marker should be empty. One that is a folder, a link or has a secret in it is read."""
    lower, upper = f.layer(0), f.layer(1)
    lower.secret("app/a.env", "slack", visibility="deleted", hidden_by=1)
    _, data = upper.text_with("github")
    upper.file("app/.wh.a.env", data)
    f.seen(layer_index=1)
    upper.directory("app/.wh.folder")
    upper.raw(link("app/.wh.link", "/etc"))
    f.one_image(lower.blob(), upper.blob())


@attack
def layers_that_hide_each_other(f: Attack) -> None:
    """127 layers, each of which deletes what the one below put there and puts it back."""
    layers = []
    count = 127
    for number in range(count):
        layer = f.layer(number)
        last = number == count - 1
        layer.secret("app/.env", visibility="visible" if last else ["deleted", "overwritten"],
                     hidden_by=-1 if last else number + 1)
        layer.file("app/.wh.old", b"")
        layers.append(layer.blob())
    f.one_image(*layers)


@attack
def one_layer_a_thousand_times(f: Attack) -> None:
    """A manifest that lists one blob again and again: scanned once, told each time."""
    layer = f.layer()
    _, data = layer.text_with("github")
    layer.file("app/.env", data)
    count = 1000 * f.size
    f.open = True
    f.seen()
    f.one_image(*[layer.blob()] * count)
    f.scanned = 2 << 20


@attack
def folder_and_file_of_one_name(f: Attack) -> None:
    """`a` is a file, a folder, a link and a device in turn, with things below it each time."""
    layer = f.layer()
    for _ in range(200):
        layer.file("a").directory("a").raw(link("a", "/b"))
        layer.raw(rawtar.header(b"a", kind=b"3")).file("a/b/c")
    layer.secret("a/b/d.env")
    f.findings[-1].pop("visibility")
    f.findings[-1].pop("hidden_by")
    f.one_image(layer.blob())


def many_long_links(f: Attack, kind: bytes) -> None:
    """3,000 links, each with a name and a target of half a megabyte that compress to nothing."""
    text = b"t/" * (250 << 10)
    record = rawtar.pax({b"linkpath": text, b"path": text})
    body = record + rawtar.header(b"x", kind=kind, link=b"y")
    after = f.layer()
    after.secret("etc/after.env")
    packed = compress.gzip_member(body)
    f.target_file("layer", packed * (3000 * f.size) + compress.gzip_member(after.tar()))
    f.image("partial")
    f.gap("a path of more than 4096 bytes")


@attack
def symbolic_links_of_megabytes(f: Attack) -> None:
    many_long_links(f, SYMLINK)


@attack
def hard_links_of_megabytes(f: Attack) -> None:
    many_long_links(f, HARDLINK)


@attack
def names_of_megabytes_with_secrets(f: Attack) -> None:
    """A finding repeats its path: 1,500 of them with paths of half a megabyte each."""
    _, data = f.layer().text_with("github")
    body = rawtar.member_with({b"path": b"p/" * (250 << 10)}, b"x", data)
    f.target_file("layer", compress.gzip_member(body) * (1500 * f.size) +
                  compress.gzip_member(rawtar.END))
    for _ in range(1500 * f.size):
        f.seen()
    f.gap("a path of more than 4096 bytes")
    f.open = True


ESCAPES = [b"\x1b[2J\x1b[31m", b"\x9b31m", b"\x07", b"\x1b]0;title\x07", b"\rx.env"]


def in_all_formats(f: Attack, name: bytes, *never: bytes, **members: object) -> None:
    """A secret in a file of that name, reported in every format."""
    layer = f.layer()
    secret, data = layer.text_with("github")
    layer.file(b"app/" + name, data)
    f.seen(**members)
    f.formats = FORMATS
    f.never = list(never)
    f.one_image(layer.blob())


@attack
def name_with_terminal_escapes(f: Attack) -> None:
    in_all_formats(f, b"".join(ESCAPES), *ESCAPES)


@attack
def name_with_line_breaks(f: Attack) -> None:
    """A name that looks like lines of a report of its own."""
    in_all_formats(f, b"x\n  critical  forged line\nstratascan: all is well\n.env",
                   b"\n  critical  forged line", b"\nstratascan: all is well")


@attack
def name_from_right_to_left(f: Attack) -> None:
    """U+202E turns the rest of the line round, U+2066 hides it, U+200B is not there."""
    marks = ["\N{RIGHT-TO-LEFT OVERRIDE}", "\N{LEFT-TO-RIGHT ISOLATE}", "\N{ZERO WIDTH SPACE}",
             "\N{LINE SEPARATOR}", "\N{RIGHT-TO-LEFT MARK}"]
    in_all_formats(f, "x{}{}gpj.vne{}{}{}".format(*marks).encode(),
                   *(mark.encode() for mark in marks))


@attack
def name_with_markup(f: Attack) -> None:
    """HTML, Markdown, XML and a spreadsheet's formula."""
    name = b"<script>alert(1)</script><img src=x onerror=alert(2)>]]>&x;`|![a](javascript:b)"
    in_all_formats(f, name + b"' \" --> .env")
    f.markup = [b"<script>alert(1)", b"<img src=x"]


@attack
def name_that_is_a_formula(f: Attack) -> None:
    layer = f.layer()
    _, data = layer.text_with("github")
    layer.file("=cmd|'/c calc'!A1", data)
    f.seen()
    f.formats = ["csv"]
    f.never = [b",=cmd", b",\"=cmd", b"\n=cmd"]
    f.one_image(layer.blob())


@attack
def name_that_is_no_utf8(f: Attack) -> None:
    """Overlong forms, surrogates, lone bytes and code points past the last one."""
    broken = b"\xc0\xaf..\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xff\xfe\x80"
    in_all_formats(f, broken + b".env", b"\xc0\xaf", b"\xed\xa0\x80",
                   b"\xf4\x90\x80\x80", b"\xff\xfe")


@attack
def image_of_hostile_words(f: Attack) -> None:
    """Build steps, labels, variables, the tag and the author: whoever built it chose them."""
    bad = "\x1b[2J<script>alert(1)</script>\n  critical  forged line\u202e"
    layer = f.layer()
    layer.secret("app/.env")
    secret = f.secrets.slack().decode()
    f.seen("slack-bot-token")
    layout = Layout()
    image = layout.image([layer.blob()], history=[{"created_by": bad, "author": bad,
                                                   "comment": bad}],
                         tag=bad, Env=[f"{bad}={secret}"], Labels={bad: bad}, User=bad,
                         Entrypoint=[bad], Cmd=[bad])
    layout.finish(image)
    f.target_layout(layout)
    f.image("complete")
    f.findings[0].pop("created_by", None)
    f.formats = FORMATS
    f.never = [b"\x1b[2J", b"\n  critical  forged line"]
    f.markup = [b"<script>alert(1)"]


@attack
def names_of_secrets(f: Attack) -> None:
    """Tokens as names of files, folders, links, targets, variables, labels and tags."""
    layer = f.layer()
    for _ in range(3):
        layer.file(b"a/" + f.secrets.github() + b"/b", b"x\n")
        layer.raw(rawtar.member(b"l/" + f.secrets.github(), kind=SYMLINK,
                                link=b"/run/" + f.secrets.slack()))
        layer.raw(rawtar.member(b"h/" + f.secrets.npm(), kind=HARDLINK, link=b"a/b"))
        layer.file(b"w/.wh." + f.secrets.stripe(), b"")
    layout = Layout()
    words = [f.secrets.github().decode() for _ in range(4)]
    layout.finish(layout.image([layer.blob()], tag=words[0], Env=[f"{words[1]}=x"],
                               Labels={words[2]: "x"}, User=words[3]))
    f.target_layout(layout)
    f.image("complete")
    f.open = True
    for rule, count in (("github-pat-classic", 10), ("slack-bot-token", 3), ("npm-access-token", 3),
                        ("stripe-secret-key", 3)):
        for _ in range(count):
            f.seen(rule)
    f.formats = FORMATS


@attack
def names_of_secrets_in_what_is_not_read(f: Attack) -> None:
    """A gap repeats the name of what it is about: of a member that is cut, that readers do not
    agree on, whose path is too long, that is a damaged archive, and of an entry that only a
    table of contents has."""
    def name(before: bytes = b"keys/", after: bytes = b".txt") -> bytes:
        return before + f.secrets.github() + after

    archive = containers.zip_of({name().decode(): b"some text\n" * 400})
    compressed = gzip.compress(b"text\n" * 9000, mtime=0)
    for number, tar in enumerate([
            rawtar.member(name(), b"x" * 3000)[:1500],
            rawtar.member(name(), b"contents", kind=SYMLINK, link=name()) + rawtar.END,
            rawtar.member(name(b"d/" * 2100)) + rawtar.END,
            rawtar.member(name(after=b"/" + b"d/" * 2100 + b"e")) + rawtar.END,
            rawtar.member(name(), b"x", link=name(b"l/" * 2100), kind=HARDLINK) + rawtar.END,
            rawtar.gnu_sparse(name(), 2000, [(0, b"a" * 600), (300, b"b" * 600)]) + rawtar.END,
            rawtar.member(name(after=b".zip"), archive[:-len(archive) // 2]) + rawtar.END,
            rawtar.member(name(after=b".gz"), compressed[:-40]) + rawtar.END]):
        f.target_file(f"layer{number}", tar)
    parts = [rawtar.member(b"a", b"text\n")]
    listed = [*entries_of(parts), {"name": name().decode(), "type": "reg"}]
    f.target_file("layer.zst", zstd_chunked(parts, table_of(listed))[0])
    for target in f.arguments:
        f.told.append(target)
        f.image("partial")
    f.open = True
    f.formats = FORMATS
    f.seen()


@attack
def package_lists_that_name_one_file(f: Attack) -> None:
    """Twenty thousand times, in one layer that the image has a hundred times: whose the file is, is
    looked up in each for each."""
    layer = f.layer()
    token, _ = layer.text_with("slack")
    layer.file("etc/x.env", token + b"\n")
    line = b"0" * 32 + b"  etc/x.env\n"
    layer.file("var/lib/dpkg/info/a.md5sums", line * 20_000 * f.size)
    layout = Layout()
    layout.finish(layout.image([layer.blob()] * 100))
    f.target_layout(layout)
    for index in range(100):
        f.seen("slack-bot-token", path="etc/x.env", layer_index=index)
    f.image(*["complete"] * 100)
    f.gap("package lists name files so often")


def unread_names(f: Attack, layout: Layout) -> bytes:
    """An archive of the layout with names of which each has a secret: of a text that goes to the
    image, a folder, an empty member, a link, what it leads to, and a name that is too long."""
    def name() -> bytes:
        f.seen("github-pat-classic", path="member names")
        return f.secrets.github()

    layout.files[f"notes/{name().decode()}.json"] = b'{"some":"text"}'
    return b"".join(rawtar.member(path.encode(), data) for path, data in layout.files.items()) + \
        rawtar.directory(b"keys/" + name()) + rawtar.member(b"empty/" + name(), b"") + \
        rawtar.header(b"link/" + name(), kind=SYMLINK, link=b"../" + name()) + \
        rawtar.member(name() + b"/" + b"n" * 300, b"some text\n") + rawtar.END


@attack
def names_of_secrets_in_an_image_archive(f: Attack) -> None:
    """Read in place, and as a stream."""
    for number in range(2):
        layout = Layout()
        layer = rawtar.member(b"etc/motd", b"%d\n" % number) + rawtar.END
        layout.finish(layout.image([Blob(layer, layer)]))
        archive = unread_names(f, layout)
        packed = gzip.compress(archive, mtime=0)
        f.target_file(f"image{number}.tar", archive if number == 0 else packed)
        f.image("complete")
        f.gap("name has more than 256 bytes")
    f.open = True
    f.formats = FORMATS


@attack
def names_of_secrets_in_an_image_layout(f: Attack) -> None:
    """Of a folder, an empty file and a link in it."""
    layout = Layout()
    layer = rawtar.member(b"etc/motd", b"text\n") + rawtar.END
    layout.finish(layout.image([Blob(layer, layer)]))
    f.target_layout(layout)
    folder = f.out / "image"
    (folder / f.secrets.github().decode()).mkdir()
    (folder / f.secrets.github().decode()).write_bytes(b"")
    (folder / f.secrets.github().decode()).symlink_to("/nowhere/" + f.secrets.github().decode())
    for _ in range(4):
        f.seen(path="member names")
    f.image("complete")
    f.empty = True
    f.formats = FORMATS
