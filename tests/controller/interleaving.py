"""Actors that run one at a time and change over at calls of ports, in an order that a test decides.

Each actor has a thread of its own, but only the one that the stage has called runs; so an order that
broke something breaks it again. Time moves when nobody can go on, and where a turn says that a call is slow.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from typing import Any

from twins import ManualClock

CALL = 0.01
"""Seconds that a call takes unless a turn says otherwise."""
TOO_MANY = 50_000
"""Calls after which a play is held to go round for ever."""


class Died(BaseException):
    """The process is gone: no clean-up code of the product sees this as an error of its own."""


class Stopped(BaseException):
    """The play is over; whoever still waits goes home."""


@dataclass(frozen=True)
class Turn:
    """`actor` (counted among those who can go on) makes `calls` calls; before the last one `slow` seconds pass, or it dies."""

    actor: int
    calls: int
    slow: float = 0.0
    dies: bool = False


@dataclass
class Actor:
    """A function with a thread of its own."""

    stage: "Stage"
    name: str
    play: Callable[["Actor"], None]
    baton: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    condition: Callable[[], bool] | None = None
    wakes_at: float = 0.0
    done: bool = False
    mortal: bool = False
    calls: int = 0
    dies: bool = False
    dead: bool = False
    """Dead until somebody gives it another life: no clean-up code can call anything."""
    failure: BaseException | None = None

    def can_go_on(self) -> bool:
        if self.condition is not None and self.condition():
            return True
        return self.stage.clock.time >= self.wakes_at

    def step(self) -> None:
        """A place where another actor may come in, or where this one dies."""
        self.wait(None, self.stage.clock.time)
        self.calls += 1
        self.dead = self.dead or self.dies
        if self.dead:
            raise Died
        self.stage.clock.time += CALL

    def wait(self, condition: Callable[[], bool] | None, until: float) -> None:
        """Wait until something is true or a time has come; whoever waits for both looks himself which it was."""
        if self.stage.over:
            raise Stopped
        self.condition, self.wakes_at = condition, until
        self.stage.back.release()
        self.baton.acquire()
        if self.stage.over:
            raise Stopped

    def revive(self) -> None:
        self.dies = self.dead = False

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until something is true, however long that takes."""
        while not condition():
            self.wait(condition, inf)

    def run(self) -> None:
        self.baton.acquire()
        try:
            if not self.stage.over:
                self.play(self)
        except Stopped:
            pass
        except BaseException as failure:  # noqa: BLE001 - it is raised again where the play is watched
            self.failure = failure
        self.done = True
        self.stage.back.release()


@dataclass
class Stage:
    """Where actors play. A play ends when the `leading` actors have ended; the others go home then."""

    clock: ManualClock
    turns: Sequence[Turn] = ()
    actors: list[Actor] = field(default_factory=list)
    leading: list[Actor] = field(default_factory=list)
    back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    over: bool = False

    def enter(self, name: str, play: Callable[[Actor], None], *, leads: bool = True, mortal: bool = False) -> None:
        actor = Actor(self, name, play, mortal=mortal)
        self.actors.append(actor)
        if leads:
            self.leading.append(actor)

    def run(self) -> None:
        """Play to the end; what an actor raises is raised here."""
        threads = [threading.Thread(target=actor.run, name=actor.name, daemon=True) for actor in self.actors]
        for thread in threads:
            thread.start()
        try:
            self._play()
        finally:
            self.over = True
            for actor in self.actors:
                actor.baton.release()
            for thread in threads:
                thread.join(timeout=10)
        assert not any(thread.is_alive() for thread in threads), "an actor does not go home"

    def _play(self) -> None:
        for turn in chain(self.turns, self._plain_turns()):
            if all(actor.done for actor in self.leading):
                return
            ready = self._ready()
            actor = ready[turn.actor % len(ready)]
            for left in reversed(range(turn.calls)):
                if left == 0 and turn.slow:
                    actor.condition, actor.wakes_at = None, self.clock.time + turn.slow
                    break
                actor.dies = actor.dies or (left == 0 and turn.dies and actor.mortal)
                self._go(actor)
                if actor.done or not actor.can_go_on():
                    break

    def _plain_turns(self) -> Iterator[Turn]:
        for number in range(TOO_MANY):
            yield Turn(number, 3)
        raise AssertionError("this goes round for ever")

    def _ready(self) -> list[Actor]:
        while True:
            alive = [actor for actor in self.actors if not actor.done]
            ready = [actor for actor in alive if actor.can_go_on()]
            if ready:
                return ready
            earliest = min(actor.wakes_at for actor in alive)
            assert earliest < inf, f"deadlock: {[actor.name for actor in alive]}"
            self.clock.time = earliest

    def _go(self, actor: Actor) -> None:
        actor.baton.release()
        self.back.acquire()
        if actor.failure is not None:
            raise actor.failure


@dataclass
class SharedClock:
    """`ports.Clock` for one actor: sleeping lets others play."""

    actor: Actor

    def now(self) -> float:
        return self.actor.stage.clock.time

    def sleep(self, seconds: float) -> None:
        self.actor.wait(None, self.actor.stage.clock.time + seconds)


class Interrupted:
    """A port, before each call of which another actor may come in."""

    def __init__(self, port: Any, actor: Actor) -> None:
        self._port, self._actor = port, actor

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._actor.step()
            return found(*arguments, **named)

        return call
