"""The attacks, one module a kind. Each is a function of an Attack, named after what it does."""

import importlib
import pkgutil


def load_all() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
