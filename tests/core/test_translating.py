"""Which permissions foreign statements come to; and what no grant says is left, with a reason and a remedy."""

from typing import Any

import pytest
from asked import (
    ACTIONS,
    API,
    BETA,
    CONSUMER,
    ENDPOINTS,
    EXTERNAL_IDS,
    FUNCTION,
    OTHER,
    OWNER,
    PROD,
    RESOURCES,
    ROLE,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.core.identifiers import Arn
from provider.core.specifications import ApiExecution, AuthorizerUse, FunctionInvocation, RoleAssumption
from provider.core.translating import translated

LAW = settings(derandomize=True, database=None, max_examples=100, deadline=None)
ACTION = {"function": ACTIONS["InvokeFunction"], "api": ACTIONS["ExecuteApi"], "role": ACTIONS["AssumeRole"]}
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([CONSUMER, "*", FUNCTION, "execute-api:/prod/*", "AWS", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["AWS", "Service", "StringEquals", "aws:PrincipalAccount", "aws:SourceArn"]), inner
        )
    ),
    max_leaves=6,
)


@given(st.sampled_from([FUNCTION, API, ROLE]), st.data())
@LAW
def test_whatever_stands_there_is_translated_or_has_an_obstacle(arn: Arn, data: st.DataObject) -> None:
    """AWS keeps no such thing; but nothing ends in a traceback."""
    elements = st.sampled_from(["Principal", "Action", "Resource", "Condition", "Effect", "Sid", "NotPrincipal"])
    changes = data.draw(st.dictionaries(elements, ANYTHING, max_size=3))
    found = translated(statement_on(arn) | changes, arn)
    assert bool(found.obstacle) != bool(found.counterparts)


# --- what no grant says -------------------------------------------------------------------------------

SOURCE = f"arn:aws:execute-api:us-east-1:{CONSUMER}:apiaaaaa/authorizers/*"
GATEWAY = {"Service": "apigateway.amazonaws.com"}


def source(*arns: str, **more: Any) -> dict[str, Any]:
    return {"Principal": GATEWAY, "Condition": {"ArnLike": {"AWS:SourceArn": list(arns)}, **more}}


def equal(key: str, value: Any, operator: str = "StringEquals") -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


