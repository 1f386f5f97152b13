"""What statements let whom do is what was asked, one by one or merged, brief or plain, for every caller there is."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from asked import CONSUMER, CONSUMERS_OF, ON, OURS, OWNER, PROD, Asked, calls, written
from decisions import Access, Call, Decision, access, decide
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KINDS = ["function", "api", "role"]
LAW = settings(
    derandomize=True, database=None, max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def said_of(statements: Iterable[Mapping[str, Any]], kind: str) -> dict[int, Decision]:
    """What statements say of every call that they do not refuse."""
    found = {index: decide(list(statements), call) for index, call in enumerate(calls(kind))}
    return {index: decision for index, decision in found.items() if decision is not Decision.NO}


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_merged_statements_say_exactly_what_the_separate_ones_say(kind: str, data: st.DataObject) -> None:
    asked = data.draw(CONSUMERS_OF[kind])
    separate = [part.document(OURS) for one in asked for part in one.statements]
    assert said_of(written(asked), kind) == said_of(separate, kind)
    assert len(written(asked)) <= len(separate)


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_brief_statements_give_everybody_what_plain_ones_would_give(kind: str, data: st.DataObject) -> None:
    """Plain: each account's root as principal, one statement per grant. The owner's own account is among the consumers."""
    asked = data.draw(CONSUMERS_OF[kind])
    brief, plain = written(asked), [one.plainly() for one in asked]
    for call in calls(kind):
        assert access(brief, call, OWNER) == access(plain, call, OWNER), call


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_a_grant_lets_in_whom_it_means_and_nobody_else(kind: str, data: st.DataObject) -> None:
    asked = data.draw(ON[kind])
    statements = written([asked])
    for call in calls(kind):
        assert (decide(statements, call) is not Decision.NO) == asked.means(call), call


@pytest.mark.parametrize("kind", ["api", "role"])
@given(st.data())
@LAW
def test_nothing_of_the_owners_own_account_is_let_in_directly_where_its_root_would_only_pass_it_on(
    kind: str, data: st.DataObject
) -> None:
    """Else the role of somebody who may change an API, say, could call it without anybody in IAM having said so."""
    statements = written(data.draw(CONSUMERS_OF[kind]))
    own = [call for call in calls(kind) if call.caller.account == OWNER]
    assert {decide(statements, call) for call in own} <= {Decision.NO, Decision.DELEGATED}


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_nobody_without_an_account_is_let_in_but_api_gateway_to_functions(kind: str, data: st.DataObject) -> None:
    statements = written(data.draw(CONSUMERS_OF[kind]))
    alone = {call.caller for call in calls(kind) if access(statements, call, OWNER) is Access.ALONE}
    assert {caller.service for caller in alone} <= ({"apigateway.amazonaws.com"} if kind == "function" else set())


def test_a_path_alone_is_not_found_at_the_end_of_others() -> None:
    """A star in place of the method would reach over the slashes behind it."""
    orders = Asked(CONSUMER, PROD, {"GrantType": "ExecuteApi", "Paths": ["/orders"]})
    buyer = next(call.caller for call in calls("api") if call.caller.account == CONSUMER)
    lets = {
        path: decide(written([orders]), Call(buyer, "execute-api:Invoke", f"{PROD}/{path}")) is not Decision.NO
        for path in ("GET/orders", "OPTIONS/orders", "GET/admin/orders", "GET//orders", "GET/orders/1")
    }
    assert [path for path, one in lets.items() if one] == ["GET/orders", "OPTIONS/orders"]


@pytest.mark.parametrize("kind", KINDS)
def test_grants_that_differ_only_in_whom_they_name_are_one_statement(kind: str) -> None:
    scopes: dict[str, list[dict[str, Any]]] = {
        "function": [{"GrantType": "Authorizer", "ApiId": f"apiid{number}"} for number in range(5)],
        "api": [{"GrantType": "ExecuteApi", "Methods": ["GET"]}],
        "role": [{"GrantType": "AssumeRole"}],
    }
    arn = {"function": "arn:aws:lambda:eu-west-1:333333333333:function:token:live", "api": PROD}.get(kind)
    asked = [
        Asked(account, arn or "arn:aws:iam::333333333333:role/cross-account/orders", one)  # type: ignore[arg-type]
        for account in ("111111111111", "444444444444")
        for one in scopes[kind]
    ]
    assert len(written(asked)) == 1
