"""How much room a policy has: in all, and for each of the accounts that share it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from provider.core.declarations import SHARE
from provider.core.documents import Document, text_of
from provider.core.errors import PolicyShareTaken
from provider.core.identifiers import AccountId, Arn, DeclarationId
from provider.core.plans import Plan, framed, plan
from provider.core.records import GrantRecord
from provider.core.statements import CentreId, Statement, merge

WHOLE = 100
"""The share of an account that may fill a policy, be its quota raised or not."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A grant that must stand on a resource, with the statements that it needs there.

    `first` are those that open what its stack was told; the rest is what its moved target needs besides. Where what it was told
    is not to be open here, all are first. `share` is how many per cent of the policy its account may take. `lasts` says that nothing
    is known by which it will end.
    """

    row: GrantRecord
    statements: tuple[Statement, ...]
    first: tuple[Statement, ...]
    share: int = SHARE
    lasts: bool = True

    @property
    def id(self) -> DeclarationId:
        """The grant's id."""
        return self.row.id


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it stands on `arn`, whose centre is ours, and the characters that it may have (None: AWS says).

    `instead` is the statement to leave where it would become empty. `shared` are the characters that several accounts share
    (None: one account alone is let in). `adopted` are the ids of foreign statements that may go, with what must be granted before;
    `going` are those that do.
    """

    arn: Arn
    actual: Document | None
    centre: CentreId
    limit: int | None
    instead: Document | None = None
    shared: int | None = None
    adopted: Mapping[str, Sequence[Statement]] = field(default_factory=dict)
    going: frozenset[str] = frozenset()

    def planned(self, statements: Iterable[Statement]) -> Plan:
        """The plan for these statements, merged."""
        return plan(merge(statements), self.actual, self.centre, self.instead, self.going)

    def has_room_for(self, size: int) -> bool:
        """Whether a document of so many characters is within the limit."""
        return self.limit is None or size <= self.limit


@dataclass(slots=True)
class Room:
    """How many characters a policy has, as statements come in that are merged with those that are there.

    `first` says that there are none yet, so that no comma comes before the next.
    """

    policy: Policy
    base: Sequence[Statement]
    size: int = 0
    first: bool = True
    names: dict[Statement, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = replace(self.policy, instead=None).planned(self.base).document
        self.size = len(text_of(found or framed(self.policy.actual, [])))
        self.first = not found
        for one in self.base:
            self.names.setdefault(one.frame, set()).update(one.names)

    def needed(self, statements: Iterable[Statement]) -> int:
        """Characters that statements would add: their names where there is such a statement, all of them where not."""
        return sum(self._needed(one) for one in statements) - self.first

    def _needed(self, one: Statement) -> int:
        there = self.names.get(one.frame)
        if there is None:
            return len(text_of(one.document(self.policy.centre))) + len(",")
        return sum(len(name) + 3 for name in one.names if name not in there)

    def take(self, statements: Iterable[Statement]) -> None:
        """Let statements in."""
        for one in statements:
            self.size += self.needed([one])
            self.first = False
            self.names.setdefault(one.frame, set()).update(one.names)


@dataclass(slots=True)
class Shares:
    """How much of a policy that several accounts share each takes: the length of its own statements, merged among themselves.

    While a stack changes a grant, both the old and the new one stand; the new one alone counts. `stands` are those in the policy.
    """

    policy: Policy
    standing: Sequence[Standing]
    stands: frozenset[DeclarationId]
    rooms: dict[AccountId, Room] = field(default_factory=dict)
    counted: dict[AccountId, list[Standing]] | None = None

    def exceeded(self, one: Standing) -> PolicyShareTaken | None:
        """The error of a grant with which its account would take more than its share."""
        if self.policy.shared is None or not self._counts(one):
            return None
        account, share = one.row.origin.account, self.policy.shared * one.share // 100
        room = self._room(account)
        size = room.size + room.needed(one.statements)
        return PolicyShareTaken(account, self.policy.arn, size, share) if size > share else None

    def take(self, one: Standing) -> None:
        """Let a grant in."""
        if self.policy.shared is not None and self._counts(one):
            self._room(one.row.origin.account).take(one.statements)

    def _counts(self, one: Standing) -> bool:
        """Whether a grant is new and its account has a share."""
        return one.share < WHOLE and one.id not in self.stands

    def _room(self, account: AccountId) -> Room:
        if account not in self.rooms:
            if self.counted is None:
                self.counted = self._by_account()
            parts = [part for one in self.counted.get(account, ()) for part in one.statements]
            self.rooms[account] = Room(replace(self.policy, actual=None), parts)
        return self.rooms[account]

    def _by_account(self) -> dict[AccountId, list[Standing]]:
        newest = {one.row.origin: one for one in sorted(self.standing, key=when)}
        found: dict[AccountId, list[Standing]] = {}
        for origin, one in newest.items():
            if one.id in self.stands:
                found.setdefault(origin.account, []).append(one)
        return found


def when(one: Standing) -> tuple[str, str]:
    """The order in which grants are let in, and in which a later one replaces another of its origin."""
    return (one.row.asked_at, one.id)