OBSTACLES: list[tuple[Arn, dict[str, Any], str]] = [
    (FUNCTION, {"Effect": "Deny"}, "It denies"),
    (FUNCTION, {"NotPrincipal": {"AWS": CONSUMER}}, "says NotPrincipal"),
    (FUNCTION, {"NotAction": "lambda:DeleteFunction"}, "says NotAction"),
    (FUNCTION, {"Principal": None}, "names no principal"),
    (FUNCTION, {"Action": "lambda:*"}, "allows lambda:*"),
    (FUNCTION, {"Action": ["lambda:InvokeFunction", "lambda:GetFunction"]}, "lambda:GetFunction"),
    (FUNCTION, {"Action": "lambda:InvokeFunctionUrl", **equal("lambda:FunctionUrlAuthType", "NONE")}, "FunctionUrl"),
    (FUNCTION, equal("lambda:InvokedViaFunctionUrl", "true", "Bool"), "lambda:invokedviafunctionurl"),
    (FUNCTION, {"Principal": "*"}, "everybody"),
    (FUNCTION, {"Principal": {"AWS": ["*", CONSUMER]}}, "everybody"),
    (FUNCTION, {"Principal": "*", **equal("aws:PrincipalOrgID", "o-abcdefghij")}, "everybody"),
    (FUNCTION, {"Principal": {"Service": "events.amazonaws.com"}}, "lets in "),
    (
        FUNCTION,
        {"Principal": {"Service": ["apigateway.amazonaws.com", "events.amazonaws.com"]}},
        "lets in ",
    ),
    (FUNCTION, {"Principal": {"AWS": CONSUMER, **GATEWAY}}, "lets in "),
    (FUNCTION, {"Principal": {"AWS": f"arn:aws:sts::{CONSUMER}:assumed-role/buyer/me"}}, "assumed-role"),
    (FUNCTION, {"Principal": {"AWS": f"arn:aws-cn:iam::{CONSUMER}:root"}}, "aws-cn"),
    (FUNCTION, {"Principal": {"AWS": "AROAEXAMPLEEXAMPLE12"}}, "nobody"),
    (FUNCTION, {"Principal": {"AWS": OWNER}}, "owner's own account"),
    (FUNCTION, {"Principal": {"AWS": [OWNER, CONSUMER]}}, "owner's own account"),
    (FUNCTION, {"Principal": {"AWS": CONSUMER}, **equal("aws:PrincipalAccount", OTHER)}, "nobody"),
    (FUNCTION, equal("aws:PrincipalArn", f"arn:aws:iam::{CONSUMER}:role/*", "ArnLike"), "a pattern"),
    (FUNCTION, equal("aws:PrincipalArn", f"arn:aws:iam::{CONSUMER}:root", "ArnEquals"), f"{CONSUMER}:root"),
    (FUNCTION, equal("aws:PrincipalAccount", "${aws:ResourceAccount}"), "a pattern"),
    (FUNCTION, equal("aws:PrincipalAccount", f"arn:aws:iam::{CONSUMER}:root"), "no account's id"),
    (API, equal("aws:SourceVpce", []), "aws:SourceVpce with nothing"),
    (ROLE, equal("sts:ExternalId", []), "sts:ExternalId with nothing"),
    (FUNCTION, equal("aws:PrincipalAccount", CONSUMER, "StringEqualsIfExists"), "StringEqualsIfExists"),
    (FUNCTION, equal("aws:PrincipalAccount", OTHER, "StringNotEquals"), "StringNotEquals"),
    (FUNCTION, equal("aws:SourceIp", "203.0.113.0/24", "IpAddress"), "aws:sourceip"),
    (FUNCTION, equal("aws:SourceVpce", ENDPOINTS[0]), "aws:sourcevpce"),
    (
        FUNCTION,
        {"Condition": {"ArnLike": {"aws:PrincipalArn": "a"}, "ArnEquals": {"AWS:PrincipalArn": "b"}}},
        "compares AWS:PrincipalArn by ArnEquals",
    ),
    (FUNCTION, {"Resource": "*"}, "not just this function"),
    (FUNCTION, {"Resource": f"{FUNCTION}2"}, "not just this function"),
    (FUNCTION, {"Principal": GATEWAY}, "for any API"),
    (FUNCTION, {"Principal": GATEWAY, **equal("aws:SourceAccount", CONSUMER)}, "for any API"),
    (FUNCTION, source(f"arn:aws:execute-api:us-east-1:{CONSUMER}:*"), "more, or other"),
    (FUNCTION, source(f"arn:aws:execute-api:us-east-1:{CONSUMER}:apiaaaaa/*"), "more, or other"),
    (FUNCTION, source(f"arn:aws:execute-api:us-east-1:{CONSUMER}:apiaaaaa/*/GET/orders"), "more, or other"),
    (FUNCTION, source(SOURCE, "arn:aws:execute-api:us-east-1:*:apiaaaaa/authorizers/*"), "more, or other"),
    (FUNCTION, source(SOURCE.replace(CONSUMER, OWNER)), "owner's own account"),
    (FUNCTION, source(SOURCE, StringEquals={"aws:SourceAccount": OTHER}), "source account"),
    (FUNCTION, source(SOURCE, StringEquals={"aws:PrincipalOrgID": "o-abcdefghij"}), "aws:principalorgid"),
    (FUNCTION, {"Principal": GATEWAY, **equal("aws:SourceArn", SOURCE)}, "a pattern"),
    (API, {"Resource": "execute-api:/*"}, "every stage"),
    (API, {"Resource": f"{API}/*"}, "every stage"),
    (API, {"Resource": f"{API}/*/GET/orders"}, "every stage"),
    (API, {"Resource": "*"}, "not of this API alone"),
    (API, {"Resource": f"{API}2/prod/*"}, "not of this API alone"),
    (API, {"Resource": f"{PROD}/*/orders"}, "also reaches longer paths"),
    (API, {"Resource": f"{PROD}/G*"}, "no method and path"),
    (API, {"Resource": f"{PROD}/GET"}, "no method and path"),
    (API, {"Resource": f"{PROD}/G?T/orders"}, "no method and path"),
    (API, {"Resource": f"{PROD}/GET/or?ers"}, "No permission can ask for it"),
    (API, {"Resource": f"{PROD}/GET/a//b"}, "No permission can ask for it"),
    (API, {"Resource": []}, "names no Resource"),
    (API, equal("aws:SourceVpc", "vpc-0123456789abcdef0"), "aws:sourcevpc"),
    (API, {"Principal": "*", **equal("aws:SourceVpce", ENDPOINTS[0])}, "everybody"),
    (ROLE, {"Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "x"}}, "AssumeRoleWithWebIdentity"),
    (ROLE, {"Action": ["sts:AssumeRole", "sts:TagSession"]}, "sts:TagSession"),
    (ROLE, {"Principal": {"Service": "ec2.amazonaws.com"}}, "lets in "),
    (ROLE, equal("aws:MultiFactorAuthPresent", "true", "Bool"), "multifactor"),
    (ROLE, {"Resource": "*"}, "names a Resource"),
    (ROLE, equal("sts:ExternalId", "x"), "No permission can ask for it"),
]


def statement_on(arn: Arn, **changes: Any) -> dict[str, Any]:
    """A plain statement on a resource, changed; None takes an element away."""
    action, resource = {
        FUNCTION: (ACTION["function"], {"Resource": FUNCTION}),
        API: (ACTION["api"], {"Resource": f"{PROD}/*"}),
        ROLE: (ACTION["role"], {}),
    }[arn]
    whole = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"AWS": CONSUMER},
        "Action": action,
        **resource,
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


@pytest.mark.parametrize(("arn", "changes", "fact"), OBSTACLES, ids=[fact for _, _, fact in OBSTACLES])
def test_what_no_grant_says_is_left_with_the_reason_and_what_may_be_done(
    arn: Arn, changes: dict[str, Any], fact: str
) -> None:
    found = translated(statement_on(arn, **changes), arn)
    assert not found.counterparts
    assert fact in found.obstacle
    assert found.obstacle.endswith(".")
    assert found.obstacle.count(". ") >= 1, "a remedy comes last"


@pytest.mark.parametrize("arn", RESOURCES.values())
def test_the_plain_statement_that_these_are_made_from_is_translated(arn: Arn) -> None:
    assert [one.account for one in translated(statement_on(arn), arn).counterparts] == [CONSUMER]


def test_a_condition_that_whoever_may_ask_meets_is_named_and_left_out() -> None:
    stated = source(SOURCE, StringEquals={"AWS:SourceAccount": CONSUMER})
    assert translated(statement_on(FUNCTION, **stated), FUNCTION).besides == ("aws:sourceaccount",)
    member = translated(statement_on(ROLE, **equal("aws:PrincipalOrgID", "o-abcdefghij")), ROLE)
    assert (member.besides, member.counterparts[0].specification) == (("aws:principalorgid",), RoleAssumption())


def test_who_was_deleted_is_left_out_beside_others() -> None:
    found = translated(statement_on(ROLE, Principal={"AWS": ["AIDAEXAMPLEEXAMPLE12", OTHER]}), ROLE)
    assert [one.account for one in found.counterparts] == [OTHER]


def test_each_account_api_stage_and_external_id_is_a_permission_of_its_own() -> None:
    """And the Region of an API is that in which its stack must stand."""
    sources = source(
        SOURCE, SOURCE.replace("/*", "/auth1"), SOURCE.replace("us-east-1", "eu-west-1").replace("/*", "/auth1")
    )
    found = translated(statement_on(FUNCTION, **sources), FUNCTION).counterparts
    assert sorted((one.region, one.specification) for one in found) == [
        ("eu-west-1", AuthorizerUse("apiaaaaa", ("auth1",))),
        ("us-east-1", AuthorizerUse("apiaaaaa")),
    ]
    routes = [f"{PROD}/GET/orders", f"{PROD}/POST/orders", f"{PROD}/GET/carts", "execute-api:/beta/*"]
    on_api = translated(statement_on(API, Resource=routes), API).counterparts
    assert [(one.arn, one.specification) for one in on_api] == [
        (BETA, ApiExecution()),
        (PROD, ApiExecution(methods=("GET",), paths=("/carts",))),
        (PROD, ApiExecution(methods=("GET", "POST"), paths=("/orders",))),
    ]
    said = translated(statement_on(ROLE, **equal("sts:ExternalId", list(EXTERNAL_IDS))), ROLE).counterparts
    assert [one.specification for one in said] == [RoleAssumption((), one) for one in EXTERNAL_IDS]


def test_what_is_too_much_for_one_permission_is_several() -> None:
    names = sorted(f"arn:aws:iam::{CONSUMER}:role/buyer{number:03}" for number in range(101))
    found = translated(statement_on(FUNCTION, Principal={"AWS": names}), FUNCTION).counterparts
    assert [one.specification for one in found] == [
        FunctionInvocation(tuple(names[:100])),
        FunctionInvocation((names[100],)),
    ]
    paths = [f"{PROD}/GET/p{number:02}" for number in range(21)]
    assert [
        len(one.specification.properties["Paths"])
        for one in translated(statement_on(API, Resource=paths), API).counterparts
    ] == [20, 1]
