# ruff: noqa: SLF001 - the base's names are private; `emulator` asks for them by name
"""The way forward of a create or update: every resource of the template, each after what it depends on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import emulator, events, provisioning, schedule
from provider.localcloud.cloudformation.changes import Change
from provider.localcloud.cloudformation.operation import Kind, Operation, Record, is_custom
from provider.localcloud.cloudformation.provider_requests import ProviderCancelledError, ProviderFailedError
from provider.localcloud.cloudformation.provisioning import Outcome
from provider.localcloud.cloudformation.resource import Resource


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A resource of the template with its properties resolved, for the base's record and for events."""

    resource: Resource
    properties: Mapping[str, Any]
    masked: Any
    dynamic: Mapping[str, Any]


@dataclass(slots=True)
class Deployment:
    """`changes` grow as resources settle; `stopped` keeps further ones from being begun."""

    operation: Operation
    changes: list[Change] = field(default_factory=list)
    stopped: bool = False
    failed_creates: set[str] = field(default_factory=set)
    failed_updates: set[str] = field(default_factory=set)

    @property
    def succeeded(self) -> bool:
        """Whether every resource stands as the template wants it."""
        return not (self.stopped or self.failed_creates or self.failed_updates)

    @behaviour(
        call="cloudformation:CreateStack",
        expected="independent resources are made side by side",
        source="AWS CloudFormation User Guide, DependsOn attribute",
        test="tests/localcloud/test_custom_resources.py::test_independent_custom_resources_are_made_side_by_side",
    )
    async def run(self, definitions: Mapping[str, Mapping[str, Any]]) -> None:
        """Work through the definitions until all are done, or one fails and the rest is given up."""
        needs = self.operation.dependencies(definitions)

        async def settle(logical_id: str) -> bool:
            return await self._settle(logical_id, definitions[logical_id])

        await schedule.in_order(definitions, needs, settle, lambda: self.stopped)

    @behaviour(
        call="cloudformation:CreateStack",
        expected="when a resource fails, those under way fail with 'Resource creation cancelled', and a custom one gets a Delete with an id that CloudFormation made up",
        source="docs/aws-behaviour.md §5; cloudformation-coverage-roadmap#1814",
        test="tests/localcloud/test_custom_resources.py::test_a_create_is_cancelled_when_another_resource_fails",
    )
    def stop(self) -> None:
        """Begin nothing more, and give up what can be given up."""
        self.stopped = True
        self.operation.cancel()

    async def _settle(self, logical_id: str, definition: Mapping[str, Any]) -> bool:
        before = self.operation.before.get(logical_id)
        resource_type = str(definition["Type"])
        bare = Resource(logical_id, resource_type, {})
        try:
            resolved = self._resolve(logical_id, definition)
        except Exception as error:  # noqa: BLE001 - whatever cannot be resolved is the reason of a resource's event
            return self._fail(Change(bare, before), error)
        if before is None:
            return await self._create(resolved)
        return await self._update(resolved, before)

    def _resolve(self, logical_id: str, definition: Mapping[str, Any]) -> _Resolved:
        written = definition.get("Properties") or {}
        properties, dynamic = self._without_references(logical_id, definition, self.operation.resolve(written))
        tagged = self.operation.tagged(logical_id, definition["Type"], properties)
        resource = Resource(logical_id, definition["Type"], tagged)
        return _Resolved(resource, properties, self.operation.resolve_masked(written), dynamic)

    def _without_references(self, logical_id: str, definition: Mapping[str, Any], properties: Any) -> Any:
        """Resolve `{{resolve:…}}`; ssm anew when the template changed, secrets when the resource did."""
        previous = self.operation.previous or {}
        told = previous.get("_template") or {}
        return emulator.engine()._resolve_dynamic_references(
            properties,
            (self.operation.before.get(logical_id) or {}).get("_dynamic"),
            reuse_ssm=told == self.operation.template and previous.get("_resolved_params") == self.operation.parameters,
            reuse_secrets=(told.get("Resources") or {}).get(logical_id) == definition,
        )

    @behaviour(
        call="cloudformation:DescribeStackEvents",
        expected="CREATE_IN_PROGRESS, CREATE_IN_PROGRESS 'Resource creation Initiated' with the id, CREATE_COMPLETE",
        source="AWS CloudFormation User Guide, view stack events",
        test="tests/localcloud/test_stacks.py::test_a_creation_is_told_in_awss_order",
    )
    async def _create(self, resolved: _Resolved) -> bool:
        resource = resolved.resource
        self.operation.resources[resource.logical_id] = {
            "ResourceType": resource.type,
            "LogicalResourceId": resource.logical_id,
            "Properties": resolved.properties,
        }
        self._say(resource, "CREATE_IN_PROGRESS", masked=resolved.masked)
        try:
            outcome = await provisioning.create(self.operation, resource)
        except Exception as error:  # noqa: BLE001 - likewise
            return self._fail(Change(resource), error)
        record = self._keep(resolved, outcome)
        self.changes.append(Change(resource, after=record))
        self._say(resource, "CREATE_IN_PROGRESS", events.CREATION_INITIATED, outcome.physical_id, resolved.masked)
        self._say(resource, "CREATE_COMPLETE", "", outcome.physical_id, resolved.masked)
        return True

    @behaviour(
        call="cloudformation:UpdateStack",
        expected="resources that the template does not change are not touched",
        source="AWS CloudFormation User Guide, update behaviors of stack resources",
        test="tests/localcloud/test_stacks.py::test_an_update_tells_of_changed_resources_alone",
    )
    async def _update(self, resolved: _Resolved, before: Record) -> bool:
        resource, physical_id = resolved.resource, before["PhysicalResourceId"]
        old = self.operation.tagged(resource.logical_id, resource.type, before.get("Properties") or {}, before=True)
        if old == resource.properties:
            return True
        refused = emulator.stacks()._custom_named_replacement_error(resource.type, old, resource.properties)
        replacing = not refused and emulator.stacks()._replacing_change(resource.type, old, resource.properties)
        self._say(resource, "UPDATE_IN_PROGRESS", events.REPLACING if replacing else "", physical_id, resolved.masked)
        change = Change(resource, before, old)
        try:
            outcome = await provisioning.update(self.operation, resource, before, old)
        except Exception as error:  # noqa: BLE001 - likewise
            return self._fail(change, error)
        record = self._keep(resolved, outcome)
        self.changes.append(Change(resource, before, old, record, sent=True, old_deletes=outcome.old_deletes))
        if outcome.physical_id != physical_id:
            reason = events.REPLACED_BY_PROVIDER if is_custom(resource.type) else events.CREATION_INITIATED
            self._say(resource, "UPDATE_IN_PROGRESS", reason, outcome.physical_id, resolved.masked)
        self._say(resource, "UPDATE_COMPLETE", "", outcome.physical_id, resolved.masked)
        return True

    def _keep(self, resolved: _Resolved, outcome: Outcome) -> Record:
        record = outcome.record(resolved.resource, resolved.properties)
        if resolved.dynamic:
            record["_dynamic"] = resolved.dynamic
        self.operation.resources[resolved.resource.logical_id] = record
        return record

    def _fail(self, change: Change, error: Exception) -> bool:
        """Record the failure; the first one stops the operation and cancels what is under way."""
        resource, updating = change.resource, change.before is not None
        failed_id = error.physical_id if isinstance(error, ProviderFailedError) else None
        sent = isinstance(error, ProviderFailedError) and failed_id is not None
        self.changes.append(Change(resource, change.before, change.old_properties, failed_id=failed_id, sent=sent))
        reason = str(error) or type(error).__name__
        if isinstance(error, ProviderCancelledError):
            reason = events.UPDATE_CANCELLED if updating else events.CREATION_CANCELLED
        kind = Kind.UPDATE if updating else Kind.CREATE
        shown = failed_id or (change.before or {}).get("PhysicalResourceId", "")
        if not updating:
            self._keep_failed(resource, failed_id)
        self._say(resource, f"{kind}_FAILED", reason, shown)
        (self.failed_updates if updating else self.failed_creates).add(resource.logical_id)
        self.stop()
        return False

    def _keep_failed(self, resource: Resource, failed_id: str | None) -> None:
        record = self.operation.resources.setdefault(
            resource.logical_id,
            {"ResourceType": resource.type, "LogicalResourceId": resource.logical_id, "Properties": {}},
        )
        if failed_id is not None:
            record["PhysicalResourceId"] = failed_id

    def _say(
        self, resource: Resource, status: str, reason: str = "", physical_id: str = "", masked: Any = None
    ) -> None:
        events.of_resource(self.operation, resource.logical_id, resource.type, status, reason, physical_id)
        if masked is not None:
            events.with_properties(self.operation, masked)
