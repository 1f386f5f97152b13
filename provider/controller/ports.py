"""What the controller needs from outside, as protocols; each has an in-memory twin held to the same tests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from provider.core.absences import AccountRecord, Sight
from provider.core.adopting import Adoption, Ending
from provider.core.answers import Answer
from provider.core.auditing import AuditEvent
from provider.core.documents import Document
from provider.core.identifiers import AccountId, Arn, DeclarationId, Origin, Target
from provider.core.measuring import Measured
from provider.core.membership import Membership, UnitsRecord
from provider.core.records import GrantRecord, OriginRecord, PublicationRecord, ResourceRecord, Row, TargetView
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

    def answer_all(self, answers: Sequence[tuple[RequestKey, Answer]]) -> None:
        """Put several answers, each as `answer` does, in as few calls as that takes."""

    def close(self, key: RequestKey) -> None:
        """Take an answered request away."""

    def unanswered(self) -> Iterator[Mapping[str, Any]]:
        """The items of all requests that lie there: `account`, `request`, `event`, `issuedAt`, as far as they are text."""

    def attempted(self, key: RequestKey) -> int:
        """Count another attempt at a request before it is made; how many that makes."""


class Journal(Protocol):
    """Who is told what has become of grants. The ledger is the record: what gets lost here is lost to watchers alone."""

    def tell(self, events: Sequence[AuditEvent]) -> None:
        """Tell of events that have been committed; never raises."""


class Meter(Protocol):
    """Who counts and times what the controller does, for alarms."""

    def record(self, measured: Iterable[Measured]) -> None:
        """Take measures; never raises."""


class Stacks(Protocol):
    """The stacks of the accounts that ask, looked at through each account's observer role."""

    def look(self, origin: Origin) -> Sight:
        """What CloudFormation tells of an origin's resource; never raises."""


class Members(Protocol):
    """Which accounts the organization has, and where they are in it."""

    def membership(self, account: AccountId) -> Membership:
        """What the organization tells of an account; never raises."""


