"""Time that passes only while everybody sleeps: actors in threads of their own, of which one runs at a time.

Who wakes first runs first, and of two that wake together the one that fell asleep first: a run is repeated by its seed. What code
computes takes no time here; what it waits for does.
"""

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

_STACK = 1024 * 1024


@dataclass(slots=True)
class Actor:
    """A function with a thread of its own; `traits` are whatever others want to know of it."""

    name: str
    play: Callable[[], None]
    traits: dict[str, Any] = field(default_factory=dict)
    baton: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    failure: BaseException | None = None
    done: bool = False


@dataclass(slots=True)
class Time:
    """The time of a play. `now` is in seconds since the epoch."""

    now: float
    running: Actor | None = None
    _queue: list[tuple[float, int, Actor]] = field(default_factory=list)
    _numbers: Any = field(default_factory=count)
    _back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def enter(self, name: str, play: Callable[[], None], after: float = 0.0, **traits: Any) -> Actor:
        """Let an actor play, `after` so many seconds."""
        actor = Actor(name, play, traits)
        self._wake(actor, after)
        threading.Thread(target=self._run, args=(actor,), name=name, daemon=True).start()
        return actor

    def sleep(self, seconds: float) -> None:
        """Let time pass; others play meanwhile."""
        actor = self.running
        assert actor is not None, "only actors sleep"
        self._wake(actor, max(0.0, seconds))
        self._back.release()
        actor.baton.acquire()

    def play(self, until: Callable[[], bool]) -> None:
        """Play until that is true or nobody is left; what an actor raises is raised here. Who sleeps then sleeps for ever."""
        while self._queue and not until():
            at, _, actor = heapq.heappop(self._queue)
            self.now, self.running = max(self.now, at), actor
            actor.baton.release()
            self._back.acquire()
            if actor.failure is not None:
                raise actor.failure

    def _wake(self, actor: Actor, after: float) -> None:
        heapq.heappush(self._queue, (self.now + after, next(self._numbers), actor))

    def _run(self, actor: Actor) -> None:
        actor.baton.acquire()
        try:
            actor.play()
        except BaseException as failure:  # noqa: BLE001 - it is raised where the play is watched
            actor.failure = failure
        actor.done = True
        self._back.release()


@dataclass(slots=True)
class Alarm:
    """In place of `threading.Timer`: rings in the thread of an actor of its own."""

    time: Time
    seconds: float
    ring: Callable[[], None]
    daemon: bool = False
    cancelled: bool = False
    rings: Actor | None = None

    def start(self) -> None:
        """Count from now on."""
        self.time.enter("alarm", self._ring, self.seconds, **(self.time.running.traits if self.time.running else {}))

    def cancel(self) -> None:
        """Never mind."""
        self.cancelled = True

    def join(self) -> None:
        """Wait until it has rung, if it rings just now."""
        while self.rings is not None and not self.rings.done:
            self.time.sleep(0.05)

    def _ring(self) -> None:
        if not self.cancelled:
            self.rings = self.time.running
            self.ring()


def install(now: float) -> Time:
    """Make all of Python's waiting in this process that of a play; before the code under test is imported."""
    threading.stack_size(_STACK)
    made = Time(now)
    time.time = lambda: made.now
    time.sleep = made.sleep

    class Timer(Alarm):
        """The timer of this play; a class, because annotations name it."""

        def __init__(self, interval: float, function: Callable[[], None]) -> None:
            super().__init__(made, interval, function)

    threading.Timer = Timer  # type: ignore[assignment, misc]
    return made
