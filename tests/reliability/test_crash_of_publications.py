"""The controller stops at any call of a publication's life; what goes on by itself ends where the stacks believe."""

from collections.abc import Callable

import pytest
from crashes import faults_of_crashes
from operations import Operation
from operations_on_functions import OF_PUBLICATIONS, OF_QUALIFIERS
from scenes import Scene
from stage import Stage


@pytest.mark.parametrize("operation", OF_PUBLICATIONS + OF_QUALIFIERS, ids=lambda operation: operation.name)
def test_a_stop_at_any_call_ends_as_if_nothing_had_happened(
    stage: Stage, operation: Operation, record_property: Callable[[str, object], None]
) -> None:
    """Who may call, at every moment; foreign statements; the one answer; the ledger without open ends."""
    assert faults_of_crashes(Scene.of(stage, operation), record_property) == []
