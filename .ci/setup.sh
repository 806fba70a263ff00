#!/usr/bin/env bash
# Installs, by name, the Debian packages that are needed and not here yet: to build the program;
# with the arguments `example`, `test` and `clang` also those of the example image, of the tests and
# benchmarks, and of fuzzing and clang-tidy. Needs root only when something is missing.
set -eu

packages="
  build-essential g++ cmake ninja-build pkg-config git python3
  libhyperscan-dev libarchive-dev libzstd-dev libtbb-dev libssl-dev libfmt-dev libisal-dev
  libre2-dev libtomlplusplus-dev nlohmann-json3-dev libcli11-dev libyaml-dev zlib1g-dev libbz2-dev liblzma-dev liblz4-dev
  libucl-dev
  libcurl4-openssl-dev libsqlite3-dev
"
example="mmdebstrap umoci skopeo busybox-static openssh-client zstd"

for more in "$@"; do
    case $more in
        example) packages="$packages $example" ;;
        test)
            packages="$packages $example
              libgtest-dev libbenchmark-dev
              jq zstd xz-utils bzip2 gzip lzip lz4 ncompress openssl gnupg binutils sqlite3 python3-jsonschema python3-yaml
              curl cmark-gfm chromium rpm db5.3-util docker-registry nginx-light apache2-utils
              tinyproxy-bin podman crun conmon netavark" ;;
        clang) packages="$packages clang-19 clang-tidy-19 libclang-rt-19-dev llvm-19" ;;
        *) echo "setup: no set of packages is called $more" >&2; exit 3 ;;
    esac
done

missing=""
for package in $packages; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

echo "setup: installing$missing"
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup: run as root, or install:$missing" >&2; exit 3; }
    as_root=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
