"""One stack, deployed as `aws cloudformation deploy` does: by change set, to its end, with the first reason it failed for."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import WaiterError

_CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_NOTHING_TO_DO = ("No updates are to be performed", "didn't contain changes")
_STARTS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS")
_WAITING = {"Delay": 1, "MaxAttempts": 900}


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack to have: its name, its template's text, its parameters."""

    name: str
    template: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class StackFailed(Exception):  # noqa: N818 - the stack has
    """A stack did not get where it should; the message has the first resource that failed, and why."""

    def __init__(self, name: str, status: str, reason: str) -> None:
        super().__init__(f"Stack {name} ended in {status}: {reason} Mend that and deploy again.")
        self.reason = reason


def deploy(client: Any, stack: Stack) -> dict[str, str]:
    """Create or update a stack and return its outputs; where there is nothing to change, just these.

    Args:
        client: a CloudFormation client of the stack's account and Region.
        stack: the stack.

    Raises:
        StackFailed: the change set or the stack failed; it has been rolled back by then.
    """
    found = _described(client, stack.name)
    kind = "UPDATE" if found and found["StackStatus"] != "REVIEW_IN_PROGRESS" else "CREATE"
    change_set = client.create_change_set(
        StackName=stack.name,
        ChangeSetName=f"crossaccount-{secrets.token_hex(8)}",
        ChangeSetType=kind,
        TemplateBody=stack.template,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in stack.parameters.items()],
        Capabilities=_CAPABILITIES,
    )["Id"]
    if _has_changes(client, stack, change_set):
        client.execute_change_set(ChangeSetName=change_set)
        _wait(client, stack.name, "stack_create_complete" if kind == "CREATE" else "stack_update_complete")
    return outputs(client, stack.name)


def delete(client: Any, name: str) -> None:
    """Delete a stack; one that does not exist is deleted.

    Raises:
        StackFailed: a resource could not be deleted.
    """
    client.delete_stack(StackName=name)
    _wait(client, name, "stack_delete_complete")


def outputs(client: Any, name: str) -> dict[str, str]:
    """The outputs of a stack by key."""
    found = _described(client, name) or {}
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
        client.get_waiter("change_set_create_complete").wait(ChangeSetName=change_set, WaiterConfig=_WAITING)
    except WaiterError as error:
        answer: Any = error.last_response
        reason = answer.get("StatusReason", str(error))
        client.delete_change_set(ChangeSetName=change_set)
        if any(text in reason for text in _NOTHING_TO_DO):
            return False
        raise StackFailed(stack.name, str(answer.get("Status")), reason) from error
    return True


def _wait(client: Any, name: str, waiter: str) -> None:
    try:
        client.get_waiter(waiter).wait(StackName=name, WaiterConfig=_WAITING)
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
