"""The controller's Lambda entry: the requests' stream and the schedule wake it, both do the same work.

What fails here only delays: a request lies in its table until it is answered, and the schedule
looks there every minute. That is why no record is ever handed back to the stream.
"""

import os
import time
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from provider.controller.codec import text_from_wire
from provider.controller.controller import Controller
from provider.controller.dynamodb_desk import DynamoDBDesk
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.controller.eventbridge_journal import EventBridgeJournal
from provider.controller.intake import Intake, Reach
from provider.controller.leases import PASS
from provider.controller.logs import ControllerLog
from provider.controller.members import OrganizationMembers
from provider.controller.metering import CloudWatchMeter, MeteredJournal
from provider.controller.sessions import GrantorSessions, LateClient, Regions, new_client, new_session
from provider.controller.settings import Settings
from provider.core.identifiers import AccountId, Arn
from provider.core.statements import CentreId

# Compiling a module is most of what it costs a cold start: what a request need not come to is loaded when one does.
if TYPE_CHECKING:
    from provider.controller.observing import Observer
    from provider.controller.reconciling import Reconciler, Round

_MARGIN = 20.0


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """See `ports.Clock.now`."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """See `ports.Clock.sleep`."""
        time.sleep(seconds)


class _Parts:
    """All that a controller is made of, in the Region and account of its function."""

    def __init__(self, function_arn: str) -> None:
        _, partition, _, region, account = function_arn.split(":")[:5]
        self._settings, self._clock, self._session = Settings.of(os.environ), SystemClock(), new_session()
        self._centre = CentreId.of(AccountId(account), region)
        self._regions = Regions(self._session, partition)
        self._sts, events, organizations = (self._late(name, region) for name in ("sts", "events", "organizations"))
        self._members = OrganizationMembers(organizations) if self._settings.asks_organization else None
        database = new_client(self._session, "dynamodb", region)
        self._ledger = DynamoDBLedger(database, self._settings.grants_table)
        self._desk = DynamoDBDesk(database, self._settings.requests_table, self._settings.answers_table, self._clock)
        self.meter = CloudWatchMeter()
        self._journal = MeteredJournal(EventBridgeJournal(events), self.meter)
        self._reach = Reach(partition, self._regions)

    @cached_property
    def controller(self) -> Controller:
        """What takes requests in and does rounds."""
        intake = Intake(self._ledger, self._desk, self._journal, self._clock, self._reach, self._members)
        return Controller(
            self._ledger,
            self._desk,
            intake,
            self._reconcile,
            self._look_around,
            self.meter,
            self._clock,
        )

    def _reconcile(self, arn: Arn, until: float) -> "Round":
        return self._reconciler.reconcile(arn, until)

    def _look_around(self, until: float) -> None:
        self._observer.look_around(until)

    @cached_property
    def _reconciler(self) -> "Reconciler":
        from provider.controller.policies import Policies, power_over  # noqa: PLC0415 - see above
        from provider.controller.reconciling import Reconciler  # noqa: PLC0415

        sessions = GrantorSessions(self._session, self._settings.grantor_role, power_over, self._clock, self._sts)
        policies = Policies(sessions.client_for)
        return Reconciler(self._ledger, self._desk, policies, self._journal, self.meter, self._clock, self._centre)

    @cached_property
    def _observer(self) -> "Observer":
        from provider.controller.observing import Observer  # noqa: PLC0415 - see above
        from provider.controller.stacks import AccountStacks  # noqa: PLC0415

        stacks = AccountStacks(self._session, self._settings.observer_role, self._regions, self._sts)
        return Observer(self._ledger, stacks, self._members, self._journal, self._clock)

    def _late(self, service: str, region: str) -> LateClient:
        return LateClient(lambda: new_client(self._session, service, region))


def handler(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    """Take the requests of a batch of the stream, or do a round for the schedule.

    Args:
        event: a DynamoDB stream event, or anything else for a round.
        context: Lambda's context.
    """
    parts, log = _made(context.invoked_function_arn)
    log.begin(context.aws_request_id)
    # The last pass begins early enough to end, and to be concluded, before Lambda ends the invocation.
    until = time.time() + context.get_remaining_time_in_millis() / 1000 - PASS - _MARGIN
    try:
        if "Records" in event:
            inserted = (record["dynamodb"] for record in event["Records"] if record["eventName"] == "INSERT")
            images = [text_from_wire(record["NewImage"]) for record in inserted if "NewImage" in record]
            parts.controller.take(images, until)
        else:
            parts.controller.round(until)
    finally:
        parts.meter.flush()
    return {"batchItemFailures": []}


@cache
def _made(function_arn: str) -> tuple[_Parts, ControllerLog]:
    log = ControllerLog()  # before all else, so that what fails in making the rest is told as well
    return _Parts(function_arn), log
