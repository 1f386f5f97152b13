# ruff: noqa: SLF001 - the base's names are private; `emulator` asks for them by name
"""Stack events, in AWS's order and words, and the statuses that go with them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from provider.localcloud.cloudformation import emulator
from provider.localcloud.cloudformation.operation import Operation

STACK = "AWS::CloudFormation::Stack"
CREATION_INITIATED = "Resource creation Initiated"
REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."
REPLACED_BY_PROVIDER = "Requested update required the provider to create a new physical resource"
CREATION_CANCELLED = "Resource creation cancelled"
UPDATE_CANCELLED = "Resource update cancelled"
NOT_CLEANED_UP = "Update successful. One or more resources could not be deleted."


def of_stack(operation: Operation, status: str, reason: str = "") -> None:
    """Give the stack a status, and say so in an event."""
    operation.stack["StackStatus"] = status
    operation.stack["StackStatusReason"] = reason
    stacks = emulator.stacks()
    stacks._add_event(
        operation.stack_id, operation.stack_name, operation.stack_name, STACK, status, reason, operation.stack_id
    )


def of_resource(  # noqa: PLR0913, PLR0917 - what an event consists of
    operation: Operation, logical_id: str, resource_type: str, status: str, reason: str = "", physical_id: str = ""
) -> None:
    """Say in an event how it stands with a resource, and keep the status in its record if it has one."""
    stacks = emulator.stacks()
    stacks._add_event(operation.stack_id, operation.stack_name, logical_id, resource_type, status, reason, physical_id)
    record = operation.resources.get(logical_id)
    if record is not None:
        record["ResourceStatus"] = status
        record["ResourceStatusReason"] = reason
        record["Timestamp"] = emulator.scope().now_iso()


def with_properties(operation: Operation, properties: Any) -> None:
    """Show `properties` (masked ones) in the last event that was recorded."""
    happened = emulator.registry()._stack_events.get(operation.stack_id) or []
    if happened:
        happened[-1]["ResourceProperties"] = json.dumps(properties, default=str)


def failed(creates: Iterable[str], updates: Iterable[str], deletes: Iterable[str] = ()) -> str:
    """Say which resources failed, in the sentences that AWS puts into the stack's event."""
    said: Mapping[str, list[str]] = {
        "create": sorted(creates),
        "update": sorted(updates),
        "delete": sorted(deletes),
    }
    return "".join(
        f"The following resource(s) failed to {verb}: [{', '.join(names)}]. " for verb, names in said.items() if names
    )
