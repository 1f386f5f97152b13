"""The hooks see every call, and a stopped process does nothing more: else the tests of crashes would prove little."""

from contextlib import suppress
from typing import Any

import pytest
from crash_hooks import Point, Stopped, When, Wire, points
from deployed_names import ANSWERS, REQUESTS
from operations_on_functions import LOOKED_UP
from scenes import ASKED, Scene
from stage import Stage

from provider.controller.dynamodb_desk import DynamoDBDesk


@pytest.fixture(scope="module")
def scene(stage: Stage) -> Scene:
    """The operation with the fewest calls."""
    return Scene.of(stage, LOOKED_UP)


def test_each_call_is_two_points() -> None:
    assert points(["a", "b"]) == [Point(number, when) for number in (0, 1) for when in (When.BEFORE, When.AFTER)]


def test_a_call_more_is_two_points_more(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to write down which calls there are."""
    before = scene.undisturbed()
    once = DynamoDBDesk.is_answered
    monkeypatch.setattr(DynamoDBDesk, "is_answered", lambda desk, key: once(desk, key) or once(desk, key))
    after = scene.undisturbed()
    assert after == ["dynamodb.GetItem", *before]
    assert len(points(after)) == len(points(before)) + 2


@pytest.mark.parametrize("when", list(When))
def test_a_stop_is_before_aws_has_heard_of_the_call_or_after_it_has_carried_it_out(scene: Scene, when: When) -> None:
    number = scene.undisturbed().index("dynamodb.PutItem")
    scene.begin()
    assert not scene.act(end=Point(number, when))
    answered = any(request == ASKED for _, request in scene.stage.look().tables[ANSWERS])
    assert answered == (when is When.AFTER)


def test_clean_up_code_reaches_nobody_once_a_process_has_stopped(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is done in a `finally`, or by code that catches everything."""
    answer = DynamoDBDesk.answer

    def tidy(desk: DynamoDBDesk, key: Any, *arguments: Any) -> None:
        try:
            answer(desk, key, *arguments)
        finally:
            with suppress(BaseException):
                desk.close(key)

    monkeypatch.setattr(DynamoDBDesk, "answer", tidy)
    number = scene.undisturbed().index("dynamodb.PutItem")
    scene.begin()
    assert not scene.act(end=Point(number, When.BEFORE))
    assert [request for _, request in scene.stage.look().tables[REQUESTS]] == [ASKED]


def test_every_call_after_a_stop_stops() -> None:
    wire = Wire()
    wire.begin(Point(0, When.BEFORE))
    for name in ("first", "second"):
        with pytest.raises(Stopped):
            wire.sending(name)
    assert wire.calls == ["first"]
