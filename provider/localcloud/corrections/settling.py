"""CloudFormation's operations answer when their stack has settled, so that no client sleeps through a waiter's pause.

On AWS they answer at once and clients ask again after 5 or 30 seconds: the pauses of the AWS CLI's
waiters are built in. What a client then sees is the same.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from provider.localcloud.asgi import Scope, headers
from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part

LIMIT = 25.0
"""Seconds after which an operation answers whatever the stack does; clients give up reading after 60."""

_PAUSE = 0.01
_DELETED = {"DELETE_COMPLETE", "DELETE_FAILED"}
_HELD = {
    "CreateStack",
    "UpdateStack",
    "DeleteStack",
    "RollbackStack",
    "ContinueUpdateRollback",
    "CreateChangeSet",
    "ExecuteChangeSet",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What was asked of which stack; `change_set` "" where there is none. Both are names or ARNs."""

    action: str
    stack: str
    change_set: str


def may_concern(scope: Scope) -> bool:
    """Whether the request could be one of CloudFormation's, so that its body is worth reading."""
    return scope["method"] == "POST" and "/cloudformation/aws4_request" in headers(scope).get("authorization", "")


def operation(body: bytes) -> Operation | None:
    """Read the operation from the body; None for one that is not held."""
    given = parse_qs(body.decode(errors="replace"))
    action, stack, change_set = (given.get(name, [""])[0] for name in ("Action", "StackName", "ChangeSetName"))
    return Operation(action, stack, change_set) if action in _HELD else None


@behaviour(
    call="cloudformation:ExecuteChangeSet",
    expected="it and the other operations on a stack answer when the stack has settled, after 25 s at most; what clients "
    "see then is what they see on AWS after a waiter's pause",
    source="the waiters of the AWS CLI, which ask at once and then after 5 or 30 seconds",
    test="tests/localcloud/test_custom_resource_of_others.py::test_it_lives_through_the_aws_cli",
)
async def settled(asked: Operation) -> None:
    """Wait until the stack has settled, `LIMIT` at most; in the context of the request that asked."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        await asyncio.sleep(_PAUSE)  # in the first of which the work begins
        if not (_busy(asked) or _same_second(asked)):
            return


def _same_second(asked: Operation) -> bool:
    """Whether the AWS CLI, which names change sets by the second, would give the next one the same name."""
    return f"-{int(time.time())}/" in f"{asked.change_set}/"


def _busy(asked: Operation) -> bool:
    sets = [one for one in _kept("_change_sets") if _is(asked.change_set, one, "ChangeSetName", "ChangeSetId")]
    names = {asked.stack, *(one[key] for one in sets for key in ("StackName", "StackId"))} - {""}
    stacks = [one for one in _kept("_stacks") if any(_is(name, one, "StackName", "StackId") for name in names)]
    if asked.action == "DeleteStack":
        return any(one["StackStatus"] not in _DELETED for one in stacks)
    states = [one["StackStatus"] for one in stacks] + [one["Status"] for one in sets]
    return any(state.endswith(("_IN_PROGRESS", "_PENDING")) for state in states if state != "REVIEW_IN_PROGRESS")


def _kept(store: str) -> list[dict[str, Any]]:
    """What the base keeps for the account and Region of this request."""
    return list(getattr(part("services.cloudformation"), store).values())


def _is(name: str, one: dict[str, Any], *keys: str) -> bool:
    return bool(name) and name in [one.get(key) for key in keys]
