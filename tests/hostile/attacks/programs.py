"""ELF files whose headers lie: overlapping, wrapping, huge and absent."""

import struct

from attack import Attack, attack
from rawtar import END

HUGE = 0xFFFFFFFFFFFFFFFF


def elf(segments: list[tuple] = (), phoff: int = 64, phnum: int | None = None, shoff: int = 0,
        shnum: int = 0, shstrndx: int = 0, shentsize: int = 64, phentsize: int = 56,
        kind: int = 2, machine: int = 62, order: str = "<", bits: int = 2) -> bytes:
    head = b"\x7fELF" + bytes([bits, 1 if order == "<" else 2, 1]) + b"\0" * 9
    head += struct.pack(order + "HHIQQQIHHHHHH", kind, machine, 1, 0x400000, phoff & HUGE,
                        shoff & HUGE, 0, 64, phentsize,
                        len(segments) if phnum is None else phnum, shentsize, shnum, shstrndx)
    return head + b"".join(struct.pack(order + "IIQQQQQQ", *segment) for segment in segments)


def load(offset: int, size: int, kind: int = 1) -> tuple:
    return kind, 5, offset, 0x400000, 0x400000, size, size, 4096


def programs(f: Attack, files: dict[str, bytes], behind: bytes = b"text of no note " * 300) -> None:
    """Each with text behind its headers, and a secret in the file behind them all."""
    layer = f.layer()
    for name, data in files.items():
        layer.file(name, data + behind, mode=0o755)
    layer.secret("etc/after.env", "slack")
    f.target_file("layer.tar", layer.tar(END))
    f.image("complete")
    f.complete = True


@attack
def elf_headers_that_wrap(f: Attack) -> None:
    """Offsets and sizes whose sum is past 2^64, and counts that are all that fits."""
    programs(f, {
        "wrap": elf([load(HUGE - 10, 100), load(64, HUGE)]),
        "phoff": elf([load(0, 100)], phoff=HUGE), "phoff2": elf([], phoff=HUGE - 63, phnum=0xFFFF),
        "phnum": elf([load(0, 100)], phnum=0xFFFF), "shoff": elf(shoff=HUGE - 1, shnum=2),
        "shnum": elf(shoff=64, shnum=0xFFFF, shstrndx=0xFFFF),
        "shnum0": elf(shoff=64, shnum=0, shstrndx=0xFFFF),
        "entsize": elf([load(0, 100)], phentsize=0), "entsize2": elf([load(0, 9)], phentsize=0xFFFF),
        "shentsize": elf(shoff=64, shnum=10, shentsize=0)})


@attack
def elf_segments_on_top_of_each_other(f: Attack) -> None:
    """A thousand segments over the same bytes, with notes and dynamic tables among them."""
    programs(f, {
        "same": elf([load(0, 6000)] * 1000),
        "notes": elf([load(0, 6000), *[load(120, 5000, 4)] * 500]),
        "dynamic": elf([load(0, 6000), *[load(64, 6000, 2)] * 500]),
        "interpreters": elf([load(0, 6000), *[load(64, 6000, 3)] * 500])})


@attack
def elf_notes_that_lie(f: Attack) -> None:
    notes = {}
    for number, (name, size) in enumerate(((0xFFFFFFFF, 0), (0, 0xFFFFFFFF), (4, 0x7FFFFFFF),
                                           (0xFFFFFFFC, 0xFFFFFFFC), (3, 1), (0, 0))):
        note = struct.pack("<III", name, size, 3) + b"GNU\0" + b"\1" * 40
        notes[f"note{number}"] = elf([load(0, 4000), load(64 + 112, 4000, 4)]) + note * 50
    programs(f, notes)


@attack
def elf_of_other_shapes(f: Attack) -> None:
    """With something else behind each part of its headers, of the other byte order, of no known
    class."""
    whole = elf([load(0, 4000)])
    files = {f"cut{size}": whole[:size] for size in range(4, 120, 3)}
    files |= {"big": elf([load(0, 4000)], order=">"), "class": elf([load(0, 100)], bits=9),
              "none": b"\x7fELF", "machine": elf([load(0, 10)], machine=0xFFFF, kind=0xFFFF)}
    programs(f, files)


@attack
def elf_cut_in_its_headers(f: Attack) -> None:
    """After each byte of them, and nothing behind."""
    whole = elf([load(0, 4000), load(64, 56, 6)])
    programs(f, {f"cut{size}": whole[:size] for size in range(1, len(whole) + 1)}, b"")


@attack
def elf_build_information_that_points_away(f: Attack) -> None:
    """Go's block of build information with lengths and pointers out of the file."""
    magic = b"\xff Go buildinf:"
    blocks = {}
    for number, tail in enumerate((b"\x08\x02" + b"\0" * 16 + b"\xff" * 10,
                                   b"\x08\x00" + b"\xff" * 16 + b"\0" * 10,
                                   b"\x08\x02" + b"\0" * 16 + b"\x7f" + b"go1.21",
                                   b"\x00\x00" + b"\0" * 30)):
        blocks[f"go{number}"] = elf([load(0, 9000)]).ljust(1024, b"\0") + (magic + tail) * 20
    programs(f, blocks)


@attack
def programs_that_are_all_programs(f: Attack) -> None:
    """The words by which programs are known, by the ten thousand, in one ELF file."""
    words = (b"BusyBox v1.36.1 (2023)\0GNU bash, version 5.2\0curl 8.0.1\0OpenSSH_9.2p1\0" * 3000)
    layer = f.layer()
    layer.file("bin/all", elf([load(0, len(words) + 120)]) + words * f.size, mode=0o755)
    layer.secret("etc/after.env", "slack")
    f.target_file("layer.tar", layer.tar(END))
    f.open = True
    f.image("complete")


