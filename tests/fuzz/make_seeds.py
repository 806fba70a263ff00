#!/usr/bin/env python3
"""Makes the seeds of all fuzz targets: `make_seeds.py OUT [TARGET...]` writes OUT/TARGET/NAME.

A target's seeds are those of the modules in seeds/, and every input that ever crashed it
(regressions.py). They run as plain tests in every build (seed_test.cpp), and a campaign starts
from them."""

import importlib
import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "fixtures")]

import regressions  # noqa: E402
import seeds  # noqa: E402
import targets  # noqa: E402

for module in sorted((HERE / "seeds").glob("[a-z]*.py")):
    importlib.import_module(f"seeds.{module.stem}")


def main(arguments: list[str]) -> int:
    out = Path(arguments[0])
    names = arguments[1:] or sorted(source.name.removesuffix("_fuzz.cpp")
                                    for source in HERE.glob("*_fuzz.cpp"))
    missing = [name for name in names if name not in seeds.TARGETS]
    wrong = targets.check()
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    if missing:
        print(f"no seeds for {', '.join(missing)}", file=sys.stderr)
        return 1
    for name in names:
        made = seeds.TARGETS[name]()
        made |= {f"regression-{about}": data
                 for about, data in regressions.CRASHES.get(name, {}).items()}
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if old.name not in made:
                old.unlink()
        for about, data in made.items():
            (folder / about).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
