"""A scene: what stands before an operation, put back before every run of it, and what must be there afterwards."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Self

from callers import Callers, let_in
from central_parts import Item, State
from deployed_names import ANSWERS
from effects import Answered, Deployed, Effect, Written
from left import differences, left, open_ends
from operations import Opens, Operation
from owned import Served
from stage import Stage, ours

ASKED = "asked"
"""The id of the request that an operation is about."""


@dataclass(frozen=True, slots=True)
class Moment:
    """How everything is at a time, and what had been heard by then."""

    state: State
    time: float
    effects: tuple[Effect, ...] = ()


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

    @classmethod
    def of(cls, stage: Stage, operation: Operation, *, filed: bool = True) -> Self:
        """Set the stage for an operation and file its request; `filed` False leaves that to a provider."""
        set_up = stage.set(operation)
        ids = {**set_up.ids, "failed": f"failed-{ASKED}"}
        item = stage.file(ASKED, operation.event, ids) if operation.event and filed else None
        return cls(stage, operation, item, ids, stage.look(), stage.hours.time)

    @property
    def account(self) -> str | None:
        """Who asks; of a round, nobody."""
        return self.operation.event.account if self.operation.event else None

    @property
    def event(self) -> dict[str, Any]:
        """The event that the operation is about, without a ResponseURL."""
        assert self.operation.event is not None
        return self.operation.event.event(ASKED, self.ids, self.stage.names)

    def begin(self) -> None:
        """Put everything back."""
        self.resume(Moment(self.before, self.at))

    def moment(self) -> Moment:
        """The world as it is now."""
        return Moment(self.stage.look(), self.stage.hours.time, tuple(self.stage.controller.wire.effects))

    def resume(self, moment: Moment) -> None:
        """Make the world what it was."""
        self.stage.put_back(moment.state)
        self.stage.hours.time = moment.time
        self.stage.controller.wire.effects[:] = moment.effects

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
        assert state == self.stage.look(everywhere=True), "something was changed that no call was seen to change"
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
        return [
            *self._unsettled(state),
            *self.wrongly_open(state, self.operation.opens),
            *self._answered(state),
            *self._along_the_way(),
        ]

    def document(self, state: State, arn: str) -> Any:
        """The policy of a place; of the stage, that of the deployment that it serves."""
        standing = state.places[arn]
        return self.stage.deployments[standing.deployment].document if isinstance(standing, Served) else standing

    def callers(self, state: State) -> Mapping[str, Callers]:
        """Whom each place lets in, by its ARN."""
        return {arn: let_in(arn, self.document(state, arn)) for arn in state.places}

    def ends(self, opens: Opens) -> Mapping[str, Callers]:
        """Whom each place must let in when all is over."""
        return {**self.callers(self.before), **{self.stage.places[place]: callers for place, callers in opens.items()}}

    @property
    def answered(self) -> bool:
        """Whether the request has been answered since the beginning; a round has none."""
        return self.account is None or Answered(ASKED) in self.stage.controller.wire.effects

    def answered_after(self) -> float:
        """Seconds between the request and its answer, which a round has none of."""
        if self.account is None:
            return 0.0
        answer = self.stage.answer(self.account, ASKED)
        return float(answer["answeredAt"]["N"]) - self.at if answer else inf

    def wrongly_open(self, state: State, opens: Opens) -> Iterator[str]:
        """Places that let in others than they must, or have lost a foreign statement."""
        ends = self.ends(opens)
        for arn, callers in self.callers(state).items():
            if callers != ends[arn]:
                yield f"{arn} lets in {callers} and not {ends[arn]}"
        for arn, before in self.before.places.items():
            if isinstance(before, Served):
                continue
            statements, foreign = _statements(state.places[arn]), [one for one in _statements(before) if not ours(one)]
            if statements[: len(foreign)] != foreign or not all(map(ours, statements[len(foreign) :])):
                yield f"{arn}: a foreign statement has changed"
            if state.places[arn] is not None and not statements:
                yield f"{arn} has a policy without a statement"

    def _unsettled(self, state: State) -> Iterator[str]:
        yield from open_ends(state)
        yield from differences(left(state), self.after)

    def _answered(self, state: State) -> Iterator[str]:
        if self.account is None:
            return
        answer = state.tables[ANSWERS].get((self.account, ASKED))
        if answer is None or answer["status"]["S"] != self.operation.status:
            yield f"the answer is {answer}"
        elif self.operation.says and not self.operation.says.items() <= json.loads(answer["data"]["S"]).items():
            yield f"the answer {answer} does not say {self.operation.says}"
        answers = [one for one in self.stage.controller.wire.effects if isinstance(one, Answered)]
        if answers != [Answered(ASKED)]:
            yield f"answers were put: {answers}"

    def _along_the_way(self) -> Iterator[str]:
        """Nobody is shut out who may call before and after, nor let in who may in neither; answers come last."""
        begins, ends = self.callers(self.before), self.ends(self.operation.opens)
        may = dict(begins)
        for effect in self.stage.controller.wire.effects:
            match effect:
                case Written(arn, document) | Deployed(arn, _, document, _):
                    may[arn] = let_in(arn, document)
                    if not begins[arn] & ends[arn] <= may[arn] <= begins[arn] | ends[arn]:
                        yield f"{arn} let in {may[arn]} for a moment"
                case Answered() if may != ends:
                    yield f"answered while {may} might call"


def _statements(document: Any) -> list[Any]:
    return list(document["Statement"]) if document else []
