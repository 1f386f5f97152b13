"""Work on resources in the order of their dependencies, independent ones side by side."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

Work = Callable[[str], Awaitable[bool]]


async def in_order(
    names: Iterable[str], needs: Mapping[str, set[str]], work: Work, halted: Callable[[], bool] = lambda: False
) -> set[str]:
    """Await `work(name)` for each name once all that it needs has succeeded; return the names that were worked on.

    `work` says whether it succeeded. What needs a name that failed is left alone, and nothing is begun
    once `halted()` is true; what is under way is always awaited.
    """
    waiting = list(names)
    succeeded, begun = set[str](), set[str]()
    running: dict[asyncio.Task[bool], str] = {}
    known = set(waiting)
    while True:
        for name in [] if halted() else _ready(waiting, needs, succeeded, known):
            waiting.remove(name)
            begun.add(name)
            running[asyncio.ensure_future(work(name))] = name
        if not running:
            return begun
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            name = running.pop(task)
            if task.result():
                succeeded.add(name)


def _ready(waiting: list[str], needs: Mapping[str, set[str]], succeeded: set[str], known: set[str]) -> list[str]:
    return [name for name in waiting if needs.get(name, set()) & known <= succeeded]


def reversed_needs(needs: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Turn the arrows round: for deleting, a resource needs everything that depends on it to be gone."""
    turned: dict[str, set[str]] = {name: set() for name in needs}
    for name, dependencies in needs.items():
        for dependency in dependencies:
            turned.setdefault(dependency, set()).add(name)
    return turned
