#!/usr/bin/env python3
"""Makes scanner/sieve/sample.bin: `bench/sample.py CORPORA`, a folder that corpora.py has built.

The sieve spreads its needles over buckets so that little passes by chance, and for that it must
know what bytes are like where nothing is to be found. This makes up bytes that are like those of
the two large corpora: each next byte is drawn from those that follow the same four somewhere in
them. What comes out is nobody's text, and small enough to be kept.
"""
import random
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ORDER = 4  # more would tell long stretches of the corpora again
PIECES, PIECE = 400, 20_000
SIZES = {"text": 96 << 10, "binary": 32 << 10}


def layer(corpora: Path, kind: str) -> bytes:
    """The one layer of the corpus, decompressed."""
    blobs = sorted((corpora / f"{kind}-1-zstd/blobs/sha256").iterdir(),
                   key=lambda path: path.stat().st_size)
    return subprocess.run(["zstd", "-dcf", str(blobs[-1])], check=True,
                          stdout=subprocess.PIPE).stdout


def alike(data: bytes, size: int, rng: random.Random) -> bytes:
    pieces = bytearray()
    for _ in range(PIECES):
        begin = rng.randrange(len(data) - PIECE)
        pieces += data[begin:begin + PIECE]
    followers = defaultdict(list)
    for place in range(len(pieces) - ORDER):
        followers[bytes(pieces[place:place + ORDER])].append(pieces[place + ORDER])
    made = bytearray(pieces[:ORDER])
    while len(made) < size:
        known = followers.get(bytes(made[-ORDER:]))
        made.append(rng.choice(known) if known else rng.choice(pieces))
    return bytes(made)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 3
    rng = random.Random("sample")
    made = b"".join(alike(layer(Path(arguments[0]), kind), size, rng)
                    for kind, size in SIZES.items())
    (Path(__file__).parent.parent / "scanner/sieve/sample.bin").write_bytes(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