class Ledger(Protocol):
    """The controller's memory. Reads are consistent."""

    def origin(self, origin: Origin) -> OriginRecord:
        """What an origin holds; a fresh record for one that was never seen."""

    def row(self, target: Target, declaration: DeclarationId) -> Row | None:
        """A publication or grant under a name."""

    def publications(self, target: Target) -> tuple[PublicationRecord, ...]:
        """The publications under a name."""

    def view(self, target: Target, now: float) -> TargetView:
        """All that lies under a name, as it counts at `now`."""

    def sizes(self, arns: Iterable[Arn]) -> Mapping[Arn, int]:
        """How many characters the policies of resources have, as far as is known; unknown ones are left out."""

    def grants_of(self, account: AccountId, target: Target) -> int:
        """How many grants an account has on a target, those that are being removed included."""

    def held_by(self, account: AccountId) -> Iterable[GrantRecord]:
        """The grants of an account's stacks on whatever target, those that are being removed included."""

    def quarantined(self, now: float, age: float = 0.0) -> frozenset[AccountId]:
        """The accounts in quarantine, as of `age` seconds ago at the earliest."""

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

    def want(self, arn: Arn, names: frozenset[Target], now: float, growth: int = 0, *, adopting: bool = False) -> None:
        """Say that something about a resource has changed, which names point to it, and how much its policy will grow.

        `adopting` has passes look for adopted statements from now on.
        """

    def acquire(self, arn: Arn, holder: str, now: float) -> ResourceRecord | None:
        """Take (or renew) the resource's lease; None where another holder has it or the resource is unknown."""

    def changing(self, resource: ResourceRecord, since: float) -> None:
        """Remember, before a policy is written, that no deployment has taken it up until `since` (epoch seconds).

        Raises:
            LedgerConflict: the lease is another's meanwhile.
        """

    def release(self, resource: ResourceRecord, names: frozenset[Target], due_at: float, size: int | None) -> bool:
        """Give the lease back with the names that remain (none: forget the resource); due again at `due_at`.

        `size` are the characters of its policy, None where the pass did not see them. `resource.undeployed_since` is kept.
        False, and the lease stays, where `wanted` has moved since the resource was read.
        """

    def give_back(self, resource: ResourceRecord, due_at: float) -> None:
        """Give the lease back with nothing done: the resource is due again at `due_at`."""

    def due(self, now: float) -> Iterator[Arn]:
        """The resources whose time has come, those first that have waited longest: none keeps others from their turn."""

    def to_look_at(self, now: float) -> Iterator[OriginRecord]:
        """The origins whose resource in its stack is to be looked at, those first that have waited longest."""

    def accounts(self) -> Mapping[AccountId, AccountRecord]:
        """What is known of the accounts that have asked for something."""

    def keep(self, record: AccountRecord) -> None:
        """Remember what was found of an account."""

    def forget(self, account: AccountId) -> None:
        """Forget what was found of an account."""

    def units_of(self, account: AccountId) -> UnitsRecord | None:
        """The organizational units of an account as they were last told; None where it was never asked for."""

    def units(self) -> Iterable[UnitsRecord]:
        """Those of all accounts that were asked for."""

    def keep_units(self, record: UnitsRecord) -> None:
        """Remember what the organization has told of an account's units."""

    def want_all_of(self, account: AccountId, now: float) -> None:
        """Want the resources that an account's grants stand on, or would stand on."""

    def suspend(self, account: AccountId, reason: str, now: float) -> None:
        """Put an account that is not in quarantine into it, and want the resources that its grants stand on."""

    def resume(self, account: AccountId) -> None:
        """Take an account out of the quarantine that `suspend` has put it into; never out of an operator's."""

    def adoptions(self, arn: Arn) -> tuple[Adoption, ...]:
        """The adopted statements of a resource's policy, in a stable order."""

    def end(self, adoption: Adoption, ending: Ending, now: float) -> None:
        """Forget an adoption, and remember in the history how it has ended."""

    def may_deploy(self, account: AccountId, now: float, pause: float) -> bool:
        """Take the account's turn to deploy a REST API, if its last one is at least `pause` seconds ago."""


@dataclass(frozen=True, slots=True)
class LivePolicy:
    """A policy as it stands; `revision` is what a write must find unchanged, where the service has one.

    `private` says of a REST API that requests come through VPC endpoints alone.
    """

    document: Document | None
    revision: str | None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a REST API: when what it serves was deployed (epoch seconds), and whether a canary shares its traffic."""

    deployed_at: float
    has_canary: bool


@dataclass(frozen=True, slots=True)
class Quota:
    """Characters that a policy may have; where that is not `fixed`, an account may have more, and AWS must say."""

    characters: int
    fixed: bool


class PolicyStore(Protocol):
    """The policies of resources in the owners' accounts, and what a REST API has besides.

    All methods raise `ResourceGone`, `ShutOut` or `WriteUnsettled`.
    """

    def quota(self, arn: Arn) -> Quota:
        """How many characters the policy may have."""

    def read(self, arn: Arn) -> LivePolicy:
        """The policy as it stands."""

    def write(self, arn: Arn, document: Document | None, revision: str | None) -> None:
        """Replace the whole policy, or remove it.

        Raises:
            PolicyRefused, PolicyFull: AWS does not take the document.
            WriteUnsettled: among others, where the revision has moved: read again.
        """

    def methods_for_everybody(self, arn: Arn) -> tuple[str, ...]:
        """The methods of a REST API that anybody may call without a policy, and nobody with one that is silent on them.

        Each as `GET /orders`.
        """

    def stage(self, arn: Arn) -> Stage:
        """A stage, by its ARN.

        Raises:
            StageNotFound: the API has no such stage.
        """

    def deploy(self, arn: Arn) -> None:
        """Deploy a REST API, as it stands, to a stage.

        Raises:
            WriteUnsettled: among others, where its account has deployed less than five seconds ago.
        """
