#!/usr/bin/env bash
# Runs every benchmark of a Release build: `bench/run.sh BUILD_DIR [CORPORA]`.
# Standard output has NAME VALUE UNIT lines alone; all else goes to standard error.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { echo "usage: run.sh BUILD_DIR [CORPORA]" >&2; exit 3; }
build=$(cd "$1" && pwd)
corpora=${2:-$here/../build/corpora}
programs=$build/bench

# What exists is left as it is; the first time this takes minutes and the network.
python3 "$here/corpora.py" "$corpora" >&2
corpora=$(cd "$corpora" && pwd)

grep -m1 "model name" /proc/cpuinfo >&2 || true
echo "processors: $(nproc), load: $(cut -d' ' -f1-3 /proc/loadavg)" >&2

# A process each, so that one corpus's memory is not another's peak.
for layout in text-8-gzip text-8-zstd binary-8-gzip binary-8-zstd \
              text-1-gzip text-1-zstd binary-1-gzip binary-1-zstd; do
    "$programs/floor_bench" "$corpora/$layout"
done
# Some 15 s a scan: one pair tells enough.
for layout in dense-1-gzip dense-1-zstd; do
    "$programs/floor_bench" --pairs 1 "$corpora/$layout"
done

tiny=$(mktemp -d)
trap 'rm -rf "$tiny"' EXIT
echo "a file of one line" >"$tiny/file"
tar -C "$tiny" -cf "$tiny/layer.tar" file
"$programs/start_bench" "$build/stratascan" "start.cold=$tiny/layer.tar" \
    "small20.scan=$corpora/small-20-gzip"

"$programs/store_bench" 100000 "$tiny/data/store.sqlite"

STRATASCAN_CORPORA=$corpora "$programs/stage_bench"
