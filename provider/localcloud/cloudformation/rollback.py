"""The way back of an operation that failed or was cancelled."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import events, provisioning, removal
from provider.localcloud.cloudformation.changes import Change, Leftover
from provider.localcloud.cloudformation.operation import Kind, Operation, Record, is_custom
from provider.localcloud.cloudformation.resource import Resource

RESTORED = ("_template", "_template_body", "_resolved_params", "_conditions", "Parameters", "Tags", "Outputs")
_NESTED = "AWS::CloudFormation::Stack"


@behaviour(
    call="cloudformation:CreateStack",
    expected="a failed create deletes what it made: ROLLBACK_COMPLETE, or ROLLBACK_FAILED if something cannot be deleted",
    source="AWS CloudFormation User Guide, stack status codes",
    test="tests/localcloud/test_custom_resources.py::test_a_failed_rollback_of_a_create_leaves_the_resource",
)
async def of_create(operation: Operation, reason: str) -> None:
    """Delete everything that the failed create made."""
    events.of_stack(operation, "ROLLBACK_IN_PROGRESS", reason)
    keeps = (lambda _: False) if operation.retain_except_on_create else "Retain".__eq__
    taking_down = removal.Removal(operation, keeps=keeps)
    await taking_down.run(list(operation.resources))
    if taking_down.failed:
        events.of_stack(operation, "ROLLBACK_FAILED", events.failed((), (), taking_down.failed))
    else:
        events.of_stack(operation, "ROLLBACK_COMPLETE")


@dataclass(slots=True)
class UpdateRollback:
    """Sends back what was changed, then deletes what was made; can be continued after it failed."""

    operation: Operation
    changes: Sequence[Change]
    restored: dict[str, Record] = field(default_factory=dict)
    leftovers: list[Leftover] = field(default_factory=list)
    open: dict[str, Change] = field(default_factory=dict)

    @behaviour(
        call="cloudformation:UpdateStack",
        expected="a rollback sends each updated custom resource an Update with new and old swapped",
        source="docs/aws-behaviour.md §5",
        test="tests/localcloud/test_custom_resources.py::test_a_failed_update_is_rolled_back_by_an_update_with_new_and_old_swapped",
    )
    @behaviour(
        call="cloudformation:UpdateStack",
        expected="an id that a failed Update answered, or that replaced another, is deleted in UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        source="docs/aws-behaviour.md §5",
        test="tests/localcloud/test_custom_resources.py::test_a_failed_update_that_answered_another_id_brings_a_delete_of_it",
    )
    @behaviour(
        call="cloudformation:UpdateStack",
        expected="changed resources, template, parameters and outputs go back to what they were",
        source="AWS CloudFormation User Guide, stack failure options",
        test="tests/localcloud/test_stacks.py::test_a_failed_update_restores_what_it_changed",
    )
    async def run(self, reason: str) -> None:
        """Roll back to how the stack was before the update."""
        self.restored = copy.deepcopy(dict(self.operation.before))
        self.open = {change.resource.logical_id: change for change in self._in_old_order()}
        self.leftovers = [found for change in reversed(self.changes) for found in self._made(change)]
        await self.proceed(reason)

    @behaviour(
        call="cloudformation:ContinueUpdateRollback",
        expected="what could not be sent back is tried again or skipped, then the cleanup is done",
        source="AWS CloudFormation API Reference, ContinueUpdateRollback",
        test="tests/localcloud/test_custom_resources.py::test_a_failed_rollback_of_an_update_can_be_continued",
    )
    async def proceed(self, reason: str, skipped: frozenset[str] = frozenset()) -> None:
        """Send back what is still open but for what is skipped, and finish if all of it succeeds."""
        events.of_stack(self.operation, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
        for name, change in list(self.open.items()):
            if name in skipped or await self._revert(change):
                del self.open[name]
        if self.open:
            self._fail()
            return
        self._restore()
        events.of_stack(self.operation, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        await removal.clean_up(self.operation, self.leftovers)
        events.of_stack(self.operation, "UPDATE_ROLLBACK_COMPLETE")

    def _in_old_order(self) -> list[Change]:
        previous = self.operation.previous or {}
        before = Operation(
            self.operation.stack, previous.get("_template") or {}, previous.get("_resolved_params") or {}, Kind.UPDATE
        )
        order = {name: place for place, name in enumerate(before.definitions())}
        known = [change for change in self.changes if change.before is not None]
        return sorted(known, key=lambda change: order.get(change.resource.logical_id, len(order)))

    def _made(self, change: Change) -> list[Leftover]:
        """What the update made that nothing needs after the rollback; a provider's are known once it has answered."""
        if change.before is None and change.after is None and change.failed_id is None:
            self._say(change.resource, "DELETE_COMPLETE")
            return []
        if change.before is not None and (is_custom(change.resource.type) or not change.replaced):
            return []
        physical_id = change.after["PhysicalResourceId"] if change.after else change.failed_id
        policy = self.operation.policy(change.resource.logical_id, "DeletionPolicy") if change.before is None else ""
        if policy == "RetainExceptOnCreate" or (policy == "Retain" and self.operation.retain_except_on_create):
            policy = ""
        return [Leftover(change.resource, str(physical_id), policy)]

    async def _revert(self, change: Change) -> bool:
        """Bring one resource back, and say whether that succeeded."""
        resource, record = change.resource, self.restored[change.resource.logical_id]
        if not self._needs_sending_back(change):
            self._say(resource, "UPDATE_COMPLETE", record["PhysicalResourceId"])
            return True
        told = change.after or change.before or {}
        self._say(resource, "UPDATE_IN_PROGRESS", told["PhysicalResourceId"])
        old = Resource(resource.logical_id, resource.type, change.old_properties or {})
        try:
            outcome = await provisioning.update(self.operation, old, told, resource.properties)
        except Exception as error:  # noqa: BLE001 - whatever it fails with is the reason of the resource's event
            self._say(resource, "UPDATE_FAILED", told["PhysicalResourceId"], str(error))
            return False
        self._settle(change, told, record, outcome)
        self._say(resource, "UPDATE_COMPLETE", outcome.physical_id)
        return True

    @staticmethod
    def _needs_sending_back(change: Change) -> bool:
        if is_custom(change.resource.type):
            return change.sent
        if change.after is None:
            return change.resource.type == _NESTED  # its children may have changed before it failed
        return not change.replaced

    def _settle(self, change: Change, told: Record, record: Record, outcome: provisioning.Outcome) -> None:
        record["PhysicalResourceId"] = outcome.physical_id
        record["Attributes"] = {**(record.get("Attributes") or {}), **outcome.attributes}
        record.update(outcome.extras)
        if not is_custom(change.resource.type):
            return
        for stale in (told["PhysicalResourceId"], change.failed_id):
            if stale and stale != outcome.physical_id:
                self.leftovers.insert(0, Leftover(change.resource, stale))

    def _restore(self) -> None:
        previous: Mapping[str, Any] = self.operation.previous or {}
        stack = self.operation.stack
        stack["_resources"] = self.restored
        stack.update({name: previous[name] for name in RESTORED if name in previous})
        stack.pop("_rollback_failed", None)

    def _fail(self) -> None:
        stack = self.operation.stack
        stack["_rollback_failed"] = {name: {} for name in self.open}
        events.of_stack(self.operation, "UPDATE_ROLLBACK_FAILED", events.failed((), self.open))

    def _say(self, resource: Resource, status: str, physical_id: str = "", reason: str = "") -> None:
        events.of_resource(self.operation, resource.logical_id, resource.type, status, reason, physical_id)
        restored = self.restored.get(resource.logical_id)
        if restored is not None:
            restored["ResourceStatus"], restored["ResourceStatusReason"] = status, reason
