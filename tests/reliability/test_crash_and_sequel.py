"""The controller stops after any write, and before that is made good the next event comes: a rollback, another stack's."""

from collections.abc import Callable, Iterator

import pytest
from crash_hooks import Point, writes
from left import open_ends
from operations import HOUR, MINUTE, Operation, Sequel
from operations_on_apis import OF_APIS
from operations_on_functions import OF_GRANTS, OF_INVOCATIONS, OF_PUBLICATIONS
from operations_on_roles import OF_ROLES
from scenes import Scene
from stage import Stage

OPERATIONS = (*OF_PUBLICATIONS, *OF_GRANTS, *OF_INVOCATIONS, *OF_APIS, *OF_ROLES)
CASES = [(operation, sequel) for operation in OPERATIONS for sequel in operation.sequels]


@pytest.mark.parametrize(
    "operation, sequel", CASES, ids=[f"{operation.name}, {sequel.name}" for operation, sequel in CASES]
)
def test_a_stop_after_any_write_does_not_confuse_what_comes_next(
    stage: Stage, operation: Operation, sequel: Sequel, record_property: Callable[[str, object], None]
) -> None:
    """Both requests lie there when the schedule finds them; both are answered, and who may call is as both say."""
    scene = Scene.of(stage, operation)
    calls = scene.undisturbed()
    tried = writes(calls)
    found = [(calls[point.number], point, fault) for point in tried for fault in _stopped(scene, sequel, point)]
    record_property("summary", f"{operation.name}, then {sequel.name}: {len(tried)} points")
    assert found == []


def _stopped(scene: Scene, sequel: Sequel, point: Point) -> list[str]:
    scene.begin()
    assert not scene.act(end=point)
    stage, began = scene.stage, scene.at + sequel.after
    stage.hours.time = began
    stage.controller.take(stage.file("sequel", sequel.step, scene.ids))
    faults = list(_faults(scene, sequel))
    for passed in (MINUTE, 2 * MINUTE, HOUR):
        if not faults:
            break
        stage.hours.time = began + passed
        stage.controller.round()
        faults = list(_faults(scene, sequel))
    return faults


def _faults(scene: Scene, sequel: Sequel) -> Iterator[str]:
    state = scene.stage.look()
    yield from open_ends(state)
    yield from scene.wrongly_open(state, sequel.opens)
