"""Tar archives that one reader unpacks otherwise than the next: what is hidden from one is found,
and that readers differ is said (`ambiguous-archive`). tests/hostile/readers.py reads all of these
but empty_members_by_the_hundred_thousand with GNU tar and Python's tarfile as well."""

import rawtar
from attack import MIB, Attack, attack
from rawtar import DIRECTORY, END, GNU, HARDLINK, SYMLINK, padded

AMBIGUOUS = "ambiguous-archive"


def smuggle(f: Attack, tar: bytes, gap: str = AMBIGUOUS, state: str = "partial") -> None:
    f.arguments.append("layer:layer.tar")
    (f.out / "layer.tar").write_bytes(tar)
    f.image(state)
    if gap:
        f.gap(gap)


def hidden(f: Attack, kind: str = "github") -> bytes:
    """A member with a secret, found wherever it stands."""
    _, data = f.layer().text_with(kind)
    f.seen({"github": "github-pat-classic", "slack": "slack-bot-token"}[kind])
    return rawtar.member(b"etc/hidden.env", data)


def plain(name: bytes = b"etc/plain") -> bytes:
    return rawtar.member(name, b"nothing to see\n")


@attack
def pax_size_over_the_headers(f: Attack) -> None:
    """The record's size takes the next member in; the header's does not."""
    inner = hidden(f)
    body = b"cover\n"
    whole = padded(body) + inner
    tar = rawtar.pax({b"size": b"%d" % len(whole)}) + rawtar.header(b"a.txt", len(body)) + whole
    smuggle(f, tar + plain() + END)


@attack
def pax_size_under_the_headers(f: Attack) -> None:
    """The header's size takes the next member in; the record's does not."""
    inner = hidden(f)
    body = b"cover\n"
    whole = padded(body) + inner
    tar = rawtar.pax({b"size": b"%d" % len(body)}) + rawtar.header(b"a.txt", len(whole)) + whole
    smuggle(f, tar + plain() + END)


@attack
def pax_size_where_the_header_says_none(f: Attack) -> None:
    inner = hidden(f)
    tar = rawtar.pax({b"size": b"%d" % len(inner)}) + rawtar.header(b"a.txt", 0) + inner
    smuggle(f, tar + plain() + END)


@attack
def pax_size_twice(f: Attack) -> None:
    """Two sizes in one header: the later one holds, or the first."""
    inner = hidden(f)
    body = b"cover\n"
    records = pax_records([(b"size", b"%d" % len(body)),
                           (b"size", b"%d" % (len(padded(body)) + len(inner)))])
    smuggle(f, records + rawtar.header(b"a.txt", len(body)) + padded(body) + inner + plain() + END)


@attack
def pax_path_twice(f: Attack) -> None:
    secret, data = f.layer().text_with("github")
    f.seen()
    records = pax_records([(b"path", b"etc/one.env"), (b"path", b"etc/other.env")])
    smuggle(f, records + rawtar.header(b"x", len(data)) + padded(data) + END)


def pax_records(records: list[tuple[bytes, bytes]], kind: bytes = b"x") -> bytes:
    """As rawtar.pax, with the same key as often as one likes."""
    body = b"".join(rawtar.pax_record(key, value) for key, value in records)
    return rawtar.header(b"PaxHeaders/0", len(body), kind) + padded(body)


@attack
def pax_path_with_nul(f: Attack) -> None:
    """Readers in C end the path at the NUL, others do not."""
    _, data = f.layer().text_with("github")
    f.seen()
    tar = rawtar.member_with({b"path": b"etc/shown\0/../hidden"}, b"x", data)
    smuggle(f, tar + END)


@attack
def pax_path_against_gnu_name(f: Attack) -> None:
    """Both ways to write a long name, with different names."""
    _, data = f.layer().text_with("github")
    f.seen()
    tar = rawtar.gnu_long(b"etc/by-gnu.env") + rawtar.pax({b"path": b"etc/by-pax.env"})
    smuggle(f, tar + rawtar.header(b"x", len(data)) + padded(data) + END)


