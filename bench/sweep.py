#!/usr/bin/env python3
"""What a sweep costs: a synthetic registry by the recipe of tests/registry/synthetic.py, served by
Debian's docker-registry on loopback, swept twice, and its layers scanned from disk.

bench/sweep.py PROGRAM [--repositories N] [--tags N] [--bytes MEDIAN] [--jobs N] [--memory SIZE]
               [--kept FOLDER] [--nginx]

With --kept the registry is made in that folder, or found there from an earlier run, and stays. With
--nginx all that is named by its digest is given by nginx from the registry's files, so that what
docker-registry takes for it is not measured; tags and lists still come from docker-registry.

Prints a table in Markdown. Requests are counted by the program and checked against what the
registry holds: a HEAD for each tag, a GET for each manifest, config and layer, a list of tags for
each repository, the catalog, the ping, and one question about referrers.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    sys.exit("a server did not start")


def serve(folder: Path, kept: Path) -> tuple[subprocess.Popen, str]:
    """Its log has errors alone, for a line a request is work that has nothing to do with a sweep."""
    port = free_port()
    config = folder / "config.yml"
    config.write_text(f"""version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {kept}/storage}}
http:
  addr: 127.0.0.1:{port}
""")
    log = folder / "registry.log"
    server = subprocess.Popen(["docker-registry", "serve", str(config)],
                              stdout=log.open("w"), stderr=subprocess.STDOUT)
    wait_for(port)
    return server, f"127.0.0.1:{port}"


def serve_files(folder: Path, kept: Path, upstream: str) -> tuple[subprocess.Popen, str]:
    """nginx in front of docker-registry."""
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(f"""
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  keepalive_requests 1000000;
  default_type application/octet-stream;
  upstream registry {{ server {upstream}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port};
    location ~ "^/v2/.+/(?:blobs|manifests)/sha256:(?<head>[0-9a-f]{{2}})(?<tail>[0-9a-f]{{62}})$" {{
      alias {kept}/storage/docker/registry/v2/blobs/sha256/$head/$head$tail/data;
    }}
    location / {{
      proxy_pass http://registry;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }}
  }}
}}
""")
    server = subprocess.Popen(["nginx", "-c", str(config), "-g", "daemon off; master_process off;"])
    wait_for(port)
    return server, f"127.0.0.1:{port}"


def measured(command: list[str]) -> tuple[str, float, float, int]:
    """Output, seconds, CPU seconds, peak resident bytes."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    return out.decode(), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def scan_from_disk(program: str, options: list[str], layers: list[str]) -> tuple[float, float]:
    """Seconds and CPU seconds of a scan of these files, in as many runs as command lines take."""
    seconds, cpu = 0.0, 0.0
    for at in range(0, len(layers), 10_000):
        _, wall, used, _ = measured([program, "scan", *options,
                                     *["layer:" + path for path in layers[at:at + 10_000]]])
        seconds, cpu = seconds + wall, cpu + used
    return seconds, cpu


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
parser.add_argument("--kept", default="")
parser.add_argument("--nginx", action="store_true")
parser.add_argument("--fill-only", action="store_true")
options = parser.parse_args()

seen: set[str] = set()
folder = Path(tempfile.mkdtemp(prefix="stratascan-sweep-bench-"))
kept = Path(options.kept or folder).resolve()
servers = []
try:
    (kept / "layers").mkdir(parents=True, exist_ok=True)
    server, address = serve(folder, kept)
    servers.append(server)
    told = kept / "made.json"
    if not told.exists():
        told.write_text(subprocess.run(
            [sys.executable, str(ROOT / "tests/registry/synthetic.py"), "--registry", address,
             "--repositories", str(options.repositories), "--tags", str(options.tags),
             "--bytes", str(options.bytes), "--bases", "50", "--layers", str(kept / "layers")],
            check=True, capture_output=True, text=True).stdout)
    made = json.loads(told.read_text())
    if options.fill_only:
        sys.exit(0)
    if options.nginx:
        front, address = serve_files(folder, kept, address)
        servers.append(front)
    os.environ["XDG_CONFIG_HOME"] = str(folder)
    os.environ["XDG_DATA_HOME"] = str(folder)
    common = ["--memory", options.memory, "--format", "json"]
    if options.jobs:
        common += ["--jobs", str(options.jobs)]
    store = folder / "store.sqlite"
    sweep = [options.program, "sweep", address, "--store", str(store), *common]
    server_before = sum(cpu_of(one.pid) for one in servers)
    first_out, first_s, first_cpu, first_rss = measured(sweep)
    server_cpu = sum(cpu_of(one.pid) for one in servers) - server_before
    print("first sweep", first_s, first_cpu, first_rss, server_cpu, file=sys.stderr)
    _, plan_s, _, _ = measured([options.program, "sweep", address, "--plan", "--store",
                                str(folder / "plan.sqlite"), *common])
    first = json.loads(first_out)
    second_out, second_s, second_cpu, second_rss = measured(sweep)
    second = json.loads(second_out)
    print("second sweep", second_s, second_cpu, second_rss, file=sys.stderr)
    # What the registry alone gives: each blob from a repository that has it, four at a time.
    listing = folder / "curl.txt"
    with listing.open("w") as lines:
        for link in (kept / "storage/docker/registry/v2/repositories").glob(
                "**/_layers/sha256/*/link"):
            name = str(link.relative_to(kept / "storage/docker/registry/v2/repositories"))
            repository, _, rest = name.partition("/_layers/")
            digest = rest.split("/")[1]
            if (kept / "layers" / digest).exists() and digest not in seen:
                seen.add(digest)
                lines.write(f'url = "http://{address}/v2/{repository}/blobs/sha256:{digest}"\n'
                            'output = "/dev/null"\n')
    _, curl_s, _, _ = measured(["curl", "-s", "-Z", "--parallel-max", "4", "-K",
                                       str(listing)])
    layers = sorted(str(path) for path in (kept / "layers").iterdir())
    print("from disk", file=sys.stderr)
    # A store as well, for that is part of the work.
    disk_s, disk_cpu = scan_from_disk(
        options.program, [*common, "--store", str(folder / "disk.sqlite")], layers)
    bare_s, bare_cpu = scan_from_disk(options.program, [*common, "--no-store"], layers)
    fewest = made["tags"] + made["manifests"] + made["layers"]
    rows = [
        ("registry", f"{made['repositories']} repositories, {made['tags']} tags, "
                     f"{made['manifests']} manifests, {made['layers']} layers, "
                     f"{made['bytes'] / 1e6:.1f} MB"),
        ("first sweep, s", f"{first_s:.1f}"),
        ("first sweep, CPU s", f"{first_cpu:.1f}"),
        ("of that planning (a sweep with --plan), s", f"{plan_s:.1f}"),
        ("the servers' CPU s meanwhile", f"{server_cpu:.1f}"),
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
    for one in servers:
        one.kill()
    shutil.rmtree(folder, ignore_errors=True)
