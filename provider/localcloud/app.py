"""The application that the cloud's process serves: the base emulator, corrected, behind the front door.

Runs in the cloud's own virtual environment.
"""

import pkgutil
from importlib import import_module
from typing import Any

from provider.localcloud import corrections, records, settings
from provider.localcloud.frontdoor import FrontDoor


def build() -> FrontDoor:
    """Apply every correction, once, and put the front door before the base."""
    records.listen()
    for module in pkgutil.iter_modules(corrections.__path__, f"{corrections.__name__}."):
        apply: Any = getattr(import_module(module.name), "apply", None)
        if apply is not None:
            apply()
    records.attach()
    from ministack.app import app  # noqa: PLC0415 - reads its environment when imported, which the server sets

    return FrontDoor(app, settings.current().token)
