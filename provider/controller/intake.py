"""Taking a request in: read what the decision needs, decide, commit, and say which resources are concerned."""

import logging
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from provider.controller.ports import Clock, Desk, Journal, Ledger, Members
from provider.controller.rates import Rates
from provider.controller.units import Units
from provider.core import auditing
from provider.core.answers import Answer, Status, failed
from provider.core.deciding import Decision, Situation, decide
from provider.core.declarations import Declaration, Grant, Lookup, Publication, TargetReference, declared
from provider.core.errors import (
    ImplausibleTime,
    InternalFault,
    InvalidProperty,
    LedgerConflict,
    MalformedRequest,
    NameNotReserved,
    Permanent,
)
from provider.core.guarding import guarded
from provider.core.identifiers import AccountId, Arn, DeclarationId, IssuedAt, RequestId, Target, target_arn
from provider.core.properties import GUARD
from provider.core.records import OriginRecord, PublicationRecord, Row, TargetView
from provider.core.requests import Request, RequestKey, RequestType, known_id, parse

_LOG = logging.getLogger(__name__)

_ATTEMPTS = 6
_AGE = 5.0  # seconds that the list of accounts in quarantine may be old; passes, which act on it, read it anew
_PAUSE = 0.05
_AHEAD = timedelta(minutes=15)
_BEHIND = timedelta(days=6)  # answers, and so the times of emptied origins, are kept for seven
_TOGETHER = 40  # rows in one transaction: a deleted one is two writes, and DynamoDB takes 100


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the controller can go: one partition, and the Regions of it that the AWS library knows."""

    partition: str
    regions: Container[str]

    def covers(self, arn: Arn) -> bool:
        """Whether a target's ARN is in reach; one that is not would keep the controller trying."""
        found = target_arn(arn)
        return found.partition == self.partition and (not found.region or found.region in self.regions)


