#!/usr/bin/env python3
"""The catalogue of attacks: `catalogue.py --list` names them, `catalogue.py --cached NAME DIR`
builds one below DIR unless that was done before from the same sources, and prints where (`NAME*2`:
at twice its size);
`catalogue.py --table PROGRAM DIR [NAME...]` runs the program on each at its size and at twice
that, and prints what came of it: bench/hostile.md. Lines that are given to it on standard input
with `--table PROGRAM DIR -` are those of attacks that have been tried, and are not tried again."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from attack import ATTACKS, FIXTURES, MIB, Attack  # noqa: E402
from attacks import load_all  # noqa: E402
from fixture import Unavailable  # noqa: E402

SKIPPED = 77


def build(name: str, out: Path, size: int = 1) -> None:
    out.mkdir(parents=True, exist_ok=True)
    made = Attack(name, out, size)
    ATTACKS[name](made)
    made.write()


def sources_digest() -> str:
    digest = hashlib.sha256()
    for folder in (FIXTURES, HERE):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def build_cached(name: str, cache: Path, size: int = 1) -> Path:
    """Tests run side by side: each builds in a folder of its own and then renames it."""
    final = cache / f"hostile-{sources_digest()}" / f"{name}-{size}"
    if final.exists():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=final.parent))
    try:
        build(name, work, size)
        work.rename(final)
    except OSError:
        if not final.exists():
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final


def measure(program: str, folder: Path) -> tuple[int, float, int, str]:
    """Exit code (negative: a signal), processor seconds, peak resident bytes, outcome. By a process
    of its own, for the peak of one that is forked is never below what its parent held then."""
    ran = subprocess.run([sys.executable, __file__, "--measure", program, str(folder)], check=True,
                         capture_output=True, text=True)
    return tuple(json.loads(ran.stdout))


def measure_here(program: str, folder: Path) -> tuple[int, float, int, str]:
    expect = json.loads((folder / "expect.json").read_text())
    words = [program, expect["command"], "--no-store", "--format", "json", *expect["arguments"]]
    environment = {**os.environ, **expect["environment"]}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryDirectory() as cache:
        if "--rules" in words:  # what is compiled once is kept
            environment["XDG_CACHE_HOME"] = cache
        child = os.fork()
        if child == 0:
            os.chdir(folder)
            os.dup2(os.open(expect["stdin"] or "/dev/null", os.O_RDONLY), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
            os.execve(program, words, environment)
        _, status, usage = os.wait4(child, 0)
        out.seek(0)
        text = out.read().decode(errors="replace")
    return (os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss * 1024, outcome(text))


def outcome(text: str) -> str:
    """What the report says in a few words."""
    try:
        targets = json.loads(text)["targets"]
    except (ValueError, KeyError):
        return "no report"
    findings = sum(len(target["findings"]) for target in targets)
    gaps = [gap["reason"] for target in targets for layer in target["layers"]
            for gap in layer["gaps"]]
    gaps += [gap["reason"] for target in targets for gap in target.get("gaps", [])]
    complete = all(target["coverage"]["complete"] for target in targets)
    first = f", {len(gaps)} gaps: {gaps[0][:60]}" if gaps else ""
    return f"{findings} findings, {'complete' if complete else 'incomplete'}{first}"


HEAD = """# The catalogue of attacks

What `tests/hostile/catalogue.py --table build/release/stratascan DIR` prints: every attack of
`tests/hostile/`, what came of it, its exit code (0: nothing found and all read, 1: something found,
2: nothing found and not all read, 3: no report), peak resident memory and processor seconds; where
an attack can be made twice as large, also how many times those of its first size that takes (x2 is
linear; not of less than a tenth of a second, which is the start of the program). Rule files are compiled anew for each. The ceiling is 512 MiB
(`--memory`). What must be in each report, and that no attack ends by a signal, is held by the tests
`Hostile.*`.

| attack | outcome | exit code | peak RSS | CPU time, at twice the size |
|---|---|---:|---:|---:|"""


def summary(lines: list[str]) -> str:
    cells = [[cell.strip() for cell in line.strip("|\n ").split(" | ")] for line in lines]
    tried = [row for row in cells if not row[1].startswith("skipped")]
    codes = Counter(row[-3] for row in tried)
    peak = max(tried, key=lambda row: int(row[-2].split()[0]))
    slowest = max(tried, key=lambda row: float(row[-1].split()[0]))
    told = ", ".join(f"{count} with exit code {code}" for code, count in sorted(codes.items()))
    return (f"{len(tried)} attacks were tried, {len(cells) - len(tried)} skipped for want of a tool: "
            f"{told}, {sum(code.startswith('-') for code in codes.elements())} by a signal. "
            f"Peak RSS over the whole catalogue: {peak[-2]} (`{peak[0]}`); "
            f"most processor time: {slowest[-1].split(',')[0]} (`{slowest[0]}`).")


def table(program: str, cache: Path, names: list[str]) -> int:
    print(HEAD, flush=True)
    lines = []

    def tell(line: str) -> None:
        lines.append(line)
        print(line, flush=True)

    if names == ["-"]:
        for line in sys.stdin:
            if line.startswith("| ") and not line.startswith("| attack "):
                tell(line.rstrip("\n"))
        known = {line.split(" | ")[0][2:] for line in lines}
        names = [name for name in sorted(ATTACKS) if name not in known]
    idle = min(measure(program, build_cached("nothing-at-all", cache))[1] for _ in range(3))
    for name in names:
        try:
            built = build_cached(name, cache)
            once = measure(program, built)
            grows = json.loads((built / "expect.json").read_text())["grows"]
            twice = measure(program, build_cached(name, cache, 2)) if grows else once
        except Unavailable as reason:
            tell(f"| {name} | skipped: {reason} | | | |")
            continue
        ratio = (f", x{(twice[1] - idle) / (once[1] - idle):.1f}"
                 if grows and min(once[1], twice[1]) > 2 * idle and once[1] >= 0.1 else "")
        tell(f"| {name} | {once[3]} | {once[0]} | {once[2] / MIB:.0f} MiB "
             f"| {once[1]:.2f} s{ratio} |")
    print("\n" + summary(lines))
    return 0


def main(arguments: list[str]) -> int:
    if len(arguments) == 3 and arguments[0] == "--measure":
        print(json.dumps(measure_here(arguments[1], Path(arguments[2]))))
        return 0
    load_all()
    if arguments == ["--list"]:
        print("\n".join(sorted(ATTACKS)))
        return 0
    if len(arguments) >= 3 and arguments[0] == "--table":
        return table(str(Path(arguments[1]).resolve()), Path(arguments[2]),
                     arguments[3:] or sorted(ATTACKS))
    name, _, size = arguments[1].partition("*") if len(arguments) == 3 else ("", "", "")
    if arguments[:1] != ["--cached"] or name not in ATTACKS:
        print(__doc__, file=sys.stderr)
        return 3
    try:
        print(build_cached(name, Path(arguments[2]), int(size or 1)))
    except Unavailable as reason:
        print(f"skipped: {reason}", file=sys.stderr)
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
