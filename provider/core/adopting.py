"""Adopting foreign statements: each goes, once an operator has said so, with the write by which grants allow all that it allowed.

Pure. An adoption knows its statement by what it means: one that was changed since, in whatever way, is another one, and stays.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from provider.core.covering import covers
from provider.core.documents import Document, statement_id, statements_of
from provider.core.identifiers import AccountId, Arn, Target
from provider.core.statements import CentreId, Statement

if TYPE_CHECKING:
    from provider.core.translating import Counterpart

UNNAMED = "without a Sid"


def sid_of(statement: Document) -> str:
    """A statement's Sid, or that it has none."""
    return str(statement.get("Sid") or UNNAMED)


@dataclass(frozen=True, slots=True)
class Adoption:
    """An operator's word that a statement of a resource's policy may go: as it was read, under which name, by whom and when.

    `id` is the statement's (`documents.statement_id`), `by` an ARN, `at` in epoch seconds.
    """

    resource: Arn
    id: str
    statement: Document
    target: Target
    by: str
    at: float

    @classmethod
    def of(cls, resource: Arn, statement: Document, target: Target, by: str, at: float) -> "Adoption":
        """The adoption of a statement as it stands."""
        return cls(resource, statement_id(statement), statement, target, by, at)

    @property
    def counterparts(self) -> "tuple[Counterpart, ...]":
        """The grants that mean the same: none, and so it never goes, where no grant can, or the id is not the statement's."""
        # Late: a cold start compiles it only where something was adopted.
        from provider.core.translating import translated  # noqa: PLC0415

        known = statement_id(self.statement) == self.id
        return translated(self.statement, self.resource).counterparts if known else ()

    @property
    def needs(self) -> tuple[Statement, ...]:
        """What must be granted before it goes."""
        return tuple(part for one in self.counterparts for part in one.statements)

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        """The accounts that it lets in."""
        return tuple(sorted({one.account for one in self.counterparts}))

    def missing(self, granted: Collection[Statement]) -> tuple[AccountId, ...]:
        """The accounts that have yet to ask for all that it allows them."""
        return tuple(sorted({one.account for one in self.counterparts if not covers(granted, one.statements)}))


class Ending(StrEnum):
    """How an adoption has ended."""

    TAKEN_OVER = "TakenOver"  # grants allow all that it allowed, and it is gone
    GONE = "Gone"  # it is gone, and not by us: something of it is not granted
    WITHDRAWN = "Withdrawn"  # an operator has taken his word back
    LAPSED = "Lapsed"  # nothing of ours has to do with the resource any more


Ended = tuple[Adoption, Ending]


@dataclass(frozen=True, slots=True)
class Stock:
    """Where adoptions stand after a pass: which are `waiting` for grants, `changed` since, and have `ended` how."""

    waiting: tuple[Adoption, ...] = ()
    changed: tuple[Adoption, ...] = ()
    ended: tuple[Ended, ...] = ()


def covered(needs: Mapping[str, Iterable[Statement]], granted: Collection[Statement]) -> frozenset[str]:
    """The ids of adopted statements whose every permission is granted."""
    return frozenset(one for one, needed in needs.items() if covers(granted, needed))


def taken_stock(
    adoptions: Sequence[Adoption], document: Document | None, centre: CentreId, covered: Collection[str]
) -> Stock:
    """Where adoptions stand, with the policy as it is now and the `covered` ids.

    A statement that is not there is changed where another has its Sid. Whoever has taken it away otherwise, its permissions are
    grants' now if they are covered: a crash between write and record ends no other way.
    """
    foreign = [one for one in statements_of(document) if not centre.owns(one)]
    there, sids = {statement_id(one) for one in foreign}, {one["Sid"] for one in foreign if one.get("Sid")}
    waiting = tuple(one for one in adoptions if one.id in there)
    absent = [one for one in adoptions if one.id not in there]
    changed = tuple(one for one in absent if one.statement.get("Sid") in sids)
    ended = tuple((one, _ending(one, covered)) for one in absent if one not in changed)
    return Stock(waiting, changed, ended)


def _ending(one: Adoption, covered: Collection[str]) -> Ending:
    return Ending.TAKEN_OVER if one.id in covered else Ending.GONE
