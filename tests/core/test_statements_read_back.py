"""What we have written is known again in every form that AWS may hand it back in, and nothing else is taken for it."""

from typing import Any

import pytest
from as_aws_keeps import kept
from asked import CONSUMERS_OF, OURS, written
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provider.core.documents import meaning
from provider.core.plans import permissions
from provider.core.statements import merge, taken_apart, understood

KINDS = ["function", "api", "role"]
LAW = settings(
    derandomize=True, database=None, max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_what_was_rendered_is_understood_as_it_was_rendered(kind: str, data: st.DataObject) -> None:
    statements = merge(part for one in data.draw(CONSUMERS_OF[kind]) for part in one.statements)
    assert tuple(understood(one.document(OURS), OURS) for one in statements) == statements


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_what_aws_keeps_in_another_form_is_understood_as_it_was_rendered(kind: str, data: st.DataObject) -> None:
    statements = merge(part for one in data.draw(CONSUMERS_OF[kind]) for part in one.statements)
    for one in statements:
        handed_back = data.draw(kept(one.document(OURS)))
        assert meaning(handed_back) == meaning(one.document(OURS)), handed_back
        assert understood(handed_back, OURS) == one, handed_back


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_permissions_are_one_per_name_whatever_the_form(kind: str, data: st.DataObject) -> None:
    asked = data.draw(CONSUMERS_OF[kind])
    document = {"Statement": [data.draw(kept(one)) for one in written(asked)]}
    found = permissions(document, OURS)
    assert found == taken_apart(part for one in asked for part in one.statements)
    assert all(len(one.names) == 1 for one in found)


ODD_VALUES = st.one_of(
    st.sampled_from(["*", "", "execute-api:Invoke", "333333333333", "arn:aws:iam::333333333333:root"]),
    st.lists(st.sampled_from(["*", "x", "arn:aws:execute-api:us-east-1:333333333333:ordersapi0/*"]), max_size=2),
)


@st.composite
def tampered(draw: st.DrawFn) -> dict[str, Any]:
    """A statement of ours that somebody has put a hand on."""
    asked = draw(CONSUMERS_OF[draw(st.sampled_from(KINDS))].filter(bool))
    statement = dict(written(asked)[0])
    match draw(st.sampled_from(["other", "without", "more", "principal", "condition", "effect"])):
        case "other":
            statement[draw(st.sampled_from(["Action", "Resource"]))] = draw(ODD_VALUES)
        case "without":
            statement.pop(draw(st.sampled_from(["Principal", "Condition", "Action", "Effect"])), None)
        case "more":
            statement[draw(st.sampled_from(["NotPrincipal", "NotAction", "NotResource"]))] = draw(ODD_VALUES)
        case "principal":
            kinds = st.dictionaries(st.sampled_from(["AWS", "Service", "Federated"]), ODD_VALUES, max_size=2)
            statement["Principal"] = draw(st.one_of(ODD_VALUES, kinds))
        case "condition":
            keys = st.dictionaries(st.sampled_from(["aws:PrincipalArn", "aws:SourceIp", "AWS:SourceArn"]), ODD_VALUES)
            operators = st.sampled_from(["ArnLike", "ArnEquals", "StringEquals", "Bool", "IpAddress"])
            statement["Condition"] = draw(st.dictionaries(operators, keys, max_size=2))
        case "effect":
            statement["Effect"] = "Deny"
    return statement


@given(tampered())
@LAW
@example({"Sid": f"{OURS.prefix}Authorizer0000000000000000"})
@example({"Sid": f"{OURS.prefix}Closed", "Effect": "Allow", "Principal": {"AWS": "333333333333"}})
@example({"Sid": OURS.prefix, "Effect": "Deny", "Principal": "*", "Action": "*"})
def test_what_is_understood_means_what_stands_and_nothing_makes_it_fail(statement: dict[str, Any]) -> None:
    """Whoever may write the policy may write under our Sid too."""
    found = understood(statement, OURS)
    assert found is None or meaning(found.document(OURS)) == meaning(statement)
