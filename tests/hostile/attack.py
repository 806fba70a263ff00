"""What an attack of the catalogue is made with: a fixture (fixtures/fixture.py) that says more of
what a scan of it may cost.

Besides the members of a fixture's expectation there are

  command   what the arguments are given to: `scan`, or `gate`
  memory    the ceiling of resident memory, in bytes, that the scan must stay under
  scanned   the most bytes that may be handed to the engine, what decoders made included; null: any
  hits      the most candidates that may be looked at; null: any
  formats   more report formats to write, each held against `never` and `planted`
  never     texts that no output may hold, as latin-1
  markup    the same of HTML, JUnit's XML, and Markdown outside of code spans
  told      targets, as they are called, that must not be complete
  found_or_told   whether each target that is complete must have a finding
  longest_error   the most bytes of standard error; null: any
  told_paths      by target, how many paths in it must have a gap at least

An attack that has files without a byte says so (`empty`), and each expects something that may fail:
one that came out empty, or that nothing can fail, would pass for ever.

`size` is 1, or more where figures are taken: an attack whose cost depends on its length is that
many times as long.
"""

import sys
from collections.abc import Callable
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES))

from emptiness import empty_files  # noqa: E402
from fixture import Fixture  # noqa: E402

MIB = 1 << 20
DEFAULT_CEILING = 512 * MIB
FORMATS = ["table", "json", "jsonl", "csv", "sarif", "gitlab", "junit", "cyclonedx", "markdown",
           "html"]

ATTACKS: dict[str, Callable] = {}


class Attack(Fixture):
    def __init__(self, name: str, out: Path, size: int = 1):
        super().__init__(name, out)
        self._size = size
        self.grows = False  # whether the recipe asked for its size
        self.command = "scan"
        self.memory = DEFAULT_CEILING
        self.scanned: int | None = None
        self.hits: int | None = None
        self.formats: list[str] = []
        self.never: list[bytes] = []
        self.markup: list[bytes] = []
        self.told: list[str] = []
        self.found_or_told = False
        self.told_paths: dict[str, int] = {}
        self.longest_error: int | None = None
        self.empty = False

    @property
    def size(self) -> int:
        self.grows = True
        return self._size

    def write(self) -> None:
        empty = [] if self.empty else empty_files(self.out)
        if empty:
            raise ValueError(f"{self.name}: without a byte: {', '.join(empty[:5])}")
        telling = (self.findings or self.gaps or self.told or self.images or self.error
                   or self.found_or_told)
        if self.exit is None or (self.exit != 0 and not telling):
            raise ValueError(f"{self.name}: it expects nothing that could fail")
        super().write()

    def expectation(self) -> dict:
        return {**super().expectation(), "command": self.command, "memory": self.memory,
                "scanned": self.scanned, "hits": self.hits, "formats": self.formats,
                "never": [text.decode("latin-1") for text in self.never],
                "markup": [text.decode("latin-1") for text in self.markup], "told": self.told,
                "found_or_told": self.found_or_told, "told_paths": self.told_paths,
                "longest_error": self.longest_error, "grows": self.grows}

    def seen(self, rule: str = "github-pat-classic", **members: object) -> None:
        """Expects a finding of which only these members matter."""
        self.findings.append({"rule": rule, **members})


def attack(function: Callable) -> Callable:
    name = function.__name__.replace("_", "-")
    assert name not in ATTACKS, f"two attacks are called {name}"
    ATTACKS[name] = function
    return function
