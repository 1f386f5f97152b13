"""Every call that a process makes is numbered where it leaves the process, and the process can be stopped there.

The numbers come from events of the AWS library, so a call that the product makes in future is counted by itself.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

import botocore.session


class Stopped(BaseException):
    """The process is gone: no code of the product sees this as an error of its own."""


class When(StrEnum):
    """Where a process stops: AWS has not heard of the call yet, or has carried it out and nobody hears it."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Point:
    """A place to stop: the number of a call, from 0."""

    number: int
    when: When


def stop() -> NoReturn:
    """End as an exception that nothing catches."""
    raise Stopped


@dataclass(slots=True)
class Wire:
    """What one process at a time sends: `calls` by name, in order.

    `answers` are the requests that were answered, `policies` what was written to whose policy (None: it was removed),
    since somebody last cleared them.

    `end` is the point at which `stopping` is called, and from there on at every call: what the process would do
    while it is unwound reaches nobody. `fault`, where given, is asked before each call whether it fails, and how.
    """

    end: Point | None = None
    stopping: Callable[[], NoReturn] = stop
    fault: Callable[[int, str], Exception | None] = lambda _number, _name: None
    calls: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    policies: list[tuple[str, Any]] = field(default_factory=list)
    stopped: bool = False
    _taken: Callable[[], None] = lambda: None

    def begin(self, end: Point | None = None) -> None:
        """Another process: counting starts anew."""
        self.end, self.calls, self.stopped = end, [], False

    def sending(self, name: str) -> None:
        """Count a call that is about to leave."""
        if self.stopped:
            self.stopping()
        number = len(self.calls)
        self.calls.append(name)
        self._stop_at(Point(number, When.BEFORE))
        fault = self.fault(number, name)
        if fault is not None:
            raise fault

    def received(self) -> None:
        """The reply to the call that was sent last is there."""
        self._stop_at(Point(len(self.calls) - 1, When.AFTER))

    def _stop_at(self, point: Point) -> None:
        if point == self.end:
            self.stopped = True
            self.stopping()

    def watch(self, session: botocore.session.Session) -> None:
        """Number the calls of all clients that a session will create."""
        session.register("before-send", self._before_send)
        session.register("response-received", self._response_received)

    def _before_send(self, request: Any, event_name: str, **_: Any) -> None:
        operation = event_name.removeprefix("before-send.")
        self._taken = self._noting(operation, request)
        self.sending(operation)

    def _response_received(self, response_dict: Any, **_: Any) -> None:
        if response_dict is None:
            return
        if response_dict["status_code"] < 300:
            self._taken()
        self.received()

    def _noting(self, operation: str, request: Any) -> Callable[[], None]:
        """What to note when AWS has taken this call."""
        if operation == "dynamodb.PutItem":
            sent = json.loads(request.body)
            if sent["TableName"].endswith("-answers"):
                return lambda: self.answers.append(sent["Item"]["request"]["S"])
        if operation in ("lambda.PutResourcePolicy", "lambda.DeleteResourcePolicy"):
            arn = unquote(urlsplit(request.url).path.rpartition("/")[2])
            policy = json.loads(json.loads(request.body)["Policy"]) if request.body else None
            return lambda: self.policies.append((arn, policy))
        return lambda: None


def points(calls: Iterable[str]) -> list[Point]:
    """Before and after each call."""
    return [Point(number, when) for number, _ in enumerate(calls) for when in When]
