"""One operation, stopped at each of its points in turn, and what has become of it when all has gone on by itself."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from crash_hooks import Point, When, points
from operations import GIVEN_UP
from scenes import HOUR, MINUTE, Scene


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


def crashes(scene: Scene, calls: list[str]) -> Iterator[Crash]:
    """Stop before and after each call.

    After a call and before the next the world is the same, so each of the two is tried with one of the ways;
    a soak tries both with both.
    """
    every = os.environ.get("MODEL_BUDGET") == "soak"
    for point in points(calls):
        ways = tuple(Way) if every else (Way.STREAM if point.when is When.BEFORE else Way.SCHEDULE,)
        for way in ways:
            scene.begin()
            assert not scene.act(end=point), f"nothing stopped at {point}"
            faults = recovered(scene, way)
            yield Crash(point, way, tuple(faults), scene.answered_after())


def recovered(scene: Scene, way: Way) -> list[str]:
    """Let it go on until all is as it must be; otherwise what is not, an hour later."""
    hours, controller = scene.stage.hours, scene.stage.controller
    if way is Way.STREAM and scene.item:
        hours.time += 1
        scene.act()
        if scene.answered and not scene.faults():
            return []
    for passed in (MINUTE, 2 * MINUTE):  # a dead lease outlives the first minute
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
    line = f"{scene.operation.name}: {len(calls)} calls, {len(tried)} points"
    if scene.account is None:
        return line
    latest = max(crash.answered_after for crash in tried)
    late = sum(crash.answered_after > GIVEN_UP for crash in tried)
    return f"{line}, answered within {latest:.0f} s, {late} of them after the provider has given up"
