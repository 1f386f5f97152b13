"""Several controllers and a foreign writer change the same policies at once, in orders that hypothesis chooses."""

import os

import hypothesis.strategies as st
from centre import FUNCTION, SECOND
from crowd import Crowd
from hypothesis import HealthCheck, given, settings
from interleaving import Turn

SOAK = os.environ.get("MODEL_BUDGET") == "soak"
PLAYS = settings(
    max_examples=3000 if SOAK else 120,
    deadline=None,
    database=None,
    derandomize=not SOAK,
    suppress_health_check=list(HealthCheck),
)

STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "ask", "ask", "fail", "delete"]), st.integers(0, 2)), min_size=1, max_size=4
)
FOREIGN = st.lists(st.tuples(st.sampled_from(["add", "add", "remove"]), st.integers(0, 9)), max_size=5)
SIZES = st.sampled_from([1, 1, 1, 2, 2, 3, 4, 6, 9, 14, 30])


def turns(slow: float = 0.0, *, dies: bool = False) -> st.SearchStrategy[list[Turn]]:
    pauses = st.sampled_from([0.0] * 7 + [slow / 10, slow / 2, slow])
    deaths = st.sampled_from([False] * 9 + [dies])
    return st.lists(st.builds(Turn, st.integers(0, 7), SIZES, pauses, deaths), max_size=60)


@PLAYS
@given(order=turns(), stacks=st.lists(STEPS, min_size=1, max_size=3), foreign=FOREIGN, controllers=st.integers(2, 3))
def test_nothing_of_ours_is_lost_and_nothing_of_theirs_is_touched(
    order: list[Turn], stacks: list[list[tuple[str, int]]], foreign: list[tuple[str, int]], controllers: int
) -> None:
    """Every success was in force when it was answered, no write took from those who kept theirs."""
    crowd = Crowd(order)
    crowd.controllers(controllers)
    for steps in stacks:
        crowd.stack(steps)
    crowd.foreign_writer(foreign)
    crowd.play()
    crowd.settle()
    crowd.must_be_settled()


OWNERS_STEPS = st.lists(
    st.sampled_from(
        [
            {"FunctionArn": SECOND},
            {"AllowedAccounts": []},
            {},
            {"FunctionArn": SECOND, "RetiredArns": [FUNCTION]},
            {"FunctionArn": SECOND, "AllowedAccounts": []},
        ]
    ),
    max_size=3,
)


@PLAYS
@given(order=turns(), stacks=st.lists(STEPS, min_size=1, max_size=2), foreign=FOREIGN, owner=OWNERS_STEPS)
def test_owner(order, stacks, foreign, owner) -> None:
    crowd = Crowd(order)
    crowd.controllers(3)
    for steps in stacks:
        crowd.stack(steps)
    crowd.owner(owner)
    crowd.foreign_writer(foreign)
    crowd.play()
    crowd.settle()
    if HOUR:
        crowd.an_hour_passes()
    crowd.must_be_settled()


@PLAYS
@given(order=turns(10.0), stacks=st.lists(STEPS, min_size=1, max_size=2), foreign=FOREIGN)
def test_slow(order, stacks, foreign) -> None:
    crowd = Crowd(order)
    crowd.controllers(3)
    for steps in stacks:
        crowd.stack(steps)
    crowd.foreign_writer(foreign)
    crowd.play()
    crowd.settle()
    if HOUR:
        crowd.an_hour_passes()
    crowd.must_be_settled()


@PLAYS
@given(order=turns(10.0, dies=True), stacks=st.lists(STEPS, min_size=1, max_size=2), foreign=FOREIGN)
def test_dies(order, stacks, foreign) -> None:
    crowd = Crowd(order)
    crowd.controllers(3)
    for steps in stacks:
        crowd.stack(steps)
    crowd.foreign_writer(foreign)
    crowd.play()
    crowd.settle()
    if HOUR:
        crowd.an_hour_passes()
    crowd.must_be_settled()


HOUR = os.environ.get("HOUR")
