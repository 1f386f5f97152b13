"""The operations of a life cycle: what stands before, the event, and whom the policies let in afterwards.

Two functions of one owner: the first has a foreign statement, the second has no policy. One consumer has two stacks,
and the second is a bystander to whom nothing may happen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from deployed_names import CONSUMER, INTRUDER, OWNER

NARROW = "abc123"
FOREIGN = {
    "Sid": "mine",
    "Effect": "Allow",
    "Principal": {"Service": "s3.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"}},
}
APIS = {"asker": "asker00001", "bystander": "bystander1", "intruder": "intruder01"}
CALLERS = {
    "asker": (CONSUMER, APIS["asker"], "zzz999"),
    "asker, the one authorizer": (CONSUMER, APIS["asker"], NARROW),
    "bystander": (CONSUMER, APIS["bystander"], "zzz999"),
    "intruder": (INTRUDER, APIS["intruder"], "zzz999"),
}
"""Who might call a function: account, API, authorizer."""
ASKER = frozenset({"asker", "asker, the one authorizer"})
ONE = frozenset({"asker, the one authorizer"})
BYSTANDER = frozenset({"bystander"})
NOBODY: frozenset[str] = frozenset()

Opens = tuple[frozenset[str], frozenset[str]]
"""Who may call the first function, and who the second."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event about a resource. `known` names the step whose answer gave the PhysicalResourceId."""

    request_type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    account: str = CONSUMER
    stack: str = "asker"
    type: str = "Permission"
    known: str = ""

    def event(self, request: str, physical_ids: Mapping[str, str], arns: list[str]) -> dict[str, Any]:
        """The event without a ResponseURL; `function` among the properties is the number of the function."""
        properties = {"ServiceToken": "arn:token", **self.properties}
        if "function" in properties:
            properties["FunctionArn"] = arns[properties.pop("function")]
        return {
            "RequestType": self.request_type,
            "RequestId": request,
            "StackId": f"arn:aws:cloudformation:us-east-1:{self.account}:stack/{self.stack}/0d1c",
            "LogicalResourceId": self.type,
            "ResourceType": f"Custom::CrossAccount{self.type}",
            "ResourceProperties": properties,
            **({"PhysicalResourceId": physical_ids[self.known]} if self.known else {}),
        }


@dataclass(frozen=True, slots=True)
class Operation:
    """`given` has happened before; `opens` holds after `event`; None for `event` is the schedule an hour later.

    `mends`: somebody has removed our statements from the first function's policy meanwhile. `sequels` may happen
    while the event is still unanswered.
    """

    name: str
    event: Step | None
    opens: Opens
    given: Mapping[str, Step] = field(default_factory=dict)
    status: str = "SUCCESS"
    mends: bool = False
    sequels: tuple["Sequel", ...] = ()


@dataclass(frozen=True, slots=True)
class Sequel:
    """What happens `after` so many seconds, and whom the policies let in when both are over."""

    name: str
    step: Step
    after: float
    opens: Opens


GIVEN_UP = 112.0
"""Seconds after which the provider has answered that it is too late: CloudFormation rolls back."""


def _publish(request_type: str = "Create", function: int = 0, known: str = "") -> Step:
    offer = {"AllowedGrantTypes": ["Authorizer"], "AllowedAccounts": [CONSUMER], "AllowDeletionWithConsumers": "true"}
    properties = {"Name": "token-service", "function": function, **offer}
    return Step(request_type, properties, OWNER, "token-service", "Target", known)


def _ask(request_type: str = "Create", stack: str = "asker", known: str = "", **wish: Any) -> Step:
    properties = {"Target": f"{OWNER}/token-service", "GrantType": "Authorizer", "ApiId": APIS[stack], **wish}
    return Step(request_type, properties, INTRUDER if stack == "intruder" else CONSUMER, stack, known=known)


def _narrow(known: str) -> Step:
    return _ask("Update", known=known, AuthorizerIds=[NARROW])


# As many as a pass would not remove without a record that explains it.
_BYSTANDER = _ask(stack="bystander", AuthorizerIds=["zzz999", "yyy888", "xxx777", "www666"])
_PUBLISHED = {"publication": _publish(), "bystander": _BYSTANDER}
_GRANTED = {**_PUBLISHED, "grant": _ask()}
_NARROWED = {**_GRANTED, "narrowed": _narrow("grant")}
_MOVED = {**_GRANTED, "moved": _publish("Update", 1, "publication")}
_WITHDRAWN = {**_GRANTED, "withdrawn": _publish("Delete", known="publication")}
_ALONE = {"publication": _publish(function=1), "grant": _ask()}