@attack
def pax_global_path(f: Attack) -> None:
    """A path for all members at once: some readers give it to each, others to none."""
    tar = rawtar.pax({b"path": b"etc/everywhere"}, b"g") + hidden(f)
    smuggle(f, tar + plain() + END)


@attack
def pax_global_size(f: Attack) -> None:
    f.empty = True
    inner = hidden(f)
    tar = rawtar.pax({b"size": b"%d" % len(inner)}, b"g") + rawtar.header(b"a.txt", 0) + inner
    smuggle(f, tar + END)


@attack
def pax_header_for_a_header(f: Attack) -> None:
    """Two extended headers in a row: the second is for the member, the first for the second."""
    _, data = f.layer().text_with("github")
    f.seen()
    tar = rawtar.pax({b"path": b"etc/first.env"}) + rawtar.pax({b"path": b"etc/second.env"})
    smuggle(f, tar + rawtar.header(b"x", len(data)) + padded(data) + END)


@attack
def pax_record_with_a_wrong_length(f: Attack) -> None:
    """A length that ends within the next record: what stands there depends on the reader."""
    _, data = f.layer().text_with("github")
    f.seen()
    body = b"12 comment=x\n30 path=etc/other.env\n18 path=etc/a.env\n"
    tar = rawtar.header(b"PaxHeaders/0", len(body), b"x") + padded(body)
    smuggle(f, tar + rawtar.header(b"x", len(data)) + padded(data) + END)


@attack
def pax_size_that_is_no_number(f: Attack) -> None:
    _, data = f.layer().text_with("github")
    f.seen()
    tar = rawtar.pax({b"size": b"-1"}) + rawtar.header(b"a", len(data)) + padded(data)
    smuggle(f, tar + plain() + END, "negative")


@attack
def size_field_with_letters(f: Attack) -> None:
    """Octal digits with something else among them: read to there, as zero, or refused."""
    _, data = f.layer().text_with("github")
    f.seen()
    tar = with_size_field(b"a.env", b"%06o 7777\0" % len(data)) + padded(data)
    smuggle(f, plain() + tar + plain() + END, "")
    f.gap()


def with_size_field(name: bytes, field: bytes, kind: bytes = b"0") -> bytes:
    """A header whose twelve bytes of size are these, with a checksum that holds."""
    block = bytearray(rawtar.header(name, 0, kind))
    block[124:136] = field.ljust(12, b"\0")[:12]
    return rawtar.sealed(block)


@attack
def size_negative(f: Attack) -> None:
    """Base 256 has a sign: -512 would make a reader go back over the same header for ever."""
    tar = with_size_field(b"a.env", b"\xff" * 10 + b"\xfe\x00")
    smuggle(f, tar + hidden(f) + END, "")
    f.gap()


@attack
def size_of_eight_exabytes(f: Attack) -> None:
    tar = with_size_field(b"a.env", b"\x80\0\0\0\x7f" + b"\xff" * 7)
    smuggle(f, tar + hidden(f) + END, "")
    f.gap()


@attack
def size_past_the_end(f: Attack) -> None:
    """A member of 8 GiB of which a kilobyte is there; what stands in it is found."""
    tar = rawtar.header(b"a.env", 8 << 30) + hidden(f)
    smuggle(f, tar + END, "")
    f.gap()


@attack
def symlink_with_contents(f: Attack) -> None:
    """A link has none; a reader that skips them and one that does not see different members."""
    inner = hidden(f)
    smuggle(f, rawtar.header(b"link", len(inner), SYMLINK, b"target") + inner + plain() + END)


@attack
def hard_link_with_contents(f: Attack) -> None:
    inner = hidden(f)
    tar = plain(b"target") + rawtar.header(b"link", len(inner), HARDLINK, b"target") + inner
    smuggle(f, tar + plain() + END)


