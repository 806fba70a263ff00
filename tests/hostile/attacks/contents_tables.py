"""Tables of contents of lazy pulling formats against the tar that they are of: a runtime that
mounts by the table and one that unpacks the tar see different files."""

import compress
import rawtar
from attack import MIB, Attack, attack
from lazy import ESTARGZ_TABLE, entries_of, estargz, estargz_end, estargz_footer, table_of, zstd_chunked
from oci import Blob
from rawtar import END

OTHERWISE = "ambiguous-archive: the table of contents says otherwise"
ALONE = "ambiguous-archive: only the table of contents has it"


def in_estargz(f: Attack, parts: list[bytes], table: bytes, states: list | None = None) -> None:
    f.one_image(Blob(estargz(parts, table), b"".join(parts) + END), states=states)


def in_zstd_chunked(f: Attack, parts: list[bytes], table: bytes, states: list | None = None,
                    hidden: bytes = b"") -> None:
    blob, annotations = zstd_chunked(parts, table, hidden)
    f.one_image(Blob(blob, b"".join(parts) + END, annotations=annotations), states=states)


@attack
def table_with_a_secret_in_estargz(f: Attack) -> None:
    layer = f.layer().file("a")
    f.seen()
    in_estargz(f, layer.parts, table_of(entries_of(layer.parts), note=f.secrets.github().decode()))


def files(f: Attack, names: list[str]) -> tuple[list[bytes], list[dict]]:
    """An honest layer of empty files, in one frame, and its entries."""
    f.empty = True
    tar = b"".join(rawtar.member(name.encode()) for name in names)
    return [tar], entries_of([tar])


@attack
def table_with_a_secret_in_zstd_chunked(f: Attack) -> None:
    """The table is compressed, in a frame that decoders step over."""
    parts, listed = files(f, [f"usr/share/doc/package{number}/copyright" for number in range(500)])
    f.seen(source="trailer")
    in_zstd_chunked(f, parts, table_of(listed, note=f.secrets.github().decode()))


@attack
def table_of_a_large_image_in_zstd_chunked(f: Attack) -> None:
    """What an honest image of 100,000 files has: no gap. The secret is in its last entry."""
    parts, listed = files(f, [f"usr/share/d{number % 997}/file{number}"
                              for number in range(100_000)])
    listed[-1]["xattrs"] = {"user.note": f.secrets.github().decode()}
    f.seen(source="trailer")
    in_zstd_chunked(f, parts, table_of(listed))


def tar_that_is_contradicted(f: Attack) -> tuple[list[bytes], list[dict]]:
    """What a runtime that unpacks the tar has, with a secret in each file; and for each member an
    entry that says something else of it."""
    parts = []
    for number in range(7):
        secret, data = f.layer().text_with("github")
        name = f"etc/app{number}.env"
        parts.append(rawtar.member(name.encode(), data))
        f.found("github-pat-classic", data, secret, name)
    parts.append(rawtar.member(b"bin/link", kind=rawtar.SYMLINK, link=b"/etc/app0.env"))
    listed = entries_of(parts)
    for number, other in enumerate([{"size": 7}, {"mode": 0o4755}, {"uid": 1000}, {"type": "dir"},
                                    {"type": "symlink", "linkName": "/etc/passwd"}]):
        listed[number] |= other
        f.gap(OTHERWISE, path=f"etc/app{number}.env")
    listed[5] |= {"name": "etc/another"}
    f.gap(ALONE, path="etc/another")
    f.gap("ambiguous-archive: the table of contents lacks 1 of the members")
    listed[-1] |= {"linkName": "/etc/elsewhere"}
    f.gap(OTHERWISE, path="bin/link")
    return parts, listed


@attack
def table_against_the_tar_in_estargz(f: Attack) -> None:
    """Who mounts by the table sees other files than who unpacks the tar. All bytes are read, so
    nothing is missed; that the two disagree is told, by path."""
    parts, listed = tar_that_is_contradicted(f)
    in_estargz(f, parts, table_of(listed), ["partial"])


@attack
def table_against_the_tar_in_zstd_chunked(f: Attack) -> None:
    """The same, where the table is in a skippable frame."""
    parts, listed = tar_that_is_contradicted(f)
    in_zstd_chunked(f, parts, table_of(listed), ["partial"])


@attack
def table_that_names_its_members_in_another_case(f: Attack) -> None:
    """Go's JSON takes `NAME` and a long s for names of the same member, others do not; and of two
    entries of a path the later one counts."""
    layer = f.layer()
    for name in ["etc/a.env", "etc/b.env", "etc/c.env"]:
        layer.secret(name)
    listed = entries_of(layer.parts)
    listed[0]["NAME"] = "etc/evil.env"
    listed[1]["\u017fize"] = 3
    listed.append({**listed[2], "mode": 0o4777})
    f.gap("ambiguous-archive: a table of contents in which a name stands twice or in another case")
    f.gap(ALONE, path="etc/evil.env")
    f.gap(OTHERWISE, path="etc/b.env")
    f.gap(OTHERWISE, path="etc/c.env")
    in_zstd_chunked(f, layer.parts, table_of(listed), ["partial"])