def _rolled_back(step: Step, opens: Opens) -> Sequel:
    return Sequel("rolled back", step, GIVEN_UP, opens)


CREATE_GRANT = Operation(
    "grant: create",
    _ask(),
    (ASKER | BYSTANDER, NOBODY),
    _PUBLISHED,
    sequels=(_rolled_back(_ask("Delete", known="failed"), (BYSTANDER, NOBODY)),),
)
LOOKUP = Step("Create", {"Target": f"{OWNER}/token-service"}, type="TargetLookup")
UPDATE_GRANT = Operation(
    "grant: update",
    _narrow("grant"),
    (ASKER | BYSTANDER, NOBODY),
    _GRANTED,
    sequels=(_rolled_back(_ask("Update", known="grant"), (ASKER | BYSTANDER, NOBODY)),),
)

OF_PUBLICATIONS = (
    Operation(
        "publication: create",
        _publish(),
        (NOBODY, NOBODY),
        sequels=(_rolled_back(_publish("Delete", known="failed"), (NOBODY, NOBODY)),),
    ),
    Operation(
        "publication: move",
        _publish("Update", 1, "publication"),
        (ASKER | BYSTANDER, ASKER | BYSTANDER),
        _GRANTED,
        sequels=(
            _rolled_back(_publish("Update", 0, "publication"), (ASKER | BYSTANDER, NOBODY)),
            Sequel("a grant deleted", _ask("Delete", "bystander", "bystander"), 2.0, (ASKER, ASKER)),
        ),
    ),
    Operation(
        "publication: clean-up after a move",
        _publish("Delete", known="publication"),
        (ASKER | BYSTANDER, ASKER | BYSTANDER),
        _MOVED,
    ),
    Operation("publication: delete", _publish("Delete", known="publication"), (NOBODY, NOBODY), _GRANTED),
    Operation("publication: create again", _publish(), (ASKER | BYSTANDER, NOBODY), _WITHDRAWN),
)
OF_GRANTS = (
    CREATE_GRANT,
    UPDATE_GRANT,
    Operation("grant: roll an update back", _ask("Update", known="narrowed"), (ASKER | BYSTANDER, NOBODY), _NARROWED),
    Operation("grant: clean-up after an update", _ask("Delete", known="grant"), (ONE | BYSTANDER, NOBODY), _NARROWED),
    Operation(
        "grant: delete",
        _ask("Delete", known="grant"),
        (BYSTANDER, NOBODY),
        _GRANTED,
        sequels=(Sequel("deleted again", _ask("Delete", known="grant"), GIVEN_UP, (BYSTANDER, NOBODY)),),
    ),
    Operation("grant: delete the last", _ask("Delete", known="grant"), (NOBODY, NOBODY), _ALONE),
    Operation("grant: refuse", _ask(stack="intruder"), (BYSTANDER, NOBODY), _PUBLISHED, "FAILED"),
    Operation("lookup", LOOKUP, (BYSTANDER, NOBODY), _PUBLISHED),
)
ROUNDS = (
    Operation("round: nothing has changed", None, (ASKER | BYSTANDER, NOBODY), _GRANTED),
    Operation("round: mend what was removed", None, (ASKER | BYSTANDER, NOBODY), _GRANTED, mends=True),
)


def callers(document: Any) -> frozenset[str]:
    """Whom a policy lets in: an allow for API Gateway whose source pattern matches (docs/aws-behaviour.md §2)."""
    return frozenset(name for name, caller in CALLERS.items() if _may(document, *caller))


def _may(document: Any, account: str, api: str, authorizer: str) -> bool:
    source = f"arn:aws:execute-api:us-east-1:{account}:{api}/authorizers/{authorizer}"
    for one in (document or {"Statement": []})["Statement"]:
        if one["Effect"] == "Allow" and one["Principal"] == {"Service": "apigateway.amazonaws.com"}:
            patterns = one["Condition"]["ArnLike"]["AWS:SourceArn"]
            if any(fnmatchcase(source, pattern) for pattern in ([patterns] if isinstance(patterns, str) else patterns)):
                return True
    return False
