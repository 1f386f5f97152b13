"""In-memory twins of the controller's ports, held to the same contract tests as the real ones."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from provider.controller.leases import LEASE
from provider.controller.ports import LivePolicy, Quota, Stage
from provider.core.absences import AccountRecord, Seen, Sight, Standing
from provider.core.adopting import Adoption, Ending
from provider.core.answers import Answer
from provider.core.auditing import AuditEvent
from provider.core.documents import Document, text_of
from provider.core.errors import (
    CrossAccountError,
    LedgerConflict,
    PolicyFull,
    ResourceGone,
    StageNotFound,
    WriteUnsettled,
)
from provider.core.identifiers import (
    AccountId,
    Arn,
    DeclarationId,
    FunctionArn,
    Origin,
    Target,
    UnitId,
    resource_of,
    target_arn,
)
from provider.core.measuring import Measure, Measured
from provider.core.membership import Membership, UnitsRecord
from provider.core.records import NEW, GrantRecord, OriginRecord, PublicationRecord, ResourceRecord, Row, TargetView
from provider.core.requests import RequestKey


@dataclass
class ManualClock:
    """A clock that only moves when somebody sleeps or a test says so."""

    time: float = 1_795_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class _Resource:
    names: frozenset[Target] = frozenset()
    wanted: int = 0
    due_at: float = 0.0
    holder: str | None = None
    until: float = 0.0
    size: int = 0
    undeployed_since: float | None = None
    findings: tuple[tuple[str, str], ...] = ()
    adopting: bool = False


@dataclass
class MemoryLedger:
    """`ports.Ledger` in dictionaries."""

    origins: dict[Origin, OriginRecord] = field(default_factory=dict)
    rows: dict[tuple[Target, DeclarationId], Row] = field(default_factory=dict)
    resources: dict[Arn, _Resource] = field(default_factory=dict)
    names: dict[tuple[str, str], AccountId] = field(default_factory=dict)
    deployed: dict[AccountId, float] = field(default_factory=dict)
    quarantine: set[AccountId] = field(default_factory=set)
    adopted: dict[tuple[Arn, str], Adoption] = field(default_factory=dict)
    endings: list[tuple[Adoption, Ending]] = field(default_factory=list)
    members: dict[AccountId, AccountRecord] = field(default_factory=dict)
    suspended: set[AccountId] = field(default_factory=set)
    placed: dict[AccountId, UnitsRecord] = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)

    def origin(self, origin: Origin) -> OriginRecord:
        return self.origins.get(origin, OriginRecord(origin))

    def row(self, target: Target, declaration: DeclarationId) -> Row | None:
        return self.rows.get((target, declaration))

    def publications(self, target: Target) -> tuple[PublicationRecord, ...]:
        return self.view(target, 0).publications

    def view(self, target: Target, now: float) -> TargetView:
        rows = [row for (under, _), row in sorted(self.rows.items(), key=lambda pair: pair[0]) if under == target]
        publications = tuple(row for row in rows if isinstance(row, PublicationRecord))
        asks = any(row.publication.units for row in publications)
        return TargetView(
            target,
            publications,
            tuple(row for row in rows if isinstance(row, GrantRecord)),
            now,
            units={one.account: one.units for one in self.placed.values()} if asks else {},
        )

    def sizes(self, arns: Iterable[Arn]) -> Mapping[Arn, int]:
        return {arn: self.resources[arn].size for arn in arns if arn in self.resources}

    def grants_of(self, account: AccountId, target: Target) -> int:
        rows = [row for (under, _), row in self.rows.items() if under == target and isinstance(row, GrantRecord)]
        return sum(1 for row in rows if row.grant.origin.account == account)

    def held_by(self, account: AccountId) -> list[GrantRecord]:
        grants = [row for row in self.rows.values() if isinstance(row, GrantRecord)]
        return [row for row in grants if row.grant.origin.account == account]

    def quarantined(self, now: float, age: float = 0.0) -> frozenset[AccountId]:  # noqa: ARG002 - nothing is remembered
        return frozenset(self.quarantine)

    def reserved(self, environment: str, name: str) -> AccountId | None:
        return self.names.get((environment, name))

    def commit(
        self,
        puts: Sequence[OriginRecord | Row],
        deletes: Sequence[Row],
        now: float,  # noqa: ARG002 - the ledger in DynamoDB stamps its history with it
        checks: Sequence[PublicationRecord] = (),
    ) -> None:
        for record in (*puts, *deletes, *checks):
            if self._version(record) != record.version:
                raise LedgerConflict
        for record in puts:
            stored = replace(record, version=record.version + 1)
            if isinstance(stored, OriginRecord):
                self.origins[stored.origin] = stored
            else:
                self.rows[stored.target, stored.id] = stored
        for row in deletes:
            del self.rows[row.target, row.id]
            self.history.append(row)

    def _version(self, record: OriginRecord | Row) -> int:
        found = (
            self.origins.get(record.origin)
            if isinstance(record, OriginRecord)
            else self.rows.get((record.target, record.id))
        )
        return found.version if found else NEW

    def want(self, arn: Arn, names: frozenset[Target], now: float, growth: int = 0, *, adopting: bool = False) -> None:
        resource = self.resources.setdefault(arn, _Resource())
        resource.names |= names
        resource.size += growth
        resource.wanted += 1
        resource.due_at = now
        resource.adopting |= adopting

    def acquire(self, arn: Arn, holder: str, now: float) -> ResourceRecord | None:
        resource = self.resources.get(arn)
        if resource is None or (resource.holder not in (None, holder) and resource.until >= int(now)):
            return None
        resource.holder, resource.until = holder, now + LEASE
        return ResourceRecord(
            arn,
            resource.names,
            resource.wanted,
            holder,
            resource.undeployed_since,
            resource.findings,
            resource.adopting,
        )

    def changing(self, resource: ResourceRecord, since: float) -> None:
        held = self.resources.get(resource.arn)
        if held is None or held.holder != resource.lease:
            raise LedgerConflict
        held.undeployed_since = ceil(since)

    def release(self, resource: ResourceRecord, names: frozenset[Target], due_at: float, size: int | None) -> bool:
        held = self.resources.get(resource.arn)
        if held is None or held.wanted != resource.wanted or held.holder != resource.lease:
            return False
        if not names:
            del self.resources[resource.arn]
            return True
        held.names, held.due_at, held.holder = names, due_at, None
        held.size = held.size if size is None else size
        held.findings = resource.findings
        since = resource.undeployed_since
        held.undeployed_since = None if since is None else ceil(since)
        return True

    def give_back(self, resource: ResourceRecord, due_at: float) -> None:
        held = self.resources.get(resource.arn)
        if held is not None and held.holder == resource.lease:
            held.due_at, held.holder = due_at, None

    def due(self, now: float) -> Iterator[Arn]:
        found = sorted((resource.due_at, arn) for arn, resource in self.resources.items() if resource.due_at <= now)
        yield from [arn for _, arn in found]

    def to_look_at(self, now: float) -> Iterator[OriginRecord]:
        due = [one for one in self.origins.values() if one.look_at is not None and one.look_at <= now]
        yield from sorted(due, key=lambda one: (one.look_at, one.origin.digest))

    def accounts(self) -> Mapping[AccountId, AccountRecord]:
        return dict(self.members)

    def keep(self, record: AccountRecord) -> None:
        self.members[record.account] = record

    def forget(self, account: AccountId) -> None:
        self.members.pop(account, None)

    def suspend(self, account: AccountId, reason: str, now: float) -> None:  # noqa: ARG002 - nobody reads it here
        if account not in self.quarantine:
            self.quarantine.add(account)
            self.suspended.add(account)
            self.want_all_of(account, now)

    def resume(self, account: AccountId) -> None:
        if account in self.suspended:
            self.suspended.discard(account)
            self.quarantine.discard(account)
            self.want_all_of(account, 0.0)

    def units_of(self, account: AccountId) -> UnitsRecord | None:
        return self.placed.get(account)

    def units(self) -> Iterable[UnitsRecord]:
        return list(self.placed.values())

    def keep_units(self, record: UnitsRecord) -> None:
        self.placed[record.account] = replace(record, told_at=int(record.told_at))

    def want_all_of(self, account: AccountId, now: float) -> None:
        for row in list(self.rows.values()):
            if isinstance(row, GrantRecord) and row.grant.origin.account == account:
                for arn in row.placed | {resource_of(row.told)}:
                    self.want(arn, frozenset({row.target}), now)

    def adoptions(self, arn: Arn) -> tuple[Adoption, ...]:
        found = (one for one in self.adopted.values() if one.resource == arn)
        return tuple(sorted(found, key=lambda one: one.id))

    def end(self, adoption: Adoption, ending: Ending, now: float) -> None:  # noqa: ARG002 - see `commit`
        self.adopted.pop((adoption.resource, adoption.id), None)
        self.endings.append((adoption, ending))

    def may_deploy(self, account: AccountId, now: float, pause: float) -> bool:
        if self.deployed.get(account, 0) > int(now - pause):
            return False
        self.deployed[account] = ceil(now)
        return True


@dataclass
class MemoryStacks:
    """`ports.Stacks` in a dictionary of stacks, by id, of resources, by logical id; what is not there does not exist."""

    stacks: dict[str, dict[str, Sight]] = field(default_factory=dict)
    without_role: set[str] = field(default_factory=set)
    silent: bool = False
    looked_at: list[Origin] = field(default_factory=list)

    def look(self, origin: Origin) -> Sight:
        self.looked_at.append(origin)
        if self.silent:
            return Sight(Seen.NOT_TOLD)
        if origin.account in self.without_role:
            return Sight(Seen.SHUT_OUT)
        if origin.stack_id not in self.stacks:
            return Sight(Seen.NO_STACK)
        return self.stacks[origin.stack_id].get(origin.logical_id, Sight(Seen.NOT_IN_STACK))


@dataclass
class MemoryMembers:
    """`ports.Members`: all are, but for those that have `departed`; `units` are the organizational units of those in any."""

    departed: set[str] = field(default_factory=set)
    silent: bool = False
    asked: list[AccountId] = field(default_factory=list)
    units: dict[str, set[str]] = field(default_factory=dict)

    def membership(self, account: AccountId) -> Membership:
        self.asked.append(account)
        if self.silent:
            return Membership(Standing.NOT_TOLD)
        if account in self.departed:
            return Membership(Standing.DEPARTED)
        return Membership(Standing.MEMBER, frozenset(map(UnitId, self.units.get(account, {"r-ab12"}))))


@dataclass
class MemoryJournal:
    """`ports.Journal` in a list."""

    events: list[AuditEvent] = field(default_factory=list)

    def tell(self, events: Sequence[AuditEvent]) -> None:
        self.events.extend(events)


@dataclass
class MemoryMeter:
    """`ports.Meter` in a list."""

    measured: list[Measured] = field(default_factory=list)

    def record(self, measured: Iterable[Measured]) -> None:
        self.measured.extend(measured)

    def values(self, measure: Measure) -> list[float]:
        """What was recorded of one measure."""
        return [value for one, value in self.measured if one is measure]


@dataclass
class MemoryDesk:
    """`ports.Desk` in dictionaries."""

    requests: dict[RequestKey, Mapping[str, Any]] = field(default_factory=dict)
    answers: dict[RequestKey, Answer] = field(default_factory=dict)
    attempts: dict[RequestKey, int] = field(default_factory=dict)

    def is_answered(self, key: RequestKey) -> bool:
        return key in self.answers

    def answer(self, key: RequestKey, answer: Answer) -> None:
        self.answers.setdefault(key, answer)
        self.close(key)

    def answer_all(self, answers: Sequence[tuple[RequestKey, Answer]]) -> None:
        for key, answer in answers:
            self.answer(key, answer)

    def close(self, key: RequestKey) -> None:
        self.requests.pop(key, None)

    def attempted(self, key: RequestKey) -> int:
        if key not in self.requests:
            return 0
        self.attempts[key] = self.attempts.get(key, 0) + 1
        return self.attempts[key]

    def unanswered(self) -> Iterator[Mapping[str, Any]]:
        for item in list(self.requests.values()):
            yield {name: value for name, value in item.items() if isinstance(value, str)}


@dataclass
class Api:
    """A REST API: its stages with the policies that they serve, and what may be called without authorization."""

    private: bool = False
    open_methods: tuple[str, ...] = ()
    deployed_at: dict[str, float] = field(default_factory=dict)
    canaries: set[str] = field(default_factory=set)
    served: dict[str, str | None] = field(default_factory=dict)


LIMITS = {"lambda": 20_480, "execute-api": 8_192, "iam": 2_048}


@dataclass
class MemoryPolicies:
    """`ports.PolicyStore` in dictionaries: the resources that exist, their policies and revisions, APIs and their stages.

    Like Lambda it refuses a moved revision, like API Gateway and IAM it has none (docs/aws-behaviour.md §1, §3, §4).
    `faults` are raised, one per call, in order; `before_write` runs once, just before the next write, as a foreign writer
    would.
    """

    clock: ManualClock = field(default_factory=ManualClock)
    limits: dict[str, int] = field(default_factory=lambda: dict(LIMITS))
    policies: dict[Arn, str | None] = field(default_factory=dict)
    revisions: dict[Arn, int] = field(default_factory=dict)
    apis: dict[Arn, Api] = field(default_factory=dict)
    shut: dict[Arn, CrossAccountError] = field(default_factory=dict)
    faults: list[CrossAccountError] = field(default_factory=list)
    writes: list[tuple[Arn, Document | None]] = field(default_factory=list)
    deployments: list[Arn] = field(default_factory=list)
    last_deployed: dict[str, float] = field(default_factory=dict)
    before_write: Any = None
    on_write: Any = None

    def create(self, arn: str, document: Document | None = None) -> Arn:
        self.policies[Arn(arn)] = text_of(document) if document else None
        return Arn(arn)

    def create_api(self, arn: str, *stages: str, document: Document | None = None, **traits: Any) -> Arn:
        """An API whose stages have been deployed long ago."""
        self.create(arn, document)
        self.apis[Arn(arn)] = Api(**traits)
        for stage in stages:
            self._deploy(f"{arn}/{stage}", self.clock.now() - 3600)
        return Arn(arn)

    def owner_deploys(self, arn: str) -> None:
        """The owner deploys a stage himself."""
        self._deploy(arn, self.clock.now())

    def served(self, arn: str) -> Any:
        """The policy that a stage serves."""
        api, _, stage = arn.rpartition("/")
        text = self.apis[Arn(api)].served[stage]
        return json.loads(text) if text else None

    def document(self, arn: str) -> Any:
        text = self.policies.get(Arn(arn))
        return json.loads(text) if text else None

    def quota(self, arn: Arn) -> Quota:
        return Quota(self.limits[arn.split(":")[2]], isinstance(target_arn(arn), FunctionArn))

    def read(self, arn: Arn) -> LivePolicy:
        self._check(arn)
        revision = str(self.revisions.get(arn, 0)) if isinstance(target_arn(arn), FunctionArn) else None
        return LivePolicy(self.document(arn), revision, arn in self.apis and self.apis[arn].private)

    def write(self, arn: Arn, document: Document | None, revision: str | None) -> None:
        if self.before_write is not None:
            step, self.before_write = self.before_write, None
            step()
        self._check(arn)
        if revision is not None and revision != str(self.revisions.get(arn, 0)):
            raise WriteUnsettled(arn, "PreconditionFailedException")
        limit = self.limits[arn.split(":")[2]]
        if document is not None and len(text_of(document)) > limit:
            raise PolicyFull(arn, len(text_of(document)), limit)
        assert document is not None or ":iam:" not in arn, "a role must have a trust policy"
        self.put(arn, document)
        self.writes.append((arn, document))
        if self.on_write is not None:
            self.on_write()

    def put(self, arn: Arn, document: Document | None) -> None:
        self.policies[arn] = text_of(document) if document else None
        self.revisions[arn] = self.revisions.get(arn, 0) + 1

    def methods_for_everybody(self, arn: Arn) -> tuple[str, ...]:
        self._check(arn)
        return self.apis[arn].open_methods

    def stage(self, arn: Arn) -> Stage:
        self._check(resource_of(arn))
        api, _, stage = arn.rpartition("/")
        found = self.apis[Arn(api)]
        if stage not in found.deployed_at:
            raise StageNotFound(arn)
        return Stage(found.deployed_at[stage], stage in found.canaries)

    def deploy(self, arn: Arn) -> None:
        self._check(resource_of(arn))
        account = target_arn(arn).account
        if self.clock.now() - self.last_deployed.get(account, 0) < 5:
            raise WriteUnsettled(arn, "TooManyRequestsException")
        self.last_deployed[account] = self.clock.now()
        self.deployments.append(arn)
        self._deploy(arn, self.clock.now())

    def _deploy(self, arn: str, now: float) -> None:
        api, _, stage = arn.rpartition("/")
        self.apis[Arn(api)].deployed_at[stage] = int(now)
        self.apis[Arn(api)].served[stage] = self.policies[Arn(api)]

    def _check(self, arn: Arn) -> None:
        if self.faults:
            raise self.faults.pop(0)
        if arn in self.shut:
            raise self.shut[arn]
        if arn not in self.policies:
            raise ResourceGone(arn)
