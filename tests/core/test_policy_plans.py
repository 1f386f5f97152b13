"""Plans: the policy afterwards means what the grants mean, foreign statements are untouched, and no change is no write."""

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.core.declarations import Grant, TargetReference
from provider.core.documents import meaning, statements_of, text_of, with_deleted_principals
from provider.core.identifiers import AccountId, Arn, DeclarationId, Origin
from provider.core.plans import permissions, plan
from provider.core.specifications import AuthorizerUse
from provider.core.statements import CentreId, merge, render

ARN = Arn("arn:aws:lambda:eu-west-1:333333333333:function:token:live")
OURS, THEIRS = CentreId.of(AccountId("222222222222"), "us-east-1"), CentreId.of(AccountId("999999999999"), "us-east-1")
APIS = ("apiaaaaa", "apibbbbb")
AUTHORIZERS = ("auth1", "auth2")


def grant(account: str, api: str, authorizers: tuple[str, ...]) -> Grant:
    origin = Origin(AccountId(account), f"arn:aws:cloudformation:us-east-1:{account}:stack/s/1", "Permission")
    reference = TargetReference(AccountId("333333333333"), "default", "token")
    return Grant(DeclarationId("grant-1"), origin, reference, AuthorizerUse(api, authorizers))


GRANTS = st.lists(
    st.builds(
        grant,
        st.sampled_from(["111111111111", "444444444444"]),
        st.sampled_from(APIS),
        st.lists(st.sampled_from(AUTHORIZERS), unique=True, max_size=2).map(tuple),
    ),
    max_size=6,
)

FOREIGN = st.lists(
    st.fixed_dictionaries(
        {
            "Sid": st.sampled_from(["mine", "CrossAccount", f"CrossAccount{THEIRS.text}Authorizer", "x"]),
            "Effect": st.sampled_from(["Allow", "Deny"]),
            "Principal": st.sampled_from(["*", {"AWS": "111111111111"}, {"Service": "apigateway.amazonaws.com"}]),
            "Action": st.sampled_from(["lambda:InvokeFunction", ["lambda:*"]]),
            "Resource": st.just(ARN),
        }
    ),
    max_size=4,
)


def sources(grants: list[Grant]) -> set[str]:
    return {source for one in grants for part in render(one, ARN) for source in part.names}


def document(foreign: list[dict[str, Any]], grants: list[Grant]) -> dict[str, Any]:
    ours = [one.document(OURS) for one in merge(part for one in grants for part in render(one, ARN))]
    return {"Version": "2012-10-17", "Id": "default", "Statement": foreign + ours}


