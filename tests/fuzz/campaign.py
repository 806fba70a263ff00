#!/usr/bin/env python3
"""Runs the fuzz targets of build/fuzz for some minutes of processor time each.

    campaign.py [options] [TARGET...]      all targets, one after the other
    campaign.py --record bench/fuzz.tsv --table bench/fuzz.md
                                           writes what has been run so far, and runs nothing

A target's corpus stays in the corpora folder and is where the next run goes on; so do its
dictionary, inputs that crashed it (crashes/TARGET/) and its log. The record (record.tsv there, or
--record: bench/fuzz.tsv is that of the table in bench/fuzz.md) has a line for each run, with the last commit that changed one of the target's parsers: a target that has its
minutes for that commit is passed over, so a campaign that was stopped goes on where it was.

Processor time is counted and not the clock, for other work on the machine must not shorten a run.
A run that ends with a crash is begun again until the time is over, or until five inputs were kept."""

import argparse
import csv
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import targets  # noqa: E402
from targets import HERE, ROOT, TARGETS  # noqa: E402

MOST_CRASHES = 5
FIELDS = ["target", "commit", "date", "cpu_seconds", "executions", "edges", "corpus", "crashes"]


class Campaign:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.corpora = Path(options.corpora).resolve()
        self.corpora.mkdir(parents=True, exist_ok=True)
        self.record = Path(options.record or self.corpora / "record.tsv")
        self.lock = threading.Lock()
        self.running: set[subprocess.Popen] = set()

    def rows(self) -> list[dict[str, str]]:
        if not self.record.exists():
            return []
        with self.record.open(newline="") as file:
            return list(csv.DictReader(file, delimiter="\t"))

    def rows_of(self, name: str) -> list[dict[str, str]]:
        commit = targets.commit_of(name)
        return [row for row in self.rows() if row["target"] == name and row["commit"] == commit]

    def run(self, name: str) -> None:
        done = 0.0 if self.options.again else sum(float(row["cpu_seconds"])
                                                  for row in self.rows_of(name))
        # What is short by a few seconds is not worth a start.
        left = self.options.seconds - done
        if left < min(5, self.options.seconds / 2):
            print(f"{name}: has its time", flush=True)
            return
        spent, executions, edges, crashes = 0.0, 0, 0, 0
        while spent < left and crashes < MOST_CRASHES:
            used, made, seen, failed = self.run_once(name, max(5, round(left - spent)))
            spent, executions, edges = spent + used, executions + made, max(edges, seen)
            crashes += failed
            if used < 0.5 and made == 0:
                print(f"{name}: does not run, see {self.corpora / name}.log", flush=True)
                crashes = max(crashes, 1)
                break
        row = dict(zip(FIELDS, [name, targets.commit_of(name), date.today().isoformat(),
                                f"{spent:.0f}", executions, edges,
                                sum(1 for _ in (self.corpora / name).iterdir()), crashes]))
        with self.lock:
            new = not self.record.exists()
            with self.record.open("a", newline="") as file:
                writer = csv.DictWriter(file, FIELDS, delimiter="\t", lineterminator="\n")
                if new:
                    writer.writeheader()
                writer.writerow(row)
        print("  ".join(f"{field} {row[field]}" for field in FIELDS if field not in
                        ("commit", "date")), flush=True)

    def run_once(self, name: str, seconds: int) -> tuple[float, int, int, int]:
        """Processor seconds, executions, edges covered, and whether it crashed."""
        target = TARGETS[name]
        corpus, crashes = self.corpora / name, self.corpora / "crashes" / name
        for folder in (corpus, crashes):
            folder.mkdir(parents=True, exist_ok=True)
        dictionary = self.corpora / f"{name}.dict"
        dictionary.write_text("\n".join((HERE / "dictionaries" / f"{one}.dict").read_text()
                                        for one in target.dictionaries))
        command = [str(Path(self.options.build) / "fuzzers" / f"{name}_fuzz"), str(corpus),
                   str(self.corpora / "seeds" / name), f"-max_total_time={seconds}",
                   f"-max_len={target.longest}", f"-rss_limit_mb={self.options.rss_mb}",
                   f"-timeout={self.options.timeout}", f"-artifact_prefix={crashes}/",
                   "-print_final_stats=1", "-reload=0", "-close_fd_mask=1"]
        if not target.leaks:
            command.append("-detect_leaks=0")
        if target.dictionaries:
            command.append(f"-dict={dictionary}")
        home = self.corpora / "home" / name
        home.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"),
                       "XDG_CACHE_HOME": str(home / "cache"), "XDG_DATA_HOME": str(home / "data"),
                       "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
                       "ASAN_OPTIONS": "handle_abort=1:detect_leaks=" + str(int(target.leaks))}
        log = self.corpora / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, env=environment,
                                       preexec_fn=lambda: os.nice(self.options.nice), cwd=home)
            self.running.add(process)
            _, status, usage = os.wait4(process.pid, 0)
            self.running.discard(process)
            process.returncode = os.waitstatus_to_exitcode(status)
        text = log.read_text("utf-8", "replace")
        made = re.findall(r"stat::number_of_executed_units:\s*(\d+)", text) or \
            re.findall(r"^#(\d+)\s", text, re.M)
        covered = re.findall(r"cov: (\d+)", text)
        failed = process.returncode != 0
        if failed:
            kept = log.with_suffix(f".crash-{sum(1 for _ in crashes.iterdir())}.log")
            shutil.copyfile(log, kept)
            print(f"{name}: CRASH (exit {process.returncode}), see {kept}", flush=True)
        return (usage.ru_utime + usage.ru_stime, int(made[-1]) if made else 0,
                int(covered[-1]) if covered else 0, int(failed))

    def table(self) -> str:
        lines = ["| target | parsers | executions | CPU s | edges | corpus | crashes |",
                 "|---|---|---:|---:|---:|---:|---:|"]
        total = [0, 0, 0]
        for name in sorted(TARGETS):
            rows = self.rows_of(name)
            parsers = ", ".join(f"`{one}`" for one in TARGETS[name].parsers)
            if not rows:
                lines.append(f"| `{name}` | {parsers} | not run | | | | |")
                continue
            sums = [sum(int(float(row[field])) for row in rows)
                    for field in ("executions", "cpu_seconds", "crashes")]
            total = [one + other for one, other in zip(total, sums)]
            lines.append(f"| `{name}` | {parsers} | {sums[0]:,} | {sums[1]:,} | "
                         f"{max(int(row['edges']) for row in rows):,} | "
                         f"{int(rows[-1]['corpus']):,} | {sums[2]} |")
        lines.append(f"| all | | {total[0]:,} | {total[1]:,} | | | {total[2]} |")
        return "\n".join(lines) + "\n"


