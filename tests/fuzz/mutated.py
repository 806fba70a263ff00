#!/usr/bin/env python3
"""Fuzzing without clang: `mutated.py SEED_TESTS SEEDS [--count N] [--first NUMBER] [TARGET...]`.

Gives each target N inputs that are its seeds with bytes changed, cut, repeated, and put together,
the same ones for the same NUMBER. SEED_TESTS is the program of a build under AddressSanitizer and
UndefinedBehaviorSanitizer (`make sanitize`), SEEDS its folder of seeds. It sees no coverage, so it
is no replacement for a campaign; it finds what is one step from what is known. Inputs of a target
that fails are left in the folder that is printed."""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from targets import TARGETS  # noqa: E402


def mutated(seeds: list[bytes], rand: random.Random, longest: int) -> bytes:
    data = bytearray(rand.choice(seeds))
    for _ in range(rand.choice([1, 1, 2, 4, 8])):
        at = rand.randrange(len(data)) if data else 0
        match rand.randrange(6) if data else 3:
            case 0:
                data[at] = rand.randrange(256)
            case 1:
                data[at] ^= 1 << rand.randrange(8)
            case 2:
                del data[at : at + rand.randrange(1, 9)]
            case 3:
                data[at:at] = rand.randbytes(rand.randrange(1, 9))
            case 4:
                other = rand.choice(seeds)
                begin = rand.randrange(len(other) + 1)
                data[at:at] = other[begin : begin + rand.randrange(1, 60)]
            case _:
                data[at:at] = data[at : at + rand.randrange(1, 30)]
    return bytes(data[:longest])


def run(program: Path, seeds: Path, name: str, count: int, first: int) -> bool:
    rand = random.Random(f"{name} {first}")
    known = [seed.read_bytes() for seed in sorted((seeds / name).iterdir())]
    folder = Path(tempfile.mkdtemp(prefix=f"mutated-{name}-"))
    (folder / name).mkdir()
    for number in range(count):
        (folder / name / f"{number:06}").write_bytes(mutated(known, rand, TARGETS[name].longest))
    begun = time.monotonic()
    ran = subprocess.run([str(program), f"--gtest_filter=*/{name}"], capture_output=True, text=True,
                         env={**os.environ, "STRATASCAN_SEEDS": str(folder)}, errors="replace")
    print(f"{name}: {count} inputs, {time.monotonic() - begun:.0f} s"
          f"{'' if ran.returncode == 0 else f', FAILS: {folder}'}", flush=True)
    if ran.returncode:
        print(ran.stdout[-500:] + ran.stderr[-4000:], flush=True)
        return False
    for made in (folder / name).iterdir():
        made.unlink()
    (folder / name).rmdir()
    folder.rmdir()
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed_tests", type=Path)
    parser.add_argument("seeds", type=Path)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1)
    options = parser.parse_intermixed_args()
    names = options.targets or sorted(TARGETS)
    good = [run(options.seed_tests.resolve(), options.seeds, name, options.count, options.first)
            for name in names]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
