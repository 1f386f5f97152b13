"""What an invocation of the controller does: it takes in requests, then reconciles what they concern."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from provider.controller.intake import Intake
from provider.controller.ports import Clock, Desk, Ledger, Meter
from provider.core.identifiers import AccountId, Arn, RequestId
from provider.core.measuring import Measure
from provider.core.requests import RequestKey

if TYPE_CHECKING:  # what reconciles is loaded when there is something to reconcile
    from provider.controller.reconciling import Round

_LOG = logging.getLogger("provider.controller")

_LEFT_TO_THE_STREAM = 20.0
_ATTEMPTS = 5
_BREATH = 2.0  # before a resource that was not settled is tried again
_DUE_AT_ONCE = 1000
_LOOKING = 5.0  # of each round; a look takes less than a minute, whatever hangs, as a pass does


class Controller:
    """Intake and reconciling over one ledger.

    `reconcile` and `look_around` are those of `reconciling.Reconciler` and `observing.Observer`.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all that it is made of
        self,
        ledger: Ledger,
        desk: Desk,
        intake: Intake,
        reconcile: "Callable[[Arn, float], Round]",
        look_around: Callable[[float], None],
        meter: Meter,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._desk = desk
        self._intake = intake
        self._settle = reconcile
        self._look_around = look_around
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
        self._look_around(min(until, self._clock.now()) + _LOOKING)

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
                found = self._settle(arn, until)
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