@attack
def tables_that_disagree_with_each_other(f: Attack) -> None:
    """Of two tables beside the files one is honest; and two more in the tar, of which a footer
    leads to the first."""
    layer = f.layer()
    layer.secret("etc/app.env")
    honest = table_of(entries_of(layer.parts))
    other = table_of([{"name": "etc/evil", "type": "reg", "size": 1}])
    blob, _ = zstd_chunked(layer.parts, honest)
    f.target_file("both.zst", blob + compress.skippable(compress.zstd(other)))
    first = compress.gzip_member(layer.parts[0])
    second = compress.gzip_member(rawtar.member(ESTARGZ_TABLE, other))
    third = compress.gzip_member(rawtar.member(ESTARGZ_TABLE, honest) + END)
    f.target_file("two.tgz", first + second + third + estargz_footer(len(first)))
    for target in f.arguments:
        f.told.append(target)
    f.image("partial")
    f.image("partial")
    f.open = True
    f.gap(ALONE, path="etc/evil")
    f.gap("ambiguous-archive: more than one table of contents in the tar")


@attack
def footer_that_leads_to_no_table(f: Attack) -> None:
    """To nothing, to a table that is cut, to one that is another document, and to one that no
    JSON reader would take so far down."""
    f.empty = True
    layer = f.layer()
    layer.secret("etc/app.env")
    body = compress.gzip_member(layer.parts[0])
    whole = table_of(entries_of(layer.parts))
    f.target_file("none.tgz", body + compress.gzip_member(END) + estargz_footer(0))
    for name, table in [("cut", whole[:-20]), ("other", b"[1]"), ("empty", b""),
                        ("deep", b'{"entries":[' + b"[" * 100_000)]:
        f.target_file(f"{name}.tgz", body + estargz_end(len(body), table))
    for target in f.arguments:
        f.told.append(target)
        f.image("partial")
    f.open = True
    f.gap("ambiguous-archive: a footer leads to a table of contents that is no member")
    f.gap("ambiguous-archive: a table of contents that is damaged")
    f.gap("ambiguous-archive: a table of contents that is none")


@attack
def table_longer_than_any(f: Attack) -> None:
    """Of 100 MiB; with one text of 2 MiB; and one whose entries are all of paths that are long, and
    not there."""
    layer = f.layer()
    layer.secret("etc/app.env")
    name = "d/" * 1900
    listed = [{"name": f"{name}{number}", "type": "reg", "size": number}
              for number in range(2000 * f.size)]
    entries = entries_of(layer.parts)
    for table in [table_of(entries, notes=["x" * 1000] * (100 << 10)),
                  table_of(entries, note="x" * (2 * MIB)), table_of(listed)]:
        blob, _ = zstd_chunked(layer.parts, table)
        f.target_file(f"layer{len(f.arguments)}.zst", blob)
        f.told.append(f.arguments[-1])
        f.image("partial")
    f.open = True
    f.gap("a table of contents of more than 67108864 bytes was not held against the tar")
    f.gap("a table of contents with a text of more than 1 MiB was not held against the tar")
    f.gap("ambiguous-archive: {} more entries of the table of contents".format(2000 * f.size - 100))


@attack
def contents_that_only_the_table_knows(f: Attack) -> None:
    """A compressed file in a skippable frame, to which the table leads: no tar has it."""
    layer = f.layer().file("a")
    text = b"".join(b"setting number %d has a value\n" % number for number in range(2000))
    hidden = compress.zstd(text + b"token " + f.secrets.github() + b"\n" + text)
    listed = [*entries_of(layer.parts), {"name": "etc/hidden", "type": "reg", "size": 99,
                                         "offset": 600, "endOffset": 600 + len(hidden)}]
    f.seen(source="trailer")
    f.gap(ALONE, path="etc/hidden")
    in_zstd_chunked(f, layer.parts, table_of(listed), ["partial"], hidden)


@attack
def bomb_in_a_skippable_frame(f: Attack) -> None:
    """Compressed zeros where the table should be."""
    from attacks.bombs import rle_frame
    layer = f.layer()
    layer.secret("etc/app.env")
    blob = compress.zstd(layer.parts[0] + END) + compress.skippable(rle_frame(8 << 30))
    f.one_image(Blob(blob, layer.parts[0] + END), states=["partial"])
    f.gap("frame")
    f.scanned = 300 * MIB
