"""The controller's Lambda entry: the requests' stream and the schedule wake it, both do the same work.

What fails here only delays: a request lies in its table until it is answered, and the schedule
looks there every minute. That is why no record is ever handed back to the stream.
"""

import logging
import os
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import islice, takewhile
from typing import Any

from provider.controller.codec import text_from_wire
from provider.controller.dynamodb_desk import DynamoDBDesk
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.controller.eventbridge_journal import EventBridgeJournal
from provider.controller.intake import Intake, Reach
from provider.controller.logs import ControllerLog
from provider.controller.members import OrganizationMembers
from provider.controller.metering import CloudWatchMeter, MeteredJournal
from provider.controller.observing import Observer
from provider.controller.policies import Policies, power_over
from provider.controller.ports import Clock, Desk, Ledger, Meter
from provider.controller.reconciling import PASS, Reconciler
from provider.controller.sessions import GrantorSessions, LateClient, Regions, new_client, new_session
from provider.controller.settings import Settings
from provider.controller.stacks import AccountStacks
from provider.core.identifiers import AccountId, Arn, RequestId
from provider.core.measuring import Measure
from provider.core.requests import RequestKey
from provider.core.statements import CentreId

_LOG = logging.getLogger("provider.controller")

_MARGIN = 20.0
_LEFT_TO_THE_STREAM = 20.0
_ATTEMPTS = 5
_BREATH = 2.0  # before a resource that was not settled is tried again
_DUE_AT_ONCE = 1000
_LOOKING = 5.0  # of each round; a look takes less than a minute, whatever hangs, as a pass does


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """See `ports.Clock.now`."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """See `ports.Clock.sleep`."""
        time.sleep(seconds)


class Controller:
    """Intake and reconciling over one ledger: what an invocation does."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that it is made of
        self,
        ledger: Ledger,
        desk: Desk,
        intake: Intake,
        reconciler: Reconciler,
        observer: Observer,
        meter: Meter,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._desk = desk
        self._intake = intake
        self._reconciler = reconciler
        self._observer = observer
        self._meter = meter
        self._clock = clock

    def take(self, items: Iterable[Mapping[str, Any]], until: float) -> None:
        """Settle requests, then reconcile what they concern; `until` is in epoch seconds.

        What there is no time for lies in its table until the schedule finds it.
        """
        self._reconcile(self._taken_in(items, until), until)

    def round(self, until: float) -> None:
        """What the schedule does: requests that the stream has missed, resources that are due, and stacks to look at.

        None keeps another waiting: what is due was wanted first, taking in has a third of the time, and looks a time of their own.
        """
        now = self._clock.now()
        due = list(islice(self._ledger.due(now), _DUE_AT_ONCE))
        until_then = now + (until - now) / 3
        # The table may be full of what is left to the stream: looking through it has the same time as taking in.
        lying = takewhile(lambda _: self._clock.now() < until_then, self._desk.unanswered())
        waits = _Waits(now)
        missed = (item for item in lying if not _is_left_to_the_stream(waits.noted(item), now))
        concerned = self._taken_in(missed, until_then, counted=True)
        self._meter.record([(Measure.OLDEST_WAITING, waits.longest)])
        self._reconcile([*due, *concerned], until, patient=True)
        self._observer.look_around(min(until, self._clock.now()) + _LOOKING)

    def _taken_in(self, items: Iterable[Mapping[str, Any]], until: float, *, counted: bool = False) -> list[Arn]:
        concerned: dict[Arn, None] = {}
        for item in items:
            if self._clock.now() >= until:
                break
            concerned |= dict.fromkeys(sorted(self._taken(item, counted=counted)))
        return list(concerned)

    def _taken(self, item: Mapping[str, Any], *, counted: bool) -> frozenset[Arn]:
        try:
            worth = not counted or self._is_worth_another_attempt(item)
            return self._intake.take(item) if worth else frozenset()
        except Exception:  # noqa: BLE001 - the boundary: a request that breaks the controller must not hold up others
            _LOG.exception("failed", extra={"account": item.get("account"), "request": item.get("request")})
            return frozenset()

    def _is_worth_another_attempt(self, item: Mapping[str, Any]) -> bool:
        """Whether a request still lies there, and has not cost an invocation too often.

        Counted before the work, so that nothing hides it.
        """
        attempts = self._desk.attempted(RequestKey(AccountId(item["account"]), RequestId(item["request"])))
        if attempts > _ATTEMPTS:
            self._intake.set_aside(item)
        return 0 < attempts <= _ATTEMPTS

    def _reconcile(self, arns: Iterable[Arn], until: float, *, patient: bool = False) -> None:
        """One resource after the other; what is not settled comes again when all others had their turn.

        A `patient` one waits for leases as well: their holders may be dead, and the next round may be too late.
        """
        queue = deque(dict.fromkeys(arns))
        again: set[Arn] = set()
        while queue and self._clock.now() < until:
            arn = queue.popleft()
            if arn in again:
                self._clock.sleep(_BREATH)
            try:
                found = self._reconciler.reconcile(arn, until)
            except Exception:  # noqa: BLE001 - the boundary: this resource stays due, the others are not held up
                _LOG.exception("failed", extra={"resource": arn})
                continue
            queue.extend(found.concerned)
            if found.again or (patient and not found.taken):
                again.add(arn)
                queue.append(arn)


