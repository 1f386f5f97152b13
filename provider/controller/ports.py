"""What the controller needs from outside, as protocols; each has an in-memory twin held to the same tests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from provider.core.answers import Answer
from provider.core.documents import Document
from provider.core.identifiers import AccountId, Arn, DeclarationId, Origin, Target
from provider.core.records import OriginRecord, PublicationRecord, ResourceRecord, Row, TargetView
from provider.core.requests import RequestKey


class Clock(Protocol):
    """Time, so that tests need not wait for it."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""


class Desk(Protocol):
    """Where requests lie until they are answered, and where answers are put."""

    def is_answered(self, key: RequestKey) -> bool:
        """Whether an answer was put already."""

    def answer(self, key: RequestKey, answer: Answer) -> None:
        """Put the answer, unless there is one already, and only then take the request away."""

    def close(self, key: RequestKey) -> None:
        """Take an answered request away."""

    def unanswered(self) -> Iterator[Mapping[str, Any]]:
        """The items of all requests that lie there: `account`, `request`, `event`, `issuedAt`, as far as they are text."""

    def attempted(self, key: RequestKey) -> int:
        """Count another attempt at a request before it is made; how many that makes."""


class Ledger(Protocol):
    """The controller's memory. Reads are consistent."""

    def origin(self, origin: Origin) -> OriginRecord:
        """What an origin holds; a fresh record for one that was never seen."""

    def row(self, target: Target, declaration: DeclarationId) -> Row | None:
        """A publication or grant under a name."""

    def publications(self, target: Target) -> tuple[PublicationRecord, ...]:
        """The publications under a name."""

    def view(self, target: Target) -> TargetView:
        """All that lies under a name."""

    def reserved(self, environment: str, name: str) -> AccountId | None:
        """The owner that a short name is reserved for."""

    def commit(
        self,
        puts: Sequence[OriginRecord | Row],
        deletes: Sequence[Row],
        now: float,
        checks: Sequence[PublicationRecord] = (),
    ) -> None:
        """Write all or nothing; deleted rows go to the history, `checks` are only looked at.

        Raises:
            LedgerConflict: a record is not in the version any more in which it was read.
        """

    def want(self, arn: Arn, names: frozenset[Target], now: float) -> None:
        """Say that something about a resource has changed, and which names point to it."""

    def acquire(self, arn: Arn, holder: str, now: float) -> ResourceRecord | None:
        """Take (or renew) the resource's lease; None where another holder has it or the resource is unknown."""

    def release(self, resource: ResourceRecord, names: frozenset[Target], due_at: float) -> bool:
        """Give the lease back with the names that remain (none: forget the resource); due again at `due_at`.

        False, and the lease stays, where `wanted` has moved since the resource was read.
        """

    def give_back(self, resource: ResourceRecord, due_at: float) -> None:
        """Give the lease back with nothing done: the resource is due again at `due_at`."""

    def due(self, now: float) -> Iterator[Arn]:
        """The resources whose time has come."""


@dataclass(frozen=True, slots=True)
class LivePolicy:
    """A policy as it stands; `revision` is what a write must find unchanged, where the service has one."""

    document: Document | None
    revision: str | None


class PolicyStore(Protocol):
    """The policies of one kind of resource, in the owners' accounts.

    All methods raise `ResourceGone`, `ShutOut` or `WriteUnsettled`.
    """

    limit: int
    """Characters that a policy may have."""

    def read(self, arn: Arn) -> LivePolicy:
        """The policy as it stands."""

    def write(self, arn: Arn, document: Document | None, revision: str | None) -> None:
        """Replace the whole policy, or remove it.

        Raises:
            PolicyRefused, PolicyFull: AWS does not take the document.
            WriteUnsettled: among others, where the revision has moved: read again.
        """
