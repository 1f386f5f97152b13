"""Stand-ins for the sandbox accounts' ids: tests, output and reports speak of 111111111111, and AWS is told the real id.

So the very tests that hold the local cloud run against real accounts as they are written, and a report can be handed on without saying whose
accounts they were.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ACCOUNTS = {"consumer": "111111111111", "central": "222222222222", "owner": "333333333333", "intruder": "444444444444"}
"""The stand-in of each account."""
ORGANIZATION = "o-localcloud"


@dataclass(frozen=True, slots=True)
class StandIns:
    """Both ways between stand-ins and what is real; `real` is by stand-in."""

    real: Mapping[str, str]
    _back: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_back", {value: key for key, value in self.real.items()})

    def told(self, value: Any) -> Any:
        """What is said to AWS: stand-ins become real, in text at any depth. Bytes and streams are left alone."""
        return _replaced(value, self.real)

    def heard(self, value: Any) -> Any:
        """What AWS has said: real ids become their stand-ins."""
        return _replaced(value, self._back)


def _replaced(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub("|".join(map(re.escape, names)), lambda found: names[found[0]], value) if names else value
    if isinstance(value, dict):
        return {_replaced(key, names): _replaced(one, names) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_replaced(one, names) for one in value)
    return value
