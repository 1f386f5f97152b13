"""A state machine plays CloudFormation against the controller, with faults; policies must be what the stacks believe.

The model asks for decisions (may this API call this function?), never for texts.
"""

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import hypothesis.strategies as st
import pytest
from centre import Centre
from cloudformation import StackResource
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from test_pass_obstacles import dying

from provider.controller.reconciling import LEASE
from provider.core.errors import WriteUnsettled
from provider.core.identifiers import Arn

OWNERS = ("333333333333", "666666666666")
CONSUMERS = ("111111111111", "555555555555")
APIS = ("apiaaaaa", "apibbbbb")
AUTHORIZERS = (None, "auth1", "auth2")

FOREIGN = {
    "Sid": "mine",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
    "Action": "lambda:InvokeFunction",
    "Resource": "*",
}


def functions(owner: str) -> list[str]:
    return [f"arn:aws:lambda:eu-west-1:{owner}:function:token{number}:live" for number in (1, 2)]


FATES = st.sampled_from(["heard"] * 6 + ["twice", "lost", "late", "crash", "throttled", "unheard"])
FATED = st.sampled_from([0, 0, 0, 1, 2, 3])
"""Which event of an operation meets its fate: the first, or one of its roll-back or clean-up."""
CALLS = st.integers(min_value=0, max_value=45)


