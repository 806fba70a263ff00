#!/usr/bin/env python3
"""Figures of programs: `programs.py [OUT]` fetches real Debian packages below OUT (build/programs),
scans what is in them and prints NAME VALUE UNIT lines. Nothing is installed; what `multicall` lists
is all that is run.

  tools     each file that a rule of patterns/programs/ names in its examples, as it is, renamed,
            stripped, and without section headers: whether the scan says that it is that program, and
            whether the version is the one of its package
  packed    the same files, packed by UPX (from bookworm-backports) with each of its methods in turn
  arm64     the same files of the same packages, as they are, for arm64
  more      the same for i386, armhf, ppc64el and s390x, and for riscv64 and amd64 of Debian 13;
            only when it is asked for
  multicall commands of programs that hold many, against what they list when they are started:
            packages' and those that multicall.py builds of their sources
  others    all ELF files of other packages, those with the most of them: whatever is told to be a
            program there is one that programs-others.tsv knows, or a false identity
  price     CPU time of a layer of machine code with programs and secrets over secrets alone,
            in turns

`--only PART` does one of them, `--list FILE` writes what is missed or wrong. What a mirror does not
have is left out and told on standard error. The first run needs the network and some 4 GB.
"""

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Iterable, NamedTuple

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import multicall  # noqa: E402
from debian import Apt, extract, say, version_of  # noqa: E402

PROJECT = Path(__file__).resolve().parent.parent
KNOWN = PROJECT / "bench" / "programs-others.tsv"
SPELLINGS = PROJECT / "bench" / "programs-versions.tsv"
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu", "i386": "i386-linux-gnu",
            "armhf": "arm-linux-gnueabihf", "ppc64el": "powerpc64le-linux-gnu",
            "s390x": "s390x-linux-gnu", "riscv64": "riscv64-linux-gnu"}
# Architectures and the release to take them from, where it is not this machine's.
MORE = {"i386": "", "armhf": "", "ppc64el": "", "s390x": "", "riscv64": "trixie", "amd64": "trixie"}
VARIANTS = ("as-is", "renamed", "stripped", "headless")
OTHER_PACKAGES = 400
LARGEST_OTHER = 40_000_000  # bytes of a package file


class Example(NamedTuple):
    program: str
    package: str
    path: str
    versioned: bool


def examples() -> list[Example]:
    found = []
    for path in sorted((PROJECT / "patterns" / "programs").glob("*.toml")):
        for rule in tomllib.loads(path.read_text(encoding="utf-8"))["program"]:
            for text in rule.get("examples", []):
                package, _, file = text.partition(":")
                found.append(Example(rule["id"], package, file.lstrip("/"), "version" in rule))
    return found


