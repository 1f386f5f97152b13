"""Every call that a process makes is numbered where it leaves the process, and the process can be stopped there.

The numbers come from events of the AWS library, so a call that the product makes in future is counted by itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from time import time
from typing import Any, NoReturn

import botocore.session
from effects import Deployed, Effect, Written, effects


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

    `effects` are the answers, policies and deployments that AWS has taken since somebody last cleared them; `documents` are the
    policies that stand by then, as far as somebody has said or a call has written them. `touched` are the ARNs of all
    places that a call was to change. `deployments` are those that have been made at the times of `now`, by id: AWS has its own
    clock, and is heard to tell this one.

    `end` is the point at which `stopping` is called, and from there on at every call: what the process would do
    while it is unwound reaches nobody. `fault`, where given, is asked before each call whether it fails, and how.
    """

    end: Point | None = None
    stopping: Callable[[], NoReturn] = stop
    fault: Callable[[int, str], Exception | None] = lambda _number, _name: None
    calls: list[str] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    documents: dict[str, Any] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    deployments: dict[str, Deployed] = field(default_factory=dict)
    now: Callable[[], float] = time
    stopped: bool = False
    _on_its_way: list[Effect] = field(default_factory=list)

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
        session.register("after-call.apigateway.GetDeployment", self._tell_the_time)

    def _before_send(self, request: Any, event_name: str, **_: Any) -> None:
        operation = event_name.removeprefix("before-send.")
        self._on_its_way = list(effects(operation, request))
        self.touched |= {one.arn for one in self._on_its_way if isinstance(one, Written | Deployed)}
        self.sending(operation)

    def _response_received(self, response_dict: Any, parsed_response: Any, **_: Any) -> None:
        if response_dict is None:
            return
        if response_dict["status_code"] < 300:
            for one in self._on_its_way:
                self.hear(self._made(one, parsed_response) if isinstance(one, Deployed) else one)
        self.received()

    def _made(self, effect: Deployed, answer: Any) -> Deployed:
        found = self.documents.get(effect.api)
        return replace(effect, deployment=answer["id"], document=found, at=self.now())

    def hear(self, effect: Effect) -> None:
        """Keep what AWS has taken."""
        self.effects.append(effect)
        match effect:
            case Written(arn, document):
                self.documents[arn] = document
                self.touched.add(arn)
            case Deployed(arn, deployment):
                self.deployments[deployment] = effect
                self.touched.add(arn)

    def _tell_the_time(self, parsed: Any, **_: Any) -> None:
        """As API Gateway tells it: in whole seconds."""
        made = self.deployments.get(parsed.get("id", ""))
        if made is not None:
            parsed["createdDate"] = datetime.fromtimestamp(int(made.at), UTC)


def writes(calls: Iterable[str]) -> list[Point]:
    """After each call that may have changed something: after a look, or an event that is told, the world is what it was."""
    return [Point(number, When.AFTER) for number, call in enumerate(calls) if not call.split(".")[1].startswith(_LOOKS)]


_LOOKS = ("AssumeRole", "Describe", "Get", "List", "PutEvents", "Query", "Scan")


def points(calls: Iterable[str]) -> list[Point]:
    """Before and after each call."""
    return [Point(number, when) for number, _ in enumerate(calls) for when in When]