@attack
def directory_with_contents(f: Attack) -> None:
    inner = hidden(f)
    smuggle(f, rawtar.header(b"folder/", len(inner), DIRECTORY) + inner + plain() + END)


@attack
def device_with_contents(f: Attack) -> None:
    inner = hidden(f)
    smuggle(f, rawtar.header(b"dev/null", len(inner), b"3") + inner + plain() + END)


@attack
def members_behind_the_end(f: Attack) -> None:
    """Two blocks of zeros, then more: no runtime unpacks it, and whoever has the layer reads it."""
    smuggle(f, plain() + END + hidden(f) + END)


@attack
def members_behind_one_block_of_zeros(f: Attack) -> None:
    smuggle(f, plain() + b"\0" * 512 + hidden(f) + END)


@attack
def archive_behind_an_archive(f: Attack) -> None:
    """Fifty archives one behind the other, as `cat` joins them."""
    smuggle(f, plain() + END + (plain(b"etc/other") + END) * (50 * f.size) + hidden(f) + END)


@attack
def bytes_behind_the_end(f: Attack) -> None:
    """No member, only bytes: they belong to nobody, and are read."""
    secret = f.secrets.github()
    f.seen(source="trailer")
    smuggle(f, plain() + END + b"#" * 100 + b" " + secret + b"\n" + b"\0" * 500, "", "complete")


@attack
def pax_header_of_64_mebibytes(f: Attack) -> None:
    """One record as long as many layers: never held, and what is in it is read."""
    f.empty = True
    secret = f.secrets.github()
    value = (b"word " * (13 * MIB)) + b" " + secret + b" "
    tar = rawtar.pax({b"comment": value}) + rawtar.header(b"x", 0)
    f.seen(source=["header", "trailer", "file"])
    smuggle(f, tar + hidden(f, "slack") + END, "")
    f.gap()
    f.scanned = 90 * MIB


@attack
def gnu_name_of_64_mebibytes(f: Attack) -> None:
    f.empty = True
    tar = rawtar.gnu_long(b"folder/" * (9 * MIB)) + rawtar.header(b"x", 0, magic=GNU)
    smuggle(f, tar + hidden(f) + END, "")
    f.gap()
    f.scanned = 300 * MIB


@attack
def pax_headers_without_a_member(f: Attack) -> None:
    """20,000 extended headers and no member that they are for."""
    tar = rawtar.pax({b"comment": b"x" * 100}) * (20_000 * f.size)
    smuggle(f, plain() + tar + hidden(f) + END, "")
    f.gap()


@attack
def pax_headers_of_a_mebibyte(f: Attack) -> None:
    """Each as long as is read at all, for a member of nothing, fifty times."""
    f.empty = True
    one = rawtar.pax({b"comment": b"x" * (MIB - 600)}) + rawtar.header(b"x", 0)
    smuggle(f, one * (50 * f.size) + hidden(f) + END, "", "complete")
    f.scanned = 300 * MIB * f.size


@attack
def pax_records_by_the_hundred_thousand(f: Attack) -> None:
    """Attributes without end: 30,000 in one header, which is as many as a mebibyte holds, twenty
    times."""
    f.empty = True
    body = b"".join(rawtar.pax_record(b"SCHILY.xattr.user.%d" % number, b"") for number in range(30_000))
    one = rawtar.header(b"PaxHeaders/0", len(body), b"x") + padded(body) + rawtar.header(b"x", 0)
    smuggle(f, one * (20 * f.size) + hidden(f) + END, "", "complete")


@attack
def empty_members_by_the_hundred_thousand(f: Attack) -> None:
    """150,000; the two millions of the tests `Memory.*` stand in streams.py."""
    f.empty = True
    made = b"".join(rawtar.header(b"d%d/f%d" % (number % 500, number))
                    for number in range(150_000))
    smuggle(f, made * f.size + hidden(f) + END, "", "complete")
    f.scanned = 90 * MIB * f.size