def is_elf(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def without_section_headers(data: bytes) -> bytes:
    """e_shoff, e_shnum and e_shstrndx are zero and the table itself is gone (ELF, "ELF Header")."""
    wide, order = data[4] == 2, "little" if data[5] == 1 else "big"
    at, size = (0x28, 8) if wide else (0x20, 4)
    table = int.from_bytes(data[at:at + size], order)
    count_at = 0x3c if wide else 0x30
    changed = bytearray(data)
    changed[at:at + size] = bytes(size)
    changed[count_at:count_at + 4] = bytes(4)
    count = int.from_bytes(data[count_at:count_at + 2], order)
    entry = int.from_bytes(data[count_at - 2:count_at], order)
    changed[table:table + count * entry] = bytes(max(0, min(count * entry, len(data) - table)))
    return bytes(changed)


def scan(program: Path, folder: Path) -> list[dict]:
    done = subprocess.run([str(program), "scan", "--programs-only", "--no-store", "--format", "json",
                           "--no-progress", f"dir:{folder}"], capture_output=True, text=True)
    if done.returncode not in (0, 1, 2):
        sys.exit(f"programs.py: the scan of {folder} ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)["targets"][0]["programs"]


def own_spelling(upstream: str) -> str:
    """Of a package's upstream version what the authors wrote: without what Debian adds for sources
    that were cut, replaced or imported before a release."""
    return re.split(r"[+~](?:dfsg|ds|really|repack|git|b[0-9])", upstream.split("+really")[-1])[0]


def right_version(told: str, upstream: str) -> bool:
    """Programs may leave out what follows a point, and packages what follows a sign."""
    one, two = told.lower().lstrip("vr"), own_spelling(upstream).lower()
    if one == two:
        return True
    short, long = sorted((one, two), key=len)
    return long.startswith(short) and not long[len(short)].isdigit() and "." in short


def spelled_otherwise() -> set[tuple[str, str, str]]:
    """Programs whose own version and their package's are two spellings of one: read by hand."""
    lines = SPELLINGS.read_text(encoding="utf-8").splitlines()
    return {tuple(line.split("\t")[:3]) for line in lines if line and not line.startswith("#")}


class Figures:
    def __init__(self, listed: list[str]) -> None:
        self.listed = listed
        self.spellings = spelled_otherwise()

    @staticmethod
    def carries(path: Path, upstream: str) -> bool:
        """Whether the version stands in the file as a token of its own, as far as that can be told."""
        version = re.escape(own_spelling(upstream).encode())
        return re.search(rb"(?<![0-9.])" + version + rb"(?![0-9.]?[0-9])", path.read_bytes()) is not None

    def judge(self, root: Path, part: str, files: dict[str, tuple[Example, str]], found: list[dict],
              inner_path: list[str] | None = None) -> None:
        by_path: dict[str, list[dict]] = {}
        for program in found:
            if program["role"] != "mentions" and program["inner_path"] == (inner_path or []):
                by_path.setdefault(program["path"], []).append(program)
        known = carried = right = wrong = 0
        for path, (example, upstream) in sorted(files.items()):
            # A library is no program, and is said to hold one.
            role = "embeds" if ".so" in Path(example.path).name else "is"
            hits = [one for one in by_path.get(path, [])
                    if one["program"] == example.program and one["role"] == role]
            if not hits:
                names = [one["program"] for one in by_path.get(path, [])]
                self.listed.append(f"{part}\tmissed\t{example.program}\t{path}\t{names}")
                continue
            known += 1
            told = hits[0]["version"]
            if told and (right_version(told, upstream) or
                         (example.program, told, upstream) in self.spellings):
                right += 1
                carried += 1
            elif told:
                wrong += 1
                carried += 1
                self.listed.append(f"{part}\twrong version\t{example.program}\t{path}\t{told}"
                                   f"\t{upstream}")
            elif self.carries(root / path, upstream):
                carried += 1
                self.listed.append(f"{part}\tno version\t{example.program}\t{path}\t{upstream}")
        total = len(files)
        print(f"programs.{part}.files {total} files")
        print(f"programs.{part}.identity {100 * known / max(total, 1):.2f} %")
        print(f"programs.{part}.version_right {100 * right / max(carried, 1):.2f} %")
        print(f"programs.{part}.version_wrong {100 * wrong / max(known, 1):.2f} %", flush=True)


def place(example: Example, number: int, variant: str) -> str:
    name = f"x{number}" if variant == "renamed" else Path(example.path).name
    return f"{variant}/{number}/{name}"


def tools(out: Path, program: Path, architecture: str, variants: Iterable[str],
          figures: Figures, release: str = "") -> None:
    triplet = TRIPLETS[architecture]
    chosen = [one._replace(package=one.package.replace("x86-64-linux-gnu",
                                                       triplet.replace("_", "-")),
                           path=one.path.replace(TRIPLETS["amd64"], triplet))
              for one in examples()]
    debs = Apt(out, architecture, release=release).fetch(one.package for one in chosen)
    name = f"{architecture}-{release}" if release else architecture
    print(f"programs.{name}.packages {len(debs)} packages")
    root = out / "tools" / name
    shutil.rmtree(root, ignore_errors=True)
    files: dict[str, dict[str, tuple[Example, str]]] = {variant: {} for variant in variants}
    for number, example in enumerate(chosen):
        if example.package not in debs:
            continue
        deb = debs[example.package]
        source = extract(deb, out / "unpacked" / name / example.package) / example.path
        if not is_elf(source):
            say(f"left out: {example.package}:{example.path} is no ELF file for {name}")
            continue
        for variant in variants:
            path = place(example, number, variant)
            target = root / path
            target.parent.mkdir(parents=True)
            shutil.copy(source, target)
            if variant == "stripped":
                if subprocess.run(["strip", "-s", str(target)], capture_output=True).returncode:
                    say(f"left out: strip refuses {example.path}")
                    continue
            elif variant == "headless":
                target.write_bytes(without_section_headers(source.read_bytes()))
            files[variant][path] = example, version_of(deb)
    found = scan(program, root)
    for variant in variants:
        part = variant if name == "amd64" else f"{name}.{variant}"
        figures.judge(root, part, files[variant], found)
    static = {path: truth for path, truth in files["as-is"].items()
              if any(one["path"] == path and one["static"] for one in found)}
    if name == "amd64":
        figures.judge(root, "static", static, found)


LARGEST_TO_PACK = 3_000_000  # bytes; UPX takes minutes for a compiler
PACKER_METHODS = ("--nrv2b", "--nrv2d", "--nrv2e", "--lzma")


def packed(out: Path, program: Path, figures: Figures) -> None:
    """Versions count only where the packed file is as whole as the one it was made of."""
    packer = Apt(out, "amd64", "-backports").fetch(["upx-ucl"]).get("upx-ucl")
    if packer is None:
        return
    upx = extract(packer, out / "unpacked" / "amd64" / "upx-ucl") / "usr/bin/upx-ucl"
    debs = Apt(out, "amd64").fetch(one.package for one in examples())
    root = out / "packed"
    shutil.rmtree(root, ignore_errors=True)
    files: dict[str, tuple[Example, str]] = {}
    for number, example in enumerate(examples()):
        if example.package not in debs or ".so" in Path(example.path).name:
            continue
        deb = debs[example.package]
        source = extract(deb, out / "unpacked" / "amd64" / example.package) / example.path
        if not is_elf(source):
            continue
        if source.stat().st_size > LARGEST_TO_PACK:
            say(f"left out: {example.path} is too large to pack here")
            continue
        path = place(example, number, "packed")
        target = root / path
        target.parent.mkdir(parents=True)
        method = PACKER_METHODS[number % len(PACKER_METHODS)]
        done = subprocess.run([str(upx), "-q", "-3", method, "-o", str(target), str(source)],
                              capture_output=True, text=True)
        if done.returncode:
            reason = done.stderr.strip().split("\n")[-1].split(": ")[-1]
            say(f"left out: UPX does not pack {example.path}: {reason}")
            continue
        files[path] = example, version_of(deb)
    figures.judge(root, "packed", files, scan(program, root), ["UPX"])


def most_elf(lists: Path, without: set[str]) -> list[str]:
    """Packages by how many shared objects and commands they have, most first."""
    import gzip
    import lzma
    counts: Counter = Counter()
    for path in sorted(lists.glob("*Contents-amd64*")):
        text: Iterable[str]
        if path.suffix == ".lz4":
            text = subprocess.run(["lz4", "-dc", str(path)], capture_output=True, text=True,
                                  check=True).stdout.splitlines()
        elif path.suffix in (".gz", ".xz"):
            opener = gzip.open if path.suffix == ".gz" else lzma.open
            text = opener(path, "rt", encoding="utf-8", errors="replace")
        else:
            text = path.open(encoding="utf-8", errors="replace")
        for line in text:
            file, _, packages = line.rstrip("\n").rpartition(" ")
            file = file.rstrip()
            if file.endswith(".so") or ".so." in file or "/bin/" in file or "/sbin/" in file:
                for package in packages.split(","):
                    counts[package.rsplit("/", 1)[-1]] += 1
    chosen = [name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return [name for name in chosen if name not in without]


def others(out: Path, program: Path, figures: Figures) -> None:
    apt = Apt(out, "amd64", contents=True)
    sizes: dict[str, int] = {}
    dump = subprocess.run(["apt-cache", *apt.options, "dumpavail"], capture_output=True, text=True,
                          check=True).stdout
    for stanza in dump.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.split("\n")
                      if ": " in line and line[:1].isalpha())
        if fields.get("Architecture") == "amd64":
            sizes[fields["Package"]] = int(fields["Size"])
    names = [name for name in most_elf(apt.lists, {one.package for one in examples()})
             if name in sizes and sizes[name] < LARGEST_OTHER]
    known = Counter()
    for line in KNOWN.read_text(encoding="utf-8").splitlines() if KNOWN.exists() else []:
        if line and not line.startswith("#"):
            package, identity, _ = line.split("\t", 2)
            known[package, identity] = 1
    packages = files = told = false = 0
    for start in range(0, OTHER_PACKAGES + 40, 20):
        for name, deb in apt.fetch(names[start:start + 20]).items():
            if packages >= OTHER_PACKAGES:
                break
            folder = extract(deb, out / "others" / name)
            elf = sum(is_elf(path) for path in folder.rglob("*"))
            found = [one for one in scan(program, folder) if one["role"] == "is"] if elf else []
            shutil.rmtree(folder)
            if not elf:
                continue
            packages += 1
            files += elf
            for one in found:
                told += 1
                if (name, one["program"]) not in known:
                    false += 1
                    figures.listed.append(f"others\tfalse\t{one['program']}\t{name}:{one['path']}"
                                          f"\t{one['inner_path']}\t{one['evidence']}")
    print(f"programs.others.packages {packages} packages")
    print(f"programs.others.files {files} files")
    print(f"programs.others.told {told} programs")
    print(f"programs.others.false {false} programs", flush=True)


def price(program: Path, corpus: Path) -> None:
    if not corpus.exists():
        say(f"skipped: the price needs {corpus} (make bench builds it)")
        return

    def seconds(*options: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([str(program), "scan", "-j1", "--no-store", "--format", "json", *options, str(corpus)],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    ratios = []
    for _ in range(6):
        alone = seconds("--secrets-only")
        ratios.append(seconds() / alone)
    print(f"programs.price.{corpus.name} {100 * (statistics.median(ratios[1:]) - 1):.1f} %")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", type=Path, default=PROJECT / "build" / "programs")
    parser.add_argument("--program", type=Path,
                        default=PROJECT / "build" / "release" / "stratascan")
    parser.add_argument("--only", choices=("tools", "packed", "arm64", "more", "multicall",
                                           "others", "price"))
    parser.add_argument("--architecture", choices=MORE,
                        help="with --only more, that one alone")
    parser.add_argument("--list", type=Path, metavar="FILE")
    options = parser.parse_args()
    out = options.out.absolute()
    os.makedirs(out, exist_ok=True)
    figures = Figures([])
    if options.only in (None, "tools"):
        tools(out, options.program, "amd64", VARIANTS, figures)
    if options.only in (None, "packed"):
        packed(out, options.program, figures)
    if options.only in (None, "arm64"):
        tools(out, options.program, "arm64", ("as-is",), figures)
    if options.only == "more":
        for architecture, release in MORE.items():
            if options.architecture not in (None, architecture):
                continue
            tools(out, options.program, architecture, ("as-is",), figures, release)
    if options.only in (None, "multicall"):
        multicall.figures(out, lambda folder: scan(options.program, folder), figures.listed)
    if options.only in (None, "others"):
        others(out, options.program, figures)
    if options.only in (None, "price"):
        price(options.program, PROJECT / "build" / "corpora" / "binary-8-gzip")
    if options.list:
        options.list.write_text("".join(f"{line}\n" for line in figures.listed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
