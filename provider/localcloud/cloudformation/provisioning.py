# ruff: noqa: SLF001 - the base's names are private; `emulator` asks for them by name
"""Creating, updating and deleting one resource, in the caller's name."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import emulator, resource_permissions
from provider.localcloud.cloudformation.operation import NO_ECHO, OBJECT_KEY, Operation, Record, is_custom
from provider.localcloud.cloudformation.provider_requests import Answer, ProviderCancelledError, Request, Subject
from provider.localcloud.cloudformation.resource import Resource

_WAITS_FOR_SIGNALS = "AWS::CloudFormation::WaitCondition"
_RETAINING = ("Retain", "RetainExceptOnCreate")

Deletes = list[tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `old_deletes` are what the base would do to delete a predecessor of equal id."""

    physical_id: str
    attributes: Mapping[str, Any]
    extras: Mapping[str, Any] = field(default_factory=dict)
    old_deletes: Deletes = field(default_factory=list)

    def record(self, resource: Resource, properties: Mapping[str, Any]) -> Record:
        """The record to keep, with the template's own `properties`."""
        return {
            "PhysicalResourceId": self.physical_id,
            "ResourceType": resource.type,
            "LogicalResourceId": resource.logical_id,
            "Properties": properties,
            "Attributes": dict(self.attributes),
            **self.extras,
        }


async def create(operation: Operation, resource: Resource) -> Outcome:
    """Create the resource; whatever it fails with is a reason for its event."""
    if is_custom(resource.type):
        return await _ask(operation, Request(subject(operation, resource), "Create", resource.properties))
    resource_permissions.may_create(resource, operation.stack_name)
    stacks = emulator.stacks()
    (physical_id, attributes), seed = await _call(
        operation,
        resource.type,
        stacks._provision_keeping_seed,
        resource.type,
        resource.logical_id,
        dict(resource.properties),
        operation.stack_name,
    )
    return Outcome(physical_id, attributes, _seeded(seed))


@behaviour(
    call="cloudformation:Custom::*",
    expected="a changed ServiceToken: 'Modifying service token is not allowed.'",
    source="cloudformation-coverage-roadmap#802, aws-solutions/aws-waf-security-automations#114",
    test="tests/localcloud/test_custom_resources.py::test_a_service_token_cannot_change",
)
async def update(operation: Operation, resource: Resource, before: Record, old: Mapping[str, Any]) -> Outcome:
    """Bring the resource of record `before` from properties `old` to those of `resource`."""
    if is_custom(resource.type):
        if resource.properties.get("ServiceToken") != old.get("ServiceToken"):
            raise ValueError("Modifying service token is not allowed.")
        request = Request(
            subject(operation, resource), "Update", resource.properties, before["PhysicalResourceId"], old
        )
        return await _ask(operation, request)
    resource_permissions.may_update(resource, old, before)
    stacks = emulator.stacks()
    deferred: Deletes = []
    # Each resource is a task of its own, so these settings end with it.
    stacks._RETAIN_REPLACED.set(operation.policy(resource.logical_id, "UpdateReplacePolicy") in _RETAINING)
    stacks._DEFERRED_PREDECESSOR_DELETES.set(deferred)
    stacks._NAME_SEED.set(before.get("_name_seed", ""))
    (physical_id, attributes), seed = await _call(
        operation,
        resource.type,
        stacks._update_keeping_seed,
        resource.type,
        before["PhysicalResourceId"],
        dict(old),
        dict(resource.properties),
        operation.stack_name,
        resource.logical_id,
        before.get("Attributes") or {},
    )
    return Outcome(physical_id, attributes, _seeded(seed), deferred)


async def delete(operation: Operation, resource: Resource, physical_id: str, *, snapshot: bool = False) -> None:
    """Delete the resource, after a snapshot if so asked and if its type has them."""
    if is_custom(resource.type):
        request = Request(subject(operation, resource), "Delete", resource.properties, physical_id)
        await _ask(operation, request)
        return
    resource_permissions.may_delete(resource, physical_id)
    stacks = emulator.stacks()
    if snapshot:
        stacks._snapshot_resource(resource.type, physical_id, dict(resource.properties))
    await _call(
        operation,
        resource.type,
        stacks._delete_resource,
        resource.type,
        physical_id,
        dict(resource.properties),
        operation.stack_name,
        resource.logical_id,
    )


def subject(operation: Operation, resource: Resource) -> Subject:
    """The custom resource as its events name it."""
    return Subject(operation.stack_id, operation.stack_name, resource.logical_id, resource.type)


async def _ask(operation: Operation, request: Request) -> Outcome:
    with operation.giving_up(request):
        answer: Answer = await request.answer()
    return Outcome(answer.physical_id, answer.data, {NO_ECHO: answer.no_echo, OBJECT_KEY: answer.object_key})


async def _call(operation: Operation, resource_type: str, work: Callable[..., Any], *arguments: Any) -> Any:
    """Call a handler of the base: in a thread of its own if it waits, else here."""
    if not emulator.stacks()._runs_on_worker_thread(resource_type):
        return work(*arguments)
    running = asyncio.ensure_future(emulator.part("core.concurrency", "run_reentrant").run_reentrant(work, *arguments))
    if resource_type != _WAITS_FOR_SIGNALS:
        return await running
    try:
        with operation.giving_up(running):
            return await running
    except asyncio.CancelledError:
        raise ProviderCancelledError("Resource creation cancelled", None) from None


def _seeded(seed: str) -> dict[str, str]:
    return {"_name_seed": seed} if seed else {}