def decisions(statements: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Which authorizers of which APIs our statements let invoke."""
    found = set()
    for account in ("111111111111", "444444444444"):
        for api in APIS:
            for authorizer in AUTHORIZERS:
                caller = f"arn:aws:execute-api:us-east-1:{account}:{api}/authorizers/{authorizer}"
                patterns = [p for one in statements for p in one["Condition"]["ArnLike"]["AWS:SourceArn"]]
                if any(fnmatchcase(caller, pattern) for pattern in patterns):
                    found.add((account, api, authorizer))
    return found


@given(GRANTS)
def test_merged_statements_mean_exactly_what_the_separate_ones_mean(grants: list[Grant]) -> None:
    separate = [part.document(OURS) for one in grants for part in render(one, ARN)]
    merged = [one.document(OURS) for one in merge(part for one in grants for part in render(one, ARN))]
    assert decisions(merged) == decisions(separate)
    assert len(merged) <= 1


@given(FOREIGN, GRANTS, GRANTS)
def test_a_plan_keeps_foreign_statements_in_order_and_leaves_ours_as_desired(
    foreign: list[dict[str, Any]], before: list[Grant], after: list[Grant]
) -> None:
    desired = merge(part for one in after for part in render(one, ARN))
    found = plan(desired, document(foreign, before), OURS)
    statements = statements_of(found.document)
    assert [one for one in statements if not OURS.owns(one)] == foreign
    assert [one for one in statements if OURS.owns(one)] == [one.document(OURS) for one in desired]
    assert found.document is None or found.document.get("Id") == "default"


@given(FOREIGN, GRANTS)
def test_a_plan_for_what_stands_changes_nothing(foreign: list[dict[str, Any]], grants: list[Grant]) -> None:
    desired = merge(part for one in grants for part in render(one, ARN))
    found = plan(desired, document(foreign, grants), OURS)
    assert not found.changed
    assert found.removed == frozenset()


@given(GRANTS)
def test_what_aws_normalises_is_no_difference(grants: list[Grant]) -> None:
    """One-element lists as scalars, other order, another case of the condition key (docs/aws-behaviour.md §1, §3)."""
    desired = merge(part for one in grants for part in render(one, ARN))
    normalised = document([], grants)
    for one in normalised["Statement"]:
        sources = one["Condition"]["ArnLike"].pop("AWS:SourceArn")
        one["Condition"]["ArnLike"]["aws:SourceArn"] = sources[0] if len(sources) == 1 else sources[::-1]
        one["Action"] = [one["Action"]]
    assert not plan(desired, normalised, OURS).changed


@given(GRANTS, GRANTS)
def test_what_a_plan_removes_is_what_stood_and_is_not_desired(before: list[Grant], after: list[Grant]) -> None:
    desired = merge(part for one in after for part in render(one, ARN))
    removed = plan(desired, document([], before), OURS).removed
    assert {name for one in removed for name in one.names} == sources(before) - sources(after)
    assert all(len(one.names) == 1 for one in removed)


def test_no_policy_and_nothing_desired_is_no_policy() -> None:
    found = plan((), None, OURS)
    assert (found.document, found.changed, found.size) == (None, False, 0)


def test_another_centres_statements_are_foreign() -> None:
    statement = {"Sid": f"CrossAccount{THEIRS.text}Authorizer"}
    assert not OURS.owns(statement)
    assert THEIRS.owns(statement)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Action": "a"}, {"Action": ["a"]}),
        ({"Principal": "*"}, {"Principal": {"AWS": "*"}}),  # IAM User Guide, Principal element: all principals
        ({"Principal": {"AWS": "111111111111"}}, {"Principal": {"AWS": "arn:aws:iam::111111111111:root"}}),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": "x"}}}, {"Condition": {"ArnLike": {"aws:SourceArn": ["x"]}}}),
    ],
)
def test_forms_that_aws_decides_alike_mean_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert meaning(one) == meaning(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Effect": "Allow"}, {"Effect": "Deny"}),
        ({"Action": "a"}, {"NotAction": "a"}),
        ({"Condition": {"ArnLike": {"k": "x"}}}, {"Condition": {"ArnEquals": {"k": "x"}}}),
        ({"Condition": {"ArnLike": {"k": "x"}}}, {"Condition": {"ArnLike": {"k": "X"}}}),
    ],
)
def test_forms_that_may_be_decided_differently_do_not(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert meaning(one) != meaning(other)


@pytest.mark.parametrize(("authorizers", "room"), [((), 287), (("abc123",), 268)], ids=["all of an API", "one each"])
def test_one_statement_holds_as_many_authorizers_as_the_readme_says(authorizers: tuple[str, ...], room: int) -> None:
    """In 20,480 characters, one API of each account, with ids as long as AWS's; one more does not fit."""

    def size(count: int) -> int:
        grants = [grant(f"{number:012}", f"a1b2c3d{number:03}", authorizers) for number in range(count)]
        return len(text_of(document([], grants)))

    assert size(room) <= 20_480 < size(room + 1)


@given(GRANTS)
def test_permissions_are_one_per_source(grants: list[Grant]) -> None:
    found = permissions(document([], grants), OURS)
    assert {one.names for one in found} == {(source,) for source in sources(grants)}


def test_statements_whose_principal_was_deleted_are_told_by_their_sid() -> None:
    """A role that is gone reads back as its unique id (docs/aws-behaviour.md §4)."""
    dead = {"Sid": "old", "Principal": {"AWS": ["AROAJQABLZS4A3QDU576Q", "arn:aws:iam::111111111111:root"]}}
    alive = [{"Sid": "a", "Principal": {"AWS": "111111111111"}}, {"Sid": "b", "Principal": "*"}]
    assert with_deleted_principals({"Statement": [dead, *alive]}) == ("old",)
