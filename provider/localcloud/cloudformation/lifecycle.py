# ruff: noqa: SLF001 - the base's names are private; `emulator` asks for them by name
"""Whole operations on stacks, as the base calls them: create and update, roll back, continue, delete."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import emulator, events, exports, removal, rollback
from provider.localcloud.cloudformation.changes import Leftover
from provider.localcloud.cloudformation.deployment import Deployment
from provider.localcloud.cloudformation.operation import Kind, Operation

Stack = dict[str, Any]


@dataclass(slots=True)
class _Running:
    """A deployment under way; `abandoned` means that a deletion has taken over."""

    deployment: Deployment
    abandoned: bool = False
    cancelled: bool = False
    finished: asyncio.Event = field(default_factory=asyncio.Event)


_running: dict[str, _Running] = {}
_deleting: set[str] = set()
_open_rollbacks: dict[str, rollback.UpdateRollback | Operation] = {}
_REQUESTED = "Rollback requested by user."


async def deploy(  # noqa: PLR0913, PLR0917 - the base's signature
    stack_name: str,
    stack_id: str,
    template: Mapping[str, Any],
    parameters: Mapping[str, Any],
    disable_rollback: bool,
    tags: Any,  # noqa: ARG001 - the stack has them already
    is_update: bool = False,
    previous_stack: Mapping[str, Any] | None = None,
    retain_except_on_create: bool = False,
    imports: Mapping[str, Any] | None = None,  # noqa: ARG001 - imports go to the base's own deployment
) -> None:
    """Create or update a stack, and roll back if that fails."""
    stack = emulator.registry()._stacks[stack_name]
    kind = Kind.UPDATE if is_update else Kind.CREATE
    operation = Operation(
        stack, template, parameters, kind, (previous_stack or {}) if is_update else None, retain_except_on_create
    )
    if not is_update:
        stack["_template"], stack["_resolved_params"] = template, parameters
    if _invalid(operation, disable_rollback):
        return
    running = _running[stack_id] = _Running(Deployment(operation))
    try:
        await _carry_out(running, disable_rollback)
    finally:
        _running.pop(stack_id, None)
        running.finished.set()


def _invalid(operation: Operation, disable_rollback: bool) -> bool:
    """Let the base check properties before anything is made; it fails the stack itself."""
    if operation.stack.get("_disable_validation"):
        return False
    definitions = operation.definitions()
    failed: bool = emulator.stacks()._fail_property_validation(
        operation.stack,
        operation.stack_id,
        operation.stack_name,
        definitions,
        list(definitions),
        operation.parameters,
        operation.conditions,
        operation.template.get("Mappings") or {},
        disable_rollback,
        previous_stack=operation.previous,
    )
    return failed


async def _carry_out(running: _Running, disable_rollback: bool) -> None:
    deployment = running.deployment
    operation = deployment.operation
    await deployment.run(operation.definitions())
    if running.abandoned:
        return
    reason = events.failed(deployment.failed_creates, deployment.failed_updates)
    if deployment.succeeded:
        try:
            exports.publish(operation, set(_removed(operation)))
        except (ValueError, exports.ExportRefusedError) as error:
            reason = str(error)
        else:
            await _complete(deployment)
            return
    if running.cancelled:
        reason = "User Initiated"
    await _fail(deployment, disable_rollback, reason)


def _removed(operation: Operation) -> list[str]:
    """What stood before an update and is not in the template any more, dependents first."""
    kept = operation.definitions()
    return [name for name in reversed(list(operation.before)) if name not in kept]


async def _complete(deployment: Deployment) -> None:
    operation = deployment.operation
    stack = operation.stack
    if operation.kind is Kind.CREATE:
        events.of_stack(operation, "CREATE_COMPLETE")
        return
    events.of_stack(operation, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    leftovers = _superseded(deployment) + _dropped(operation)
    stack["_template"], stack["_resolved_params"] = operation.template, operation.parameters
    clean = await removal.clean_up(operation, leftovers)
    events.of_stack(operation, "UPDATE_COMPLETE", "" if clean else events.NOT_CLEANED_UP)


def _superseded(deployment: Deployment) -> list[Leftover]:
    """The predecessors of what was replaced, dependents first."""
    operation, found = deployment.operation, []
    for change in reversed(deployment.changes):
        if change.replaced and change.before is not None:
            name = change.resource.logical_id
            predecessor = removal.standing(operation, name, change.before)
            policy = operation.policy(name, "UpdateReplacePolicy")
            old_deletes = change.old_deletes or None
            found.append(Leftover(predecessor, change.before["PhysicalResourceId"], policy, old_deletes))
    return found


def _dropped(operation: Operation) -> list[Leftover]:
    """What the template no longer has, by the policies that the old template gave."""
    previous = operation.previous or {}
    old = Operation(
        operation.stack, previous.get("_template") or {}, previous.get("_resolved_params") or {}, Kind.UPDATE, previous
    )
    order = list(old.definitions())
    found = []
    for name in sorted(_removed(operation), key=lambda name: -order.index(name) if name in order else -len(order)):
        record = operation.resources.pop(name, None) or operation.before[name]
        if record.get("PhysicalResourceId"):
            resource = removal.standing(operation, name, record)
            found.append(Leftover(resource, record["PhysicalResourceId"], old.policy(name, "DeletionPolicy")))
    return found


async def _fail(deployment: Deployment, disable_rollback: bool, reason: str) -> None:
    operation = deployment.operation
    if operation.kind is Kind.UPDATE:
        way_back = rollback.UpdateRollback(operation, deployment.changes)
        if disable_rollback:
            _leave_open(operation, way_back, reason)
            return
        await _back(way_back, reason)
        return
    if disable_rollback:
        _leave_open(operation, operation, reason)
        return
    await rollback.of_create(operation, reason + _REQUESTED)


def _leave_open(operation: Operation, way_back: rollback.UpdateRollback | Operation, reason: str) -> None:
    _open_rollbacks[operation.stack_id] = way_back
    events.of_stack(operation, f"{operation.kind}_FAILED", reason)


async def _back(way_back: rollback.UpdateRollback, reason: str) -> None:
    await way_back.run(reason)
    if way_back.open:
        _open_rollbacks[way_back.operation.stack_id] = way_back


@behaviour(
    call="cloudformation:RollbackStack",
    expected="with rollback disabled a stack stays CREATE_FAILED or UPDATE_FAILED until RollbackStack",
    source="AWS CloudFormation API Reference, RollbackStack",
    test="tests/localcloud/test_stacks.py::test_rollback_can_be_disabled_and_asked_for_later",
)
async def roll_back(
    stack_name: str,  # noqa: ARG001 - the base's signature
    stack_id: str,
    stack: Stack,
    operation: Mapping[str, Any],  # noqa: ARG001 - what the base would need to know; it is known here
    reason_override: str = "",
) -> None:
    """Roll back a stack whose operation failed while rollback was disabled."""
    way_back = _open_rollbacks.pop(stack_id, None)
    if isinstance(way_back, rollback.UpdateRollback):
        await _back(way_back, reason_override)
    else:
        known = way_back or Operation(
            stack, stack.get("_template") or {}, stack.get("_resolved_params") or {}, Kind.CREATE
        )
        await rollback.of_create(known, reason_override)


async def continue_rollback(stack_name: str, stack_id: str, skipped: Iterable[str]) -> None:  # noqa: ARG001 - likewise
    """Go on with a rollback that failed."""
    way_back = _open_rollbacks.get(stack_id)
    if isinstance(way_back, rollback.UpdateRollback):
        await way_back.proceed("User Initiated", frozenset(skipped))
        if not way_back.open:
            _open_rollbacks.pop(stack_id, None)


@behaviour(
    call="cloudformation:CancelUpdateStack",
    expected="what is under way fails with 'Resource update cancelled', and the update is rolled back",
    source="AWS CloudFormation API Reference, CancelUpdateStack",
    test="tests/localcloud/test_stacks.py::test_an_update_can_be_cancelled",
)
def cancel_update(stack_id: str) -> None:
    """Stop an update that is under way, so that it rolls back."""
    running = _running.get(stack_id)
    if running is not None:
        running.cancelled = True
        running.deployment.stop()


@behaviour(
    call="cloudformation:DeleteStack",
    expected="deleting a stack whose create is under way cancels it",
    source="AWS CloudFormation User Guide; docs/aws-behaviour.md §5",
    test="tests/localcloud/test_custom_resources.py::test_deleting_a_stack_cancels_the_create_under_way",
)
async def delete(stack_name: str, stack_id: str, retain_resources: Iterable[str] = (), force: bool = False) -> None:
    """Delete a stack; a create under way is given up first."""
    stack = emulator.registry()._stacks.get(stack_name)
    if stack is None or stack_id in _deleting:
        return
    _deleting.add(stack_id)
    try:
        await _take_over(stack_id)
        await _delete(stack, frozenset(retain_resources), force)
    finally:
        _deleting.discard(stack_id)
        _open_rollbacks.pop(stack_id, None)


async def _take_over(stack_id: str) -> None:
    running = _running.get(stack_id)
    if running is None:
        return
    running.abandoned = True
    running.deployment.stop()
    await running.finished.wait()


async def _delete(stack: Stack, retained: frozenset[str], force: bool) -> None:
    operation = Operation(stack, stack.get("_template") or {}, stack.get("_resolved_params") or {}, Kind.DELETE)
    events.of_stack(operation, "DELETE_IN_PROGRESS", "User Initiated")
    taking_down = removal.Removal(operation, retained, force)
    order = list(operation.definitions())
    names = sorted(operation.resources, key=lambda name: order.index(name) if name in order else len(order))
    await taking_down.run(names)
    if taking_down.failed:
        events.of_stack(operation, "DELETE_FAILED", events.failed((), (), taking_down.failed))
        return
    exports.withdraw(operation)
    stack["DeletionTime"] = emulator.scope().now_iso()
    events.of_stack(operation, "DELETE_COMPLETE")
