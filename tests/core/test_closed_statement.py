"""The statement that is left in a policy that must not be empty lets nobody in, and goes when somebody may."""

import pytest
from asked import API, CONSUMERS_OF, OURS, RESOURCES, ROLE, calls, written
from decisions import Decision, decide
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standing_policies import foreign, standing

from provider.core.documents import statements_of
from provider.core.identifiers import Arn
from provider.core.plans import permissions, plan
from provider.core.statements import closed, is_closed, merge, understood

KINDS = ["api", "role"]
LAW = settings(
    derandomize=True, database=None, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize("kind", KINDS)
def test_it_lets_nobody_in(kind: str) -> None:
    statement = closed(RESOURCES[kind], OURS)
    assert {decide([statement], call) for call in calls(kind)} == {Decision.NO}


@pytest.mark.parametrize("kind", KINDS)
def test_it_shuts_nobody_out_whom_the_owner_lets_in_later(kind: str) -> None:
    assert closed(RESOURCES[kind], OURS)["Effect"] == "Allow"


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (API, {"Action": "execute-api:Invoke", "Resource": f"{API}/*"}),
        (Arn(f"{API}/prod"), {"Action": "execute-api:Invoke", "Resource": f"{API}/*"}),
        (ROLE, {"Action": "sts:AssumeRole"}),
    ],
)
def test_it_is_a_statement_that_the_service_takes_and_ours_alone(arn: Arn, expected: dict[str, str]) -> None:
    statement = closed(arn, OURS)
    assert {key: statement[key] for key in ("Action", "Resource") if key in statement} == expected
    assert statement["Principal"] == {"AWS": "arn:aws:iam::333333333333:root"}
    assert OURS.owns(statement)
    assert is_closed(statement, OURS)
    assert understood(statement, OURS) is None
    assert permissions({"Statement": [statement]}, OURS) == frozenset()


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_it_is_left_where_it_is_asked_for_and_the_last_statement_goes(kind: str, data: st.DataObject) -> None:
    actual = data.draw(standing([], data.draw(CONSUMERS_OF[kind].filter(bool)), in_any_form=True))
    instead = closed(RESOURCES[kind], OURS)
    found = plan((), actual, OURS, instead)
    assert statements_of(found.document) == [instead]
    assert found.changed
    assert not plan((), found.document, OURS, instead).changed
    assert plan((), actual, OURS).document is None


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_where_it_is_not_asked_for_any_more(kind: str) -> None:
    found = plan((), {"Statement": [closed(RESOURCES[kind], OURS)]}, OURS)
    assert (found.document, found.changed, found.removed) == (None, True, frozenset())


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_it_goes_when_a_grant_comes(kind: str, data: st.DataObject) -> None:
    asked = data.draw(CONSUMERS_OF[kind].filter(bool))
    instead = closed(RESOURCES[kind], OURS)
    desired = merge(part for one in asked for part in one.statements)
    found = plan(desired, {"Version": "2012-10-17", "Statement": [instead]}, OURS, instead)
    assert statements_of(found.document) == written(asked)
    assert found.removed == frozenset()


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_it_is_not_left_beside_statements_of_the_owner(kind: str, data: st.DataObject) -> None:
    theirs = data.draw(foreign(kind).filter(bool))
    instead = closed(RESOURCES[kind], OURS)
    actual = data.draw(standing([*theirs, instead], data.draw(CONSUMERS_OF[kind])))
    assert statements_of(plan((), actual, OURS, instead).document) == theirs


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("empty", [None, {}, {"Version": "2012-10-17", "Statement": []}])
def test_it_is_not_put_where_no_statement_was(kind: str, empty: dict[str, object] | None) -> None:
    found = plan((), empty, OURS, closed(RESOURCES[kind], OURS))
    assert (found.document, found.changed) == (None, False)
