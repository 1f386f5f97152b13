"""What the functions have printed, as it comes, for people and tests."""

import threading
import time
from collections import deque
from dataclasses import dataclass

KEPT = 50_000
"""Lines; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `at` in seconds since the epoch, `function` an unqualified ARN."""

    at: float
    function: str
    text: str


_lines: deque[Line] = deque(maxlen=KEPT)
_lock = threading.Lock()


def add(function: str, text: str) -> None:
    """Remember a line."""
    with _lock:
        _lines.append(Line(time.time(), function, text))


def lines(function: str | None = None) -> list[Line]:
    """All lines that are kept, or those of one function."""
    with _lock:
        return [line for line in _lines if function in (None, line.function)]
