#!/usr/bin/env python3
"""What a sweep costs: a synthetic registry by the recipe of tests/registry/synthetic.py, served by
Debian's docker-registry on loopback, swept twice, and its layers scanned from disk.

bench/sweep.py PROGRAM [--repositories N] [--tags N] [--bytes MEDIAN] [--jobs N] [--memory SIZE]

Prints a table in Markdown. Requests are counted by the program and checked against what the
registry holds: a HEAD for each tag, a GET for each manifest, config and layer, a list of tags for
each repository, the catalog, the ping, and one question about referrers.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def serve(folder: Path) -> tuple[subprocess.Popen, str]:
    config = folder / "config.yml"
    config.write_text(f"""version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {folder}/storage}}
http:
  addr: 127.0.0.1:0
""")
    log = folder / "registry.log"
    server = subprocess.Popen(["docker-registry", "serve", str(config)],
                              stdout=log.open("w"), stderr=subprocess.STDOUT)
    for _ in range(500):
        time.sleep(0.02)
        said = re.search(r"listening on [^ ]*:(\d+)", log.read_text())
        if said:
            return server, f"127.0.0.1:{said.group(1)}"
    sys.exit("docker-registry did not start: " + log.read_text())


def measured(command: list[str]) -> tuple[str, float, float, int]:
    """Output, seconds, CPU seconds, peak resident bytes."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    return out.decode(), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("--repositories", type=int, default=200)
parser.add_argument("--tags", type=int, default=2000)
parser.add_argument("--bytes", type=int, default=40_000)
parser.add_argument("--jobs", type=int, default=0)
parser.add_argument("--memory", default="512MiB")
options = parser.parse_args()

seen: set[str] = set()
folder = Path(tempfile.mkdtemp(prefix="stratascan-sweep-bench-"))
server = None
try:
    (folder / "layers").mkdir()
    server, address = serve(folder)
    made = json.loads(subprocess.run(
        [sys.executable, str(ROOT / "tests/registry/synthetic.py"), "--registry", address,
         "--repositories", str(options.repositories), "--tags", str(options.tags),
         "--bytes", str(options.bytes), "--bases", "50", "--layers", str(folder / "layers")],
        check=True, capture_output=True).stdout)
    os.environ["XDG_CONFIG_HOME"] = str(folder)
    os.environ["XDG_DATA_HOME"] = str(folder)
    common = ["--memory", options.memory, "--format", "json"]
    if options.jobs:
        common += ["--jobs", str(options.jobs)]
    store = folder / "store.sqlite"
    sweep = [options.program, "sweep", address, "--store", str(store), *common]
    server_before = cpu_of(server.pid)
    first_out, first_s, first_cpu, first_rss = measured(sweep)
    server_cpu = cpu_of(server.pid) - server_before
    _, plan_s, _, _ = measured([options.program, "sweep", address, "--plan", "--store",
                                str(folder / "plan.sqlite"), *common])
    first = json.loads(first_out)
    second_out, second_s, second_cpu, second_rss = measured(sweep)
    second = json.loads(second_out)
    # What the registry alone gives: each blob from a repository that has it, four at a time.
    listing = folder / "curl.txt"
    with listing.open("w") as lines:
        for link in (folder / "storage/docker/registry/v2/repositories").glob(
                "**/_layers/sha256/*/link"):
            name = str(link.relative_to(folder / "storage/docker/registry/v2/repositories"))
            repository, _, rest = name.partition("/_layers/")
            digest = rest.split("/")[1]
            if (folder / "layers" / digest).exists() and digest not in seen:
                seen.add(digest)
                lines.write(f'url = "http://{address}/v2/{repository}/blobs/sha256:{digest}"\n'
                            'output = "/dev/null"\n')
    _, curl_s, _, _ = measured(["curl", "-s", "-Z", "--parallel-max", "4", "-K",
                                       str(listing)])
    layers = sorted(str(path) for path in (folder / "layers").iterdir())
    # One run of the program, as the sweep is; a store as well, for that is part of the work.
    _, disk_s, disk_cpu, _ = measured(
        [options.program, "scan", *common, "--store", str(folder / "disk.sqlite"),
         *["layer:" + path for path in layers]])
    _, bare_s, bare_cpu, _ = measured(
        [options.program, "scan", *common, "--no-store", *["layer:" + path for path in layers]])
    fewest = made["tags"] + made["manifests"] + made["layers"]
    rows = [
        ("registry", f"{made['repositories']} repositories, {made['tags']} tags, "
                     f"{made['manifests']} manifests, {made['layers']} layers, "
                     f"{made['bytes'] / 1e6:.1f} MB"),
        ("first sweep, s", f"{first_s:.1f}"),
        ("first sweep, CPU s", f"{first_cpu:.1f}"),
        ("of that planning (a sweep with --plan), s", f"{plan_s:.1f}"),
        ("the registry's own CPU s meanwhile", f"{server_cpu:.1f}"),
        ("the same layers by curl, four at a time, s", f"{curl_s:.1f}"),
        ("requests", first["requests"]),
        ("of these HEAD a tag, GET a manifest, GET a layer", fewest),
        ("bytes fetched / unique bytes", f"{first['bytes_fetched'] / made['bytes']:.3f}"),
        ("layers fetched / unique layers", f"{first['layers_fetched'] / made['layers']:.3f}"),
        ("complete", first["complete"]),
        ("second sweep, s", f"{second_s:.1f}"),
        ("second sweep, requests", second["requests"]),
        ("second sweep, layers fetched", second["layers_fetched"]),
        ("layers from disk with a store, s", f"{disk_s:.1f}"),
        ("layers from disk, s", f"{bare_s:.1f}"),
        ("throughput against disk with a store", f"{disk_s / first_s:.2f}"),
        ("CPU: sweep, disk with a store, disk", f"{first_cpu:.1f}, {disk_cpu:.1f}, {bare_cpu:.1f}"),
        ("peak RSS, MiB", f"{max(first_rss, second_rss) / 2**20:.0f} of {options.memory}"),
        ("store, MB", f"{store.stat().st_size / 1e6:.1f}"),
    ]
    print("| sweep | |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")
finally:
    if server is not None:
        server.kill()
    shutil.rmtree(folder, ignore_errors=True)