@dataclass(slots=True)
class _Waits:
    """How long requests have waited by `now`, in seconds; what one says of its own age is its account's word."""

    now: float
    longest: float = 0.0

    def noted(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        """The item, taken note of."""
        with suppress(ValueError):
            issued = datetime.strptime(str(item.get("issuedAt")), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            self.longest = max(self.longest, self.now - issued.timestamp())
        return item


def _is_left_to_the_stream(item: Mapping[str, Any], now: float) -> bool:
    """Whether a request is so new that the stream is about to bring it; what claims to be of the future is not."""
    newest, soon = (
        datetime.fromtimestamp(moment, UTC).strftime("%Y%m%dT%H%M%SZ")
        for moment in (now - _LEFT_TO_THE_STREAM, now + _LEFT_TO_THE_STREAM)
    )
    return newest < str(item.get("issuedAt", "")) <= soon


def handler(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    """Take the requests of a batch of the stream, or do a round for the schedule.

    Args:
        event: a DynamoDB stream event, or anything else for a round.
        context: Lambda's context.
    """
    controller, meter, log = _controller(context.invoked_function_arn)
    log.begin(context.aws_request_id)
    # The last pass begins early enough to end, and to be concluded, before Lambda ends the invocation.
    until = time.time() + context.get_remaining_time_in_millis() / 1000 - PASS - _MARGIN
    try:
        if "Records" in event:
            inserted = (record["dynamodb"] for record in event["Records"] if record["eventName"] == "INSERT")
            controller.take([text_from_wire(record["NewImage"]) for record in inserted if "NewImage" in record], until)
        else:
            controller.round(until)
    finally:
        meter.flush()
    return {"batchItemFailures": []}


@cache
def _controller(function_arn: str) -> tuple[Controller, CloudWatchMeter, ControllerLog]:
    log, meter = ControllerLog(), CloudWatchMeter()
    settings, clock, session = Settings.of(os.environ), SystemClock(), new_session()
    _, partition, _, region, account = function_arn.split(":")[:5]
    reach = Reach(partition, Regions(session, partition))
    database = new_client(session, "dynamodb", region)
    ledger = DynamoDBLedger(database, settings.grants_table)
    desk = DynamoDBDesk(database, settings.requests_table, settings.answers_table, clock)
    sts = LateClient(lambda: new_client(session, "sts", region))
    sessions = GrantorSessions(session, settings.grantor_role, power_over, clock, sts)
    centre = CentreId.of(AccountId(account), region)
    journal = MeteredJournal(EventBridgeJournal(LateClient(lambda: new_client(session, "events", region))), meter)
    reconciler = Reconciler(ledger, desk, Policies(sessions.client_for), journal, meter, clock, centre)
    stacks = AccountStacks(session, settings.observer_role, reach.regions, sts)
    organizations = LateClient(lambda: new_client(session, "organizations", region))
    members = OrganizationMembers(organizations) if settings.asks_organization else None
    observer = Observer(ledger, stacks, members, journal, clock)
    intake = Intake(ledger, desk, journal, clock, reach, members)
    return Controller(ledger, desk, intake, reconciler, observer, meter, clock), meter, log
