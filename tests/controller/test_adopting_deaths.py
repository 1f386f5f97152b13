"""A controller that dies at whatever call while a statement is taken over: nobody was refused, and the next one ends it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from adopting import Adopting, begun
from centre import CONSUMER, FUNCTION, Centre, permission
from interleaving import Died

from provider.core.adopting import Ending


@dataclass
class Calls:
    """How many calls of ports there may be before the controller dies at one: before it is made, or after."""

    left: int
    after: bool

    def make(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        self.left -= 1
        if self.left < 0 or (self.left == 0 and not self.after):
            raise Died  # and whoever is dead calls nobody
        found = call(*arguments, **named)
        if self.left == 0:
            raise Died
        return found


@dataclass
class Mortal:
    """A port whose calls are counted."""

    port: Any
    calls: Calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.port, name)
        return (lambda *some, **named: self.calls.make(found, *some, **named)) if callable(found) else found


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_controller_may_die_at_any_call(after: bool) -> None:
    number, dies = 0, True
    while dies:
        number += 1
        dies = play(begun(Centre()), Calls(number, after))
    assert number > 12, "each call once, and then none"


def play(one: Adopting, calls: Calls) -> bool:
    """Adopt, ask, die and come back; whether it has died."""
    one.adopt(FUNCTION, "orders111")
    centre = one.centre
    ports = {name: getattr(centre, name) for name in ("ledger", "policies", "desk")}
    for name, port in ports.items():
        setattr(centre, name, Mortal(port, calls))
    centre.controller = centre.new_controller()
    key = centre.file(CONSUMER, permission().event("Create"))
    dies = False
    try:
        centre.handle(key)
    except Died:
        dies = True
    for name, port in ports.items():
        setattr(centre, name, port)
    centre.controller = centre.new_controller()
    for _ in range(2):
        centre.clock.time += 100
        centre.round()
    assert centre.desk.answers[key].status == "SUCCESS"
    assert one.sids() == ["orders444", "Own"]
    assert {ending for _, ending in one.endings()} == {Ending.TAKEN_OVER}
    assert centre.ledger.adopted == {}
    return dies
