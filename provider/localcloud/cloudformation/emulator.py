"""The base emulator's modules, found when first needed, so that the table of behaviours is read without it."""

from typing import Any

from provider.localcloud.corrections.ministack_names import require

_CLOUDFORMATION = "services.cloudformation"

part = require
"""`part(module, *names)`: the base's module of that name, which must have `names`."""


def stacks() -> Any:
    """The base's records of stacks and their events, and the handlers of resource types that it uses."""
    return require(
        f"{_CLOUDFORMATION}.stacks",
        "_add_event",
        "_custom_named_replacement_error",
        "_delete_resource",
        "_fail_property_validation",
        "_provision_keeping_seed",
        "_replacing_change",
        "_resolve_stack_outputs",
        "_resource_policy",
        "_runs_on_worker_thread",
        "_snapshot_resource",
        "_update_keeping_seed",
        "_with_stack_tags",
        "_DEFERRED_PREDECESSOR_DELETES",
        "_NAME_SEED",
        "_RETAIN_REPLACED",
    )


def engine() -> Any:
    """The base's parsing of templates and resolving of functions."""
    return require(
        f"{_CLOUDFORMATION}.engine",
        "_NO_VALUE",
        "_evaluate_conditions",
        "_extract_deps",
        "_resolve_dynamic_references",
        "_resolve_refs",
        "_topological_sort",
    )


def registry() -> Any:
    """The package that holds all stacks, events, exports and change sets."""
    return require(_CLOUDFORMATION, "_change_sets", "_exports", "_stack_events", "_stacks")


def scope() -> Any:
    """The account and Region of the request at hand, and new ids."""
    return require("core.responses", "get_account_id", "get_region", "new_uuid", "now_iso", "request_scope")
