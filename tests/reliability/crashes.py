"""One operation, stopped at each of its points in turn, and what has become of it when all has gone on by itself."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from crash_hooks import Point, When, points, writes
from operations import GIVEN_UP, HOUR, MINUTE
from scenes import Scene


class Way(StrEnum):
    """How it goes on: the stream brings the same records again and then the schedule, or the schedule alone."""

    STREAM = "stream"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Crash:
    """A stop, how it went on, what was not as it must be then, and when the request was answered (seconds)."""

    point: Point
    way: Way
    faults: tuple[str, ...]
    answered_after: float


def faults_of_crashes(scene: Scene, record: Callable[[str, object], None]) -> list[Crash]:
    """Play all crashes of an operation, put a line into the summary of the run, and return those that ended badly."""
    calls = scene.undisturbed()
    tried = list(crashes(scene, calls))
    record("summary", summary(scene, calls, tried))
    return [crash for crash in tried if crash.faults]


def crashes(scene: Scene, calls: list[str]) -> Iterator[Crash]:
    """Stop before the first call and after each that may have changed something; go on from there in the ways in turn.

    A stop at any other point leaves the same world as the one before it, and a process that has stopped remembers nothing. A soak
    stops at all of them, and goes on in each of the ways.
    """
    every = os.environ.get("MODEL_BUDGET") == "soak"
    ways = tuple(Way) if scene.item else (Way.SCHEDULE,)
    for number, point in enumerate(points(calls) if every else [Point(0, When.BEFORE), *writes(calls)]):
        scene.begin()
        assert not scene.act(end=point), f"nothing stopped at {point}"
        moment = scene.moment()
        for way in ways if every else (ways[number % len(ways)],):
            scene.resume(moment)
            yield Crash(point, way, tuple(recovered(scene, way, LEASE_OVER)), scene.answered_after())


LEASE_OVER = 77.0
"""Seconds after which a dead process has no lease any more. A round that comes earlier waits for that (test_process_kill)."""


def recovered(scene: Scene, way: Way, first_round: float) -> list[str]:
    """Let it go on until all is as it must be; otherwise what is not, an hour later.

    Args:
        scene: where a process has stopped.
        way: how it goes on.
        first_round: seconds after which the schedule looks; it does so again after another minute.
    """
    hours, controller = scene.stage.hours, scene.stage.controller
    if way is Way.STREAM and scene.item:
        hours.time += 1
        scene.act()
        if scene.answered and not scene.faults():
            return []
    for passed in (first_round, first_round + MINUTE):
        hours.time = max(hours.time, scene.at + passed)
        controller.round()
        if scene.answered and not scene.faults():
            return []
    # What only the hourly look finds is nothing that anybody waits for.
    hours.time += HOUR
    controller.round()
    return scene.faults()


def summary(scene: Scene, calls: list[str], tried: list[Crash]) -> str:
    """A line for the summary of the run."""
    line = f"{scene.operation.name}: {len(calls)} calls, {len(points(calls))} points, {len(tried)} crashes"
    if scene.account is None:
        return line
    latest = max(crash.answered_after for crash in tried)
    late = sum(crash.answered_after > GIVEN_UP for crash in tried)
    return f"{line}, answered within {latest:.0f} s, {late} of them after the provider has given up"