class Life(RuleBasedStateMachine):
    """Stacks of two owners and two consumers, over a centre on twins."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.centre = Centre()
        self.late: list[Any] = []
        self.fate, self.fated, self.dies_at = "heard", 0, 0
        self.watched: list[tuple[StackResource, list[Mapping[str, Any]]]] = []
        for owner in OWNERS:
            for arn in functions(owner):
                self.centre.policies.create(arn, {"Version": "2012-10-17", "Statement": [FOREIGN]})
        self.centre.policies.on_write = self._no_gap
        self.targets = [
            StackResource(owner, "Target", f"Target{number}", self._send) for owner in OWNERS for number in (1, 2)
        ]
        self.permissions = [
            StackResource(account, "Permission", f"Permission{number}", self._send)
            for account in CONSUMERS
            for number in (1, 2)
        ]

    # --- what CloudFormation hears -----------------------------------------------------------------

    def _send(self, account: str, event: Mapping[str, Any]) -> Any:
        """Deliver one event; the one that the current step has chosen meets its fate, the others are delivered plainly."""
        Life.steps += 1
        fate, self.fate = (self.fate, "heard") if self.fated == 0 else ("heard", self.fate)
        self.fated -= 1
        self.centre.clock.time += 1
        key = self.centre.file(account, event)
        item = self.centre.desk.requests[key]
        if fate == "late":
            self._time_passes(19)
            return None
        if fate == "crash":
            with dying(self.centre, self.dies_at):
                self.centre.handle(key)
            self._schedule()
        elif fate == "throttled":
            self.centre.policies.faults = [WriteUnsettled(Arn("arn"), "TooManyRequestsException")] * self.dies_at
            self.centre.handle(key)
            self.centre.policies.faults = []
            self._schedule()
        elif fate == "unheard":  # the stream loses the event, the schedule finds it
            self._schedule()
        else:
            self.centre.handle(key)
        if fate == "twice":
            self.late.append((key, item))
        if key not in self.centre.desk.answers:
            self._schedule()
        return None if fate == "lost" else self.centre.desk.answers[key]

    def _later(self, account: str, event: Mapping[str, Any]) -> None:
        key = self.centre.file(account, event)
        self.late.append((key, self.centre.desk.requests.pop(key)))

    def _time_passes(self, seconds: float) -> None:
        self.centre.clock.time += seconds

    def _schedule(self) -> None:
        for _ in range(3):
            self._time_passes(LEASE + 25)
            self.centre.round()

    # --- what people do ----------------------------------------------------------------------------

    @initialize()
    def first_targets(self) -> None:
        for target in self.targets[::2]:
            target.create(self._offer(target, 0, CONSUMERS))

    def _offer(self, target: StackResource, function: int, accounts: tuple[str, ...]) -> dict[str, Any]:
        return {
            "Name": "token-service",
            "FunctionArn": functions(target.account)[function],
            "AllowedGrantTypes": ["Authorizer"],
            "AllowedAccounts": list(accounts),
        }

    @rule(
        which=st.integers(0, 3),
        function=st.integers(0, 1),
        accounts=st.sampled_from([CONSUMERS, CONSUMERS[:1], CONSUMERS[1:], ()]),
        allow=st.booleans(),
        retire=st.booleans(),
        fails=st.booleans(),
        fate=FATES,
        fated=FATED,
        dies_at=CALLS,
    )
    def publish(
        self,
        which: int,
        function: int,
        accounts: Any,
        allow: Any,
        retire: Any,
        fails: Any,
        fate: str,
        fated: int,
        dies_at: int,
    ) -> None:
        target = self.targets[which]
        offer = self._offer(target, function, accounts)
        offer["AllowDeletionWithConsumers"] = "true" if allow else "false"
        if retire:
            offer["RetiredArns"] = [functions(target.account)[1 - function]]
        self.fate, self.fated, self.dies_at = fate, fated, dies_at
        act = target.create if target.believed is None else target.update
        self.watched = []
        act(offer, fails_elsewhere=fails)

    @rule(which=st.integers(0, 3), fate=FATES, fated=FATED, dies_at=CALLS)
    def unpublish(self, which: int, fate: str, fated: int, dies_at: int) -> None:
        target = self.targets[which]
        if target.believed is not None:
            self.fate, self.fated, self.dies_at = fate, fated, dies_at
            self.watched = []
            target.delete()

    @rule(
        which=st.integers(0, 3),
        owner=st.integers(0, 1),
        api=st.integers(0, 1),
        authorizer=st.sampled_from(AUTHORIZERS),
        revision=st.sampled_from([None, "2", "3"]),
        environment=st.sampled_from([None, None, None, "nowhere"]),
        fails=st.booleans(),
        fate=FATES,
        fated=FATED,
        dies_at=CALLS,
    )
    def ask(
        self,
        which: int,
        owner: int,
        api: int,
        authorizer: Any,
        revision: Any,
        environment: Any,
        fails: Any,
        fate: str,
        fated: int,
        dies_at: int,
    ) -> None:
        permission = self.permissions[which]
        wish: dict[str, Any] = {
            "Target": f"{OWNERS[owner]}/token-service",
            "GrantType": "Authorizer",
            "ApiId": APIS[api],
        }
        if authorizer:
            wish["AuthorizerIds"] = [authorizer]
        wish |= {"Revision": revision} if revision else {}
        wish |= {"Environment": environment} if environment else {}
        self.fate, self.fated, self.dies_at = fate, fated, dies_at
        if permission.believed is None:
            self._watch()
            permission.create(wish, fails_elsewhere=fails)
        else:
            self._watch(permission, wish)
            permission.update(wish, fails_elsewhere=fails)

    @rule(which=st.integers(0, 3), fate=FATES, fated=FATED, dies_at=CALLS)
    def drop(self, which: int, fate: str, fated: int, dies_at: int) -> None:
        permission = self.permissions[which]
        if permission.believed is not None:
            self.fate, self.fated, self.dies_at = fate, fated, dies_at
            self._watch(without=permission)
            permission.delete()

    @rule(which=st.integers(0, 3), api=st.integers(0, 1))
    def cancel(self, which: int, api: int) -> None:
        permission = self.permissions[which]
        if permission.believed is None:
            self._watch()
            wish = {"Target": f"{OWNERS[0]}/token-service", "GrantType": "Authorizer", "ApiId": APIS[api]}
            permission.cancelled_create(wish, self._later)

    @rule(which=st.integers(0, 3))
    def recreate(self, which: int) -> None:
        if self.permissions[which].believed is None:
            self.permissions[which].recreate_under_the_same_name()

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def what_was_late_arrives(self, data: st.DataObject) -> None:
        key, item = self.late.pop(data.draw(st.integers(0, len(self.late) - 1)))
        self._watch()
        self.centre.desk.requests[key] = item
        self.centre.handle(key)

    # --- what must hold ----------------------------------------------------------------------------

    @invariant()
    def policies_are_what_the_stacks_believe(self) -> None:
        self.fate = "heard"
        for resource in (*self.targets, *self.permissions):
            if resource.deleting:  # CloudFormation heard nothing: it is deleted again
                resource.delete()
        self._schedule()
        for permission in self.permissions:
            if permission.believed is not None and self._current(permission.believed["Target"].split("/")[0]) is None:
                permission.closed = True
        for owner in OWNERS:
            for arn in functions(owner):
                for account in CONSUMERS:
                    for api in APIS:
                        for authorizer in AUTHORIZERS[1:]:
                            expected = self._believed(owner, arn, account, api, authorizer)
                            assert self._may(arn, account, api, authorizer) == expected, (arn, account, api, authorizer)
                document = self.centre.policies.document(arn)
                assert [one for one in document["Statement"] if not self.centre.id.owns(one)] == [FOREIGN]
        assert not self.centre.desk.requests

    def _current(self, owner: str) -> StackResource | None:
        live = [one for one in self.targets if one.account == owner and one.believed is not None]
        return max(live, key=lambda one: one.asked) if live else None

    def _believed(self, owner: str, arn: str, account: str, api: str, authorizer: str) -> bool:
        return any(
            self._opens(permission, permission.believed, owner, arn, api, authorizer)
            for permission in self.permissions
            if permission.account == account and permission.believed is not None
        )

    def _opens(self, permission: StackResource, wish: Any, owner: str, arn: str, api: str, authorizer: str) -> bool:
        target = self._current(owner)
        if target is None or target.believed is None or wish["Target"] != f"{owner}/token-service":
            return False
        offer = target.believed
        if permission.account not in offer["AllowedAccounts"] or arn in offer.get("RetiredArns", []):
            return False
        told = None if permission.closed else permission.data["TargetArn"]
        if arn not in (told, offer["FunctionArn"]):
            return False
        return bool(wish["ApiId"] == api and authorizer in wish.get("AuthorizerIds", [authorizer]))

    def _may(self, arn: str, account: str, api: str, authorizer: str) -> bool:
        """What AWS would decide: an allow for API Gateway whose source pattern matches (docs/aws-behaviour.md §2)."""
        caller = f"arn:aws:execute-api:us-east-1:{account}:{api}/authorizers/{authorizer}"
        for one in self.centre.policies.document(arn)["Statement"]:
            if one["Principal"] != {"Service": "apigateway.amazonaws.com"} or one["Effect"] != "Allow":
                continue
            patterns = one["Condition"]["ArnLike"]["AWS:SourceArn"]
            if any(fnmatchcase(caller, pattern) for pattern in ([patterns] if isinstance(patterns, str) else patterns)):
                return True
        return False

    def _watch(
        self, changing: StackResource | None = None, wish: Any = None, without: StackResource | None = None
    ) -> None:
        """From now on every write must leave these resources something to stand on."""
        self.watched = []
        for permission in self.permissions:
            if permission.believed is None or permission is without or permission.deleting:
                continue
            wishes = [permission.believed, *([wish] if permission is changing else [])]
            self.watched.append((permission, wishes))

    def _no_gap(self) -> None:
        for permission, wishes in self.watched:
            arn = permission.data["TargetArn"]
            owner = arn.split(":")[4]
            if not self._opens_any(permission, [permission.believed], owner, arn):
                continue  # its owner does not want it to stand
            assert self._stands(permission, wishes), f"a gap for {permission}"

    def _opens_any(self, permission: StackResource, wishes: Any, owner: str, arn: str) -> bool:
        return any(
            self._opens(permission, wish, owner, arn, api, authorizer)
            for wish in wishes
            for api in APIS
            for authorizer in AUTHORIZERS[1:]
        )

    def _stands(self, permission: StackResource, wishes: Any) -> bool:
        arns = [arn for owner in OWNERS for arn in functions(owner)]
        return any(
            self._may(arn, permission.account, wish["ApiId"], wish.get("AuthorizerIds", ["auth1"])[0])
            for wish in wishes
            for arn in arns
        )


BUDGETS = {"test": (120, 30), "soak": (2000, 50)}


def test_policies_are_what_the_stacks_believe_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    """`make soak` runs the same with a larger budget."""
    examples, steps = BUDGETS[os.environ.get("MODEL_BUDGET", "test")]
    Life.steps = 0
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=os.environ.get("MODEL_BUDGET") is None,
        ),
    )
    with capsys.disabled():
        print(f"\nmodel: {Life.steps} events of CloudFormation in {examples} lives")
