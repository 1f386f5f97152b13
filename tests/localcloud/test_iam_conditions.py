"""Policies are read as IAM reads them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identities import a_name, allow, refused, someone

from provider.localcloud import LocalCloud
from provider.localcloud.corrections.policy_conditions import holds
from provider.localcloud.corrections.policy_patterns import Reader
from provider.localcloud.corrections.policy_statements import statements

ROLE = "arn:aws:iam::111111111111:role/team/reader"
KEYS: dict[str, Any] = {
    "aws:principalarn": ROLE,
    "aws:principalaccount": "111111111111",
    "aws:principaltag/team": "blue",
    "aws:tagkeys": ["team", "stage"],
    "aws:sourceip": "10.1.2.3",
    "aws:securetransport": "true",
    "aws:multifactorauthage": "30",
    "aws:currenttime": "2026-11-21T03:00:00Z",
    "dynamodb:leadingkeys": ["111111111111"],
}


def reader(variables: bool = True) -> Reader:
    return Reader(lambda key: KEYS.get(key.lower()), variables)


def meets(operator: str, key: str, value: Any) -> bool:
    return holds({operator: {key: value}}, reader())


@pytest.mark.parametrize(
    ("operator", "key", "value", "holding"),
    [
        ("StringEquals", "aws:PrincipalTag/team", "blue", True),
        ("StringEquals", "AWS:principaltag/TEAM", ["red", "blue"], True),
        ("StringEquals", "aws:PrincipalTag/team", "Blue", False),
        ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", "Blue", True),
        ("StringNotEquals", "aws:PrincipalTag/team", ["red", "blue"], False),
        ("StringNotEquals", "aws:PrincipalTag/none", "red", True),
        ("StringLike", "aws:PrincipalTag/team", "b*e", True),
        ("StringLike", "aws:PrincipalTag/team", "b?e", False),
        ("StringEqualsIfExists", "aws:PrincipalTag/none", "red", True),
        ("StringEquals", "aws:PrincipalTag/none", "red", False),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/team/*", True),
        ("ArnEquals", "aws:PrincipalArn", ROLE, True),
        ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/other/*", True),
        ("Bool", "aws:SecureTransport", True, True),
        ("Bool", "aws:SecureTransport", "false", False),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", "true", True),
        ("NumericLessThanEquals", "aws:MultiFactorAuthAge", "30", True),
        ("NumericGreaterThan", "aws:MultiFactorAuthAge", "30", False),
        ("NumericEquals", "aws:MultiFactorAuthAge", "thirty", False),
        ("DateLessThan", "aws:CurrentTime", "2027-01-01T00:00:00Z", True),
        ("DateGreaterThan", "aws:CurrentTime", "2027-01-01T00:00:00Z", False),
        ("IpAddress", "aws:SourceIp", "10.1.0.0/16", True),
        ("NotIpAddress", "aws:SourceIp", "10.1.0.0/16", False),
        ("Unheard", "aws:SourceIp", "10.1.0.0/16", False),
    ],
)
def test_operators(operator: str, key: str, value: Any, holding: bool) -> None:
    """Each operator compares as AWS documents it; keys have no case, values have."""
    assert meets(operator, key, value) is holding


@pytest.mark.parametrize(
    ("operator", "key", "value", "holding"),
    [
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team", "stage", "cost"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team"], False),
        ("ForAllValues:StringEquals", "aws:PrincipalOrgPaths", ["x"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["team"], True),
        ("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", ["x"], False),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["team"], True),
        ("ForAllValues:StringNotEquals", "aws:TagKeys", ["team"], False),
        ("Null", "aws:PrincipalOrgPaths", "true", True),
        ("Null", "aws:TagKeys", "true", False),
        ("Null", "aws:TagKeys", False, True),
        ("StringEquals", "aws:TagKeys", "team", False),
        ("StringEquals", "dynamodb:LeadingKeys", "111111111111", True),
    ],
)
def test_set_operators_and_absent_keys(operator: str, key: str, value: Any, holding: bool) -> None:
    """ForAllValues holds of nothing at all, ForAnyValue does not, and Null tells them apart."""
    assert meets(operator, key, value) is holding


@pytest.mark.parametrize(
    ("operator", "value", "holding"),
    [
        ("StringEquals", "${aws:PrincipalAccount}", True),
        ("StringEquals", "${AWS:principalaccount}", True),
        ("StringLike", "*${aws:PrincipalAccount}", True),
        ("StringEquals", "${aws:PrincipalTag/none}", False),
        ("StringNotEquals", "${aws:PrincipalTag/none}", True),
        ("StringEquals", "${aws:PrincipalTag/none, '111111111111'}", True),
        ("StringEquals", "${aws:TagKeys}", False),
        ("StringLike", "${*}", False),
        ("StringLike", "*", True),
        ("NumericEquals", "${aws:PrincipalAccount}", False),
    ],
)
def test_a_variable_without_value_matches_nothing(operator: str, value: str, holding: bool) -> None:
    """A variable stands for the key's value; without one (or with several) it is like nothing."""
    assert meets(operator, "aws:PrincipalAccount", value) is holding


