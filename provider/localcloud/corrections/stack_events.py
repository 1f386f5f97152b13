"""What stack events tell besides the base's: the properties of a resource, and who began an operation."""

# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
from collections.abc import Callable
from html import escape
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_HANDLERS = "services.cloudformation.handlers"
_BEGINNINGS = ("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
_Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Say more in events."""
    handlers = require(_HANDLERS, "_ACTION_HANDLERS", "_describe_stack_events")._ACTION_HANDLERS
    handlers["DescribeStackEvents"] = _with_properties(handlers["DescribeStackEvents"])
    supplant("services.cloudformation.stacks", "_add_event", _initiated)


def _initiated(old: Callable[..., None]) -> Callable[..., None]:
    def add(  # noqa: PLR0913, PLR0917 - the base's signature
        stack_id: str,
        stack_name: str,
        logical_id: str,
        resource_type: str,
        status: str,
        reason: str = "",
        physical_id: str = "",
        detailed_status: str = "",
    ) -> None:
        begins = physical_id == stack_id and status in _BEGINNINGS
        told = reason or ("User Initiated" if begins else "")
        old(stack_id, stack_name, logical_id, resource_type, status, told, physical_id, detailed_status)

    return add


@behaviour(
    call="cloudformation:DescribeStackEvents",
    expected="an event shows its resource's properties; NoEcho parameters and the data of NoEcho answers are masked",
    source="AWS CloudFormation User Guide, custom resource response objects (NoEcho); API reference, StackEvent",
    test="tests/localcloud/test_custom_resources.py::test_data_marked_no_echo_is_masked_in_events",
)
def _with_properties(old: Callable[[dict[str, Any]], _Answer]) -> Callable[[dict[str, Any]], _Answer]:
    def handle(parameters: dict[str, Any]) -> _Answer:
        status, headers, body = old(parameters)
        for happened in part("services.cloudformation")._stack_events.values():
            for event in happened:
                place = f"<EventId>{event['EventId']}</EventId>".encode()
                if "ResourceProperties" in event and place in body:
                    shown = f"<ResourceProperties>{escape(event['ResourceProperties'])}</ResourceProperties>"
                    body = body.replace(place, place + shown.encode())
        return status, headers, body

    return handle
