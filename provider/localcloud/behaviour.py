"""The behaviour table: each call that the local cloud adds or corrects, what AWS does, and how that is known.

No imitation without a row, no row without a source and a test. The table in `docs/local-cloud.md`
is generated from here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

_Function = TypeVar("_Function", bound=Callable[..., object])


@dataclass(frozen=True, slots=True, order=True)
class Behaviour:
    """One row: `call` as `service:Operation`, what is expected of AWS, the source, and the test's node id."""

    call: str
    expected: str
    source: str
    test: str


TABLE: list[Behaviour] = []


def behaviour(*, call: str, expected: str, source: str, test: str) -> Callable[[_Function], _Function]:
    """Declare a row for the decorated correction; `test` is `tests/localcloud/<file>.py::<function>`."""

    def declare(function: _Function) -> _Function:
        TABLE.append(Behaviour(call, expected, source, test))
        return function

    return declare
