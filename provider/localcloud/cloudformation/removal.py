# ruff: noqa: SLF001 - the base's names are private; `emulator` asks for them by name
"""Deleting what stands: a stack's resources, those of a failed create, and what an update has left over."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import emulator, events, provisioning, schedule
from provider.localcloud.cloudformation.changes import Leftover
from provider.localcloud.cloudformation.operation import Operation, Record
from provider.localcloud.cloudformation.resource import Resource

CLEAN_UP_ATTEMPTS = 3
GONE = "_gone"
"""Where a stack keeps the records of what it has lost, with the status that it was lost with."""
_RETAINING = ("Retain", "RetainExceptOnCreate")


def standing(operation: Operation, logical_id: str, record: Record) -> Resource:
    """A recorded resource, with the tags that the stack gave it."""
    kind = record["ResourceType"]
    return Resource(logical_id, kind, operation.tagged(logical_id, kind, record.get("Properties") or {}))


@dataclass(slots=True)
class Removal:
    """Deletes recorded resources, each once all that depends on it is gone.

    `retained` are logical ids that are let go instead. With `force`, what cannot be deleted is let go too.
    """

    operation: Operation
    retained: frozenset[str] = frozenset()
    force: bool = False
    keeps: Callable[[str], bool] = _RETAINING.__contains__
    failed: set[str] = field(default_factory=set)

    @behaviour(
        call="cloudformation:DeleteStack",
        expected="what cannot be deleted stays, DELETE_FAILED; a retry tries it again, RetainResources lets it go",
        source="AWS CloudFormation API Reference, DeleteStack",
        test="tests/localcloud/test_custom_resources.py::test_a_failed_deletion_keeps_the_resource_until_it_is_retried_or_let_go",
    )
    async def run(self, names: Iterable[str]) -> None:
        """Delete; `failed` are the logical ids of what could not be deleted."""
        needs = schedule.reversed_needs(self.operation.dependencies(self._definitions()))
        doomed = [name for name in names if name in self.operation.resources]
        tried = await schedule.in_order(reversed(doomed), needs, self._remove)
        self.failed = {name for name in tried if name in self.operation.resources}

    def _definitions(self) -> dict[str, dict[str, object]]:
        written: dict[str, dict[str, object]] = dict(self.operation.template.get("Resources") or {})
        return written

    async def _remove(self, name: str) -> bool:
        record = self.operation.resources[name]
        resource = standing(self.operation, name, record)
        physical_id = record.get("PhysicalResourceId", "")
        policy = self.operation.policy(name, "DeletionPolicy")
        if self.keeps(policy) or name in self.retained:
            return self._let_go(resource, physical_id)
        if not physical_id:  # it failed before anything was made
            return self._gone(resource, physical_id)
        events.of_resource(self.operation, name, resource.type, "DELETE_IN_PROGRESS", "", physical_id)
        try:
            await provisioning.delete(self.operation, resource, physical_id, snapshot=policy == "Snapshot")
        except Exception as error:  # noqa: BLE001 - whatever it fails with is the reason of the resource's event
            if self.force:
                return self._let_go(resource, physical_id, str(error))
            events.of_resource(self.operation, name, resource.type, "DELETE_FAILED", str(error), physical_id)
            return False
        return self._gone(resource, physical_id)

    def _gone(self, resource: Resource, physical_id: str) -> bool:
        self._lose(resource, "DELETE_COMPLETE")
        events.of_resource(self.operation, resource.logical_id, resource.type, "DELETE_COMPLETE", "", physical_id)
        return True

    def _let_go(self, resource: Resource, physical_id: str, reason: str = "") -> bool:
        self._lose(resource, "DELETE_SKIPPED")
        events.of_resource(self.operation, resource.logical_id, resource.type, "DELETE_SKIPPED", reason, physical_id)
        return True

    def _lose(self, resource: Resource, status: str) -> None:
        """Take a record away, and remember what became of it: CloudFormation tells that of deleted stacks."""
        record = self.operation.resources.pop(resource.logical_id, None) or {}
        lost = self.operation.stack.setdefault(GONE, {})
        lost[resource.logical_id] = {**record, "ResourceStatus": status, "Timestamp": emulator.scope().now_iso()}


@behaviour(
    call="cloudformation:UpdateStack",
    expected="what was replaced or dropped is deleted in UPDATE_COMPLETE_CLEANUP_IN_PROGRESS, after all updates",
    source="docs/aws-behaviour.md §5",
    test="tests/localcloud/test_custom_resources.py::test_a_changed_id_is_a_replacement_and_the_old_one_is_deleted_after_all_updates",
)
@behaviour(
    call="cloudformation:UpdateStack",
    expected="a cleanup's Delete is tried three times, then forgotten: UPDATE_COMPLETE 'Update successful. One or more resources could not be deleted.'",
    source="docs/aws-behaviour.md §5; cloudformation-coverage-roadmap#744",
    test="tests/localcloud/test_custom_resources.py::test_a_replaced_resource_that_cannot_be_deleted_is_tried_three_times_and_forgotten",
)
async def clean_up(operation: Operation, leftovers: Sequence[Leftover]) -> bool:
    """Delete what is left over, three attempts each; what then still stands is forgotten. Return whether all went."""
    outcomes = [await _clean(operation, leftover) for leftover in leftovers]
    return all(outcomes)


async def _clean(operation: Operation, leftover: Leftover) -> bool:
    resource, physical_id = leftover.resource, leftover.physical_id

    def say(status: str, reason: str = "") -> None:
        stacks = emulator.stacks()
        stacks._add_event(
            operation.stack_id,
            operation.stack_name,
            resource.logical_id,
            resource.type,
            status,
            reason,
            physical_id,
        )

    if leftover.policy in _RETAINING:
        say("DELETE_SKIPPED")
        return True
    for _ in range(CLEAN_UP_ATTEMPTS):
        say("DELETE_IN_PROGRESS")
        try:
            await _delete(operation, leftover)
        except Exception as error:  # noqa: BLE001 - likewise
            say("DELETE_FAILED", str(error))
        else:
            say("DELETE_COMPLETE")
            return True
    return False


async def _delete(operation: Operation, leftover: Leftover) -> None:
    if leftover.old_deletes:
        for delete, arguments, named in leftover.old_deletes:
            delete(*arguments, **named)
        return
    await provisioning.delete(
        operation, leftover.resource, leftover.physical_id, snapshot=leftover.policy == "Snapshot"
    )
