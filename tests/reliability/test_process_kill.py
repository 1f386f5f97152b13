"""A controller's real process is killed in the midst of each operation; the schedule finishes in another one."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import operations_on_apis as apis
import operations_on_functions as functions
import operations_on_roles as roles
import pytest
from controller_process import records, scheduled
from crash_hooks import When
from crashes import Way, recovered
from operations import MINUTE, Operation
from ready_commands import ready
from scenes import Scene
from stage import Stage

CHANGES = (
    "api-gateway.UpdateRestApi",
    "iam.UpdateAssumeRolePolicy",
    "lambda.DeleteResourcePolicy",
    "lambda.PutResourcePolicy",
)


def kill(scene: Scene, number: int) -> None:
    """Run the operation in a child that ends when AWS has carried out its call of this number."""
    controller = scene.stage.controller
    wire = controller.wire
    told = {
        "endpoint": controller.endpoint,
        "keys": controller.keys,
        "shards": controller.shards,
        "time": scene.stage.hours.time,
        "event": records(scene.item) if scene.item else scheduled(),
        "documents": wire.documents,
        "deployments": wire.deployments,
        "number": number,
        "when": When.AFTER,
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    doomed = ready(Path(sys.executable), "doomed_controller:main", "doomed", os.pathsep.join(sys.path))
    child = subprocess.run(
        [doomed], input=pickle.dumps(told), env=environment, capture_output=True, timeout=60, check=False
    )
    assert child.returncode == 128 + signal.SIGKILL, child.stderr
    for effect in pickle.loads(child.stdout):  # noqa: S301 - our own child wrote it
        wire.hear(effect)


def worst(calls: list[str]) -> int:
    """The call after which most is left undone: the last that changes a policy; in the middle where none does."""
    changes = [number for number, call in enumerate(calls) if call in CHANGES]
    return max(changes, default=len(calls) // 2)


OPERATIONS = (
    *functions.OF_PUBLICATIONS,
    *functions.OF_GRANTS,
    *functions.OF_INVOCATIONS,
    *functions.OF_QUALIFIERS,
    *functions.ROUNDS,
    *apis.OF_APIS,
    *apis.OF_UNDEPLOYED_APIS,
    *apis.ROUNDS,
    *roles.OF_ROLES,
)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_killed_process_is_made_good_by_the_schedule(stage: Stage, operation: Operation) -> None:
    """No exception was raised there and nothing was unwound."""
    scene = Scene.of(stage, operation)
    calls = scene.undisturbed()
    scene.begin()
    kill(scene, worst(calls))
    assert recovered(scene, Way.SCHEDULE, MINUTE) == []
