"""What is said to be covered by grants is allowed by them, to whoever calls; and what is asked for is covered by itself and by more."""

from collections.abc import Sequence

import pytest
from asked import CONSUMER, CONSUMERS_OF, FUNCTION, ON, OTHER, OWNER, Asked, calls, written
from decisions import access
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from provider.core.covering import covers
from provider.core.statements import Statement

KINDS = ["function", "api", "role"]
LAW = settings(derandomize=True, database=None, max_examples=40, deadline=None)


def statements(asked: Sequence[Asked]) -> list[Statement]:
    return [part for one in asked for part in one.statements]


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_what_is_covered_is_allowed_to_every_caller(kind: str, data: st.DataObject) -> None:
    others = CONSUMERS_OF[kind].map(lambda some: [one for one in some if one.account != OWNER])
    granted, needed = data.draw(others), data.draw(ON[kind].filter(lambda one: one.account != OWNER))
    if covers(statements(granted), needed.statements):
        given_, asked = written(granted), written([needed])
        assert [one for one in calls(kind) if access(given_, one, OWNER) < access(asked, one, OWNER)] == []


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_what_is_asked_for_is_covered_by_the_same_and_by_less_narrow_grants(kind: str, data: st.DataObject) -> None:
    others, needed = data.draw(CONSUMERS_OF[kind]), data.draw(ON[kind])
    assert covers(statements([*others, needed]), needed.statements)
    optional = [name for name in needed.properties if name not in ("GrantType", "ApiId", "Methods", "Paths")]
    left_out = set(data.draw(st.lists(st.sampled_from(optional)))) if optional else set()
    wider = {name: value for name, value in needed.properties.items() if name not in left_out}
    assert covers(statements([Asked(needed.account, needed.arn, wider)]), needed.statements)


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_one_account_is_never_covered_by_what_others_hold(kind: str, data: st.DataObject) -> None:
    others, needed = data.draw(CONSUMERS_OF[kind]), data.draw(ON[kind])
    assume(all(one.account != needed.account for one in others))
    assert not covers(statements(others), needed.statements)


def test_several_grants_may_cover_together_what_none_does_alone() -> None:
    names = [f"arn:aws:iam::{CONSUMER}:role/{one}" for one in ("buyer", "seller")]
    asked = [
        Asked(CONSUMER, FUNCTION, {"GrantType": "InvokeFunction", "Principals": some})
        for some in (names, names[:1], names[1:])
    ]
    assert covers(statements(asked[1:]), asked[0].statements)
    assert not covers(statements(asked[1:2]), asked[0].statements)


def test_nothing_is_covered_by_nothing_and_nothing_needed_is_no_leave_to_go() -> None:
    asked = [Asked(one, FUNCTION, {"GrantType": "InvokeFunction"}) for one in (CONSUMER, OTHER)]
    assert not covers([], asked[0].statements)
    assert not covers(statements(asked), [])
