"""Requests to CloudFormation are checked as AWS checks them, and act in the right name."""

# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.cloudformation import lifecycle, requests
from provider.localcloud.cloudformation.requests import RequestRefusedError
from provider.localcloud.corrections.ministack_names import part, require, supplant

_HANDLERS = "services.cloudformation.handlers"
_STACKS = "services.cloudformation.stacks"
_Answer = tuple[int, dict[str, str], bytes]
_Handler = Callable[[dict[str, Any]], _Answer]
_Check = Callable[[Mapping[str, Any]], None]

_CHECKS: Mapping[str, _Check] = {
    "CreateStack": requests.may_create,
    "UpdateStack": requests.may_update,
    "CreateChangeSet": requests.may_plan,
    "ExecuteChangeSet": requests.may_execute,
    "DeleteStack": requests.may_delete,
    "DescribeStackEvents": requests.must_exist_by_name,
    "DescribeStackResources": requests.must_exist_by_name,
    "ListStackResources": requests.must_exist_by_name,
}
_BEGINS = {
    "DeleteStack": "DELETE_IN_PROGRESS",
    "ContinueUpdateRollback": "UPDATE_ROLLBACK_IN_PROGRESS",
}
"""The status that the base would show only when the operation's task has come to its turn."""
_WITH_ROLE = {
    "CreateStack",
    "UpdateStack",
    "DeleteStack",
    "CreateChangeSet",
    "ExecuteChangeSet",
    "ContinueUpdateRollback",
    "RollbackStack",
}


def apply() -> None:
    """Stand before the base's handlers of the API's operations."""
    handlers = require(_HANDLERS, "_ACTION_HANDLERS", "_error", "_resolve_stack")._ACTION_HANDLERS
    for operation in {*_CHECKS, *_WITH_ROLE}:
        handlers[operation] = _checked(operation, handlers[operation])
    handlers["CancelUpdateStack"] = _cancelling(handlers["CancelUpdateStack"])
    handlers["DescribeStacks"] = _with_role(handlers["DescribeStacks"])
    supplant("services.cloudformation.engine", "validate_template_support", _validating)


def _checked(operation: str, old: _Handler) -> _Handler:
    check = _CHECKS.get(operation)

    def handle(parameters: dict[str, Any]) -> _Answer:
        try:
            if check is not None:
                check(parameters)
            role = requests.take_role(parameters) if operation in _WITH_ROLE else ""
        except RequestRefusedError as refused:
            return _refusal(refused)
        answer = old(parameters)
        if answer[0] < 300:  # HTTP's successes
            _settle(operation, parameters, role)
        return answer

    return handle


def _settle(operation: str, parameters: Mapping[str, Any], role: str) -> None:
    """Show at once what an accepted operation has begun, and keep its role."""
    stack = requests.stack_of(parameters)
    if stack is not None and operation in _BEGINS and stack["StackStatus"] != "DELETE_COMPLETE":
        stack["StackStatus"] = _BEGINS[operation]
    if role:
        _remember(operation, parameters, role)


def _refusal(refused: RequestRefusedError) -> _Answer:
    answer: _Answer = part(_HANDLERS)._error(refused.code, str(refused), refused.status)
    return answer


def _remember(operation: str, parameters: Mapping[str, Any], role: str) -> None:
    """Keep the role for the stack's later operations; that of a change set, until it is executed."""
    keeper = requests.change_set_of(parameters) if operation == "CreateChangeSet" else requests.stack_of(parameters)
    if keeper is not None:
        keeper["RoleARN"] = role


def _cancelling(old: _Handler) -> _Handler:
    def handle(parameters: dict[str, Any]) -> _Answer:
        answer = old(parameters)
        stack = requests.stack_of(parameters)
        if stack is not None and answer[0] < 300:  # HTTP's successes
            lifecycle.cancel_update(stack["StackId"])
        return answer

    return handle


def _with_role(old: _Handler) -> _Handler:
    """Show each stack's role, which the base leaves out."""

    def handle(parameters: dict[str, Any]) -> _Answer:
        status, headers, body = old(parameters)
        for stack in part("services.cloudformation")._stacks.values():
            if stack.get("RoleARN"):
                place = f"<StackId>{stack['StackId']}</StackId>".encode()
                body = body.replace(place, place + f"<RoleARN>{stack['RoleARN']}</RoleARN>".encode())
        return status, headers, body

    return handle


def _validating(old: Callable[..., None]) -> Callable[..., None]:
    def validate(template: Mapping[str, Any], *given: Any, **named: Any) -> None:
        old(template, *given, **named)
        if not template.get("Transform"):
            requests.check_template(template)

    return validate