HEAD = """# Fuzzing

`make fuzz` builds every target of `tests/fuzz` with clang 19 under AddressSanitizer and
UndefinedBehaviorSanitizer and runs each for ten minutes of processor time (`CPU_MINUTES=n`), from
the seeds of `tests/fuzz/seeds` and what earlier runs kept. This table is what
`tests/fuzz/campaign.py --record bench/fuzz.tsv --table bench/fuzz.md` makes of the runs in
`bench/fuzz.tsv`: those since the last commit that changed one of a target's parsers. Parsers are
below `scanner/`, their headers among them; edges are those of clang's coverage counters over the
whole program. Crashes are those of the runs in this table: what earlier runs found is told below it.
Every input that ever crashed a target is in `tests/fuzz/regressions.py`, and a test of its own name.

Most targets hold a parser against itself: what it makes of its input cut anywhere is what it makes
of the whole. Against others: `decoder_reference` our decoders against zlib's, zstd's, libbz2's and
liblzma's own simplest calls, `decoder` ISA-L against zlib, `matching` Hyperscan with confirmation
against RE2 alone, `sieve` a scan with the sieve against one without it, `windows` a file seen at once
against windows that end inside it, `views` one window against two that own a part each, `jobs` one
thread against eight, `regex` what is known of an expression, and Hyperscan in its place, against
RE2, `json` repeated names against a parser of its own. `overlay` and `store_file` hold answers
against themselves: the same in any order of questions, and nothing left to repair after a repair.
The tar walk against GNU tar and Python's `tarfile` is `tests/hostile/readers.py`.

"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--build", default=str(ROOT / "build/fuzz"))
    parser.add_argument("--corpora", default=str(ROOT / "build/fuzz-corpora"))
    parser.add_argument("--record", metavar="FILE")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seconds", type=float, help="in place of --minutes")
    parser.add_argument("--jobs", type=int, default=1, help="targets at once")
    parser.add_argument("--rss-mb", type=int, default=2048)
    parser.add_argument("--timeout", type=int, default=25, help="seconds of one input")
    parser.add_argument("--nice", type=int, default=0, help="added to what it is")
    parser.add_argument("--again", action="store_true", help="also those that have their time")
    parser.add_argument("--table", metavar="FILE")
    options = parser.parse_args()
    wrong = targets.check() + [f"{name}: no such target" for name in options.targets
                               if name not in TARGETS]
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 3
    if options.seconds is None:
        options.seconds = options.minutes * 60
    campaign = Campaign(options)
    if options.table:
        # What is said below the table is not of a campaign's making, and stays.
        table = Path(options.table)
        _, heading, rest = (table.read_text() if table.exists() else "").partition("\n## ")
        table.write_text(HEAD + campaign.table() + heading + rest)
        return 0
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def stop(*_: object) -> None:
        for process in list(campaign.running):
            process.kill()
        os._exit(130)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    subprocess.run([sys.executable, str(HERE / "make_seeds.py"), str(campaign.corpora / "seeds")],
                   check=True)
    names = options.targets or sorted(TARGETS)
    with ThreadPoolExecutor(options.jobs) as pool:
        for done in [pool.submit(campaign.run, name) for name in names]:
            done.result()
    print(campaign.table())
    return 1 if any(int(row["crashes"]) for name in names for row in campaign.rows_of(name)) else 0


if __name__ == "__main__":
    sys.exit(main())
