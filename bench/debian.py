"""Debian's packages and sources by name, for scripts that measure on them."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterable


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Apt:
    """apt-get with lists of its own, so that another architecture's packages can be fetched and the
    machine stays as it is."""

    def __init__(self, folder: Path, architecture: str, suffix: str = "", release: str = "",
                 contents: bool = False) -> None:
        """Of the release that this machine's lists are of, or another; `suffix` as in
        "-backports". `contents`: with the lists of all packages' files."""
        origin = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)",
             "Created-By: Packages", "Component: main"],
            capture_output=True, text=True, check=True).stdout.split("\n")[0]
        site, own_release = origin.split()
        suite = (release or own_release) + suffix
        name = architecture + suffix + (f"-{release}" if release else "")
        state = folder / "apt" / name
        (state / "lists/partial").mkdir(parents=True, exist_ok=True)
        (state / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
        (state / "status").touch()
        (state / "sources.list").write_text(f"deb [arch={architecture}] {site} {suite} main\n"
                                             f"deb-src {site} {suite} main\n")
        self.options = [
            "-o", f"APT::Architecture={architecture}", "-o", f"APT::Architectures={architecture}",
            "-o", f"Dir::Etc::sourcelist={state}/sources.list", "-o", "Dir::Etc::sourceparts=-",
            "-o", f"Dir::State::lists={state}/lists", "-o", f"Dir::Cache={state}/cache",
            "-o", f"Dir::State::status={state}/status", "-o", "APT::Sandbox::User=root",
            *(self.contents_target() if contents else [])]
        self.debs = folder / "debs" / name
        self.debs.mkdir(parents=True, exist_ok=True)
        updated = state / ("updated-contents" if contents else "updated")
        if not updated.exists():
            done = subprocess.run(["apt-get", *self.options, "update", "-qq"], capture_output=True,
                                  text=True)
            if done.returncode:
                sys.exit(f"apt-get update for {architecture}: {done.stderr.strip()[-400:]}")
            updated.touch()
        self.lists = state / "lists"

    @staticmethod
    def contents_target() -> list[str]:
        """Lists of all packages' files, which apt fetches only when it is told of them."""
        target = "Acquire::IndexTargets::deb::Contents-deb::"
        values = {"MetaKey": "$(COMPONENT)/Contents-$(ARCHITECTURE)",
                  "ShortDescription": "Contents-$(ARCHITECTURE)",
                  "Description": "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents"}
        return [word for name, value in values.items() for word in ("-o", f"{target}{name}={value}")]

    def fetch(self, packages: Iterable[str]) -> dict[str, Path]:
        """Of each package its file; those that can't be had are missing."""
        def have() -> dict[str, Path]:
            return {path.name.split("_")[0]: path for path in self.debs.glob("*.deb")}

        wanted = sorted(set(packages))
        missing = [name for name in wanted if name not in have()]
        for start in range(0, len(missing), 40):
            part = missing[start:start + 40]
            whole = subprocess.run(["apt-get", *self.options, "download", "-qq", *part],
                                   cwd=self.debs, capture_output=True)
            if whole.returncode:  # one that is not there stops all
                for name in part:
                    subprocess.run(["apt-get", *self.options, "download", "-qq", name],
                                   cwd=self.debs, capture_output=True)
        here = have()
        for name in wanted:
            if name not in here:
                say(f"left out: package {name}")
        return {name: here[name] for name in wanted if name in here}

    def source(self, package: str, folder: Path) -> Path | None:
        """A package's source, unpacked below `folder` with Debian's changes; None: not to be had."""
        folder.mkdir(parents=True, exist_ok=True)
        unpacked = folder / package
        if unpacked.exists():
            return unpacked
        done = subprocess.run(["apt-get", *self.options, "source", "-qq", "--download-only",
                               "--only-source", package], cwd=folder, capture_output=True, text=True)
        described = sorted(folder.glob(f"{package}_*.dsc"))
        if done.returncode or not described:
            say(f"left out: source of {package}: {done.stderr.strip()[-200:]}")
            return None
        subprocess.run(["dpkg-source", "--no-check", "-x", described[-1].name, str(unpacked)],
                       cwd=folder, capture_output=True, check=True)
        return unpacked


def version_of(deb: Path) -> str:
    """The upstream part of a package's version."""
    full = subprocess.run(["dpkg-deb", "-f", str(deb), "Version"], capture_output=True, text=True,
                          check=True).stdout.strip()
    return full.split(":", 1)[-1].rsplit("-", 1)[0]


def extract(deb: Path, folder: Path) -> Path:
    if not folder.exists():
        work = folder.with_name(folder.name + ".part")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        subprocess.run(["dpkg-deb", "-x", str(deb), str(work)], check=True)
        work.rename(folder)
    return folder
