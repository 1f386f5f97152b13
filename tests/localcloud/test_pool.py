"""Environments are leased, kept warm, bounded in number, and end with what they were made from."""

import threading
from typing import Any

import pytest

from provider.localcloud import pool
from provider.localcloud.pool import Function, Pool

F = Function("111111111111", "us-east-1", "f", "$LATEST")


class Environment:
    """Stands for a process."""

    def __init__(self) -> None:
        self.usable = True
        self.closed = threading.Event()

    def close(self) -> None:
        """Remember it."""
        self.closed.set()


def _lease(kept: Pool, fingerprint: str = "one", patience: float = 0) -> Any:
    make: Any = Environment
    return kept.lease(F, fingerprint, make, patience)


def test_what_is_given_back_is_leased_again() -> None:
    """A warm environment is used before another is made."""
    kept = Pool()
    first = _lease(kept)
    assert _lease(kept) is not first
    kept.release(F, first)
    assert _lease(kept) is first


def test_other_code_or_configuration_is_another_environment() -> None:
    """What was made from something else ends, at once or after the event that it serves."""
    kept = Pool()
    idle, busy = _lease(kept), _lease(kept)
    kept.release(F, idle)
    assert _lease(kept, "two") not in (idle, busy)
    assert idle.closed.wait(2)
    assert not busy.closed.is_set()
    kept.release(F, busy)
    assert busy.closed.wait(2)


def test_an_environment_that_has_died_is_not_leased() -> None:
    """The next invocation gets a new one."""
    kept = Pool()
    dead = _lease(kept)
    dead.usable = False
    kept.release(F, dead)
    assert _lease(kept) is not dead


def test_no_more_than_the_bound_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes later waits for a free one, and is refused if none comes."""
    monkeypatch.setattr(pool, "BOUND", 1)
    kept = Pool()
    only = _lease(kept)
    assert _lease(kept, patience=0.05) is None
    got: list[Any] = []
    waiting = threading.Thread(target=lambda: got.append(_lease(kept, patience=5)))
    waiting.start()
    kept.release(F, only)
    waiting.join(5)
    assert got == [only]


def test_a_deleted_functions_environments_end() -> None:
    """Those of other functions stay."""
    kept = Pool()
    mine = _lease(kept)
    kept.release(F, mine)
    kept.drop(lambda function: function.name == "another")
    assert not mine.closed.is_set()
    kept.drop(lambda function: function.name == "f")
    assert mine.closed.wait(2)
