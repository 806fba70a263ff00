#!/usr/bin/env python3
"""Throughput of a sweep against a scan of the same layers from disk, for some programs in turns.

bench/sweep_turns.py KEPT ROUNDS PROGRAM...

KEPT is a folder that bench/sweep.py --kept has filled. In each round every program sweeps that
registry (Debian's docker-registry on loopback) into a new store and scans the layers from disk into
another, so that what else the machine does meets all of them alike. A first round is not counted.
Prints medians: seconds, CPU seconds, those of the kernel among them, the registry's CPU seconds,
switches, page faults, peak MiB; and the ratios of disk to sweep. On a machine that does nothing else
the ratio of seconds is the figure; on a busy one only that of CPU seconds means something.
"""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NAMES = ["s", "CPU", "kernel", "registry", "switches", "forced", "faults", "MiB"]


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(command: list[str], server: int) -> list[float]:
    start, before = time.monotonic(), cpu_of(server)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"{command[:2]} ended with {process.returncode}")
    return [time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_stime,
            cpu_of(server) - before, usage.ru_nvcsw, usage.ru_nivcsw, usage.ru_minflt,
            usage.ru_maxrss / 1024]


def told(name: str, rows: list[list[float]]) -> None:
    medians = [statistics.median(row[i] for row in rows) for i in range(len(NAMES))]
    print(f"  {name:6}", "  ".join(f"{of} {value:.2f}" if value < 100 else f"{of} {value:.0f}"
                                   for of, value in zip(NAMES, medians)))


kept, rounds, programs = Path(sys.argv[1]).resolve(), int(sys.argv[2]), sys.argv[3:]
folder = Path(tempfile.mkdtemp(prefix="stratascan-turns-"))
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    address = f"127.0.0.1:{probe.getsockname()[1]}"
(folder / "config.yml").write_text(f"""version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {kept}/storage}}
http:
  addr: {address}
""")
server = subprocess.Popen(["docker-registry", "serve", str(folder / "config.yml")],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
time.sleep(1)
for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
    os.environ[variable] = str(folder)
common = ["--memory", "512MiB", "--format", "json", "--store"]
layers = ["layer:" + str(path) for path in sorted((kept / "layers").iterdir())]
got: dict[str, list[tuple[list[float], list[float]]]] = {program: [] for program in programs}
try:
    for number in range(rounds + 1):
        for program in programs if number % 2 else programs[::-1]:
            for old in folder.glob("*.sqlite*"):
                old.unlink()
            pair = (measured([program, "sweep", address, *common, str(folder / "s.sqlite")],
                             server.pid),
                    measured([program, "scan", *common, str(folder / "d.sqlite"), *layers],
                             server.pid))
            if number:
                got[program].append(pair)
    for program, pairs in got.items():
        print(program)
        told("sweep", [pair[0] for pair in pairs])
        told("disk", [pair[1] for pair in pairs])
        ratios = [statistics.median(pair[1][i] / pair[0][i] for pair in pairs) for i in (0, 1)]
        print(f"  ratio  s {ratios[0]:.3f}  CPU {ratios[1]:.3f}")
finally:
    server.kill()
    shutil.rmtree(folder, ignore_errors=True)
