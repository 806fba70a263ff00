"""Programs that hold many commands, and whether a scan tells exactly those that each of them lists
when it is started: packages' own, and what is built here of Debian's sources and of a Go module.
They are built as their authors say, for amd64; nothing is installed."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Callable, NamedTuple

from debian import Apt, extract, say

U_ROOT = "github.com/u-root/u-root@v0.14.0"
GO = "golang-1.23"  # of bookworm-backports


class Built(NamedTuple):
    name: str
    file: Path
    listed: set[str]


def output(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return done.stdout + done.stderr


def run(command: list[str], folder: Path, log: Path, **environment: str) -> bool:
    with log.open("a") as out:
        done = subprocess.run(command, cwd=folder, stdout=out, stderr=out,
                              env=os.environ | environment)
    if done.returncode:
        say(f"left out: {' '.join(command)} ended with {done.returncode}, see {log}")
    return done.returncode == 0


def of_packages(out: Path) -> list[Built]:
    files = {"busybox": "bin/busybox", "busybox-static": "bin/busybox", "toybox": "bin/toybox",
             "rust-coreutils": "usr/bin/coreutils"}
    found = []
    for package, deb in Apt(out, "amd64").fetch(files).items():
        file = extract(deb, out / "unpacked" / "amd64" / package) / files[package]
        if package == "toybox":
            listed = set(output(file).split())
        elif package == "rust-coreutils":
            listed = set(re.split(r"[,\s]+", output(file).partition("functions:")[2].strip()))
        else:
            listed = set(output(file, "--list").split())
        found.append(Built(package, file, listed))
    return found


def coreutils(out: Path, built: Path) -> Built | None:
    source = Apt(out, "amd64").source("coreutils", built)
    if source is None:
        return None
    file = source / "src" / "coreutils"
    log = built / "coreutils.log"
    if not file.exists():
        if not (run(["./configure", "--enable-single-binary=symlinks", "--disable-nls"], source, log,
                    FORCE_UNSAFE_CONFIGURE="1") and run(["make", "-j2"], source, log)):
            return None
    text = output(file, "--help").partition("Built-in programs:")[2].split("\n")[1]
    return Built("coreutils", file, set(text.split()))


def dropbear(out: Path, built: Path) -> Built | None:
    source = Apt(out, "amd64").source("dropbear", built)
    if source is None:
        return None
    file = source / "dropbearmulti"
    log = built / "dropbear.log"
    if not file.exists():
        commands = "PROGRAMS=dropbear dbclient dropbearkey dropbearconvert scp"
        if not (run(["./configure", "--disable-zlib", "--disable-pam", "--enable-bundled-libtom"],
                    source, log) and run(["make", "-j2", commands, "MULTI=1"], source, log)):
            return None
    lines = [line for line in output(file).split("\n") if line.startswith("'")]
    return Built("dropbearmulti", file,
                 {name for line in lines for name in re.findall(r"'([^']+)'",
                                                                line.partition(" - ")[0])})


def u_root(out: Path, built: Path) -> Built | None:
    """All of its core commands. It lists none: they are the folders that it is built of, as links
    to it say."""
    debs = Apt(out, "amd64", "-backports").fetch([f"{GO}-go", f"{GO}-src"])
    if len(debs) < 2:
        return None
    tree = out / "unpacked" / "amd64" / GO
    root = tree / "usr/lib" / GO.replace("golang", "go")
    if not root.exists():
        for deb in debs.values():
            subprocess.run(["dpkg-deb", "-x", str(deb), str(tree)], check=True)
        # Links of the package lead to where it would be installed.
        for name in ("src", "api", "test", "misc", "lib"):
            share = tree / "usr/share" / root.name / name
            if share.exists():
                (root / name).unlink(missing_ok=True)
                (root / name).symlink_to(share)
    go = str(root / "bin" / "go")
    log = built / "u-root.log"
    environment = {"GOROOT": str(root), "GOPATH": str(built / "go"), "GOTOOLCHAIN": "local",
                   "GOFLAGS": "-modcacherw -buildvcs=false", "CGO_ENABLED": "0",
                   "PATH": f"{root / 'bin'}:{os.environ['PATH']}"}
    source, image = built / "u-root", built / "u-root-image"
    file = image / "bbin" / "bb"
    if not file.exists():
        if not run([go, "install", U_ROOT], built, log, **environment):
            return None
        module = built / "go" / "pkg" / "mod" / U_ROOT
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(module, source)
        # A module's archive has no vendored packages but their list.
        shutil.rmtree(source / "vendor", ignore_errors=True)
        if not run([go, "mod", "download"], source, log, **environment):
            return None
        if not run([str(built / "go" / "bin" / "u-root"), "-format=dir", f"-o={image}", "-initcmd=",
                    "-defaultsh=", "-files=", "./cmds/core/*"], source, log, **environment):
            return None
    return Built("u-root", file, {link.name for link in file.parent.iterdir() if link.is_symlink()})


def figures(out: Path, scan: Callable[[Path], list[dict]], listed: list[str]) -> None:
    built = out / "built"
    built.mkdir(parents=True, exist_ok=True)
    programs = [*of_packages(out), *(one for one in (coreutils(out, built), dropbear(out, built),
                                                     u_root(out, built)) if one is not None)]
    root = out / "multicall"
    shutil.rmtree(root, ignore_errors=True)
    for one in programs:
        (root / one.name).mkdir(parents=True)
        shutil.copy(one.file, root / one.name / "x")  # a name that tells nothing
    found = {program["path"]: program for program in scan(root)
             if program["role"] == "is" and program["applets"]}
    for one in programs:
        told = set(found.get(f"{one.name}/x", {}).get("applets", []))
        print(f"programs.multicall.{one.name}.listed {len(one.listed)} commands")
        print(f"programs.multicall.{one.name}.missed {len(one.listed - told)} commands")
        print(f"programs.multicall.{one.name}.invented {len(told - one.listed)} commands", flush=True)
        for name in sorted(one.listed ^ told):
            listed.append(f"multicall\t{'missed' if name in one.listed else 'invented'}\t{one.name}"
                          f"\t{name}")
