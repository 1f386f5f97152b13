"""A state machine plays CloudFormation against the controller, with faults; policies must be what the stacks believe.

The model asks for decisions (may this role call this path of this stage?), never for texts. What it plays with and what must
hold is in the files `model_*`; here is what people do, and what becomes of CloudFormation's events.
"""

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st
import pytest
from centre import Centre
from cloudformation import StackResource
from crowd import CarefulDesk
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from model_apis import NOTICED, Deployed
from model_beliefs import Beliefs
from model_targets import (
    ANOTHER_KIND,
    CONSUMERS,
    KIND_OF_AN_OWNER,
    OWNERS,
    build,
    kind_of,
    offers,
    resources,
    stages,
)
from model_wishes import wishes
from model_writes import Writes
from test_pass_obstacles import dying

from provider.controller.leases import LEASE
from provider.core.answers import Answer
from provider.core.errors import WriteUnsettled
from provider.core.identifiers import Arn
from provider.core.requests import RequestKey


@dataclass(frozen=True)
class Fate:
    """What becomes of one event of an operation: its first, or the `event`-th, of a roll-back or clean-up; `count` are calls."""

    kind: str = "heard"
    event: int = 0
    count: int = 0


HEARD = Fate()
FATES = st.builds(
    Fate,
    st.sampled_from(["heard"] * 7 + ["twice", "lost", "late", "crash", "crash", "throttled", "busy", "unheard"]),
    st.sampled_from([0, 0, 0, 1, 2, 3]),
    st.integers(min_value=0, max_value=60),
)
WHICH = st.integers(0, 3)
SOME = st.integers(0, 1)
FAILS = st.sampled_from([False, False, True])
"""Whether something else in the stack fails, so that it is rolled back."""


