"""A controller's real process is killed in the middle of each operation; the schedule finishes in another one."""

import json
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from controller_process import records, scheduled
from crash_hooks import When
from crashes import Way, recovered
from operations import OF_GRANTS, OF_PUBLICATIONS, ROUNDS, Operation
from scenes import Scene, Stage

import provider

DOOMED = Path(__file__).with_name("doomed_controller.py")


def kill(scene: Scene, number: int) -> None:
    """Run the operation in a child that ends when AWS has carried out its call of this number."""
    controller = scene.stage.controller
    told = {
        "endpoint": controller.endpoint,
        "keys": controller.keys,
        "shards": controller.shards,
        "time": scene.stage.hours.time,
        "event": records(scene.item) if scene.item else scheduled(),
        "number": number,
        "when": When.AFTER,
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, (DOOMED.parents[1], Path(provider.__file__).parents[1])))
    child = subprocess.run(
        [sys.executable, str(DOOMED)],
        input=json.dumps(told).encode(),
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    controller.wire.effects += pickle.loads(child.stdout)  # noqa: S301 - our own child wrote it


@pytest.mark.parametrize("operation", OF_PUBLICATIONS + OF_GRANTS + ROUNDS, ids=lambda operation: operation.name)
def test_a_killed_process_is_made_good_by_the_schedule(stage: Stage, operation: Operation) -> None:
    """No exception was raised there and nothing was unwound."""
    scene = stage.set(operation)
    calls = scene.undisturbed()
    scene.begin()
    kill(scene, len(calls) // 2)
    assert recovered(scene, Way.SCHEDULE) == []
