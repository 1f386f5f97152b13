"""Custom resources: who is asked, as whom, what their answer means. The base has its own, simpler, way."""

from collections.abc import Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import emulator
from provider.localcloud.cloudformation.operation import OBJECT_KEY, is_custom
from provider.localcloud.cloudformation.provider_requests import Answer, Request, Subject
from provider.localcloud.corrections.ministack_names import require, supplant

_PROVISIONERS = "services.cloudformation.provisioners"
_TYPE = "AWS::CloudFormation::CustomResource"


def apply() -> None:
    """Take the place of the base's events, which nested stacks use too, and of its words about missing data."""
    require(_PROVISIONERS, "_RESOURCE_HANDLERS", "_cr_stack_id")
    supplant(_PROVISIONERS, "_custom_resource_create", lambda _: _create)
    supplant(_PROVISIONERS, "_custom_resource_update", lambda _: _update)
    supplant(_PROVISIONERS, "_custom_resource_delete", lambda _: _delete)
    handlers = require(_PROVISIONERS)._RESOURCE_HANDLERS  # noqa: SLF001 - required above
    handlers[_TYPE] = {**handlers[_TYPE], "create": _create}
    supplant("services.cloudformation.engine", "_unknown_attribute_message", _without_attribute)


def _create(
    logical_id: str, properties: Mapping[str, Any], stack_name: str, resource_type: str = _TYPE
) -> tuple[str, Mapping[str, Any]]:
    request = Request(_subject(stack_name, logical_id, resource_type), "Create", properties)
    return _told(request.answer_blocking())


def _update(  # noqa: PLR0913, PLR0917 - the base's signature
    physical_id: str,
    old_properties: Mapping[str, Any],
    properties: Mapping[str, Any],
    stack_name: str,
    logical_id: str | None = None,
    resource_type: str = _TYPE,
) -> tuple[str, Mapping[str, Any]]:
    subject = _subject(stack_name, logical_id or physical_id, resource_type)
    request = Request(subject, "Update", properties, physical_id, old_properties)
    return _told(request.answer_blocking())


def _delete(
    physical_id: str,
    properties: Mapping[str, Any],
    stack_name: str | None = None,
    logical_id: str | None = None,
    resource_type: str = _TYPE,
) -> None:
    subject = _subject(stack_name or "", logical_id or physical_id, resource_type)
    Request(subject, "Delete", properties, physical_id).answer_blocking()


def _subject(stack_name: str, logical_id: str, resource_type: str) -> Subject:
    stack_id = emulator.part(_PROVISIONERS)._cr_stack_id(stack_name)  # noqa: SLF001 - required in apply
    return Subject(stack_id, stack_name, logical_id, resource_type)


def _told(answer: Answer) -> tuple[str, Mapping[str, Any]]:
    return answer.physical_id, answer.data


@behaviour(
    call="cloudformation:Custom::*",
    expected="an attribute that was not answered: 'CustomResource attribute error: Vendor response doesn't contain … attribute in "
    "object <StackId>|<LogicalId>|<RequestId>'",
    source="aws/aws-cdk#29949",
    test="tests/localcloud/test_custom_resources.py::test_data_that_was_not_answered_cannot_be_had",
)
def _without_attribute(old: Any) -> Any:
    def message(record: Mapping[str, Any], logical_id: str, attribute: str) -> str:
        if is_custom(str(record.get("ResourceType"))):
            return (
                f"CustomResource attribute error: Vendor response doesn't contain {attribute} attribute "
                f"in object {record.get(OBJECT_KEY, logical_id)}"
            )
        return str(old(record, logical_id, attribute))

    return message
