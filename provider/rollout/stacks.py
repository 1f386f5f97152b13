"""One stack, brought to where it should be from wherever it is: by change set, to its end, with the first reason it failed for.

Whatever an earlier run has left is met here: an operation under way is waited for, a creation that was rolled back is cleared away, and what
needs a person is said. Statuses and what each allows: docs/aws-behaviour.md §5.
"""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml
from botocore.exceptions import WaiterError

_CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_NOTHING_TO_DO = ("No updates are to be performed", "didn't contain changes")
_STARTS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS")
_UPDATABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)
_PLANNED = "REVIEW_IN_PROGRESS"  # a change set was made for it, and never executed
_NEVER_UP = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
_ENDINGS = (
    ("DELETE", "stack_delete_complete"),
    ("UPDATE", "stack_update_complete"),
    ("IMPORT", "stack_import_complete"),
    ("", "stack_create_complete"),  # CREATE and ROLLBACK
)
_REMEDIES = {
    "UPDATE_ROLLBACK_FAILED": "Mend that, run `aws cloudformation continue-update-rollback` on it, then deploy again.",
    "UPDATE_FAILED": "Mend that, run `aws cloudformation rollback-stack` on it, then deploy again.",
    "DELETE_FAILED": "Somebody has begun to delete it. Mend that, delete it to its end, then deploy again.",
}
_PATIENCE = 900


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack to have: its name, its template's text, its parameters.

    Parameters and tags that are not given keep what the stack has. CloudFormation hands tags on to all that can have some
    (docs/aws-behaviour.md §5). `protected` from deletion; `adopts` takes over what has the names of its
    resources already, where these are to be retained (docs/aws-behaviour.md §5). `reverts` what was changed or deleted past the
    stack, which an update otherwise leaves. `patience`: seconds for one operation.
    """

    name: str
    template: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False
    adopts: bool = False
    reverts: bool = False
    patience: int = _PATIENCE
    tags: Mapping[str, str] = field(default_factory=dict)


class StackFailed(Exception):  # noqa: N818 - the stack has
    """A stack did not get where it should; the message has the first resource that failed, and why."""

    def __init__(self, name: str, status: str, reason: str, remedy: str = "Mend that and deploy again.") -> None:
        super().__init__(f"Stack {name} ended in {status}: {reason.rstrip('.')}. {remedy}")
        self.reason = reason


def deploy(client: Any, stack: Stack) -> dict[str, str]:
    """Create or update a stack and return its outputs; where there is nothing to change, just these.

    Args:
        client: a CloudFormation client of the stack's account and Region.
        stack: the stack.

    Raises:
        StackFailed: the change set or the stack failed (it has been rolled back by then), or it needs a person first.
    """
    found = _cleared(client, stack)
    kind = "UPDATE" if found and found["StackStatus"] != _PLANNED else "CREATE"
    options: dict[str, Any] = {"ImportExistingResources": True} if stack.adopts else {}
    if kind == "UPDATE" and stack.reverts:  # whether that goes together with importing is not said
        options = {"DeploymentMode": "REVERT_DRIFT"}
    change_set = client.create_change_set(
        StackName=stack.name,
        ChangeSetName=f"crossaccount-{secrets.token_hex(8)}",
        ChangeSetType=kind,
        TemplateBody=stack.template,
        Parameters=_parameters(stack, found if kind == "UPDATE" else None),
        Capabilities=_CAPABILITIES,
        Tags=_tags(stack, found),
        **options,
    )["Id"]
    if _has_changes(client, stack, change_set):
        client.execute_change_set(ChangeSetName=change_set)
        _wait(client, stack.name, f"stack_{kind.lower()}_complete", stack.patience)
    after = _described(client, stack.name) or {}
    if stack.protected and not after.get("EnableTerminationProtection"):
        client.update_termination_protection(StackName=stack.name, EnableTerminationProtection=True)
    return _outputs(after)


def delete(client: Any, name: str, patience: int = _PATIENCE) -> None:
    """Delete a stack, a protected one as well; one that does not exist is deleted.

    Raises:
        StackFailed: a resource could not be deleted.
    """
    found = _settled(client, name, patience)
    if found is None:
        return
    if found.get("EnableTerminationProtection"):
        client.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    client.delete_stack(StackName=name)
    _wait(client, name, "stack_delete_complete", patience)


def outputs(client: Any, name: str) -> dict[str, str]:
    """The outputs of a stack by key."""
    return _outputs(_described(client, name) or {})


def status(client: Any, name: str) -> str | None:
    """The status of a stack; None where there is none."""
    found = _described(client, name)
    return str(found["StackStatus"]) if found else None


@cache
def parameters_of(template: str) -> frozenset[str]:
    """The names of a template's parameters."""
    return frozenset(yaml.load(template, _Template).get("Parameters", {}))  # noqa: S506 - a SafeLoader


