#!/usr/bin/env bash
# Builds oneTBB under ThreadSanitizer into the folder DEST, from the source of Debian's package: what
# passes from thread to thread by a library that it did not see is a race to it.
set -eu
dest=$1
[ -e "$dest/libtbb.so.12" ] && exit 0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/parts" "$folder/lists"
# The machine's own sources, with those of source packages beside them; its own lists stay as they are.
. /etc/os-release
cat >"$folder/parts/source.sources" <<END
Types: deb-src
URIs: http://deb.debian.org/debian
Suites: $VERSION_CODENAME
Components: main
END
from_source="-qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$folder/parts
  -o Dir::State::Lists=$folder/lists -o APT::Sandbox::User=root"
cd "$folder"
# shellcheck disable=SC2086
apt-get $from_source update
# shellcheck disable=SC2086
apt-get $from_source source --download-only onetbb
mkdir source
tar -xf onetbb_*.orig.tar.* -C source --strip-components 1
cmake -G Ninja -S source -B build -D CMAKE_BUILD_TYPE=RelWithDebInfo -D TBB_SANITIZE=thread \
    -D TBB_TEST=OFF -D TBB_STRICT=OFF -D TBBMALLOC_BUILD=OFF >/dev/null
nice cmake --build build >/dev/null
mkdir -p "$dest"
cp -P build/*/libtbb.so* "$dest/"
