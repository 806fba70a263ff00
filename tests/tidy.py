#!/usr/bin/env python3
"""clang-tidy 19 over scanner/: `tidy.py BUILD [--jobs N] [FILE...]`.

BUILD is a tree of the preset `tidy`; nothing in it is built. Nearly all of a run's time goes into
the headers of libraries, so sources of one folder are checked together, as one unit that includes
them; those that can't stand in one unit (two of them have a helper of one name) are parted. clang's
static analyzer takes a unit's sources as its own where its name is UnifiedSource….

A unit that was clean is passed over as long as its sources, the headers and .clang-tidy are what
they were. Exit code 1: something was found."""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST_SOURCES = 14  # of a unit: what one takes grows faster than its sources
# The unit is no source of ours, and includes sources; names of one hide those of another (g++ sees
# to those of each).
NOT_OF_UNITS = "-bugprone-suspicious-include,-clang-diagnostic-shadow"


class Units:
    def __init__(self, build: Path) -> None:
        self.build = build
        self.folder = build / "units"
        self.folder.mkdir(exist_ok=True)
        headers = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
        for header in sorted([*ROOT.glob("scanner/**/*.hpp"), *ROOT.glob("include/**/*.hpp")]):
            headers.update(header.read_bytes())
        self.headers = headers.digest()

    def groups(self, wanted: list[Path]) -> list[tuple[list[str], list[Path]]]:
        """Sources of one folder with the same flags."""
        found: dict[tuple[Path, tuple[str, ...]], list[Path]] = {}
        for entry in json.loads((self.build / "compile_commands.json").read_text()):
            source = Path(entry["file"])
            if source.suffix != ".cpp" or not source.is_relative_to(ROOT / "scanner"):
                continue
            if wanted and source not in wanted:
                continue
            words = entry["command"].replace('\\"', '"').split()
            flags = [word for word in words[1 : words.index("-o")] if not word.startswith("-g")]
            found.setdefault((source.parent, tuple(flags)), []).append(source)
        parts = []
        for (_, flags), sources in sorted(found.items()):
            sources.sort()
            parts += [(list(flags), sources[at : at + MOST_SOURCES])
                      for at in range(0, len(sources), MOST_SOURCES)]
        return parts

    def write(self, sources: list[Path]) -> Path:
        name = hashlib.sha256("\n".join(map(str, sources)).encode()).hexdigest()[:12]
        unit = self.folder / f"UnifiedSource-{name}.cpp"
        unit.write_text("".join(f'#include "{source}"\n' for source in sources))
        return unit

    def parted(self, flags: list[str], sources: list[Path]) -> list[list[Path]]:
        """The sources in as few units as compile."""
        if len(sources) == 1:
            return [sources]
        ran = subprocess.run(["clang++-19", "-fsyntax-only", "-ferror-limit=0", *flags,
                              str(self.write(sources))], cwd=ROOT, capture_output=True, text=True)
        if ran.returncode == 0:
            return [sources]
        named = {(ROOT / name).resolve()
                 for name in re.findall(r"^(\S+\.cpp):\d+:\d+: (?:fatal )?error:", ran.stderr, re.M)}
        apart = [source for source in sources if source in named]
        if not apart or len(apart) == len(sources):
            apart = sources[len(sources) // 2 :]
        rest = [source for source in sources if source not in apart]
        return self.parted(flags, rest) + self.parted(flags, apart)

    def check(self, flags: list[str], sources: list[Path]) -> bool:
        unit = self.write(sources)
        digest = hashlib.sha256(self.headers + " ".join(flags).encode())
        for source in sources:
            digest.update(source.read_bytes())
        clean = unit.with_suffix(".clean")
        if clean.exists() and clean.read_text() == digest.hexdigest():
            return True
        begun = time.monotonic()
        ran = subprocess.run(
            ["clang-tidy-19", "-quiet", f"--config-file={ROOT / '.clang-tidy'}",
             f"--checks={NOT_OF_UNITS}", str(unit), "--", *flags],
            cwd=ROOT, capture_output=True, text=True)
        good = ran.returncode == 0 and "warning:" not in ran.stdout
        folder = sources[0].parent.relative_to(ROOT)
        print(f"{folder}: {len(sources)} files, {time.monotonic() - begun:.0f} s"
              f"{'' if good else ', NOT CLEAN'}", flush=True)
        if good:
            clean.write_text(digest.hexdigest())
        else:
            print(ran.stdout + (ran.stderr if ran.returncode else ""), flush=True)
        return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_intermixed_args()
    units = Units(options.build.resolve())
    groups = units.groups([file.resolve() for file in options.files])

    def run(group: tuple[list[str], list[Path]]) -> tuple[int, bool]:
        flags, sources = group
        # Not a generator: one that is not clean must not keep the others from being checked.
        good = [units.check(flags, unit) for unit in units.parted(flags, sources)]
        return len(sources), all(good)

    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(run, groups))
    bad = sum(not good for _, good in results)
    print(f"{sum(count for count, _ in results)} files, "
          f"{'all clean' if not bad else f'{bad} groups are not clean'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
