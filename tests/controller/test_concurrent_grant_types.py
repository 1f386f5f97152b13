"""Several controllers work at once on policies of every kind, in orders that hypothesis chooses: nothing of ours is lost.

REST APIs and roles have no revision: the lease alone keeps controllers apart.
"""

from collections.abc import Callable
from copy import copy
from typing import Any

import hypothesis.strategies as st
import pytest
from centre import CONSUMER, OWNER, Centre, Resource
from hypothesis import given
from interleaving import Actor, Died, Interrupted, SharedClock, Stage, Turn
from resources import ALIASES, API, OWN_TRUST, PRIVATE, ROLE, asked, create_all, published
from test_concurrent_writers import plays, turns

from provider.controller.controller import Controller
from provider.controller.leases import LEASE
from provider.core.plans import permissions
from provider.core.statements import Statement, render, taken_apart

STACKS = 3
HEARS = 110.0
KINDS = {
    "InvokeFunction": ("function", f"{ALIASES}:blue"),
    "ExecuteApi": ("api", API),
    "a private ExecuteApi": ("private", PRIVATE),
    "AssumeRole": ("role", ROLE),
}
WISHES = [[f"arn:aws:iam::{CONSUMER}:role/r{number}"] for number in range(3)]


class Crowd:
    """A centre in which a target is published, controllers, and stacks that ask, change their minds and go."""

    def __init__(self, name: str, order: list[Turn]) -> None:
        self.kind, self.arn = KINDS[name]
        self.grant_type = name.rpartition(" ")[2]
        self.centre = Centre()
        create_all(self.centre)
        redeploys = {"RedeployOnChange": "true"} if self.kind in ("api", "private") else {}
        assert self.centre.ask(OWNER, published(self.kind, **redeploys).event("Create")).status == "SUCCESS"
        self.stage = Stage(self.centre.clock, order)
        self.stream: list[Any] = []
        self.held: dict[str, tuple[str, list[str]]] = {}
        self.failures: list[str] = []

    def controllers(self, number: int) -> None:
        for index in range(number):
            self.stage.enter(f"controller {index}", self._control, leads=False, mortal=True)

    def stacks(self, steps: list[list[int]]) -> None:
        for number, wishes in enumerate(steps):
            self.stage.enter(f"stack {number}", self._life(f"P{number}", wishes))

    def _control(self, actor: Actor) -> None:
        next_round = self.centre.clock.time + 60
        while True:
            actor.wait(lambda: bool(self.stream), next_round)
            until = self.centre.clock.time + 60
            try:
                if self.stream:
                    batch, self.stream[:] = self.stream[:3], self.stream[3:]
                    items = [self.centre.desk.requests[key] for key in batch if key in self.centre.desk.requests]
                    self._controller(actor).take(items, until)
                elif self.centre.clock.time >= next_round:
                    next_round = self.centre.clock.time + 60
                    self._controller(actor).round(until)
            except Died:
                actor.revive()

    def _controller(self, actor: Actor) -> Controller:
        own = copy(self.centre)
        for port in ("ledger", "desk", "policies"):
            setattr(own, port, Interrupted(getattr(self.centre, port), actor))
        own.clock = SharedClock(actor)  # type: ignore[assignment]
        return own.new_controller()

    def _life(self, logical_id: str, wishes: list[int]) -> Callable[[Actor], None]:
        def play(actor: Actor) -> None:
            for wish in wishes:
                known = self.held.get(logical_id)
                if wish < 0:
                    if (
                        known
                        and self._ask(actor, self._wish(logical_id, known[1]).event("Delete", known[0])) is not None
                    ):
                        del self.held[logical_id]
                    continue
                resource = self._wish(logical_id, WISHES[wish])
                event = resource.event("Update", known[0]) if known else resource.event("Create")
                answer = self._ask(actor, event)
                if answer is None:
                    return  # the stack has heard nothing; the schedule ends it
                if answer.status != "SUCCESS":
                    self.failures.append(answer.reason)
                    return
                self.held[logical_id] = (answer.physical_id, WISHES[wish])
                if known and known[0] != answer.physical_id:
                    self._ask(actor, self._wish(logical_id, known[1]).event("Delete", known[0]))

        return play

    def _wish(self, logical_id: str, principals: list[str]) -> Resource:
        return asked(self.kind, self.grant_type, logical_id, Principals=principals)

    def _ask(self, actor: Actor, event: dict[str, Any]) -> Any:
        actor.wait(None, self.centre.clock.time + 1)
        key = self.centre.file(CONSUMER, event)
        self.stream.append(key)
        answers, until = self.centre.desk.answers, self.centre.clock.time + HEARS
        while key not in answers and self.centre.clock.time < until:
            actor.wait(lambda: key in answers, until)
        return answers.get(key)

    def play(self) -> None:
        self.stage.run()
        self.centre.controller = self.centre.new_controller()
        for _ in range(4):
            self.centre.clock.time += LEASE + 25
            self.centre.round()

    def wanted(self) -> frozenset[Statement]:
        """The single permissions that the ledger's held grants ask for."""
        held = {known for origin in self.centre.ledger.origins.values() for known in origin.held}
        rows = [row for row in self.centre.ledger.rows.values() if row.id in held and hasattr(row, "grant")]
        return taken_apart(part for row in rows for part in render(row.grant, row.told))


STEPS = st.lists(st.lists(st.sampled_from([0, 0, 1, 2, -1]), min_size=1, max_size=3), min_size=1, max_size=STACKS)


@pytest.mark.parametrize("name", KINDS)
@plays(25)
@given(order=turns(), steps=STEPS, controllers=st.integers(2, 3))
def test_the_policy_is_what_the_stacks_hold(
    name: str, order: list[Turn], steps: list[list[int]], controllers: int
) -> None:
    crowd = Crowd(name, order)
    crowd.controllers(controllers)
    crowd.stacks(steps)
    crowd.play()
    assert crowd.failures == []
    must_be_settled(crowd)
    told = {tuple(principals) for _, principals in crowd.held.values()}
    names = {one.names for one in permissions(crowd.centre.policies.document(crowd.arn), crowd.centre.id)}
    assert names == told


@pytest.mark.parametrize("name", KINDS)
@plays(15)
@given(order=turns(slow=5.0, dies=True), steps=STEPS)
def test_controllers_that_are_slow_or_die_lose_nothing_and_leave_nothing(
    name: str, order: list[Turn], steps: list[list[int]]
) -> None:
    crowd = Crowd(name, order)
    crowd.controllers(3)
    crowd.stacks(steps)
    crowd.play()
    must_be_settled(crowd)


def must_be_settled(crowd: Crowd) -> None:
    """The policy holds exactly what is held; stages serve it; nobody waits; a role keeps its owner's own statement."""
    centre = crowd.centre
    document = centre.policies.document(crowd.arn)
    assert permissions(document, centre.id) == crowd.wanted()
    assert not centre.desk.requests, "a request has not been answered"
    if crowd.kind in ("api", "private"):
        assert permissions(centre.policies.served(f"{crowd.arn}/prod"), centre.id) == crowd.wanted()
    if crowd.kind == "role":
        assert OWN_TRUST in document["Statement"]
