"""A crowded centre: several controllers, a foreign writer and stacks that all go on at once.

What must hold is asked of the policies as AWS would decide; the stacks' side is the model of CloudFormation.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from centre import CONSUMER, FUNCTION, OTHER, OWNER, SECOND, Centre, Resource
from cloudformation import Send, StackResource
from interleaving import Actor, Died, Interrupted, SharedClock, Stage, Turn
from twins import MemoryDesk

from provider.controller.controller import Controller
from provider.controller.leases import LEASE
from provider.core.answers import Answer
from provider.core.errors import WriteUnsettled
from provider.core.identifiers import Arn
from provider.core.requests import RequestKey

HEARS = 110.0
"""Seconds for which a stack's provider function waits for an answer."""
SCHEDULE = 60.0
INVOCATION = 60.0

WISHES = ("apiaaaaa", "apibbbbb", "apiccccc")
STEADY = "apisteady"

Step = tuple[str, int]
"""What a stack or a foreign writer does, and with which of its choices."""


@dataclass
class CarefulDesk(MemoryDesk):
    """A desk that looks whether a success tells the truth, and whether an answer ever changes."""

    says_the_truth: Callable[[RequestKey, Answer], None] = lambda _key, _answer: None

    def answer(self, key: RequestKey, answer: Answer) -> None:
        if key not in self.answers:
            self.says_the_truth(key, answer)
        super().answer(key, answer)


