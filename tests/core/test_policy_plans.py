"""Plans: the policy afterwards says what the grants mean, foreign statements are untouched, and no change is no write."""

import pytest
from asked import CONSUMER, CONSUMERS_OF, FUNCTION, ON, OURS, Asked, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standing_policies import THEIRS, foreign, standing

from provider.core.documents import statements_of
from provider.core.plans import Plan, permissions, plan
from provider.core.statements import Statement, merge, taken_apart

KINDS = ["function", "api", "role"]
LAW = settings(
    derandomize=True, database=None, max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def merged(asked: list[Asked]) -> tuple[Statement, ...]:
    return merge(part for one in asked for part in one.statements)


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_a_plan_keeps_foreign_statements_in_order_and_leaves_ours_as_desired(kind: str, data: st.DataObject) -> None:
    theirs, before, after = (data.draw(one) for one in (foreign(kind), CONSUMERS_OF[kind], CONSUMERS_OF[kind]))
    found = plan(merged(after), data.draw(standing(theirs, before)), OURS)
    statements = statements_of(found.document)
    assert [one for one in statements if not OURS.owns(one)] == theirs
    assert [one for one in statements if OURS.owns(one)] == written(after)
    assert found.document is None or found.document.get("Id") == "default"


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_a_plan_for_what_stands_changes_nothing_in_whatever_form_it_stands(kind: str, data: st.DataObject) -> None:
    """One-element lists as scalars, other orders, ids for roots, another case of keys (docs/aws-behaviour.md §1, §3)."""
    asked = data.draw(CONSUMERS_OF[kind])
    theirs = data.draw(foreign(kind))
    for in_any_form in (False, True):
        found = plan(merged(asked), data.draw(standing(theirs, asked, in_any_form=in_any_form)), OURS)
        assert not found.changed
        assert found.removed == frozenset()


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_what_a_plan_has_written_needs_no_other_plan(kind: str, data: st.DataObject) -> None:
    before, after = data.draw(CONSUMERS_OF[kind]), data.draw(CONSUMERS_OF[kind])
    actual = data.draw(st.one_of(st.none(), standing(data.draw(foreign(kind)), before)))
    found = plan(merged(after), actual, OURS)
    assert not plan(merged(after), found.document, OURS).changed


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_a_plan_changes_what_does_not_stand_as_desired(kind: str, data: st.DataObject) -> None:
    before, after = data.draw(CONSUMERS_OF[kind]), data.draw(CONSUMERS_OF[kind])
    theirs = data.draw(foreign(kind))
    found = plan(merged(after), data.draw(standing(theirs, before, in_any_form=True)), OURS)
    assert found.changed == (merged(before) != merged(after))


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_what_a_plan_removes_is_what_stood_and_is_not_desired(kind: str, data: st.DataObject) -> None:
    before, after = data.draw(CONSUMERS_OF[kind]), data.draw(CONSUMERS_OF[kind])
    found = plan(merged(after), data.draw(standing([], before, in_any_form=True)), OURS)
    assert found.removed == taken_apart(merged(before)) - taken_apart(merged(after))
    assert permissions(found.document, OURS) == taken_apart(merged(after))
    assert all(len(one.names) == 1 for one in found.removed)


@given(st.lists(ON["function"].filter(lambda one: one.properties["GrantType"] == "Authorizer"), max_size=6))
@LAW
def test_authorizers_of_all_accounts_are_one_statement_with_a_permission_per_source(asked: list[Asked]) -> None:
    assert len(written(asked)) <= 1
    found = permissions({"Statement": written(asked)}, OURS)
    assert {one.names for one in found} == {(source,) for each in asked for source in each.sources}


def test_no_policy_and_nothing_desired_is_no_policy() -> None:
    found = plan((), None, OURS)
    assert (found.document, found.changed, found.size) == (None, False, 0)


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_an_owners_last_statement_stays_where_none_of_ours_is_desired(kind: str, data: st.DataObject) -> None:
    theirs = data.draw(foreign(kind).filter(bool))
    found = plan((), data.draw(standing(theirs, data.draw(CONSUMERS_OF[kind]))), OURS)
    assert statements_of(found.document) == theirs


def test_a_single_statement_without_a_list_is_a_statement() -> None:
    """IAM's grammar lets Statement be one object."""
    own = {"Sid": "own", "Effect": "Deny", "Principal": "*", "Action": "lambda:InvokeFunction"}
    desired = merged([Asked(CONSUMER, FUNCTION, {"GrantType": "InvokeFunction"})])
    found = plan(desired, {"Version": "2012-10-17", "Statement": own}, OURS)
    assert statements_of(found.document)[0] == own
    assert len(statements_of(found.document)) == 2


def test_another_centres_statements_are_foreign() -> None:
    statement = {"Sid": f"CrossAccount{THEIRS.text}Authorizer"}
    assert not OURS.owns(statement)
    assert THEIRS.owns(statement)


def test_the_size_of_a_plan_is_that_of_the_text_that_is_sent() -> None:
    assert Plan({"Version": "2012-10-17", "Statement": []}, changed=True, removed=frozenset()).size == len(
        '{"Version":"2012-10-17","Statement":[]}'
    )
