"""Seeds of the fuzz targets: small inputs of the right form, made when they are needed, most of
them by the real tools. A module here has the seeds of one area; each function gives those of one
target, by name.

Nothing here holds a secret: keys are made anew each time, and what looks like a token is none that
any rule of ours or others' knows.
"""

from collections.abc import Callable

Seeds = dict[str, bytes]

TARGETS: dict[str, Callable[[], Seeds]] = {}


def target(name: str) -> Callable[[Callable[[], Seeds]], Callable[[], Seeds]]:
    """Registers the function that makes the seeds of tests/fuzz/NAME_fuzz.cpp."""

    def register(make: Callable[[], Seeds]) -> Callable[[], Seeds]:
        assert name not in TARGETS, name
        TARGETS[name] = make
        return make

    return register


def under(first: int, seeds: Seeds, *more: int) -> Seeds:
    """The seeds behind the bytes by which a target picks what they are."""
    return {f"{name}-{first}": bytes([first, *more]) + data for name, data in seeds.items()}