class Intake:
    """Takes requests from the desk into the ledger."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that it is made of
        self, ledger: Ledger, desk: Desk, journal: Journal, clock: Clock, reach: Reach, members: Members | None = None
    ) -> None:
        self._ledger = ledger
        self._desk = desk
        self._journal = journal
        self._clock = clock
        self._reach = reach
        self._units = Units(ledger, members, clock)
        self._rates = Rates()

    def take(self, item: Mapping[str, Any]) -> frozenset[Arn]:
        """Settle one request.

        Args:
            item: an item of the requests table; its `account` is proven by IAM, nothing else is.

        Returns:
            The resources to reconcile before it can be answered; none where it is answered now.
        """
        key = RequestKey(AccountId(str(item["account"])), RequestId(str(item["request"])))
        if self._desk.is_answered(key):  # a repeated request gets its old answer, which lies there
            self._desk.close(key)
            return frozenset()
        try:
            self._rates.count(key.account, self._clock.now())
            request = parse(item, key.account)
        except Permanent as error:
            self._refuse(item, key, error)
            return frozenset()
        try:
            return self._settle(request)
        except Permanent as error:
            answer = failed(request, error)
            self._answer(key, answer, request)
            self._journal.tell([auditing.refused(request, answer)])
            return frozenset()

    def set_aside(self, item: Mapping[str, Any]) -> None:
        """Answer a request on which the controller itself fails."""
        key = RequestKey(AccountId(str(item["account"])), RequestId(str(item["request"])))
        self._refuse(item, key, InternalFault(key.request_id))

    def _refuse(self, item: Mapping[str, Any], key: RequestKey, error: Permanent) -> None:
        answer = Answer(Status.FAILED, known_id(item) or f"failed-{key.request_id}", str(error))
        self._answer(key, answer)
        self._journal.tell([auditing.unreadable(key, answer)])

    def _settle(self, request: Request) -> frozenset[Arn]:
        self._check_time(request)
        stack = request.origin.stack
        if stack.partition != self._reach.partition:  # an account's number there is another account's
            raise MalformedRequest("StackId", stack.text, f"a stack's ARN of partition {self._reach.partition}")
        if request.resource_type == GUARD:
            deleting = request.type is RequestType.DELETE
            self._answer(
                request.key, guarded(request, self._ledger.held_by(request.key.account) if deleting else ()), request
            )
            return frozenset()
        declaration = None if request.type is RequestType.DELETE else declared(request)
        if isinstance(declaration, Publication) and not self._reach.covers(declaration.arns[0]):
            problem, remedy = "is in no Region that the central account reaches", "Check its partition and Region."
            raise InvalidProperty("FunctionArn", declaration.arns[0], problem, remedy)
        for _ in range(_ATTEMPTS):
            try:
                return self._commit(request, self._decide(request, declaration))
            except LedgerConflict as error:
                conflict = error
                self._clock.sleep(_PAUSE)
        raise conflict

    def _check_time(self, request: Request) -> None:
        issued_at = _time(request.issued_at)
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        if issued_at is None or not now - _BEHIND < issued_at < now + _AHEAD:
            raise ImplausibleTime(request.issued_at)

    def _decide(self, request: Request, declaration: Declaration | None) -> Decision:
        origin = self._ledger.origin(request.origin)
        found = {
            declaration_id: self._ledger.row(target, declaration_id) for declaration_id, target in origin.places.items()
        }
        rows = {declaration_id: row for declaration_id, row in found.items() if row is not None}
        now = self._clock.now()
        targets = {row.target for row in rows.values() if isinstance(row, PublicationRecord)}
        views = {target: self._ledger.view(target, now) for target in targets}
        asked = self._asked(declaration, rows, now) if declaration is not None else None
        units = None
        if asked is not None and isinstance(declaration, Grant | Lookup) and self._rests_on_units(request, asked):
            units = self._units.now(request.key.account)
            known = units if units is not None else self._units.known(request.key.account)
            asked = replace(asked, units={} if known is None else {request.key.account: known})
        sizes = self._sizes(asked) if isinstance(declaration, Grant | Lookup) else {}
        count = self._others(request, asked, rows) if isinstance(declaration, Grant) and asked else 0
        return decide(
            request,
            declaration,
            Situation(origin, rows, asked, views, now, sizes, count, self._ledger.quarantined(now, _AGE), units),
        )

    @staticmethod
    def _rests_on_units(request: Request, asked: TargetView) -> bool:
        """Whether it depends on the account's organizational unit what its owner allows it."""
        publication = asked.current
        if publication is None or publication.allows_by_name(request.key.account):
            return False
        return bool(publication.units)

    def _others(self, request: Request, asked: TargetView, rows: Mapping[DeclarationId, Row]) -> int:
        """How many grants the account has on the target beside those of this origin, which an update replaces."""
        own = sum(1 for row in rows.values() if row.target == asked.target and not isinstance(row, PublicationRecord))
        return self._ledger.grants_of(request.key.account, asked.target) - own

    def _asked(self, declaration: Declaration, rows: Mapping[DeclarationId, Row], now: float) -> TargetView:
        if isinstance(declaration, Publication):
            return self._ledger.view(declaration.target, now)
        held = rows.get(declaration.id) if isinstance(declaration, Grant) else None
        target = held.target if held is not None else self._resolve(declaration)
        return TargetView(target, self._ledger.publications(target), (), now)

    def _sizes(self, asked: TargetView | None) -> Mapping[Arn, int]:
        """How full the places of a target are; that of a single one decides nothing."""
        publication = asked.current if asked else None
        several = publication is not None and len(publication.arns) > 1
        return self._ledger.sizes(publication.resources) if publication and several else {}

    def _resolve(self, declaration: Grant | Lookup) -> Target:
        reference: TargetReference = declaration.reference
        owner = reference.owner or self._ledger.reserved(reference.environment, reference.name)
        if owner is None:
            raise NameNotReserved(reference.name, reference.environment)
        return Target(owner, reference.environment, reference.name)

    def _commit(self, request: Request, decision: Decision) -> frozenset[Arn]:
        """Write what was decided, the origin last: what is cut short is decided again and ends alike."""
        now = self._clock.now()
        rows = [record for record in decision.puts if not isinstance(record, OriginRecord)]
        origins = [record for record in decision.puts if isinstance(record, OriginRecord)]
        deletes = list(decision.deletes)
        while len(rows) > _TOGETHER:
            self._ledger.commit(rows[:_TOGETHER], [], now)
            rows = rows[_TOGETHER:]
        while len(deletes) > _TOGETHER - len(rows) // 2:
            self._ledger.commit([], deletes[: _TOGETHER // 2], now)
            deletes = deletes[_TOGETHER // 2 :]
        if rows or origins or deletes:
            self._ledger.commit([*origins, *rows], deletes, now, decision.checks)
        for arn, names in decision.wanted.items():
            self._ledger.want(arn, names, now, decision.growth.get(arn, 0))
        for key, answer in decision.answers:
            self._answer(key, answer, request if key == request.key else None)
        self._journal.tell(auditing.gone(decision.deletes, request))
        return frozenset(decision.wanted)

    def _answer(self, key: RequestKey, answer: Answer, request: Request | None = None) -> None:
        self._desk.answer(key, answer)
        origin = request.origin if request else None
        asked = {"stack": origin.stack_id, "logical_id": origin.logical_id} if origin else {}
        extra = {"account": key.account, "request": key.request_id, "declaration": answer.physical_id, **asked}
        _LOG.info("answered", extra={**extra, "status": answer.status})


def _time(issued_at: IssuedAt) -> datetime | None:
    try:
        return datetime.strptime(issued_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