def test_only_version_2012_knows_variables() -> None:
    """In an older policy a variable is its own text."""
    block = {"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}}
    assert holds(block, reader())
    assert not holds(block, reader(variables=False))
    for version, about in (("2012-10-17", True), ("2008-10-17", False), (None, False)):
        document = {"Version": version, "Statement": allow("s3:*", "arn:aws:s3:::b/${aws:PrincipalAccount}")}
        (one,) = statements(json.dumps(document))
        assert one.is_about("s3:GetObject", "arn:aws:s3:::b/111111111111", reader()) is about


@pytest.mark.parametrize(
    ("pattern", "like"),
    [
        ("arn:aws:iam::*:role/team/reader", True),
        ("arn:aws:iam::${aws:PrincipalAccount}:role/team/reader", True),
        ("arn:aws:iam::*", False),
        ("arn:*:role/team/reader", False),
        ("*", False),
        ("arn:aws:iam::*:role/reader", False),
    ],
)
def test_arn_operators_compare_part_by_part(pattern: str, like: bool) -> None:
    """A wildcard does not reach over a colon, and no part may be missing."""
    assert meets("ArnLike", "aws:PrincipalArn", pattern) is like


@given(st.text(alphabet="abc*?${}.:/", max_size=12))
def test_a_variables_value_is_literal(value: str) -> None:
    """Whatever a tag's value is, StringLike on a variable holds of that value and, of its wildcards, nothing else."""
    found = Reader({"k": value, "v": value}.get)
    other = Reader({"k": value + "z", "v": value}.get)
    assert holds({"StringLike": {"k": "${v}"}}, found)
    assert not holds({"StringLike": {"k": "${v}"}}, other)


@pytest.mark.parametrize(
    ("statement", "action", "resource", "about"),
    [
        (allow("S3:get*", "arn:aws:s3:::b/*"), "s3:GetObject", "arn:aws:s3:::b/k", True),
        ({"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}, "s3:PutObject", "arn:aws:s3:::b/k", False),
        ({"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}, "s3:GetObject", "arn:aws:s3:::b/k", True),
        (
            {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::b/*"},
            "s3:GetObject",
            "arn:aws:s3:::c/k",
            True,
        ),
        (
            {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::b/*"},
            "s3:GetObject",
            "arn:aws:s3:::b/k",
            False,
        ),
        (allow("s3:*", "arn:aws:s3:::${aws:PrincipalTag/team}"), "s3:ListBucket", "arn:aws:s3:::blue", True),
        (allow("s3:*", "arn:aws:s3:::${aws:PrincipalTag/none}"), "s3:ListBucket", "arn:aws:s3:::blue", False),
        (
            allow("sts:*", "arn:aws:iam::${aws:PrincipalAccount}:role/x"),
            "sts:AssumeRole",
            "arn:aws:iam::111111111111:role/x",
            False,
        ),
        ({"Effect": "Allow", "Resource": "*"}, "s3:GetObject", "arn:aws:s3:::b/k", False),
    ],
)
def test_actions_and_resources(statement: dict[str, Any], action: str, resource: str, about: bool) -> None:
    """Actions have no case, Not… inverts, and a variable may stand only after a resource's fifth colon."""
    (one,) = statements({"Version": "2012-10-17", "Statement": statement})
    assert one.is_about(action, resource, reader()) is about


def test_a_role_reaches_what_its_tag_names(cloud: LocalCloud) -> None:
    """In the cloud as in these functions: a session's tag opens the bucket of that name and no other."""
    mine, other = a_name("mine"), a_name("other")
    for bucket in (mine, other):
        cloud.client("s3", "consumer").create_bucket(Bucket=bucket)
    who = someone(
        cloud,
        "consumer",
        allow("s3:ListBucket", "arn:aws:s3:::${aws:PrincipalTag/bucket}"),
        Tags=[{"Key": "bucket", "Value": mine}],
    )
    who.client("s3").list_objects_v2(Bucket=mine)
    with refused("AccessDenied"):
        who.client("s3").list_objects_v2(Bucket=other)


def test_deny_comes_first(cloud: LocalCloud) -> None:
    """An explicit Deny wins over whatever allows, wherever it stands."""
    bucket = a_name("bucket")
    cloud.client("s3", "consumer").create_bucket(Bucket=bucket)
    who = someone(
        cloud,
        "consumer",
        allow("s3:*"),
        {
            "Effect": "Deny",
            "Action": "s3:ListBucket",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        },
    )
    who.client("s3").get_bucket_location(Bucket=bucket)
    with refused("AccessDenied", "explicit deny"):
        who.client("s3").list_objects_v2(Bucket=bucket)
