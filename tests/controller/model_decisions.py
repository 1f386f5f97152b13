"""What AWS would decide of the policies in the model: which of all calls that matter are let in.

Policies are read by the evaluator that also measures the product's statements; calls go by names, which a failure shows.
"""

import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "core"))

from asked import Asked
from decisions import Call, Caller, Decision, decide
from model_targets import CONSUMERS, is_private, is_stage
from model_wishes import APIS, AUTHORIZERS, ENDPOINTS, EXTERNAL_IDS, ROLES, principal

from provider.core.identifiers import Arn

_STRANGER = "444444444444"
_ROUTES = ("GET/orders", "POST/orders", "GET/orders/1", "POST/orders/1", "DELETE/admin")

Names = frozenset[str]
"""Of calls."""


@cache
def calls(arn: str) -> Mapping[str, Call]:
    """Everything that somebody may try on an ARN, by name."""
    return dict(_tried(arn))


def _tried(arn: str) -> Iterator[tuple[str, Call]]:
    callers = [(f"{name} of {account}", Caller(principal(account, name))) for account in CONSUMERS for name in ROLES]
    callers.append(("a stranger", Caller(principal(_STRANGER, ROLES[0]))))
    if is_stage(arn):
        endpoints = ENDPOINTS if is_private(arn) else (None,)
        for (who, caller), route, endpoint in itertools.product(callers, _ROUTES, endpoints):
            context = {"aws:SourceVpce": endpoint} if endpoint else {}
            yield f"{who}: {route} through {endpoint}", Call(caller, "execute-api:Invoke", f"{arn}/{route}", context)
    elif ":role/" in arn:
        for (who, caller), said in itertools.product(callers, (None, *EXTERNAL_IDS)):
            yield (
                f"{who}: assume as {said}",
                Call(caller, "sts:AssumeRole", "", {"sts:ExternalId": said} if said else {}),
            )
    else:
        for who, caller in callers:
            yield f"{who}: invoke", Call(caller, "lambda:InvokeFunction", arn)
        gateway = Caller(service="apigateway.amazonaws.com")
        for account, api, authorizer in itertools.product((*CONSUMERS, _STRANGER), APIS, AUTHORIZERS):
            source = f"arn:aws:execute-api:us-east-1:{account}:{api}/authorizers/{authorizer}"
            yield f"{source}", Call(gateway, "lambda:InvokeFunction", arn, {"aws:SourceArn": source})


@lru_cache(maxsize=4096)
def let_in(arn: str, policy: str | None) -> Names:
    """The calls on an ARN that a policy (its text) lets in; within one account it leaves them to IAM."""
    statements = json.loads(policy)["Statement"] if policy else []
    owner = arn.split(":")[4]
    found = {name: decide(statements, call) for name, call in calls(arn).items()}
    own = [found[name] for name, call in calls(arn).items() if call.caller.account == owner]
    assert Decision.DIRECT not in own, "a policy decides what its account's IAM has to"
    return frozenset(name for name, decision in found.items() if decision is not Decision.NO)


def meant(arn: str, account: str, wish: Mapping[str, Any]) -> Names:
    """The calls on an ARN that are among what an account asks for."""
    return _meant(arn, account, json.dumps(wish, sort_keys=True))


@lru_cache(maxsize=4096)
def _meant(arn: str, account: str, wish: str) -> Names:
    asked = Asked(account, Arn(arn), json.loads(wish))
    return frozenset(name for name, call in calls(arn).items() if asked.means(call))
