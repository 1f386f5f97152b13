"""In-memory twins of the controller's ports, held to the same contract tests as the real ones."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from provider.controller.ports import LivePolicy
from provider.controller.reconciling import LEASE
from provider.core.answers import Answer
from provider.core.documents import Document, text_of
from provider.core.errors import CrossAccountError, LedgerConflict, PolicyFull, ResourceGone, WriteUnsettled
from provider.core.identifiers import AccountId, Arn, DeclarationId, Origin, Target
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


@dataclass
class MemoryLedger:
    """`ports.Ledger` in dictionaries."""

    origins: dict[Origin, OriginRecord] = field(default_factory=dict)
    rows: dict[tuple[Target, DeclarationId], Row] = field(default_factory=dict)
    resources: dict[Arn, _Resource] = field(default_factory=dict)
    names: dict[tuple[str, str], AccountId] = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)

    def origin(self, origin: Origin) -> OriginRecord:
        return self.origins.get(origin, OriginRecord(origin))

    def row(self, target: Target, declaration: DeclarationId) -> Row | None:
        return self.rows.get((target, declaration))

    def publications(self, target: Target) -> tuple[PublicationRecord, ...]:
        return self.view(target).publications

    def view(self, target: Target) -> TargetView:
        rows = [row for (under, _), row in sorted(self.rows.items(), key=lambda pair: pair[0]) if under == target]
        return TargetView(
            target,
            tuple(row for row in rows if isinstance(row, PublicationRecord)),
            tuple(row for row in rows if isinstance(row, GrantRecord)),
        )

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

    def want(self, arn: Arn, names: frozenset[Target], now: float) -> None:
        resource = self.resources.setdefault(arn, _Resource())
        resource.names |= names
        resource.wanted += 1
        resource.due_at = now

    def acquire(self, arn: Arn, holder: str, now: float) -> ResourceRecord | None:
        resource = self.resources.get(arn)
        if resource is None or (resource.holder not in (None, holder) and resource.until >= int(now)):
            return None
        resource.holder, resource.until = holder, now + LEASE
        return ResourceRecord(arn, resource.names, resource.wanted, holder)

    def release(self, resource: ResourceRecord, names: frozenset[Target], due_at: float) -> bool:
        held = self.resources.get(resource.arn)
        if held is None or held.wanted != resource.wanted or held.holder != resource.lease:
            return False
        if not names:
            del self.resources[resource.arn]
            return True
        held.names, held.due_at, held.holder = names, due_at, None
        return True

    def give_back(self, resource: ResourceRecord, due_at: float) -> None:
        held = self.resources.get(resource.arn)
        if held is not None and held.holder == resource.lease:
            held.due_at, held.holder = due_at, None

    def due(self, now: float) -> Iterator[Arn]:
        yield from [arn for arn, resource in self.resources.items() if resource.due_at <= now]


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
class MemoryPolicies:
    """`ports.PolicyStore` in a dictionary: the functions that exist, their policies and revisions.

    Like Lambda it refuses a moved revision (docs/aws-behaviour.md §1). `faults` are raised, one per call, in order;
    `before_write` runs once, just before the next write, as a foreign writer would.
    """

    limit: int = 20_480
    policies: dict[Arn, str | None] = field(default_factory=dict)
    revisions: dict[Arn, int] = field(default_factory=dict)
    shut: dict[Arn, CrossAccountError] = field(default_factory=dict)
    faults: list[CrossAccountError] = field(default_factory=list)
    writes: list[tuple[Arn, Document | None]] = field(default_factory=list)
    before_write: Any = None
    on_write: Any = None

    def create(self, arn: str, document: Document | None = None) -> Arn:
        self.policies[Arn(arn)] = text_of(document) if document else None
        return Arn(arn)

    def document(self, arn: str) -> Any:
        text = self.policies.get(Arn(arn))
        return json.loads(text) if text else None

    def read(self, arn: Arn) -> LivePolicy:
        self._check(arn)
        return LivePolicy(self.document(arn), str(self.revisions.get(arn, 0)))

    def write(self, arn: Arn, document: Document | None, revision: str | None) -> None:
        if self.before_write is not None:
            step, self.before_write = self.before_write, None
            step()
        self._check(arn)
        if revision is not None and revision != str(self.revisions.get(arn, 0)):
            raise WriteUnsettled(arn, "PreconditionFailedException")
        if document is not None and len(text_of(document)) > self.limit:
            raise PolicyFull(arn, len(text_of(document)), self.limit)
        self.put(arn, document)
        self.writes.append((arn, document))
        if self.on_write is not None:
            self.on_write()

    def put(self, arn: Arn, document: Document | None) -> None:
        self.policies[arn] = text_of(document) if document else None
        self.revisions[arn] = self.revisions.get(arn, 0) + 1

    def _check(self, arn: Arn) -> None:
        if self.faults:
            raise self.faults.pop(0)
        if arn in self.shut:
            raise self.shut[arn]
        if arn not in self.policies:
            raise ResourceGone(arn)
