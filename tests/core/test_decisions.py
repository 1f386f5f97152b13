"""The evaluator that other tests lean on decides as AWS says it does."""

from typing import Any

import pytest
from decisions import ANONYMOUS, Access, Call, Caller, Decision, access, decide

OWNER, OTHER = "333333333333", "111111111111"
BUYER = Caller(f"arn:aws:iam::{OTHER}:role/buyer")
OWN = Caller(f"arn:aws:iam::{OWNER}:role/own")
GATEWAY = Caller(service="apigateway.amazonaws.com")
API = "arn:aws:execute-api:us-east-1:333333333333:ordersapi0/prod"


def allow(principal: Any, **more: Any) -> list[dict[str, Any]]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "execute-api:Invoke", "Resource": f"{API}/*"}
    return [{**statement, **more}]


def call(caller: Caller, resource: str = f"{API}/GET/orders", **context: str) -> Call:
    return Call(caller, "execute-api:Invoke", resource, context)


@pytest.mark.parametrize(
    ("principal", "caller", "expected"),
    [
        ("*", BUYER, Decision.DIRECT),
        ("*", ANONYMOUS, Decision.DIRECT),
        ({"AWS": "*"}, ANONYMOUS, Decision.DIRECT),
        ({"AWS": OTHER}, BUYER, Decision.DELEGATED),
        ({"AWS": f"arn:aws:iam::{OTHER}:root"}, BUYER, Decision.DELEGATED),
        ({"AWS": f"arn:aws:iam::{OTHER}:root"}, Caller(f"arn:aws:iam::{OTHER}:root"), Decision.DELEGATED),
        ({"AWS": f"arn:aws:iam::{OTHER}:root"}, OWN, Decision.NO),
        ({"AWS": f"arn:aws:iam::{OTHER}:root"}, ANONYMOUS, Decision.NO),
        ({"AWS": [OWNER, BUYER.arn]}, BUYER, Decision.DIRECT),
        ({"AWS": f"arn:aws:iam::{OTHER}:role/bu*"}, BUYER, Decision.NO),
        ({"AWS": "AROAJQABLZS4A3QDU576Q"}, BUYER, Decision.NO),
        ({"Service": "apigateway.amazonaws.com"}, GATEWAY, Decision.DIRECT),
        ({"Service": "apigateway.amazonaws.com"}, Caller(service="events.amazonaws.com"), Decision.NO),
        ({"Service": "apigateway.amazonaws.com"}, ANONYMOUS, Decision.NO),
    ],
)
def test_a_root_stands_for_its_account_and_a_star_for_anybody(
    principal: Any, caller: Caller, expected: Decision
) -> None:
    assert decide(allow(principal), call(caller)) is expected


@pytest.mark.parametrize(
    ("operator", "key", "value", "context", "holds"),
    [
        ("StringEquals", "aws:PrincipalAccount", OTHER, {}, True),
        ("StringEquals", "AWS:PRINCIPALACCOUNT", [OWNER, OTHER], {}, True),
        ("StringEquals", "aws:PrincipalAccount", "1111*", {}, False),
        ("ArnEquals", "aws:PrincipalArn", BUYER.arn, {}, True),
        ("ArnEquals", "aws:PrincipalArn", f"arn:aws:iam::{OTHER}:role/*", {}, True),  # the same as ArnLike
        ("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OTHER}:role/Buyer", {}, False),
        ("ArnLike", "aws:PrincipalArn", "arn:*", {}, False),  # six parts, each by itself
        ("StringEquals", "aws:SourceVpce", "vpce-1", {"aws:sourcevpce": "vpce-1"}, True),
        ("StringEquals", "aws:SourceVpce", "vpce-1", {}, False),  # what is absent fails
        ("StringEquals", "sts:ExternalId", "Abc", {"sts:ExternalId": "abc"}, False),
    ],
)
def test_a_condition_holds_by_its_operator_whatever_the_case_of_its_key(
    operator: str, key: str, value: Any, context: dict[str, str], holds: bool
) -> None:
    statements = allow("*", Condition={operator: {key: value}})
    assert (decide(statements, call(BUYER, **context)) is Decision.DIRECT) == holds


@pytest.mark.parametrize("key", ["aws:PrincipalArn", "aws:PrincipalAccount"])
def test_no_condition_on_who_calls_holds_of_anonymous_calls(key: str) -> None:
    statements = allow("*", Condition={"StringEquals": {key: [BUYER.arn, OTHER]}})
    assert decide(statements, call(ANONYMOUS)) is Decision.NO


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        (f"{API}/GET/orders", f"{API}/GET/orders", True),
        (f"{API}/GET/orders", f"{API}/GET/orders/1", False),
        (f"{API}/GET/orders/*", f"{API}/GET/orders/1/lines", True),
        (f"{API}/*/orders", f"{API}/POST/admin/orders", True),  # a star does not end at a slash
        (f"{API}/GET/?rders", f"{API}/GET/orders", True),
        (f"{API}/GET/Orders", f"{API}/GET/orders", False),
    ],
)
def test_a_star_is_any_text_slashes_included(pattern: str, resource: str, matches: bool) -> None:
    assert (decide(allow("*", Resource=pattern), call(BUYER, resource)) is Decision.DIRECT) == matches


@pytest.mark.parametrize(
    ("action", "matches"), [("EXECUTE-API:invoke", True), ("execute-api:*", True), ("sts:*", False)]
)
def test_actions_have_no_case(action: str, matches: bool) -> None:
    assert (decide(allow("*", Action=action), call(BUYER)) is Decision.DIRECT) == matches


@pytest.mark.parametrize(
    ("principal", "caller", "expected"),
    [
        ("*", BUYER, Access.WITH_IAM),  # its own account must allow it as well
        ({"AWS": OTHER}, BUYER, Access.WITH_IAM),
        ("*", OWN, Access.ALONE),
        ({"AWS": OWN.arn}, OWN, Access.ALONE),
        ({"AWS": OWNER}, OWN, Access.WITH_IAM),
        ("*", ANONYMOUS, Access.ALONE),
        ({"AWS": OTHER}, OWN, Access.NONE),
    ],
)
def test_within_one_account_it_matters_whether_the_root_or_the_caller_is_let_in(
    principal: Any, caller: Caller, expected: Access
) -> None:
    assert access(allow(principal), call(caller), OWNER) is expected
