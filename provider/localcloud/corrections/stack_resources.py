"""One resource of a stack: also of a deleted one, in AWS's words where there is none."""

# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import removal, requests
from provider.localcloud.corrections.ministack_names import part, require

_HANDLERS = "services.cloudformation.handlers"
_TEST = "tests/localcloud/test_stack_resources.py"
_Answer = tuple[int, dict[str, str], bytes]
_Handler = Callable[[dict[str, Any]], _Answer]


def apply() -> None:
    """Stand before the base's handler."""
    handlers = require(_HANDLERS, "_ACTION_HANDLERS", "_error")._ACTION_HANDLERS
    handlers["DescribeStackResource"] = _of_deleted_stacks(handlers["DescribeStackResource"])


@behaviour(
    call="cloudformation:DescribeStackResource",
    expected="of a deleted stack, named by its id, what became of a resource: DELETE_COMPLETE or DELETE_SKIPPED",
    source="AWS CloudFormation API Reference, DescribeStackResource; docs/aws-behaviour.md §5",
    test=f"{_TEST}::test_a_deleted_stack_tells_what_became_of_each_resource",
)
@behaviour(
    call="cloudformation:DescribeStackResource",
    expected='"Resource X does not exist for stack Y" also where it was in the stack before; "Stack \'Y\' does not exist"',
    source="localstack's recorded snapshots: docs/aws-behaviour.md §5",
    test=f"{_TEST}::test_what_is_not_there_is_said_in_awss_words",
)
def _of_deleted_stacks(old: _Handler) -> _Handler:
    def handle(parameters: dict[str, Any]) -> _Answer:
        named, logical_id = (requests.value(parameters, name) for name in ("StackName", "LogicalResourceId"))
        stack = requests.stack_of(parameters)
        deleted = stack is not None and stack["StackStatus"] == "DELETE_COMPLETE"
        if stack is None or (deleted and named != stack["StackId"]):
            return _refusal(f"Stack '{named}' does not exist")
        standing = stack.setdefault("_resources", {})
        record: Mapping[str, Any] | None = standing.get(logical_id)
        if record is None and deleted:
            record = (stack.get(removal.GONE) or {}).get(logical_id)
        if record is None:
            return _refusal(f"Resource {logical_id} does not exist for stack {named}")
        stack["_resources"] = {**standing, logical_id: record}
        try:
            return old(parameters)
        finally:
            stack["_resources"] = standing

    return handle


def _refusal(message: str) -> _Answer:
    answer: _Answer = part(_HANDLERS)._error("ValidationError", message)
    return answer
