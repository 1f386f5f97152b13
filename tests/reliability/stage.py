"""The stage of all scenes: the central parts, their controller, what the owner has, and time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from central_parts import CentralParts, Item, State
from controller_process import ControllerProcess
from deployed_names import ANSWERS, OWNER, REQUESTS
from effects import Deployed
from hours import Hours
from operations import Meanwhile, Operation, Step
from owned import Served

from provider.function.clock import stamp

_BETWEEN = 6.0
"""Seconds from one request to the next: by then an account may deploy again."""
_OWN = {
    "first": {
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "{first}",
        "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"}},
    },
    "api": {
        "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"},
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*",
    },
}
"""The owner's own statements; the role's is in its template, and the other functions have none."""


def ours(statement: Mapping[str, Any]) -> bool:
    """Whether a statement is the controller's."""
    return str(statement.get("Sid", "")).startswith("CrossAccount")


@dataclass(frozen=True, slots=True)
class Played:
    """What has come of some steps: how everything is, since when, and their PhysicalResourceIds."""

    state: State
    time: float
    ids: Mapping[str, str]


@dataclass
class Stage:
    """`opening` is when every scene begins to be set, `empty` how everything is then."""

    parts: CentralParts
    controller: ControllerProcess
    hours: Hours
    opening: float
    empty: State = field(init=False)
    known: State | None = field(init=False, default=None)
    _standing: dict[str, Any] = field(init=False, default_factory=dict)
    _played: dict[str, Played] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for place, statement in _OWN.items():
            named = {**statement, "Resource": statement["Resource"].format_map(self.places)}
            self._owner_puts(
                place, {"Version": "2012-10-17", "Statement": [{"Sid": "mine", "Effect": "Allow", **named}]}
            )
        self._owner_deploys(self.opening - 3600)
        self.empty = self.look(everywhere=True)

    @property
    def places(self) -> Mapping[str, str]:
        """The ARN of each place by its name."""
        return self.parts.owned.places

    @property
    def names(self) -> Mapping[str, str]:
        """What properties name in braces: what the owner has, and times."""
        times = {"soon": self.opening + 600, "later": self.opening + 2 * 86_400}
        texts = {name: datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for name, time in times.items()}
        return {**self.parts.owned.names, **texts}

    @property
    def deployments(self) -> Mapping[str, Deployed]:
        """All deployments of the API, by id."""
        return self.controller.wire.deployments

    def look(self, *, everywhere: bool = False) -> State:
        """How everything is now; places that no call was to change since the last look are as they were."""
        touched = self.places.values() if everywhere else self.controller.wire.touched
        self._standing |= {arn: self.parts.owned.stands(arn) for arn in touched}
        self.controller.wire.touched.clear()
        self.known = self.parts.state(dict(self._standing))
        return self.known

    def put_back(self, state: State) -> None:
        """Make everything as it was."""
        self.parts.restore(state, self.known or self.look())
        self.known = None  # whoever puts it back is about to change it
        self._standing = dict(state.places)
        policies = {arn: one for arn, one in state.places.items() if not isinstance(one, Served)}
        self.controller.wire.documents = policies

    def play(self, steps: Mapping[str, Step]) -> Played:
        """Let steps happen one after the other, on an empty stage; scenes that begin alike share what has come of it."""
        if not steps:
            return Played(self.empty, self.opening, {})
        key = repr(steps)
        if key not in self._played:
            *earlier, (name, step) = steps.items()
            before = self.play(dict(earlier))
            self.put_back(before.state)
            self.hours.time, self.controller.shards = before.time, 1
            self.controller.take(self.file(name, step, before.ids))
            answer = self.answer(step.account, name)
            assert answer is not None
            assert answer["status"]["S"] == "SUCCESS", answer["reason"]
            ids = {**before.ids, name: answer["physicalResourceId"]["S"]}
            self._played[key] = Played(self.look(), self.hours.time, ids)
        return self._played[key]

    def set(self, operation: Operation) -> Played:
        """All that an operation builds on, with what happens between that and its event."""
        played = self.play(operation.given)
        self.put_back(played.state)
        self.hours.time, self.controller.shards = played.time, None if operation.whole_index else 1
        if operation.meanwhile:
            self.hours.time += _BETWEEN
            self._owner_does(operation)
        if operation.event is None:
            self.hours.time += operation.wait
        return Played(self.look(), self.hours.time, played.ids)

    def file(self, request: str, step: Step, ids: Mapping[str, str]) -> Item:
        """File the request of a step, a while later; its item."""
        self.hours.time += _BETWEEN
        event = step.event(request, ids, self.names)
        return self.parts.file(step.account, request, event, stamp(self.hours.time))

    def deliver(self) -> None:
        """What the stream does by itself: the controller takes what lies there."""
        items = self.parts.table(REQUESTS).values()
        if items:
            self.controller.take(*items)

    def answer(self, account: str, request: str) -> Item | None:
        """The answer to a request, as it is known or found."""
        tables = (self.known or self.look()).tables
        return tables[ANSWERS].get((account, request))

    # --- what the owner does ---------------------------------------------------------------------------

    def _owner_does(self, operation: Operation) -> None:
        match operation.meanwhile:
            case Meanwhile.WIPED:
                self._owner_puts(operation.place, self.empty.places[self.places[operation.place]])
            case Meanwhile.ALONE:
                document = self._standing[self.places[operation.place]]
                kept = [one for one in document["Statement"] if ours(one)]
                self._owner_puts(operation.place, {**document, "Statement": kept} if kept else None)
            case Meanwhile.DEPLOYED:
                self._owner_deploys(self.hours.time)
            case Meanwhile.CANARY:
                self.parts.owned.deploy(canarySettings={"percentTraffic": 10.0})
                self._changed(self.places["stage"])

    def _owner_puts(self, place: str, document: Any) -> None:
        arn = self.places[place]
        self.parts.owned.put(arn, document)
        self._changed(arn)
        self.controller.wire.documents[arn] = self.parts.owned.stands(arn)

    def _owner_deploys(self, now: float) -> None:
        arn = self.places["stage"]
        made = Deployed(arn, self.parts.owned.deploy(), self.controller.wire.documents[self.places["api"]], now)
        self.controller.wire.deployments[made.deployment] = made
        self._changed(arn)

    def _changed(self, arn: str) -> None:
        self.controller.wire.touched.add(arn)
        self.known = None