class Life(RuleBasedStateMachine):
    """Stacks of two owners and two consumers, over a centre on twins."""

    events = 0

    def __init__(self) -> None:
        super().__init__()
        self.centre = Centre(desk=CarefulDesk(says_the_truth=self._tells_the_truth))
        for owner in OWNERS:
            build(self.centre.policies, owner)
        self.late: list[tuple[RequestKey, Mapping[str, Any]]] = []
        self.fate, self.before_it = HEARD, 0
        self.asked: dict[RequestKey, Mapping[str, Any]] = {}
        self.sound = True
        self.targets = [
            StackResource(owner, "Target", f"Target{number}", self._send) for owner in OWNERS for number in (1, 2)
        ]
        self.permissions = [
            StackResource(account, "Permission", f"Permission{number}", self._send)
            for account in CONSUMERS
            for number in (1, 2)
        ]
        policies = self.centre.policies
        self.beliefs = Beliefs(policies, self.targets, self.permissions)
        self.writes = Writes(policies, self.beliefs, self.centre.id)
        self.deployed = Deployed(policies, self.centre.ledger, self.beliefs, self.writes)

    @property
    def now(self) -> float:
        return self.centre.clock.now()

    # --- what becomes of CloudFormation's events ---------------------------------------------------

    def _send(self, account: str, event: Mapping[str, Any]) -> Answer | None:
        """Deliver one event; the one that the current step has chosen meets its fate, the others are delivered plainly."""
        Life.events += 1
        fate, self.fate = (self.fate, HEARD) if self.before_it == 0 else (HEARD, self.fate)
        self.before_it -= 1
        self.centre.clock.time += 1
        key = self.centre.file(account, event)
        item = self.asked[key] = self.centre.desk.requests[key]
        if fate.kind == "late":
            self.centre.clock.time += 19
            return None
        with ExitStack() as meanwhile:
            self._prepare(fate, meanwhile)
            if fate.kind != "unheard":  # the stream loses that one, the schedule finds it
                self.centre.handle(key)
        if fate.kind == "twice":
            self.late.append((key, item))
        if fate.kind in ("crash", "throttled", "busy") or key not in self.centre.desk.answers:
            self._schedule()
        return None if fate.kind == "lost" else self.centre.desk.answers[key]

    def _prepare(self, fate: Fate, meanwhile: ExitStack) -> None:
        policies = self.centre.policies
        throttled = WriteUnsettled(Arn("arn"), "TooManyRequestsException")
        if fate.kind == "crash":
            meanwhile.enter_context(dying(self.centre, fate.count))
        elif fate.kind == "throttled":
            policies.faults = [throttled] * fate.count
            meanwhile.callback(policies.faults.clear)
        elif fate.kind == "busy":  # the owner's account deploys all the time

            def refuse(_arn: Arn) -> None:
                raise throttled

            policies.deploy = refuse  # type: ignore[method-assign]
            meanwhile.callback(delattr, policies, "deploy")

    def _later(self, account: str, event: Mapping[str, Any]) -> None:
        key = self.centre.file(account, event)
        self.asked[key] = self.centre.desk.requests[key]
        self.late.append((key, self.centre.desk.requests.pop(key)))

    def _schedule(self, *pauses: float) -> None:
        for pause in pauses or (LEASE + 25, LEASE + 25, LEASE + 25):
            self.centre.clock.time += pause
            self.centre.round()

    def _tells_the_truth(self, key: RequestKey, answer: Answer) -> None:
        event = json.loads(self.asked[key]["event"])
        if not self.deployed.answer_tells_the_truth(key.account, event["ResourceProperties"], answer):
            self.writes.broken.append(f"{key.request_id} is told that it is deployed")

    def _begin(self, fate: Fate) -> None:
        self.fate, self.before_it = fate, fate.event

    # --- what people do ----------------------------------------------------------------------------

    @initialize(data=st.data(), kinds=st.tuples(KIND_OF_AN_OWNER, KIND_OF_AN_OWNER))
    def it_begins(self, data: st.DataObject, kinds: tuple[str, str]) -> None:
        """Each owner has one target published, on which both consumers have a permission."""
        self.kinds = dict(zip(OWNERS, kinds, strict=True))
        for target in self.targets[::2]:
            offer = data.draw(offers(self.kinds[target.account], target.account, generous=True))
            self.writes.promise_those_let_in(target, offer, self.now)
            target.create(offer)
        for permission, owner in zip(self.permissions, OWNERS * 2, strict=True):
            self.writes.promise(self.now)
            permission.create(self._wish(data, owner, permission))

    @rule(which=WHICH, data=st.data(), another=ANOTHER_KIND, fails=FAILS, fate=FATES)
    def publish(self, which: int, data: st.DataObject, another: str | None, fails: Any, fate: Fate) -> None:
        target = self.targets[which]
        offer = data.draw(offers(another or self.kinds[target.account], target.account))
        self._begin(fate)
        self.writes.promise_those_let_in(target, offer, self.now)
        act = target.create if target.believed is None else target.update
        act(offer, fails_elsewhere=fails)

    @rule(which=WHICH, fate=FATES)
    def unpublish(self, which: int, fate: Fate) -> None:
        target = self.targets[which]
        if target.believed is not None:
            self._begin(fate)
            self.writes.promise_those_let_in(target, None, self.now)
            self.deployed.leaves(target)
            target.delete()

    @rule(which=WHICH, owner=SOME, data=st.data(), fails=FAILS, fate=FATES)
    def ask(self, which: int, owner: int, data: st.DataObject, fails: Any, fate: Fate) -> None:
        permission = self.permissions[which]
        wish = self._wish(data, OWNERS[owner], permission)
        self._begin(fate)
        self.writes.promise(self.now, without=permission)
        if permission.believed is None:
            permission.create(wish, fails_elsewhere=fails)
        else:
            self.writes.promise_replacement(permission, wish, self.now)
            permission.update(wish, fails_elsewhere=fails)

    def _wish(self, data: st.DataObject, owner: str, permission: StackResource) -> dict[str, Any]:
        kind = kind_of(self.beliefs.counting(owner)) or self.kinds[owner]
        return data.draw(wishes(kind, owner, permission.account, self.now))

    @precondition(lambda self: any(one.believed for one in self.permissions))
    @rule(which=WHICH, fate=FATES)
    def drop(self, which: int, fate: Fate) -> None:
        permission = self.permissions[which]
        if permission.believed is not None:
            self._begin(fate)
            self.writes.promise(self.now, without=permission)
            permission.delete()

    @precondition(lambda self: any(one.believed is None for one in self.permissions))
    @rule(which=WHICH, owner=SOME, data=st.data(), cancelled=st.booleans())
    def cancel_or_recreate(self, which: int, owner: int, data: st.DataObject, cancelled: Any) -> None:
        permission = self.permissions[which]
        self.writes.promise(self.now)
        if permission.believed is None and cancelled:
            permission.cancelled_create(self._wish(data, OWNERS[owner], permission), self._later)
        elif permission.believed is None:
            permission.recreate_under_the_same_name()

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def what_was_late_arrives(self, data: st.DataObject) -> None:
        self.writes.promise(self.now)
        self._arrives(data.draw(st.integers(0, len(self.late) - 1)))

    def _arrives(self, index: int) -> None:
        key, item = self.late.pop(index)
        self.centre.desk.requests[key] = item
        self.centre.handle(key)

    @rule(owner=SOME, data=st.data(), what=st.sampled_from(["deploy", "deploy", "canary", "policy", "time"]))
    def life_goes_on(self, owner: int, data: st.DataObject, what: str) -> None:
        """The owner does what is his own affair, or time passes."""
        self.writes.promise(self.now)
        account, policies = OWNERS[owner], self.centre.policies
        if what == "deploy":
            policies.owner_deploys(data.draw(st.sampled_from(stages(account))))
        elif what == "canary":
            api, _, stage = data.draw(st.sampled_from(stages(account))).rpartition("/")
            policies.apis[Arn(api)].canaries ^= {stage}
        elif what == "policy":  # an import, or a tool that knows nothing of us
            arn = data.draw(st.sampled_from(resources(self.kinds[account], account)))
            self.writes.owner_writes(arn, data.draw(SOME))
            self._schedule(3700, LEASE + 25)
        else:
            self._schedule(data.draw(st.sampled_from([3600.0, 4 * 3600.0, 25 * 3600.0])))

    # --- what must hold ----------------------------------------------------------------------------

    @invariant()
    def policies_are_what_the_stacks_believe(self) -> None:
        self.sound, self.fate = False, HEARD
        for resource in (*self.targets, *self.permissions):
            if resource.deleting:  # CloudFormation heard nothing: it is deleted again
                resource.delete()
        self._schedule(LEASE + 25, LEASE + 25, NOTICED)
        assert not self.writes.broken, self.writes.broken
        self.beliefs.learn(self.now)
        self.beliefs.must_be_so(self.now)
        self.deployed.must_be_so(self.now)
        self.writes.nothing_of_theirs_is_touched()
        assert not self.centre.desk.requests, "a request has not been answered"
        self.sound = True

    def teardown(self) -> None:
        """When all have gone, and all that was late has come, nothing of ours is left but what lets nobody in."""
        if not self.sound:
            return
        for permission in (one for one in self.permissions if one.believed):
            self.writes.promise(self.now, without=permission)
            assert permission.delete(), permission
        for target in (one for one in self.targets if one.believed):
            self.writes.promise_those_let_in(target, None, self.now)
            assert target.delete(), target
        while self.late:
            self._arrives(0)
        self.policies_are_what_the_stacks_believe()
        self.writes.nothing_of_ours_is_left()
        assert not self.centre.ledger.rows


LIVES = {"test": (120, 30), "soak": (2000, 50)}


def test_policies_are_what_the_stacks_believe_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    """`make soak` runs the same with a larger budget."""
    budget = os.environ.get("MODEL_BUDGET", "test")
    lives, steps = LIVES[budget]
    Life.events = 0
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=lives,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=budget == "test",
        ),
    )
    with capsys.disabled():
        print(f"\nmodel: {Life.events} events of CloudFormation in {lives} lives")
