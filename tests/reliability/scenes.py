"""A scene: what stands before an operation, put back before every run of it, and what must be there afterwards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from central_parts import ANSWERS, GRANTS, REQUESTS, CentralParts, Item, State
from operations import FOREIGN, Operation, callers
from processes import ControllerProcess, Hours

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
    known: State = field(init=False)

    def __post_init__(self) -> None:
        first, _ = self.parts.arns
        self.parts.set_policy(first, {"Version": "2012-10-17", "Statement": [{**FOREIGN, "Resource": first}]})
        self.empty = self.known = self.look()

    def look(self) -> State:
        """How everything is now."""
        self.known = self.parts.state()
        return self.known

    def set(self, operation: Operation) -> "Scene":
        """Let happen what an operation builds on, then file its request, or let an hour pass."""
        self.parts.restore(self.empty, self.known)
        self.hours.time = self.opening
        self.controller.shards = 1 if operation.event else None
        ids: dict[str, str] = {}
        for name, step in operation.given.items():
            self.controller.take(self._file(name, step.event(name, ids, self.parts.arns), step.account))
            ids[name] = self._answer(step.account, name)["physicalResourceId"]["S"]
        if operation.mends:
            first = self.parts.arns[0]
            self.parts.set_policy(first, self.empty.policies[first])
        item = None
        if operation.event is not None:
            event = operation.event.event(ASKED, ids, self.parts.arns)
            item = self._file(ASKED, event, operation.event.account)
        else:
            self.hours.time += HOUR + MINUTE
        return Scene(self, operation, item, self.look(), self.hours.time)

    def _file(self, request: str, event: Mapping[str, Any], account: str) -> Item:
        self.hours.time += 2
        return self.parts.file(account, request, event, stamp(self.hours.time))

    def _answer(self, account: str, request: str) -> Item:
        answer = self.parts.table(ANSWERS)[account, request]
        assert answer["status"]["S"] == "SUCCESS", answer["reason"]
        return answer


@dataclass
class Scene:
    """One operation on the stage. `item` is its request as it was filed, `before` and `at` how and when it begins."""

    stage: Stage
    operation: Operation
    item: Item | None
    before: State
    at: float
    after: Mapping[str, Any] = field(default_factory=dict)

    def begin(self) -> None:
        """Put everything back."""
        self.stage.parts.restore(self.before, self.stage.known)
        self.stage.known = self.before
        self.stage.hours.time = self.at
        self.stage.controller.wire.answers.clear()
        self.stage.controller.wire.policies.clear()

    def undisturbed(self) -> list[str]:
        """Let the operation happen; the calls that it takes. What it leaves is what every other run must leave."""
        self.begin()
        self.act()
        calls = list(self.stage.controller.wire.calls)
        state = self.stage.look()
        self.after = left(state)
        assert self.faults(state) == []
        return calls

    def act(self, **end: Any) -> bool:
        """What the stream, or the schedule, brings; False where the process stopped."""
        controller = self.stage.controller
        return controller.take(self.item, **end) if self.item else controller.round(**end)

    def faults(self, state: State | None = None) -> list[str]:
        """What is not as it must be."""
        state = state or self.stage.look()
        return [*self._unsettled(state), *self._wrongly_open(state), *self._answered(state), *self._gaps()]

    @property
    def answered(self) -> bool:
        """Whether the request has been answered since the beginning; a round has none."""
        return self.item is None or ASKED in self.stage.controller.wire.answers

    def answered_after(self) -> float:
        """Seconds between the request and its answer; of a round, none."""
        if self.item is None:
            return 0.0
        answer = next(one for (_, request), one in self.stage.known.tables[ANSWERS].items() if request == ASKED)
        return float(answer["answeredAt"]["N"]) - self.at

    def _unsettled(self, state: State) -> Iterator[str]:
        if state.tables[REQUESTS]:
            yield "a request has not been taken away"
        for item in map(_plain, state.tables[GRANTS].values()):
            if not item["pk"].startswith("HISTORY#"):
                yield from (f"{item['pk']} {item['sk']} has {name}" for name in _OPEN_ENDS if item.get(name))
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
        if self.item is None:
            return
        answer = state.tables[ANSWERS].get((self.item["account"]["S"], ASKED))
        if answer is None or answer["status"]["S"] != self.operation.status:
            yield f"the answer is {answer}"
        put = self.stage.controller.wire.answers
        if put.count(ASKED) != 1:
            yield f"answers were put for {put}"


    def _gaps(self) -> Iterator[str]:
        """At no moment is anybody shut out who may call before and after, or let in who may in neither."""
        for arn, document in self.stage.controller.wire.policies:
            before = callers(self.before.policies[arn])
            after = self.operation.opens[self.stage.parts.arns.index(arn)]
            if not before & after <= callers(document) <= before | after:
                yield f"{arn} let in {callers(document)} for a moment"


_OPEN_ENDS = ("pending", "awaiting", "leaseHolder", "leaseUntil")
_plain_values = TypeDeserializer()


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
