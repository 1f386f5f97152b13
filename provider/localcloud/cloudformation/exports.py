# ruff: noqa: SLF001 - the base's names are private; `emulator` asks for them by name
"""Outputs and exports of a stack, and what AWS refuses about them."""

from collections.abc import Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import emulator
from provider.localcloud.cloudformation.operation import Operation


class ExportRefusedError(Exception):
    """An export belongs to another stack, or another stack still imports it."""


@behaviour(
    call="cloudformation:CreateStack",
    expected="an export's name is its stack's alone; one in use can neither change nor go",
    source="AWS CloudFormation User Guide, get exported outputs",
    test="tests/localcloud/test_stacks.py::test_an_export_in_use_can_neither_change_nor_go",
)
def publish(operation: Operation, removed: set[str]) -> None:
    """Resolve the outputs, and make the stack's exports those of the template.

    Raises:
        ValueError: an output cannot be resolved.
        ExportRefusedError: see there.
    """
    surviving = {name: record for name, record in operation.resources.items() if name not in removed}
    outputs, exports = emulator.stacks()._resolve_stack_outputs(
        operation.template.get("Outputs") or {},
        operation.conditions,
        surviving,
        operation.parameters,
        operation.template.get("Mappings") or {},
        operation.stack_name,
        operation.stack_id,
    )
    _check(operation, exports)
    known = emulator.registry()._exports
    for name in _own(operation):
        known.pop(name, None)
    known.update(exports)
    operation.stack["Outputs"] = outputs


def withdraw(operation: Operation) -> None:
    """Forget the exports of a stack that is gone."""
    for name in _own(operation):
        emulator.registry()._exports.pop(name, None)


def _own(operation: Operation) -> dict[str, Mapping[str, Any]]:
    return {
        name: export
        for name, export in emulator.registry()._exports.items()
        if export.get("StackId") == operation.stack_id
    }


def _check(operation: Operation, wanted: Mapping[str, Mapping[str, Any]]) -> None:
    own = _own(operation)
    for name in wanted:
        holder = emulator.registry()._exports.get(name)
        if holder is not None and name not in own:
            other = holder["StackId"].split("/")[1]
            raise ExportRefusedError(f"Export with name {name} is already exported by stack {other}.")
    for name, export in own.items():
        if wanted.get(name, {}).get("Value") != export["Value"] and (user := _importer(operation, name)):
            verb = "updated" if name in wanted else "deleted"
            raise ExportRefusedError(f"Export {name} cannot be {verb} as it is in use by {user}")


def _importer(operation: Operation, export: str) -> str | None:
    imported = emulator.part("services.cloudformation.handlers", "_imported_export_names")._imported_export_names
    for name, stack in emulator.registry()._stacks.items():
        alive = stack.get("StackStatus") != "DELETE_COMPLETE" and stack["StackId"] != operation.stack_id
        if alive and export in imported(stack, name):
            return str(name)
    return None