@attack
def members_over_the_limit(f: Attack) -> None:
    """Behind the limit all is one run of bytes, read as such."""
    f.empty = True
    made = b"".join(rawtar.header(b"f%d" % number) for number in range(5000))
    f.arguments += ["--max-members", "1000"]
    smuggle(f, made + hidden(f) + END, "more than 1000 members")


@attack
def sparse_terabytes(f: Attack) -> None:
    """Two hundred files of a terabyte each, of which a block each is there."""
    made = b"".join(
        rawtar.gnu_sparse(b"srv/disk%d" % number, 1 << 40, [((1 << 40) - 512, b"x" * 512)])
        for number in range(200 * f.size))
    smuggle(f, made + hidden(f) + END, "", "complete")
    f.scanned = 2 * MIB * f.size


@attack
def sparse_extents_that_overlap(f: Attack) -> None:
    """Extents on top of each other, backwards, and past the file's end."""
    data = b"value " + f.secrets.github() + b"\n"
    f.seen()
    data = data.ljust(512, b".")
    extents = [(4096, data), (4000, b"x" * 512), (0, b"y" * 512), ((1 << 62), b"z" * 512)]
    smuggle(f, rawtar.gnu_sparse(b"srv/disk", 4608, extents) + plain() + END)


@attack
def sparse_extents_that_overlap_in_pax(f: Attack) -> None:
    """The same where the map stands before the data."""
    data = b"value " + f.secrets.github() + b"\n"
    f.seen()
    data = data.ljust(512, b".")
    tar = rawtar.pax_sparse(b"srv/disk", 4608, [(4096, data), (0, b"y" * 512)])
    smuggle(f, tar + plain() + END)


@attack
def sparse_file_whose_map_is_empty(f: Attack) -> None:
    """A block that no part of the file is, and nobody unpacks."""
    _, data = f.layer().text_with("github")
    f.seen()
    area = bytearray(167)
    area[483 - 345 : 483 - 345 + 12] = rawtar.octal(0, 12)
    tar = rawtar.header(b"srv/disk", len(data), b"S", magic=GNU, prefix=bytes(area))
    smuggle(f, tar + padded(data) + plain() + END)


@attack
def gnu_name_behind_its_size(f: Attack) -> None:
    """A long name of which the size takes in ten bytes: some read to the NUL, some do not."""
    _, data = f.layer().text_with("github")
    f.seen()
    name = b"etc/hidden/by/a/name/that/goes/on.env"
    tar = rawtar.header(b"././@LongLink", 10, b"L", magic=GNU) + padded(name + b"\0")
    smuggle(f, tar + rawtar.header(b"etc/x", len(data), magic=GNU) + padded(data) + END)


@attack
def pax_header_with_nuls_behind_its_records(f: Attack) -> None:
    """The records hold for some readers; others pass over all of them."""
    _, data = f.layer().text_with("github")
    f.seen()
    body = rawtar.pax_record(b"path", b"etc/hidden.env").ljust(400, b"\0")
    tar = rawtar.header(b"PaxHeaders/0", len(body), b"x") + padded(body)
    smuggle(f, tar + rawtar.header(b"etc/x", len(data)) + padded(data) + END)


@attack
def hard_link_whose_header_has_no_target(f: Attack) -> None:
    """The target stands in the extended header alone: a link to some, nothing to others."""
    tar = hidden(f) + rawtar.pax({b"linkpath": b"etc/hidden.env"})
    smuggle(f, tar + rawtar.header(b"etc/link", kind=HARDLINK) + END)


def sparse_map(count: int) -> bytes:
    """A pax sparse file of so many extents of one byte, whose map is longer than its data."""
    numbers = b"%d\n" % count + b"".join(b"%d\n1\n" % (number * 2) for number in range(count))
    body = padded(numbers) + b"x" * count
    records = {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.name": b"disk",
               b"GNU.sparse.realsize": b"%d" % (count * 2)}
    return rawtar.pax(records) + rawtar.header(b"GNUSparseFile.0/f", len(body)) + padded(body)


