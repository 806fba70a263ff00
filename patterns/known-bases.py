#!/usr/bin/env python3
"""Lists base images by the digests of their layers, for `gate --known-bases`.

    known-bases.py [--tls-verify=false] IMAGE... > known-bases.tsv

Each IMAGE is a name in a registry (docker.io/library/alpine:3.22, gcr.io/distroless/static), which
skopeo asks with its own credentials. A line for each of linux/amd64 and linux/arm64 that it has:
name, platform, date of its config, digests of its layers' blobs and their diff IDs, by tabs. No
layer is fetched. An image that can't be had is told on standard error, and the exit code is 1.

Lines of docker.io/library have Docker's short names (alpine:3.22). To keep the table that the
program carries, patterns/known-bases.tsv, add lines to it by hand or with >>: images live longer
than the builds that a tag names."""

import argparse
import json
import subprocess
import sys

PLATFORMS = ("amd64", "arm64")
SHORT = "docker.io/library/"


def inspected(image: str, architecture: str, *options: str) -> dict:
    command = ["skopeo", "--override-os", "linux", "--override-arch", architecture, "inspect",
               *options, f"docker://{image}"]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        raise LookupError(ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else "skopeo failed")
    return json.loads(ran.stdout)


def line_of(image: str, architecture: str, options: list[str]) -> str | None:
    """Nothing where the image is there and not for this architecture."""
    config = inspected(image, architecture, "--config", *options)
    if config.get("architecture") != architecture:
        return None  # an image of one platform is given whatever is asked for
    layers = inspected(image, architecture, "--no-tags", *options)["Layers"]
    name = image.removeprefix(SHORT)
    if ":" not in name.rsplit("/", 1)[-1]:
        name += ":latest"
    return "\t".join([name, f"linux/{architecture}", config.get("created", "")[:10] or "unknown",
                      ",".join(layers), ",".join(config["rootfs"]["diff_ids"])])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--tls-verify", choices=["true", "false"], default="true")
    arguments = parser.parse_args()
    failed = False
    for image in arguments.images:
        lines = []
        problem = ""
        for architecture in PLATFORMS:
            try:
                lines.append(line_of(image, architecture, [f"--tls-verify={arguments.tls_verify}"]))
            except LookupError as error:
                problem = str(error)
        lines = [line for line in lines if line is not None]
        print(*lines, sep="\n", end="\n" if lines else "")
        if not lines:
            print(f"{image}: {problem or 'neither for amd64 nor for arm64'}", file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