class _Template(yaml.SafeLoader):
    """Reads a template with its short forms of functions, which say nothing here."""


_Template.add_multi_constructor("!", lambda *_: None)


def _parameters(stack: Stack, found: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Those given, and what the stack has for the others that its new template takes."""
    had = {one["ParameterKey"] for one in (found or {}).get("Parameters", [])}
    kept = sorted((had & parameters_of(stack.template)) - set(stack.parameters)) if had else []
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in stack.parameters.items()]
    return [*given, *({"ParameterKey": key, "UsePreviousValue": True} for key in kept)]


def _tags(stack: Stack, found: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """Those that the stack has, and those given over them."""
    had = {one["Key"]: one["Value"] for one in (found or {}).get("Tags", [])}
    return [{"Key": key, "Value": value} for key, value in sorted({**had, **stack.tags}.items())]


def _cleared(client: Any, stack: Stack) -> dict[str, Any] | None:
    """The stack as it can be created or updated, None where there is none: what never came up is deleted.

    Raises:
        StackFailed: it needs a person first.
    """
    found = _settled(client, stack.name, stack.patience)
    if found is None or found["StackStatus"] in (*_UPDATABLE, _PLANNED):
        return found
    state = str(found["StackStatus"])
    if state in _NEVER_UP:
        delete(client, stack.name, stack.patience)
        return None
    raise StackFailed(stack.name, state, first_failure(client, stack.name), _REMEDIES.get(state, "Mend that first."))


def _settled(client: Any, name: str, patience: int) -> dict[str, Any] | None:
    """The stack once no operation of an earlier run is under way."""
    found = _described(client, name)
    while found and found["StackStatus"] != _PLANNED and found["StackStatus"].endswith("_IN_PROGRESS"):
        state = found["StackStatus"]
        waiter = next(waiter for start, waiter in _ENDINGS if state.startswith(start))
        with suppress(WaiterError):  # it may end otherwise than it began: its status then says so
            client.get_waiter(waiter).wait(StackName=name, WaiterConfig=_waiting(patience))
        found = _described(client, name)
        if found and found["StackStatus"] == state:
            raise StackFailed(name, state, f"it is still so after {patience} seconds", "Wait, then deploy again.")
    return found


def _waiting(patience: int) -> dict[str, int]:
    """How often to ask: each second for a stack, less often where it takes hours."""
    delay = max(1, patience // _PATIENCE)
    return {"Delay": delay, "MaxAttempts": patience // delay}


def _outputs(found: Mapping[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _described(client: Any, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
    except client.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return found


def _has_changes(client: Any, stack: Stack, change_set: str) -> bool:
    try:
        client.get_waiter("change_set_create_complete").wait(
            ChangeSetName=change_set, WaiterConfig=_waiting(stack.patience)
        )
    except WaiterError as error:
        answer: Any = error.last_response
        reason = answer.get("StatusReason", str(error))
        client.delete_change_set(ChangeSetName=change_set)
        if any(text in reason for text in _NOTHING_TO_DO):
            return False
        raise StackFailed(stack.name, str(answer.get("Status")), reason) from error
    return True


def _wait(client: Any, name: str, waiter: str, patience: int) -> None:
    try:
        client.get_waiter(waiter).wait(StackName=name, WaiterConfig=_waiting(patience))
    except WaiterError as error:
        found = _described(client, name) or {}
        raise StackFailed(name, found.get("StackStatus", "unknown"), first_failure(client, name)) from error


def first_failure(client: Any, name: str) -> str:
    """`<logical id>: <reason>` of the resource that failed first in the newest operation of a stack."""
    first = "No resource says why."
    for page in client.get_paginator("describe_stack_events").paginate(StackName=name):
        for event in page["StackEvents"]:  # newest first
            status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
            if event["LogicalResourceId"] == name and status in _STARTS:
                return first
            if status.endswith("_FAILED") and "cancelled" not in reason:
                first = f"{event['LogicalResourceId']}: {reason}"
    return first
