# ruff: noqa: SLF001 - the base's names are private; `emulator` asks for them by name
"""One operation on a stack: its template, parameters and records, and how values are resolved in it."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from provider.localcloud.cloudformation import emulator

Record = dict[str, Any]
"""What the base keeps of one resource: PhysicalResourceId, ResourceType, Properties, Attributes and so on."""

NO_ECHO = "_no_echo"
OBJECT_KEY = "_object_key"
MASK = "*****"


class Kind(StrEnum):
    """The beginnings of the statuses that an operation goes through."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


def is_custom(resource_type: str) -> bool:
    """Whether a provider stands behind resources of this type."""
    return resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource"


class Cancellable(Protocol):
    """Something under way that can be given up: a request to a provider, a wait for signals."""

    def cancel(self) -> object:
        """Give it up."""


@dataclass(slots=True)
class Operation:
    """`previous` is what the base kept of the stack before an update, None for other operations."""

    stack: dict[str, Any]
    template: Mapping[str, Any]
    parameters: Mapping[str, Any]
    kind: Kind
    previous: Mapping[str, Any] | None = None
    retain_except_on_create: bool = False
    under_way: list[Cancellable] = field(default_factory=list)

    @contextmanager
    def giving_up(self, work: Cancellable) -> Iterator[None]:
        """Let `cancel` reach `work` while the block runs."""
        self.under_way.append(work)
        try:
            yield
        finally:
            self.under_way.remove(work)

    def cancel(self) -> None:
        """Give up everything that can be given up."""
        for work in list(self.under_way):
            work.cancel()

    @property
    def stack_id(self) -> str:
        """The stack's ARN."""
        return str(self.stack["StackId"])

    @property
    def stack_name(self) -> str:
        """The stack's name."""
        return str(self.stack["StackName"])

    @property
    def resources(self) -> dict[str, Record]:
        """The records of what stands, by logical id."""
        found: dict[str, Record] = self.stack.setdefault("_resources", {})
        return found

    @property
    def before(self) -> Mapping[str, Record]:
        """The records of what stood before an update."""
        return (self.previous or {}).get("_resources") or {}

    @property
    def conditions(self) -> dict[str, bool]:
        """The template's conditions, evaluated."""
        found: dict[str, bool] = emulator.engine()._evaluate_conditions(self.template, self.parameters)
        return found

    def definitions(self) -> dict[str, Mapping[str, Any]]:
        """The resources that the conditions let in, each after what it depends on.

        Raises:
            ValueError: they depend on each other in a circle.
        """
        written = self.template.get("Resources") or {}
        order: Iterable[str] = emulator.engine()._topological_sort(written, self.conditions)
        return {logical_id: written[logical_id] for logical_id in order}

    def dependencies(self, definitions: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
        """What each resource depends on, by Ref, GetAtt, Sub or DependsOn."""
        names = set(definitions)
        extract = emulator.engine()._extract_deps
        return {name: set(extract(definition, names)) - {name} for name, definition in definitions.items()}

    def resolve(self, value: Any) -> Any:
        """Resolve functions in `value`; a property that resolves to `AWS::NoValue` is left out.

        Raises:
            ValueError: a function cannot be resolved.
        """
        return self._resolved(value, self.resources, self.parameters)

    def resolve_masked(self, value: Any) -> Any:
        """Resolve for display: NoEcho parameters and the data of NoEcho answers are masked."""
        records = {
            name: {**record, "Attributes": dict.fromkeys(record.get("Attributes") or {}, MASK)}
            if record.get(NO_ECHO)
            else record
            for name, record in self.resources.items()
        }
        parameters = {
            name: {**told, "Value": "****"} if told.get("NoEcho") else told for name, told in self.parameters.items()
        }
        with suppress(ValueError, KeyError, TypeError, IndexError):
            return self._resolved(value, records, parameters)
        return {}

    def _resolved(self, value: Any, records: Mapping[str, Any], parameters: Mapping[str, Any]) -> Any:
        engine = emulator.engine()
        resolved = engine._resolve_refs(
            copy.deepcopy(value),
            records,
            parameters,
            self.conditions,
            self.template.get("Mappings") or {},
            self.stack_name,
            self.stack_id,
        )
        if isinstance(resolved, dict):
            return {name: item for name, item in resolved.items() if item is not engine._NO_VALUE}
        return resolved

    def policy(self, logical_id: str, attribute: str) -> str:
        """A resource's DeletionPolicy or UpdateReplacePolicy."""
        found: str = emulator.stacks()._resource_policy(
            (self.template.get("Resources") or {}).get(logical_id),
            attribute,
            self.resources,
            self.parameters,
            self.conditions,
            self.template.get("Mappings") or {},
            self.stack_name,
            self.stack_id,
        )
        return found

    def tagged(
        self, logical_id: str, resource_type: str, properties: Mapping[str, Any], *, before: bool = False
    ) -> Any:
        """Properties with the stack's tags, those from before the update if `before`."""
        tags = (self.previous or {}).get("Tags") if before else self.stack.get("Tags")
        return emulator.stacks()._with_stack_tags(
            resource_type, dict(properties), tags or [], self.stack_name, self.stack_id, logical_id
        )