@attack
def sparse_map_of_a_hundred_thousand_extents(f: Attack) -> None:
    """Almost a mebibyte of them, which is as long as such a map may be."""
    smuggle(f, sparse_map(100_000) + hidden(f) + END, "", "complete")
    f.scanned = 8 * MIB


@attack
def sparse_map_of_a_million_extents(f: Attack) -> None:
    smuggle(f, sparse_map(1_000_000 * f.size) + hidden(f) + END,
            "headers of more than 1048576 bytes")
    f.scanned = 12 * MIB * f.size


@attack
def sparse_map_without_end(f: Attack) -> None:
    """Old GNU: each block of the map says that there is one more."""
    more = bytearray(512)
    more[504] = 1
    head = bytearray(rawtar.header(b"disk", 0, b"S", magic=GNU))
    head[482] = 1
    smuggle(f, rawtar.sealed(head) + bytes(more) * (20_000 * f.size) + hidden(f) + END, "")
    f.images = []
    f.gap("tar: Damaged tar archive")


def gnu_map(count: int) -> bytes:
    """Old GNU: so many extents of one byte, four in the header and 21 in each block behind it."""
    def extents(first: int, last: int) -> bytes:
        return b"".join(b"%011o\0%011o\0" % (2 * number, 1) for number in range(first, last))

    head = bytearray(rawtar.header(b"disk", count, b"S", magic=GNU))
    head[386:482] = extents(0, 4)
    head[482] = 1
    head[483:495] = b"%011o\0" % (2 * count)
    blocks = [extents(first, min(first + 21, count)).ljust(504, b"\0") +
              (b"\1" if first + 21 < count else b"\0").ljust(8, b"\0")
              for first in range(4, count, 21)]
    return rawtar.sealed(head) + b"".join(blocks) + padded(b"x" * count)


@attack
def sparse_map_of_four_million_extents(f: Attack) -> None:
    """100 MB, in which libarchive would hold each; the member is given up before."""
    smuggle(f, gnu_map(4_000_000 * f.size) + hidden(f) + END,
            "tar: headers of more than 1048576 bytes")


@attack
def types_that_nobody_knows(f: Attack) -> None:
    """Volume labels, parts of other volumes, dumped folders, and letters that mean nothing."""
    tar = b"".join(rawtar.header(b"x%c" % kind, 0, bytes([kind])) for kind in b"VMNDXAZz79~")
    smuggle(f, tar + hidden(f) + END, "ambiguous-archive: a member of a type")


@attack
def numbers_that_overflow(f: Attack) -> None:
    """Owners, times and devices of 2^63 and more, in pax and in base 256."""
    f.empty = True
    records = {b"mtime": b"9" * 300, b"uid": b"18446744073709551616", b"gid": b"-5",
               b"atime": b"1e400", b"ctime": b"0." + b"9" * 5000}
    tar = rawtar.member_with(records, b"a", b"text\n")
    block = bytearray(rawtar.header(b"b"))
    for at, width in ((100, 8), (108, 8), (116, 8), (136, 12), (329, 8), (337, 8)):
        block[at : at + width] = b"\xff" * width
    smuggle(f, tar + rawtar.sealed(block) + hidden(f) + END, "", "complete")


@attack
def paths_of_a_megabyte(f: Attack) -> None:
    """Paths that no file system takes: of one name, and of 400,000 folders."""
    deep = rawtar.member_with({b"path": b"d/" * 400_000 + b"f"}, b"x", b"text\n")
    long = rawtar.member_with({b"path": b"n" * 800_000}, b"x", b"text\n")
    smuggle(f, (deep + long) * (10 * f.size) + hidden(f) + END, "a path of more than 4096 bytes")
