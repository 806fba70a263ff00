#!/usr/bin/env python3
"""Puts figures into the tables of bench/README.md.

    bench/run.sh build/release | tee build/figures
    bench/table.py "one line on the circumstances" < build/figures

Reads NAME VALUE UNIT lines; what stands between the two marks of the README is written anew, with
the machine that this runs on. Without a README to write to (`-`), prints.
"""

import os
import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent / "README.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
LAYOUT = re.compile(r"((?:text|binary|dense)-\d+-\w+)\.(.+)")
STAGE = re.compile(r"stage\.([^/]+)/(made-text|made-binary|made-dense|text|binary|dense)")


def machine() -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    kernel = os.uname()
    return (f"{model.group(1) if model else kernel.machine}, {os.cpu_count()} processors, "
            f"Linux {kernel.release.split('-')[0]}")


def row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def head(*cells: str) -> list[str]:
    return [row(*cells), row(*["---"] + ["---:"] * (len(cells) - 1))]


def layout_table(figures: dict[str, tuple[str, str]]) -> list[str]:
    layouts: dict[str, dict[str, float]] = {}
    for name, (value, _) in figures.items():
        if found := LAYOUT.fullmatch(name):
            layouts.setdefault(found[1], {})[found[2]] = float(value)
    lines = head("corpus", "floor GB/s", "scan GB/s", "fraction", "least – most", "peak RSS MiB")
    for layout, of in layouts.items():
        lines.append(row(layout, f"{of['floor']:.2f}", f"{of['scan']:.3f}",
                         f"{of['fraction']:.2f}",
                         f"{of['fraction_min']:.2f} – {of['fraction_max']:.2f}",
                         f"{of['peak_rss']:.0f}"))
    return lines


def stage_table(figures: dict[str, tuple[str, str]]) -> list[str]:
    stages: dict[str, dict[str, str]] = {}
    materials: list[str] = []
    for name, (value, unit) in figures.items():
        if found := STAGE.fullmatch(name):
            stages.setdefault(f"{found[1]}, {unit}", {})[found[2]] = value
            if found[2] not in materials:
                materials.append(found[2])

    def shown(value: str) -> str:
        return f"{float(value):.4g}" if value else ""

    lines = head("stage", *materials)
    for stage, of in stages.items():
        lines.append(row(stage, *(shown(of.get(material, "")) for material in materials)))
    return lines


def other_table(figures: dict[str, tuple[str, str]]) -> list[str]:
    lines = head("figure", "value")
    for name, (value, unit) in figures.items():
        if not LAYOUT.fullmatch(name) and not STAGE.fullmatch(name):
            lines.append(row(name, f"{float(value):.4g} {unit}"))
    return lines


def main(arguments: list[str]) -> int:
    figures: dict[str, tuple[str, str]] = {}
    for line in sys.stdin:
        parts = line.split()
        if len(parts) == 3:
            figures[parts[0]] = (parts[1], parts[2])
    to_readme = "-" not in arguments
    circumstances = " ".join(argument for argument in arguments if argument != "-")
    lines = [f"{machine()}. `make bench`. {circumstances}".rstrip(), "", *layout_table(figures), "",
             *other_table(figures), "", *stage_table(figures)]
    text = "\n".join(lines) + "\n"
    if not to_readme:
        print(text, end="")
        return 0
    readme = README.read_text()
    before, rest = readme.split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(f"{before}{BEGIN}\n{text}{END}{after}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
