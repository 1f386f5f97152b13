"""The controller stops at any call of a publication's life; what goes on by itself ends where the stacks believe."""

from collections.abc import Callable

import pytest
from crashes import crashes, summary
from operations import OF_PUBLICATIONS, Operation
from scenes import Stage


@pytest.mark.parametrize("operation", OF_PUBLICATIONS, ids=lambda operation: operation.name)
def test_a_stop_at_any_call_ends_as_if_nothing_had_happened(
    stage: Stage, operation: Operation, record_property: Callable[[str, object], None]
) -> None:
    """Who may call, at every moment; the foreign statement; the one answer; the ledger without open ends."""
    scene = stage.set(operation)
    calls = scene.undisturbed()
    tried = list(crashes(scene, calls))
    record_property("summary", summary(scene, calls, tried))
    assert [crash for crash in tried if crash.faults] == []
