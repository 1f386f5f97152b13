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


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer was put into the answers table: the request's id."""

    request: str


@dataclass(frozen=True, slots=True)
class Written:
    """A function's policy was written: its ARN, and the document, None where it was removed."""

    arn: str
    document: Any


@dataclass(slots=True)
class Wire:
    """What one process at a time sends: `calls` by name, in order.

    `effects` are the answers and policies that AWS has taken since somebody last cleared them.

    `end` is the point at which `stopping` is called, and from there on at every call: what the process would do
    while it is unwound reaches nobody. `fault`, where given, is asked before each call whether it fails, and how.
    """

    end: Point | None = None
    stopping: Callable[[], NoReturn] = stop
    fault: Callable[[int, str], Exception | None] = lambda _number, _name: None
    calls: list[str] = field(default_factory=list)
    effects: list[Answered | Written] = field(default_factory=list)
    stopped: bool = False
    _on_its_way: list[Answered | Written] = field(default_factory=list)

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
        self._on_its_way = _effects(operation, request)
        self.sending(operation)

    def _response_received(self, response_dict: Any, **_: Any) -> None:
        if response_dict is None:
            return
        if response_dict["status_code"] < 300:
            self.effects += self._on_its_way
        self.received()


def _effects(operation: str, request: Any) -> list[Answered | Written]:
    """What a call will have done when AWS has taken it, as far as anybody outside can see it."""
    sent = json.loads(request.body or "{}") if operation.startswith(("dynamodb.", "lambda.")) else {}
    if operation in ("lambda.PutResourcePolicy", "lambda.DeleteResourcePolicy"):
        arn = unquote(urlsplit(request.url).path.rpartition("/")[2])
        return [Written(arn, json.loads(sent["Policy"]) if "Policy" in sent else None)]
    puts = [sent] if operation == "dynamodb.PutItem" else [one.get("Put", {}) for one in sent.get("TransactItems", [])]
    return [Answered(put["Item"]["request"]["S"]) for put in puts if put.get("TableName", "").endswith("-answers")]


def writes(calls: Iterable[str]) -> list[Point]:
    """After each call that may have changed something: after a mere look the world is what it was before."""
    return [Point(number, When.AFTER) for number, call in enumerate(calls) if not call.split(".")[1].startswith(_LOOKS)]


_LOOKS = ("AssumeRole", "Describe", "Get", "List", "Query", "Scan")


def points(calls: Iterable[str]) -> list[Point]:
    """Before and after each call."""
    return [Point(number, when) for number, _ in enumerate(calls) for when in When]
