"""What an operation of a life cycle is: what stands before, the event, and whom the policies let in afterwards.

One owner has what `owned.py` lists. One consumer has two stacks, and the second is a bystander to whom nothing may happen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from callers import APIS, Callers
from deployed_names import CONSUMER, INTRUDER, OWNER

HOUR = 3600.0
MINUTE = 60.0
GIVEN_UP = 112.0
"""Seconds after which the provider has answered that it is too late: CloudFormation rolls back."""

Opens = Mapping[str, Callers]
"""Who may call what, by place; a place that is not named stays as it is."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event about a resource. `known` names the step whose answer gave the PhysicalResourceId."""

    request_type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    account: str = CONSUMER
    stack: str = "asker"
    type: str = "Permission"
    known: str = ""

    def event(self, request: str, physical_ids: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
        """The event without a ResponseURL; `names` are what the properties name in braces."""
        return {
            "RequestType": self.request_type,
            "RequestId": request,
            "StackId": f"arn:aws:cloudformation:us-east-1:{self.account}:stack/{self.stack}/0d1c",
            "LogicalResourceId": self.type,
            "ResourceType": f"Custom::CrossAccount{self.type}",
            "ResourceProperties": {"ServiceToken": "arn:token", **_named(self.properties, names)},
            **({"PhysicalResourceId": physical_ids[self.known]} if self.known else {}),
        }


def _named(value: Any, names: Mapping[str, str]) -> Any:
    """A property with names for what stands in braces."""
    match value:
        case str():
            return value.format_map(names)
        case list():
            return [_named(one, names) for one in value]
        case Mapping():
            return {key: _named(one, names) for key, one in value.items()}
    return value


class Meanwhile(StrEnum):
    """What the owner, or somebody who does not know of us, does between what is given and the event."""

    NOTHING = ""
    WIPED = "our statements are removed"  # from the place of the operation
    ALONE = "the owner's own statements are removed"
    DEPLOYED = "the owner deploys the stage"
    CANARY = "the owner lets a canary share the stage's traffic"


@dataclass(frozen=True, slots=True)
class Operation:
    """`given` has happened before; `opens` holds after `event`; None for `event` is the schedule, `wait` seconds later.

    `meanwhile` happens in between, at `place`. `says` is data that the answer must have. `whole_index`: the schedule looks at all
    parts of its index, which are all alike. `sequels` may happen while the event is still unanswered.
    """

    name: str
    event: Step | None
    opens: Opens
    given: Mapping[str, Step] = field(default_factory=dict)
    status: str = "SUCCESS"
    says: Mapping[str, str] = field(default_factory=dict)
    meanwhile: Meanwhile = Meanwhile.NOTHING
    place: str = ""
    wait: float = HOUR + MINUTE
    whole_index: bool = False
    sequels: tuple["Sequel", ...] = ()


@dataclass(frozen=True, slots=True)
class Sequel:
    """What happens `after` so many seconds, and whom the policies let in when both are over."""

    name: str
    step: Step
    after: float
    opens: Opens


def rolled_back(step: Step, opens: Opens) -> Sequel:
    """What CloudFormation does when it has heard for too long that nothing happens."""
    return Sequel("rolled back", step, GIVEN_UP, opens)


_TARGETS: Mapping[str, Mapping[str, Any]] = {
    "token-service": {"FunctionArn": "{first}", "AllowedGrantTypes": ["Authorizer", "InvokeFunction"]},
    "orders-api": {"RestApiId": "{api}", "StageName": "prod", "AllowedGrantTypes": ["ExecuteApi"]},
    "orders-role": {"RoleArn": "{role}", "AllowedGrantTypes": ["AssumeRole"]},
}


def publish(target: str, request_type: str = "Create", known: str = "", **changes: Any) -> Step:
    """An event about a target of the owner's."""
    offer = {"AllowedAccounts": [CONSUMER], "AllowDeletionWithConsumers": "true"}
    properties = {"Name": target, **_TARGETS[target], **offer, **changes}
    return Step(request_type, properties, OWNER, target, "Target", known)


def ask(
    target: str, grant_type: str, request_type: str = "Create", stack: str = "asker", known: str = "", **wish: Any
) -> Step:
    """An event about a permission on a target."""
    properties = {"Target": f"{OWNER}/{target}", "GrantType": grant_type, **wish}
    if grant_type == "Authorizer":
        properties = {"ApiId": APIS[stack], **properties}
    return Step(request_type, properties, INTRUDER if stack == "intruder" else CONSUMER, stack, known=known)
