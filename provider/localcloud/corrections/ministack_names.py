"""How a correction reaches into the base emulator, whose names are private and may move.

A correction that finds a name gone must say so at the start: a correction that silently does nothing
would let through what AWS refuses.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any


class NameMovedError(RuntimeError):
    """The base emulator has no longer what a correction replaces; the correction must be looked at anew."""

    def __init__(self, module: str, name: str) -> None:
        super().__init__(f"{module} has no {name}: the base emulator is not the version these corrections are for")


def part(name: str) -> Any:
    """Import the base emulator's module `ministack.<name>`."""
    return import_module(f"ministack.{name}")


def supplant(module_name: str, name: str, make: Callable[[Any], Any]) -> None:
    """Put `make(old)` where `ministack.<module_name>.<name>` is, and wherever it was imported by name.

    Raises:
        NameMovedError: there is no such name.
    """
    module = part(module_name)
    if not hasattr(module, name):
        raise NameMovedError(module.__name__, name)
    old = getattr(module, name)
    new = make(old)
    setattr(module, name, new)
    for other in [loaded for title, loaded in sys.modules.items() if title.startswith("ministack.")]:
        for alias in [alias for alias, value in vars(other).items() if value is old]:
            setattr(other, alias, new)


def require(module_name: str, *names: str) -> Any:
    """Import a module and make sure that it has the `names` which a correction uses.

    Raises:
        NameMovedError: one of them is missing.
    """
    module = part(module_name)
    for name in names:
        if not hasattr(module, name):
            raise NameMovedError(module.__name__, name)
    return module
