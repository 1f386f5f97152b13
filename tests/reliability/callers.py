"""Who might call what the owner has, and whom a policy lets in: decided as AWS does, by the evaluator of the core's tests."""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from deployed_names import CONSUMER, HOME, INTRUDER, OWNER

sys.path.append(str(Path(__file__).parents[1] / "core"))

from decisions import Call, Caller, Decision, decide

NARROW = "abc123"
"""The one authorizer of the asker's API that is asked for where not all of them are."""
APIS = {"asker": "asker00001", "bystander": "bystander1", "intruder": "intruder01"}
EXTERNAL_ID = "orders"


def role(name: str, account: str = CONSUMER) -> str:
    """The ARN of a role; none of them exists, and no policy needs them to."""
    return f"arn:aws:iam::{account}:role/{name}"


WHO = {
    "buyer": role("buyer"),
    "seller": role("shop/seller"),
    "bystander": role("bystander"),
    "intruder": role("buyer", INTRUDER),
    "owner": role("keeper", OWNER),
}
"""Those who sign their calls."""

Callers = frozenset[str]
NOBODY: Callers = frozenset()
ASKER = frozenset({"asker", "asker, the one authorizer"})
ONE = frozenset({"asker, the one authorizer"})
BYSTANDER = frozenset({"bystander's API"})


def let_in(place: str, document: Any) -> Callers:
    """Whom the policy of a place lets in; of a whole account, all whom IAM lets there."""
    statements = (document or {"Statement": []})["Statement"]
    return frozenset(name for name, call in _calls(place) if decide(statements, call) is not Decision.NO)


@cache
def _calls(place: str) -> tuple[tuple[str, Call], ...]:
    service = place.split(":")[2]
    by_service: Mapping[str, Any] = {"lambda": _invocations, "execute-api": _executions, "iam": _assumptions}
    return tuple(by_service[service](place))


def _invocations(function: str) -> Iterator[tuple[str, Call]]:
    """By API Gateway for an authorizer (docs/aws-behaviour.md §2), and by roles."""
    gateway = Caller(service="apigateway.amazonaws.com")
    for name, account, api, authorizer in (
        ("asker", CONSUMER, APIS["asker"], "zzz999"),
        ("asker, the one authorizer", CONSUMER, APIS["asker"], NARROW),
        ("bystander's API", CONSUMER, APIS["bystander"], "zzz999"),
        ("intruder's API", INTRUDER, APIS["intruder"], "zzz999"),
    ):
        source = f"arn:aws:execute-api:{HOME}:{account}:{api}/authorizers/{authorizer}"
        yield name, Call(gateway, "lambda:InvokeFunction", function, {"aws:SourceArn": source})
    for name, arn in WHO.items():
        yield name, Call(Caller(arn), "lambda:InvokeFunction", function)


def _executions(place: str) -> Iterator[tuple[str, Call]]:
    """Of the API's stage: by the policy that the API has, or by what the stage serves of it."""
    api = place.split("/", maxsplit=1)[0]
    for name, arn in WHO.items():
        for route in ("GET/orders", "POST/orders", "GET/items"):
            yield f"{name}: {route}", Call(Caller(arn), "execute-api:Invoke", f"{api}/prod/{route}")


def _assumptions(_role: str) -> Iterator[tuple[str, Call]]:
    for name, arn in WHO.items():
        yield name, Call(Caller(arn), "sts:AssumeRole")
        yield f"{name}, by the external id", Call(Caller(arn), "sts:AssumeRole", "", {"sts:ExternalId": EXTERNAL_ID})
