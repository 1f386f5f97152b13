"""Several controllers and a foreign writer change the same policies at once, in orders that hypothesis chooses."""

import os
from collections.abc import Mapping
from typing import Any

import hypothesis.strategies as st
from centre import CONSUMER, FUNCTION, SECOND
from crowd import SCHEDULE, Crowd, permission_event
from hypothesis import HealthCheck, given, settings
from interleaving import Actor, Turn

from provider.controller.leases import LEASE

HELD_UP = 25.0
BUDGET = os.environ.get("MODEL_BUDGET", "test")
SHARES = {"test": 1.0, "soak": 30.0, "mutants": 0.25}


def plays(number: int) -> settings:
    """So many plays, the same each time; `make soak` makes thirty times as many, others each time."""
    return settings(
        max_examples=int(number * SHARES[BUDGET]),
        deadline=None,
        database=None,
        derandomize=BUDGET != "soak",
        suppress_health_check=list(HealthCheck),
    )


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "ask", "ask", "fail", "delete"]), st.integers(0, 2)), min_size=1, max_size=4
)
STACKS = st.lists(STEPS, min_size=1, max_size=3)
FOREIGN = st.lists(st.tuples(st.sampled_from(["add", "add", "remove"]), st.integers(0, 9)), max_size=5)
SIZES = st.sampled_from([1, 1, 1, 2, 2, 3, 4, 6, 9, 14, 30])
OWNERS_STEPS = st.lists(
    st.sampled_from(
        [
            {},
            {"AllowedAccounts": []},
            {"FunctionArn": SECOND},
            {"FunctionArn": SECOND, "RetiredArns": [FUNCTION]},
            {"FunctionArn": SECOND, "AllowedAccounts": []},
        ]
    ),
    min_size=1,
    max_size=3,
)

Steps = list[tuple[str, int]]


def turns(slow: float = 0.0, *, dies: bool = False) -> st.SearchStrategy[list[Turn]]:
    pauses = st.sampled_from([0.0] * 7 + [slow / 10, slow / 2, slow])
    deaths = st.sampled_from([False] * 9 + [dies])
    return st.lists(st.builds(Turn, st.integers(0, 7), SIZES, pauses, deaths), max_size=60)


def crowd_of(order: list[Turn], stacks: list[Steps], foreign: Steps, controllers: int = 3) -> Crowd:
    crowd = Crowd(order)
    crowd.controllers(controllers)
    for steps in stacks:
        crowd.stack(steps)
    crowd.foreign_writer(foreign)
    return crowd


def test_another_controller_may_come_in_before_any_call() -> None:
    """Not by chance: one controller is held up before each of its calls, until another has done all that it can.

    The one who was held up has an old view by then; what the other one has granted must stand all the same.
    """
    calls = play_with_an_interruption(1000)
    assert calls >= 10
    for number in range(1, calls + 1):
        play_with_an_interruption(number)


def play_with_an_interruption(after: int) -> int:
    """How many calls the first controller has made."""
    crowd = Crowd([Turn(0, after), Turn(0, 1, slow=HELD_UP)])
    crowd.controllers(2)
    keys = [crowd.file(permission_event("apiaaaaa", "First"))]

    def play(actor: Actor) -> None:
        keys.append(crowd.file(permission_event("apibbbbb", "Second")))
        actor.wait(None, crowd.centre.clock.time + 2 * HELD_UP)

    crowd.stage.enter("stack", play)
    crowd.play()
    assert [crowd.centre.desk.answers[key].status for key in keys] == ["SUCCESS", "SUCCESS"]
    assert [crowd.may(FUNCTION, CONSUMER, api) for api in ("apiaaaaa", "apibbbbb")] == [True, True]
    return crowd.stage.actors[0].calls


@plays(120)
@given(order=turns(), stacks=STACKS, foreign=FOREIGN, controllers=st.integers(2, 3))
def test_nothing_of_ours_is_lost_and_nothing_of_theirs_is_touched(
    order: list[Turn], stacks: list[Steps], foreign: Steps, controllers: int
) -> None:
    """Every success stands when it is answered, every write leaves what somebody keeps, and nobody waits for the schedule."""
    crowd = crowd_of(order, stacks, foreign, controllers)
    crowd.play()
    assert crowd.longest < SCHEDULE / 2
    crowd.settle()
    crowd.must_be_settled()


@plays(80)
@given(order=turns(), stacks=STACKS, foreign=FOREIGN, owner=OWNERS_STEPS)
def test_policies_follow_an_owner_who_moves_and_withdraws_at_the_same_time(
    order: list[Turn], stacks: list[Steps], foreign: Steps, owner: list[Mapping[str, Any]]
) -> None:
    crowd = crowd_of(order, stacks, foreign)
    crowd.owner(owner)
    crowd.play()
    crowd.settle()
    crowd.must_be_settled()


@plays(80)
@given(order=turns(slow=5.0, dies=True), stacks=STACKS, foreign=FOREIGN)
def test_controllers_that_are_slow_or_die_lose_nothing(order: list[Turn], stacks: list[Steps], foreign: Steps) -> None:
    crowd = crowd_of(order, stacks, foreign)
    crowd.play()
    crowd.settle()
    crowd.must_be_settled()


@plays(60)
@given(order=turns(), stacks=STACKS, foreign=FOREIGN, blind=st.tuples(st.just("blind"), st.integers(0, 9)))
def test_whoever_writes_without_a_revision_may_overwrite_us_until_the_next_look(
    order: list[Turn], stacks: list[Steps], foreign: Steps, blind: tuple[str, int]
) -> None:
    """The window that the design states: their statements are what they wrote, ours come back within the hour."""
    crowd = crowd_of(order, stacks, [*foreign, blind])
    crowd.play()
    crowd.an_hour_passes()
    crowd.must_be_settled()


def test_a_controller_that_dies_delays_others_by_no_more_than_its_lease() -> None:
    """The lease, and then the schedule's next minute: before whichever of its calls it died."""
    deaths = [play_with_a_death(dies_after) for dies_after in range(1, 60)]
    last = max(index for index, died in enumerate(deaths) if died)
    assert last < len(deaths) - 1, "there are more calls to die before than were tried"
    assert sum(deaths) >= 10


def play_with_a_death(dies_after: int) -> bool:
    """Whether it came to a death: there may be no such call any more."""
    crowd = Crowd([Turn(0, dies_after, dies=True)])
    crowd.controllers(1)  # what comes after a death is another controller: it knows nothing of the first one's lease
    keys = [crowd.file(permission_event("apiaaaaa", "First"))]

    def play(actor: Actor) -> None:
        actor.wait_for(lambda: bool(crowd.died_at) or keys[0] in crowd.centre.desk.answers)
        keys.append(crowd.file(permission_event("apibbbbb", "Second")))
        asked_at = crowd.centre.clock.time
        actor.wait_for(lambda: all(key in crowd.centre.desk.answers for key in keys))
        assert crowd.centre.clock.time - asked_at <= LEASE + SCHEDULE + 1

    crowd.stage.enter("stack", play)
    crowd.play()
    assert [crowd.centre.desk.answers[key].status for key in keys] == ["SUCCESS", "SUCCESS"]
    return bool(crowd.died_at)
