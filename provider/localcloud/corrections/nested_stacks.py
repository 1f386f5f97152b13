"""Resources of nested stacks need the caller's permissions as others do; the base makes them by a way of its own."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import resource_permissions
from provider.localcloud.cloudformation.operation import is_custom
from provider.localcloud.cloudformation.resource import Resource
from provider.localcloud.corrections.ministack_names import require, supplant

_PROVISIONERS = "services.cloudformation.provisioners"
_Properties = Mapping[str, Any]

_inside: ContextVar[bool] = ContextVar("inside_nested_stack", default=False)
"""Whether what is made now belongs to a nested stack; what does not has been asked for already."""


def apply() -> None:
    """Ask before the base makes, changes or deletes a resource of a nested stack."""
    base = require(_PROVISIONERS, "_RESOURCE_HANDLERS")
    handlers = base._RESOURCE_HANDLERS["AWS::CloudFormation::Stack"]  # noqa: SLF001 - required above
    for change in ("create", "update", "delete"):
        handlers[change] = _entering(handlers[change])
    supplant(_PROVISIONERS, "_provision_resource", _asking_to_create)
    supplant(_PROVISIONERS, "_update_resource", _asking_to_update)
    supplant(_PROVISIONERS, "_delete_resource", _asking_to_delete)


def _entering(old: Callable[..., Any]) -> Callable[..., Any]:
    def change(*arguments: Any, **named: Any) -> Any:
        token = _inside.set(True)
        try:
            return old(*arguments, **named)
        finally:
            _inside.reset(token)

    return change


@behaviour(
    call="cloudformation:AWS::CloudFormation::Stack",
    expected="a nested stack's resources are made in the caller's name too",
    source="AWS CloudFormation User Guide, nested stacks; control access with IAM",
    test="tests/localcloud/test_stacks.py::test_a_nested_stack_gives_no_power_either",
)
def _asking_to_create(old: Callable[..., Any]) -> Callable[..., Any]:
    def provision(resource_type: str, logical_id: str, properties: _Properties, stack_name: str) -> Any:
        if _asked(resource_type):
            resource_permissions.may_create(Resource(logical_id, resource_type, properties), stack_name)
        return old(resource_type, logical_id, properties, stack_name)

    return provision


def _asking_to_update(old: Callable[..., Any]) -> Callable[..., Any]:
    def update(  # noqa: PLR0913, PLR0917 - the base's signature
        resource_type: str,
        physical_id: str,
        before: _Properties,
        properties: _Properties,
        stack_name: str,
        logical_id: str | None = None,
        attributes: Any = None,
    ) -> Any:
        if _asked(resource_type) and before != properties:
            resource = Resource(logical_id or physical_id, resource_type, properties)
            resource_permissions.may_update(resource, before, {"PhysicalResourceId": physical_id})
        return old(resource_type, physical_id, before, properties, stack_name, logical_id, attributes)

    return update


def _asking_to_delete(old: Callable[..., Any]) -> Callable[..., Any]:
    def delete(
        resource_type: str, physical_id: str, properties: _Properties, stack_name: Any = None, logical_id: Any = None
    ) -> Any:
        if _asked(resource_type):
            resource_permissions.may_delete(Resource(logical_id or physical_id, resource_type, properties), physical_id)
        return old(resource_type, physical_id, properties, stack_name, logical_id)

    return delete


def _asked(resource_type: str) -> bool:
    return _inside.get() and not is_custom(resource_type)
