"""A scene: what stands before an operation, put back before every run of it, and what must be there afterwards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from central_parts import CentralParts, Item, State
from controller_process import ControllerProcess
from crash_hooks import Answered, Written
from deployed_names import ANSWERS, GRANTS, REQUESTS
from hours import Hours
from operations import FOREIGN, Operation, Step, callers

from provider.function.clock import stamp

ASKED = "asked"
"""The id of the request that an operation is about."""
MINUTE = 60.0
HOUR = 3600.0

_BOOKKEEPING = frozenset({"version", "dueAt", "dueShard", "wanted", "done", "expires", "answeredAt"})
"""What counts and times; two ways to the same end may differ in it."""


@dataclass
class Stage:
    """The central parts, their controller, and time. `empty` is how everything is before any scene."""

    parts: CentralParts
    controller: ControllerProcess
    hours: Hours
    opening: float
    empty: State = field(init=False)
    known: State | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        first, _ = self.parts.arns
        self.parts.set_policy(first, {"Version": "2012-10-17", "Statement": [{**FOREIGN, "Resource": first}]})
        self.empty = self.look()

    def look(self) -> State:
        """How everything is now."""
        self.known = self.parts.state()
        return self.known

    def put_back(self, state: State) -> None:
        """Make everything as it was."""
        self.parts.restore(state, self.known or self.look())
        self.known = None  # whoever puts it back is about to change it

    def set(self, operation: Operation, *, filed: bool = True) -> "Scene":
        """Let happen what an operation builds on, then file its request, or let an hour pass.

        `filed` False leaves it to a provider to file the request.
        """
        self.put_back(self.empty)
        self.hours.time = self.opening
        self.controller.shards = 1 if operation.event else None
        ids = {"failed": f"failed-{ASKED}"}
        for name, step in operation.given.items():
            self.controller.take(self.file(name, step, ids))
            ids[name] = self._answer(step.account, name)["physicalResourceId"]["S"]
        if operation.mends:
            first = self.parts.arns[0]
            self.parts.set_policy(first, self.empty.policies[first])
        item = None
        if operation.event is None:
            self.hours.time += HOUR + MINUTE
        elif filed:
            item = self.file(ASKED, operation.event, ids)
        return Scene(self, operation, item, ids, self.look(), self.hours.time)

    def file(self, request: str, step: Step, ids: Mapping[str, str]) -> Item:
        """File the request of a step, two seconds later; its item."""
        self.hours.time += 2
        event = step.event(request, ids, self.parts.arns)
        return self.parts.file(step.account, request, event, stamp(self.hours.time))

    def deliver(self) -> None:
        """What the stream does by itself: the controller takes what lies there."""
        items = self.parts.table(REQUESTS).values()
        if items:
            self.controller.take(*items)

    def _answer(self, account: str, request: str) -> Item:
        answer = self.parts.table(ANSWERS)[account, request]
        assert answer["status"]["S"] == "SUCCESS", answer["reason"]
        return answer


@dataclass
class Scene:
    """One operation on the stage: `before` and `at` are how and when it begins.

    `item` is the request, where it has been filed already. `ids` are the PhysicalResourceIds of what happened
    before, and `failed` that of a Create that was answered as failed. `after` is what it leaves undisturbed.
    """

    stage: Stage
    operation: Operation
    item: Item | None
    ids: Mapping[str, str]
    before: State
    at: float
    after: Mapping[str, Any] = field(default_factory=dict)

    @property
    def account(self) -> str | None:
        """Who asks; of a round, nobody."""
        return self.operation.event.account if self.operation.event else None

    @property
    def event(self) -> dict[str, Any]:
        """The event that the operation is about, without a ResponseURL."""
        assert self.operation.event is not None
        return self.operation.event.event(ASKED, self.ids, self.stage.parts.arns)

    def begin(self) -> None:
        """Put everything back."""
        self.stage.put_back(self.before)
        self.stage.hours.time = self.at
        self.stage.controller.wire.effects.clear()

    def undisturbed(self) -> list[str]:
        """Let the operation happen; the calls that it takes."""
        self.begin()
        self.act()
        calls = list(self.stage.controller.wire.calls)
        self.remember()
        return calls

    def remember(self) -> None:
        """What has been left now is what every other run must leave."""
        state = self.stage.look()
        self.after = left(state)
        faults = self.faults(state)
        assert not faults, faults

    def act(self, **end: Any) -> bool:
        """What the stream, or the schedule, brings; False where the process stopped."""
        controller = self.stage.controller
        return controller.take(self.item, **end) if self.item else controller.round(**end)

    def faults(self, state: State | None = None) -> list[str]:
        """What is not as it must be."""
        state = state or self.stage.look()
        return [*self._unsettled(state), *self._wrongly_open(state), *self._answered(state), *self._along_the_way()]

    @property
    def answered(self) -> bool:
        """Whether the request has been answered since the beginning; a round has none."""
        return self.account is None or Answered(ASKED) in self.stage.controller.wire.effects

    def answered_after(self) -> float:
        """Seconds between the request and its answer, which a round has none of."""
        if self.account is None:
            return 0.0
        answer = (self.stage.known or self.stage.look()).tables[ANSWERS].get((self.account, ASKED))
        return float(answer["answeredAt"]["N"]) - self.at if answer else inf

    def _unsettled(self, state: State) -> Iterator[str]:
        yield from open_ends(state)
        found = left(state)
        if found != self.after:
            yield f"left is {found} and not {self.after}"

    def _wrongly_open(self, state: State) -> Iterator[str]:
        for arn, expected in zip(self.stage.parts.arns, self.operation.opens, strict=True):
            document = state.policies[arn]
            if callers(document) != expected:
                yield f"{arn} lets in {callers(document)} and not {expected}"
            foreign = (self.stage.empty.policies[arn] or {"Statement": []})["Statement"]
            statements = (document or {"Statement": []})["Statement"]
            if statements[: len(foreign)] != foreign or (document is not None and not statements):
                yield f"{arn}: a foreign statement has changed"

    def _answered(self, state: State) -> Iterator[str]:
        if self.account is None:
            return
        answer = state.tables[ANSWERS].get((self.account, ASKED))
        if answer is None or answer["status"]["S"] != self.operation.status:
            yield f"the answer is {answer}"
        answers = [one for one in self.stage.controller.wire.effects if isinstance(one, Answered)]
        if answers != [Answered(ASKED)]:
            yield f"answers were put: {answers}"

    def _along_the_way(self) -> Iterator[str]:
        """Nobody is shut out who may call before and after, nor let in who may in neither; answers come last."""
        arns = self.stage.parts.arns
        may = {arn: callers(self.before.policies[arn]) for arn in arns}
        ends = dict(zip(arns, self.operation.opens, strict=True))
        for effect in self.stage.controller.wire.effects:
            if isinstance(effect, Written):
                before, may[effect.arn] = callers(self.before.policies[effect.arn]), callers(effect.document)
                if not before & ends[effect.arn] <= may[effect.arn] <= before | ends[effect.arn]:
                    yield f"{effect.arn} let in {may[effect.arn]} for a moment"
            elif may != ends:
                yield f"answered while {may} might call"


_OPEN_ENDS = ("pending", "awaiting", "leaseHolder", "leaseUntil")
_plain_values = TypeDeserializer()


def open_ends(state: State) -> Iterator[str]:
    """What is still to be done: requests that lie there, and what the ledger waits for or has leased."""
    yield from (f"request {request} has not been taken away" for _, request in state.tables[REQUESTS])
    for item in map(_plain, state.tables[GRANTS].values()):
        if not item["pk"].startswith("HISTORY#"):
            yield from (f"{item['pk']} {item['sk']} has {name}" for name in _OPEN_ENDS if item.get(name))


def left(state: State) -> Mapping[str, Any]:
    """What a run leaves, without what counts and times: the ledger, its history and the answers."""
    items = [_plain(item) for item in state.tables[GRANTS].values()]
    rows = {item["id"] for item in items if "id" in item and not item["pk"].startswith("HISTORY#")}
    ledger = {(item["pk"], item["sk"]): _bare(item, rows) for item in items if not item["pk"].startswith("HISTORY#")}
    history = sorted(item["id"] for item in items if item["pk"].startswith("HISTORY#"))
    answers = {key: _bare(_plain(item), rows) for key, item in state.tables[ANSWERS].items()}
    return {"ledger": ledger, "history": history, "answers": answers}


def _plain(item: Item) -> dict[str, Any]:
    return {name: _plain_values.deserialize(value) for name, value in item.items()}


def _bare(item: Mapping[str, Any], rows: set[str]) -> dict[str, Any]:
    kept = {name: value for name, value in item.items() if name not in _BOOKKEEPING}
    if "places" in kept:  # one that points to nothing says nothing
        kept["places"] = {one: place for one, place in kept["places"].items() if one in rows}
    return kept
