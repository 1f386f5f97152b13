"""The Lambda entry: an event comes in, the centre is asked, and whoever sent the event gets the answer.

With a ResponseURL it is CloudFormation's, and the answer goes there. Without one it is a direct invocation (a pipeline,
Terraform), and the answer is the result. Every event ends in exactly one of the two, and nothing of one event is left
for the next but the session with the centre.
"""

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from provider.function import logs
from provider.function.addresses import ResponseAddress, address_of
from provider.function.answers import Answer, Status
from provider.function.centre import Centre
from provider.function.clients import open_client
from provider.function.clock import Clock, seconds_of, stamp
from provider.function.events import (
    Request,
    RequestType,
    in_cloudformation_s_words,
    request_of,
    service_timeout,
    steps_of,
)
from provider.function.failures import AnswerLate, AnswerUndelivered, Failure, RequestFailed, Unexpected
from provider.function.invocation import GRACE, AccountId, Context, Deadlines, Invocation
from provider.function.resource import Resource
from provider.function.sending import Sender
from provider.function.settings import Settings


class Asks(Protocol):
    """What answers requests: the centre, or its stand-in in a test."""

    def ask(self, request: Request, until: float) -> Answer:
        """Answer by then (seconds since the epoch), or raise a Failure."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The function with everything it needs from outside."""

    environment: Mapping[str, str]
    clock: Clock
    connect: Callable[[Settings, AccountId], Asks]
    send: Callable[[ResponseAddress, bytes, float], None]

    def __call__(self, event: Any, context: Context) -> dict[str, Any] | None:
        """Answer one event.

        Raises:
            Failure: a direct invocation failed, the event was refused, or its answer could not be delivered.
        """
        logs.silence()
        event = in_cloudformation_s_words(event)
        started = self.clock.now()
        invocation = Invocation.of(context, started)
        line = logs.Line()
        try:
            if isinstance(event, Mapping) and "ResponseURL" in event:
                self._answer_cloudformation(event, context, invocation, line)
                return None
            return self._answer_caller(event, invocation, line)
        finally:
            line.write(event, round((self.clock.now() - started) * 1000))

    def _answer_cloudformation(
        self,
        event: Mapping[str, Any],
        context: Context,
        invocation: Invocation,
        line: logs.Line,
    ) -> None:
        line.outcome = "REFUSED"
        address = address_of(event, invocation.region)
        issued_at = address.issued_at or stamp(self.clock.now())
        deadlines = Deadlines.of(invocation, issued_at, service_timeout(event))
        line.outcome = "UNDELIVERED"
        resource = Resource(
            ask=lambda: self._ask(event, issued_at, invocation, deadlines.waiting, line),
            send=lambda document: self.send(address, document, deadlines.sending),
            patience=max(0.0, deadlines.waiting + GRACE - self.clock.now()),
            late=AnswerLate(event["RequestId"]),
        )
        resource.exchange(event, context)
        if resource.answered is None:
            # Lambda then delivers the event again, and the answer, which the centre keeps, has another chance.
            raise resource.undelivered or AnswerUndelivered("an unforeseen fault")
        line.outcome = str(resource.answered)

    def _answer_caller(self, event: Any, invocation: Invocation, line: logs.Line) -> dict[str, Any]:
        issued_at = stamp(self.clock.now())
        timeout = service_timeout(event) if isinstance(event, Mapping) else None
        deadlines = Deadlines.of(invocation, issued_at, timeout)
        for step in steps_of(event):
            answer = self._ask(step, issued_at, invocation, deadlines.waiting, line)
            line.outcome = str(answer.status)
            if answer.status is Status.FAILED:
                raise RequestFailed(answer.reason)
        if event["RequestType"] == RequestType.DELETE:
            self._let_the_second_pass(issued_at)
        return answer.result()

    def _let_the_second_pass(self, issued_at: str) -> None:
        """A Create of the second in which its origin was given up would be taken for the one that was cancelled.

        CloudFormation leaves more time between them; a pipeline that replaces something does not (decision 17).
        """
        self.clock.sleep(max(0.0, seconds_of(issued_at) + 1 - self.clock.now()))

    def _ask(self, event: Any, issued_at: str, invocation: Invocation, until: float, line: logs.Line) -> Answer:
        """Ask the centre. This is the boundary behind which every fault is a Failure with a safe sentence."""
        try:
            request = request_of(event, issued_at)
            settings = Settings.of(self.environment)
            return self.connect(settings, invocation.account).ask(request, until)
        except Failure as failure:
            line.failure = type(failure).__name__
            raise
        except Exception as error:  # noqa: BLE001 -- the one boundary: every event gets an answer
            line.failure = logs.place_of(error)
            raise Unexpected(error) from None


@functools.cache
def _centre(settings: Settings, account: AccountId) -> Centre:
    """Keep one session with the centre for as long as the environment is warm."""
    return Centre(settings, account, open_client, Clock())


_PROVIDER = Provider(os.environ, Clock(), _centre, Sender())


def handler(event: Any, context: Context) -> dict[str, Any] | None:
    """Serve Lambda; see `Provider`."""
    return _PROVIDER(event, context)
