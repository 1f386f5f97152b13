"""Importing a library without a library that it imports and that is not used.

crhelper imports boto3 for clients that it never builds here (see `resource`), which would be a tenth of a cold start.
The stand-in is empty, so that a client which crhelper did build after all would fail instead of being built.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def unneeded(name: str) -> Iterator[None]:
    """Let what is imported meanwhile find an empty module of this name; afterwards all is as it was."""
    kept = sys.modules.get(name)
    sys.modules[name] = ModuleType(name)
    try:
        yield
    finally:
        del sys.modules[name]
        if kept is not None:
            sys.modules[name] = kept
