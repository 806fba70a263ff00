#!/usr/bin/env python3
"""What each decoding pass costs on clean content: `passes.py BUILD_DIR [OUT]` scans the trees of
clean_trees.py, each as one uncompressed layer, with the program and with it without one pass, in
turns, and prints medians.

Nothing else is left out of a program without a pass than what without.cpp says:

  constants   what Java class files and .pyc name their strings
  containers  archives, compressed files, git, SQLite and UPX in files
  encodings   base64, hex, percent-encoding, escapes, entities, UTF-16, and containers so written

A layer is packed once, below OUT/passes (build/passes), from what is below OUT/clean (see
clean.py). python-compiled is the Python tree as pip leaves it, with a .pyc for each module. Each
run is a new process on files in the page cache. What a round's
two scans took is held against each other, and the median over rounds is told. Lines:

  passes.LAYER.size         bytes of the layer, GB
  passes.LAYER.all          seconds that the scan took, and .cpu of processors
  passes.LAYER.PASS         how much of its speed without the pass a scan loses by it, %; the goal is
                            15 at most
  passes.LAYER.PASS.cpu     the same by processors' time, which other work changes less
  passes.LAYER.PASS.bytes   bytes that it adds to what is scanned, as a part of that, %: a layer of
                            packed files has more in it than it has bytes
  passes.LAYER.PASS.a_byte  the first figure with speeds in bytes that are scanned
"""

import argparse
import compileall
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from clean_trees import TREES, build  # noqa: E402
from price import run  # noqa: E402

BENCH = Path(__file__).resolve().parent
PASSES = ("constants", "containers", "encodings")
COMPILED = "python-compiled"


def compiled(tree: Path, folder: Path) -> Path:
    copy = folder / COMPILED
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(tree, copy, symlinks=True)
    compileall.compile_dir(copy, quiet=2, workers=0)
    return copy


def layer(name: str, out: Path) -> Path:
    """The tree as a layer; Debian's is one."""
    folder = out / "passes"
    packed = folder / f"{name}.tar"
    tree = build(out / "clean", ["python" if name == COMPILED else name])
    target = next(iter(tree.values()))
    if target.is_file() or packed.exists():
        return target if target.is_file() else packed
    folder.mkdir(parents=True, exist_ok=True)
    if name == COMPILED:
        target = compiled(target, folder)
    unfinished = packed.with_suffix(".unfinished")
    subprocess.run(["tar", "--sort=name", "--owner=0", "--group=0", "-cf", unfinished,
                    "-C", target, "."], check=True)
    unfinished.rename(packed)
    if name == COMPILED:
        shutil.rmtree(target)
    return packed


def scanned(program: Path, target: Path) -> int:
    """Bytes, with what was unpacked and decoded."""
    told = subprocess.run([program, "scan", "--no-progress", "--no-store", "--stats", target],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    return int(re.search(r"^scanned +([\d ]+) bytes$", told.stderr, re.M)[1].replace(" ", ""))


def measure(name: str, target: Path, programs: dict[str, Path], rounds: int) -> None:
    walls: dict[str, list[float]] = {one: [] for one in programs}
    processors: dict[str, list[float]] = {one: [] for one in programs}
    size = 0
    order = list(programs)
    for number in range(rounds + 1):
        for one in order:
            wall, spent, size = run(programs[one], target)
            if number:  # the first fills the page cache
                walls[one].append(wall)
                processors[one].append(spent)
        order = order[1:] + order[:1]

    def lost(times: dict[str, list[float]], one: str) -> float:
        return statistics.median(1 - b / a for a, b in zip(times["all"], times[one]))

    every = scanned(programs["all"], target)
    prefix = f"passes.{name}"
    print(f"{prefix}.size {size / 1e9:.3f} GB")
    print(f"{prefix}.all {statistics.median(walls['all']):.3f} s")
    print(f"{prefix}.all.cpu {statistics.median(processors['all']):.3f} s")
    for one in PASSES:
        wall, spent = lost(walls, one), lost(processors, one)
        added = every / scanned(programs[one], target) - 1
        for what, figure in (("", wall), (".cpu", spent), (".bytes", added),
                             (".a_byte", 1 - (1 - wall) * (1 + added))):
            print(f"{prefix}.{one}{what} {figure * 100:.1f} %", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("out", nargs="?", type=Path, default=BENCH.parent / "build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layer", action="append", choices=(*TREES, COMPILED),
                        help="only this one; may be repeated")
    options = parser.parse_args()
    programs = {"all": options.build / "stratascan"}
    for one in PASSES:
        programs[one] = options.build / "bench" / f"stratascan_without_{one}"
        if not programs[one].exists():
            sys.exit(f"passes.py: build the target without_passes in {options.build} first")
    for name in options.layer or (*TREES, COMPILED):
        measure(name, layer(name, options.out.absolute()), programs, options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
