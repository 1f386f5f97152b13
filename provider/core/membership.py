"""In which organizational units an account is, as AWS Organizations tells it."""

from collections.abc import Iterable
from dataclasses import dataclass

from provider.core.absences import Standing
from provider.core.identifiers import AccountId, UnitId

HOUR = 3_600.0
"""Seconds for which what the organization has told is good enough to grant on, and after which it is asked again."""


@dataclass(frozen=True, slots=True)
class Membership:
    """What the organization tells of an account; `units` is None where it tells no path of it."""

    standing: Standing
    units: frozenset[UnitId] | None = None


@dataclass(frozen=True, slots=True)
class UnitsRecord:
    """The organizational units that an account is in, up to the root, and when the organization has told so (epoch seconds)."""

    account: AccountId
    units: frozenset[UnitId]
    told_at: float

    def is_fresh(self, now: float) -> bool:
        """Whether something new may be granted on its strength."""
        return now - self.told_at < HOUR


def units_on(paths: Iterable[str]) -> frozenset[UnitId]:
    """The units on an account's paths, such as `o-a1b2c3d4e5/r-ab12/ou-ab12-cdefgh34/111111111111/`, the root among them."""
    return frozenset(UnitId(part) for path in paths for part in path.split("/") if part.startswith(("ou-", "r-")))