@dataclass
class Crowd:
    """Everybody, and what they have done. `foreign` is what the foreign writer has written last, per function."""

    turns: Sequence[Turn] = ()
    foreign: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    stream: list[RequestKey] = field(default_factory=list)
    kept: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    died_at: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """What was found in the middle of a call: raised there, it would be a fault that the controller gets over."""
    longest: float = 0.0
    owner_is_quiet: bool = True
    writers_are_careful: bool = True

    def __post_init__(self) -> None:
        self.centre = Centre(desk=CarefulDesk(says_the_truth=self._tells_the_truth))
        self.stage = Stage(self.centre.clock, self.turns)
        for arn in (FUNCTION, SECOND):
            self.centre.policies.create(arn)
            self.foreign[arn] = []
        self.centre.policies.on_write = self._nobody_is_shut_out
        self.target = StackResource(OWNER, "Target", "TokenTarget", self._ask_at_once)
        self.target.create(offer())
        steady = {**offer(), "Name": "steady", "AllowedAccounts": [OTHER]}
        StackResource(OWNER, "Target", "SteadyTarget", self._ask_at_once).create(steady)
        self.bystander = StackResource(OTHER, "Permission", "Bystander", self._ask_at_once)
        self.bystander.create(wish(STEADY, "steady"))
        assert self.bystander.believed is not None
        self.stacks: list[StackResource] = []

    # --- who plays -----------------------------------------------------------------------------------

    def controllers(self, number: int) -> None:
        for index in range(number):
            self.stage.enter(f"controller {index}", self._control, leads=False, mortal=True)

    def stack(self, steps: Sequence[Step]) -> None:
        """A consumer's stack that does one step after the other."""
        one = StackResource(CONSUMER, "Permission", "Permission", self._ask_at_once, f"stack{len(self.stacks)}")
        self.stacks.append(one)

        def play(actor: Actor) -> None:
            one.send = self._keeping(one, self._asking(actor))
            for step, choice in steps:
                self._consume(one, step, WISHES[choice % len(WISHES)])

        self.stage.enter(one.stack, play)

    def owner(self, steps: Sequence[Mapping[str, Any]]) -> None:
        """The owner changes what is published under the name."""
        self.owner_is_quiet = self.owner_is_quiet and not steps

        def play(actor: Actor) -> None:
            self.target.send = self._asking(actor)
            for changes in steps:
                self.target.update({**offer(), **changes})

        self.stage.enter("owner", play)

    def foreign_writer(self, steps: Sequence[Step]) -> None:
        """Somebody else who adds, changes and removes statements of his own; `blind` is without a revision."""
        self.writers_are_careful = self.writers_are_careful and all(step != "blind" for step, _ in steps)

        def play(actor: Actor) -> None:
            policies = Interrupted(self.centre.policies, actor)
            for step, choice in steps:
                arn = Arn((FUNCTION, SECOND)[choice % 2])
                self._write_foreign(policies, arn, step, choice)
                actor.wait(None, self.centre.clock.time + choice)

        self.stage.enter("foreign writer", play)

    def file(self, event: Mapping[str, Any]) -> RequestKey:
        """A request of the consumer's, on the table and in the stream; what it is granted is kept from then on."""
        key = self.centre.file(CONSUMER, event)
        self.stream.append(key)
        self.kept[key.request_id] = {}
        return key

    def play(self) -> None:
        self.stage.run()
        assert not self.broken
        self.centre.controller = self.centre.new_controller()

    def settle(self, rounds: int = 3) -> None:
        """The schedule alone, long enough for every lease to end."""
        for _ in range(rounds):
            self.centre.clock.time += LEASE + 25
            self.centre.round()

    def an_hour_passes(self) -> None:
        self.centre.clock.time += 3600
        self.settle(2)

    # --- how they play -------------------------------------------------------------------------------

    def _control(self, actor: Actor) -> None:
        next_round = self.centre.clock.time + SCHEDULE
        while True:
            actor.wait(lambda: bool(self.stream), next_round)
            until = self.centre.clock.time + INVOCATION
            try:
                if self.stream:
                    batch, self.stream[:] = list(self.stream[:5]), self.stream[5:]
                    items = [self.centre.desk.requests[key] for key in batch if key in self.centre.desk.requests]
                    self._controller(actor).take(items, until)
                elif self.centre.clock.time >= next_round:
                    next_round = self.centre.clock.time + SCHEDULE
                    self._controller(actor).round(until)
            except Died:
                actor.revive()
                self.died_at.append(self.centre.clock.time)

    def _controller(self, actor: Actor) -> Controller:
        """A controller of the same centre, whose every call is a place where others may come in."""
        own = copy(self.centre)
        for port in ("ledger", "desk", "policies"):
            setattr(own, port, Interrupted(getattr(self.centre, port), actor))
        own.clock = SharedClock(actor)  # type: ignore[assignment]
        return own.new_controller()

    def _consume(self, one: StackResource, step: str, api: str) -> None:
        if step == "delete":
            while one.believed is not None and not one.delete():
                pass
        elif one.believed is None:
            one.create(wish(api), fails_elsewhere=step == "fail")
        else:
            one.update(wish(api), fails_elsewhere=step == "fail")

    def _write_foreign(self, policies: Any, arn: Arn, step: str, choice: int) -> None:
        while True:
            live = policies.read(arn)
            others = [one for one in (live.document or {"Statement": []})["Statement"] if not is_foreign(one)]
            theirs = [] if step == "remove" else [*self.foreign[arn], foreign_statement(choice)][-3:]
            kept = [] if step == "blind" else others
            document = {"Version": "2012-10-17", "Statement": [*theirs, *kept]} if theirs or kept else None
            try:
                policies.write(arn, document, None if step == "blind" else live.revision)
            except WriteUnsettled:
                continue
            self.foreign[arn] = theirs
            return

    def _asking(self, actor: Actor) -> Callable[[str, Mapping[str, Any]], Answer | None]:
        def ask(account: str, event: Mapping[str, Any]) -> Answer | None:
            actor.wait(None, self.centre.clock.time + 1)
            key = self.centre.file(account, event)
            self.stream.append(key)
            answers, asked_at = self.centre.desk.answers, self.centre.clock.time
            until = asked_at + HEARS
            while key not in answers and self.centre.clock.time < until:
                actor.wait(lambda: key in answers, until)
            self.longest = max(self.longest, self.centre.clock.time - asked_at)
            return answers.get(key)

        return ask

    def _keeping(self, one: StackResource, ask: Send) -> Send:
        """Note what the stack may rely on: what it was told, until it has it deleted or asks to replace it."""

        def asking(account: str, event: Mapping[str, Any]) -> Answer | None:
            known = event.get("PhysicalResourceId", "")
            kept = self.kept.get(one.stack, {})
            if event["RequestType"] == "Delete":
                left = {text: place for text, place in kept.items() if text != known and known.startswith("grant-")}
            else:
                left = {text: place for text, place in kept.items() if text == known}
            self.kept[one.stack] = left
            answer: Answer | None = ask(account, event)
            if answer is not None and answer.status == "SUCCESS" and answer.data:
                self.kept[one.stack] = {
                    **left,
                    answer.physical_id: (answer.data["TargetArn"], answer.data["SourceArns"][0]),
                }
            return answer

        return asking

    def _ask_at_once(self, account: str, event: Mapping[str, Any]) -> Answer:
        return self.centre.ask(account, event)

    # --- what must hold ------------------------------------------------------------------------------

    def _nobody_is_shut_out(self) -> None:
        """No write takes away what somebody keeps."""
        if not self.writers_are_careful or not hasattr(self, "stacks"):
            return
        if not self.may(FUNCTION, OTHER, STEADY):
            self.broken.append("a write has shut out a stack that nobody has touched")
        for places in self.kept.values() if self.owner_is_quiet else ():
            for arn, caller in places.values():
                if not self._lets_in(arn, caller):
                    self.broken.append(f"a write has shut out {caller}")

    def _tells_the_truth(self, key: RequestKey, answer: Answer) -> None:
        if answer.status != "SUCCESS" or not self.owner_is_quiet or not self.writers_are_careful:
            return
        for caller in answer.data.get("SourceArns", []):
            if not self._lets_in(answer.data["TargetArn"], caller):
                self.broken.append(f"{key.request_id} is told of what does not stand")
            if key.request_id in self.kept:
                self.kept[key.request_id][answer.physical_id] = (answer.data["TargetArn"], caller)

    def must_be_settled(self) -> None:
        """Policies let in exactly what stacks hold and the owner authorises; foreign statements are as written."""
        assert not self.broken
        for arn in (FUNCTION, SECOND):
            for api in WISHES:
                assert self.may(arn, CONSUMER, api) == self._believed(arn, api), (arn, api)
            assert self.may(arn, OTHER, STEADY) == (arn == FUNCTION)
            document = self.centre.policies.document(arn) or {"Statement": []}
            assert [one for one in document["Statement"] if not self.centre.id.owns(one)] == self.foreign[arn]
        assert not self.centre.desk.requests, "a request has not been answered"

    def _believed(self, arn: str, api: str) -> bool:
        believed: Mapping[str, Any] = self.target.believed or {}
        if CONSUMER not in believed["AllowedAccounts"] or arn in believed.get("RetiredArns", []):
            return False
        return any(
            one.believed["ApiId"] == api and arn in (one.data["TargetArn"], believed["FunctionArn"])
            for one in self.stacks
            if one.believed is not None
        )

    def may(self, arn: str, account: str, api: str) -> bool:
        return self._lets_in(arn, f"arn:aws:execute-api:us-east-1:{account}:{api}/authorizers/any")

    def _lets_in(self, arn: str, caller: str) -> bool:
        """What AWS would decide: an allow for API Gateway whose pattern matches (docs/aws-behaviour.md §2)."""
        document = self.centre.policies.document(arn) or {"Statement": []}
        return any(
            fnmatchcase(caller, pattern)
            for one in document["Statement"]
            if one["Principal"] == {"Service": "apigateway.amazonaws.com"}
            for pattern in one["Condition"]["ArnLike"]["AWS:SourceArn"]
        )


def offer() -> dict[str, Any]:
    return {
        "Name": "token-service",
        "FunctionArn": FUNCTION,
        "AllowedGrantTypes": ["Authorizer"],
        "AllowedAccounts": [CONSUMER],
    }


def wish(api: str, name: str = "token-service") -> dict[str, Any]:
    return {"Target": f"{OWNER}/{name}", "GrantType": "Authorizer", "ApiId": api}


def permission_event(api: str, logical_id: str) -> dict[str, Any]:
    """A Create of one more permission of the consumer."""
    return Resource(CONSUMER, "Permission", wish(api), logical_id).event("Create")


def foreign_statement(choice: int) -> dict[str, Any]:
    return {
        "Sid": f"theirs{choice}",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{choice:012}:root"},
        "Action": "lambda:InvokeFunction",
        "Resource": "*",
    }


def is_foreign(statement: Mapping[str, Any]) -> bool:
    return str(statement["Sid"]).startswith("theirs")
