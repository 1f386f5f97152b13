"""Stacks are created, updated, rolled back and deleted by the life cycle in `provider.localcloud.cloudformation`."""

from collections.abc import Callable, Coroutine
from typing import Any

from provider.localcloud.cloudformation import lifecycle
from provider.localcloud.corrections.ministack_names import supplant

_STACKS = "services.cloudformation.stacks"
_HANDLERS = "services.cloudformation.handlers"
Work = Callable[..., Coroutine[Any, Any, None]]


def apply() -> None:
    """Take the base's place."""
    from provider.localcloud.cloudformation import emulator  # noqa: PLC0415 - asks the base for its names

    emulator.stacks(), emulator.engine(), emulator.registry(), emulator.scope()
    emulator.part(_HANDLERS, "_imported_export_names")
    supplant(_STACKS, "_deploy_stack_async", _deploying)
    supplant(_STACKS, "_roll_back_operation", lambda _: lifecycle.roll_back)
    supplant(_STACKS, "_continue_update_rollback_async", lambda _: lifecycle.continue_rollback)
    supplant(_STACKS, "_delete_stack_async", lambda _: lifecycle.delete)


def _deploying(old: Work) -> Work:
    async def deploy(*arguments: Any, **named: Any) -> None:
        # Importing resources into a stack is left to the base, whole.
        await (old if named.get("imports") else lifecycle.deploy)(*arguments, **named)

    return deploy
