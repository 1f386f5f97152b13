"""How many consumers a policy has room for, exactly, within AWS's default limits (docs/aws-behaviour.md §1, §3, §4).

All ask for the same, each from an account of its own; roles have ARNs of 44 characters. Beside it, what one statement per
grant would have room for, or one that lists the accounts' roots.
"""

from collections.abc import Callable
from typing import Any

import pytest
from asked import FUNCTION, OURS, PROD, ROLE, Asked, written

from provider.core.documents import text_of
from provider.core.plans import plan
from provider.core.statements import merge

LIMITS = {"function": 20_480, "api": 8_192, "role": 2_048}


def authorizer(number: int) -> Asked:
    """One authorizer of one API, with ids as long as AWS's."""
    properties = {"GrantType": "Authorizer", "ApiId": f"a1b2c3d{number:03}", "AuthorizerIds": ["abc123"]}
    return Asked(f"{number:012}", FUNCTION, properties)


def all_authorizers(number: int) -> Asked:
    """All authorizers of one API."""
    return Asked(f"{number:012}", FUNCTION, {"GrantType": "Authorizer", "ApiId": f"a1b2c3d{number:03}"})


def role_of(number: int) -> list[str]:
    arn = f"arn:aws:iam::{number:012}:role/orders-reader"
    assert len(arn) == 44
    return [arn]


def invoking_role(number: int) -> Asked:
    return Asked(f"{number:012}", FUNCTION, {"GrantType": "InvokeFunction", "Principals": role_of(number)})


def invoking_account(number: int) -> Asked:
    return Asked(f"{number:012}", FUNCTION, {"GrantType": "InvokeFunction"})


def calling_role(number: int) -> Asked:
    return Asked(f"{number:012}", PROD, {"GrantType": "ExecuteApi", "Principals": role_of(number)})


def calling_account(number: int) -> Asked:
    return Asked(f"{number:012}", PROD, {"GrantType": "ExecuteApi"})


def assuming_role(number: int) -> Asked:
    return Asked(f"{number:012}", ROLE, {"GrantType": "AssumeRole", "Principals": role_of(number)})


def assuming_account(number: int) -> Asked:
    return Asked(f"{number:012}", ROLE, {"GrantType": "AssumeRole"})


def by_hand(one: Asked) -> dict[str, Any]:
    """A grant as a statement of its own: the role itself as principal; named by who asks, but in trust policies."""
    plain = one.plainly()
    api = f"-{one.properties['ApiId']}" if "ApiId" in one.properties else ""
    return {
        **({} if one.arn == ROLE else {"Sid": f"consumer-{one.account}{api}"}),
        "Effect": "Allow",
        "Principal": {"AWS": one.principals[0]} if one.principals else plain["Principal"],
        "Action": plain["Action"],
        **({} if one.arn == ROLE else {"Resource": one.statements[0].document(OURS)["Resource"]}),
        **({"Condition": plain["Condition"]} if api else {}),
    }


def one_each(asked: list[Asked]) -> list[dict[str, Any]]:
    return [by_hand(one) for one in asked]


def merged_roots(asked: list[Asked]) -> list[dict[str, Any]]:
    """One statement that lists the roots of all the accounts."""
    roots = [f"arn:aws:iam::{one.account}:root" for one in asked]
    return [{**by_hand(asked[0]), "Principal": {"AWS": roots}}] if asked else []


Form = Callable[[list[Asked]], list[dict[str, Any]]]


def size(statements: list[dict[str, Any]]) -> int:
    return len(text_of({"Version": "2012-10-17", "Statement": statements}))


def room(one: Callable[[int], Asked], form: Form, kind: str) -> int:
    """How many fit, by halving."""
    low, high = 0, 1000
    while low < high:
        middle = (low + high + 1) // 2
        fits = size(form([one(number) for number in range(middle)])) <= LIMITS[kind]
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


TABLE = [
    ("authorizers, all of an API", "function", all_authorizers, 288, one_each, 62),
    ("authorizers, one of an API", "function", authorizer, 268, one_each, 61),
    ("accounts that invoke a function", "function", invoking_account, 613, one_each, 99),
    ("roles that invoke a function", "function", invoking_role, 61, one_each, 92),
    ("roles that call an API", "api", calling_role, 168, one_each, 36),
    ("accounts that call an API", "api", calling_account, 526, merged_roots, 241),
    ("roles that assume a role", "role", assuming_role, 39, one_each, 17),
    ("accounts that assume a role", "role", assuming_account, 122, merged_roots, 58),
]


@pytest.mark.parametrize(
    ("kind", "one", "expected", "form", "by_hand"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_policy_has_room_for_so_many(
    kind: str,
    one: Callable[[int], Asked],
    expected: int,
    form: Form,
    by_hand: int,
    record_property: Callable[[str, object], None],
    request: pytest.FixtureRequest,
) -> None:
    assert (room(one, written, kind), room(one, form, kind)) == (expected, by_hand)
    what = request.node.callspec.id
    record_property("summary", f"room in {LIMITS[kind]:,} characters: {expected} {what}; by hand {by_hand}")


@pytest.mark.parametrize(("kind", "one", "expected"), [row[1:4] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_has_room_is_what_a_plan_writes(kind: str, one: Callable[[int], Asked], expected: int) -> None:
    asked = [one(number) for number in range(expected)]
    found = plan(merge(part for each in asked for part in each.statements), None, OURS)
    assert found.size <= LIMITS[kind]
    assert len(written(asked)) == (expected if one is invoking_role else 1)


@pytest.mark.parametrize(("one", "expected"), [(all_authorizers, 287), (authorizer, 268)])
def test_one_statement_holds_as_many_authorizers_as_the_readme_says(one: Callable[[int], Asked], expected: int) -> None:
    """With the Id that Lambda gives a policy (docs/aws-behaviour.md §1); one more does not fit."""

    def with_id(count: int) -> int:
        statements = written([one(number) for number in range(count)])
        return len(text_of({"Version": "2012-10-17", "Id": "default", "Statement": statements}))

    assert with_id(expected) <= 20_480 < with_id(expected + 1)
