"""A foreign statement is translated into grants that mean exactly what it says, or not at all, with a reason and a remedy."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from as_aws_keeps import kept
from asked import (
    ACTIONS,
    API,
    APIS,
    AUTHORIZERS,
    CONSUMER,
    ENDPOINTS,
    EXTERNAL_IDS,
    FUNCTION,
    ON,
    OTHER,
    OURS,
    OWNER,
    RESOURCES,
    calls,
)
from decisions import access
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.core.statements import merge
from provider.core.translating import Counterpart, translated

LAW = settings(derandomize=True, database=None, max_examples=30, deadline=None)
KINDS = tuple(RESOURCES)
ACTION = {"function": ACTIONS["InvokeFunction"], "api": ACTIONS["ExecuteApi"], "role": ACTIONS["AssumeRole"]}


def written(counterparts: Sequence[Counterpart]) -> list[dict[str, Any]]:
    """The policy of the grants."""
    return [one.document(OURS) for one in merge(part for each in counterparts for part in each.statements)]


def differences(kind: str, statement: Mapping[str, Any], counterparts: Sequence[Counterpart]) -> list[Any]:
    """The calls of which AWS decides otherwise by the grants than by the statement."""
    grants = written(counterparts)
    return [one for one in calls(kind) if access([statement], one, OWNER) != access(grants, one, OWNER)]


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_whatever_a_permission_may_ask_is_recognised_when_it_is_written_by_hand(kind: str, data: st.DataObject) -> None:
    asked = data.draw(ON[kind].filter(lambda one: one.account != OWNER))
    statement = data.draw(kept(asked.plainly()))
    found = translated(statement, RESOURCES[kind])
    assert not found.obstacle
    assert {one.account for one in found.counterparts} == {asked.account}
    assert differences(kind, asked.plainly(), found.counterparts) == []


# --- by hand, in ways that no permission of ours is written -------------------------------------------

NAMES = st.sampled_from(
    [f"arn:aws:iam::{one}:{name}" for one in (CONSUMER, OTHER) for name in ("role/buyer", "user/buyer")]
)
ROOTS = st.sampled_from([CONSUMER, f"arn:aws:iam::{CONSUMER}:root", OTHER])


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, min_size=1, max_size=3, unique=True) | values


PRINCIPALS = st.one_of(st.just("*"), st.fixed_dictionaries({"AWS": some(NAMES | ROOTS)}))
WHOM = st.fixed_dictionaries(
    {},
    optional={
        "ArnEquals": st.fixed_dictionaries({"aws:PrincipalArn": some(NAMES)}),
        "StringEquals": st.fixed_dictionaries({"aws:PrincipalAccount": some(st.sampled_from([CONSUMER, OTHER]))}),
    },
)
SOURCES = st.builds(
    "arn:aws:execute-api:us-east-1:{}:{}/authorizers/{}".format,
    st.sampled_from([CONSUMER, OTHER]),
    st.sampled_from(APIS),
    st.sampled_from([*AUTHORIZERS, "*"]),
)
ROUTES = st.builds(
    "{}/{}".format,
    st.sampled_from([f"{API}/prod", f"{API}/beta"]),
    st.sampled_from(["*", "*/*", "GET/*", "GET/orders", "POST/orders/*", "*/*/orders", "DELETE/"]),
)


FIXED = {"api": ("aws:SourceVpce", ENDPOINTS), "role": ("sts:ExternalId", EXTERNAL_IDS)}


@st.composite
def by_hand(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A statement that somebody may have written."""
    principal, tests = draw(PRINCIPALS), draw(WHOM)
    if kind == "function" and draw(st.booleans()):
        principal, tests = {"Service": "apigateway.amazonaws.com"}, {"ArnLike": {"AWS:SourceArn": draw(some(SOURCES))}}
    if kind in FIXED and draw(st.booleans()):
        key, choice = FIXED[kind]
        tests = {**tests, "StringEquals": {**tests.get("StringEquals", {}), key: draw(some(st.sampled_from(choice)))}}
    resource = {"function": {"Resource": FUNCTION}, "api": {"Resource": draw(some(ROUTES))}, "role": {}}[kind]
    condition = {"Condition": tests} if tests else {}
    return {"Sid": "Theirs", "Effect": "Allow", "Principal": principal, "Action": ACTION[kind], **resource, **condition}


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_what_is_translated_means_the_same_to_every_caller_and_nothing_beyond(kind: str, data: st.DataObject) -> None:
    statement = data.draw(by_hand(kind))
    found = translated(statement, RESOURCES[kind])
    assert bool(found.obstacle) != bool(found.counterparts)
    if found.counterparts:
        assert differences(kind, statement, found.counterparts) == []
    else:
        assert any(word in found.obstacle for word in ("everybody", "nobody"))
