"""The controller stops before or after any of its calls; what goes on by itself ends where the stack believes to be."""

import pytest
from crash_hooks import Point, When, points
from operations import OPERATIONS, Operation
from scenes import MINUTE, Scene, Stage

IDS = [operation.name for operation in OPERATIONS]


def test_a(stage: Stage) -> None:
    import time
    for operation in OPERATIONS:
        t0=time.time()
        scene = stage.set(operation)
        t1=time.time()
        try:
            calls = scene.undisturbed()
        except AssertionError as e:
            print('FAULT', operation.name, scene.faults())
            calls=[]
        print(operation.name, len(calls), round(t1-t0,2), round(time.time()-t1,2))
        print('    ',calls)
