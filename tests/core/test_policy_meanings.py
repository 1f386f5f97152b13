"""Two forms of a statement mean the same exactly where AWS decides them alike."""

from typing import Any

import pytest

from provider.core.documents import meaning, with_deleted_principals


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Action": "a"}, {"Action": ["a"]}),
        ({"Action": ["a", "b"]}, {"Action": ["b", "a"]}),
        ({"Resource": ["x", "x", "y"]}, {"Resource": ["y", "x"]}),
        ({"Principal": "*"}, {"Principal": {"AWS": "*"}}),  # IAM User Guide, Principal element: all principals
        ({"Principal": "*"}, {"Principal": {"AWS": ["*"]}}),
        ({"Principal": {"AWS": "111111111111"}}, {"Principal": {"AWS": "arn:aws:iam::111111111111:root"}}),
        ({"Principal": {"AWS": ["111111111111"]}}, {"Principal": {"AWS": "arn:aws-cn:iam::111111111111:root"}}),
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
        ({"Action": "a"}, {"Action": ["a", "b"]}),
        ({"Resource": "x"}, {"NotResource": "x"}),
        ({"Principal": "*"}, {"NotPrincipal": "*"}),
        ({"Principal": "*"}, {"Principal": {"Service": "*"}}),
        ({"Principal": "*"}, {"Principal": {"AWS": ["*", "111111111111"]}}),
        ({"Principal": {"AWS": "111111111111"}}, {"Principal": {"AWS": "arn:aws:iam::111111111111:role/x"}}),
        ({"Sid": "a"}, {"Sid": "b"}),
        ({"Effect": "Allow"}, {"Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        ({"Condition": {"ArnLike": {"k": "x"}}}, {"Condition": {"ArnEquals": {"k": "x"}}}),
        ({"Condition": {"ArnLike": {"k": "x"}}}, {"Condition": {"ArnLike": {"k": "X"}}}),
        ({"Condition": {"ArnLike": {"k": "x"}}}, {"Condition": {"ArnLike": {"k": ["x", "y"]}}}),
        ({"Condition": {"ArnLike": {"k": "x"}}}, {"Condition": {"ArnLike": {"l": "x"}}}),
        ({"Condition": {"ArnLike": {"k": "x"}}}, {"Condition": {"ArnLike": {"k": "x", "K": "y"}}}),
        ({"Condition": {"ArnLike": {"k": "x"}}}, {"Condition": {"ArnLike": {"K": "x", "k": "x"}}}),
    ],
)
def test_forms_that_may_be_decided_differently_do_not(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert meaning(one) != meaning(other)


def test_statements_whose_principal_was_deleted_are_told_by_their_sid() -> None:
    """A role that is gone reads back as its unique id (docs/aws-behaviour.md §4)."""
    dead = {"Sid": "old", "Principal": {"AWS": ["AROAJQABLZS4A3QDU576Q", "arn:aws:iam::111111111111:root"]}}
    alive = [{"Sid": "a", "Principal": {"AWS": "111111111111"}}, {"Sid": "b", "Principal": "*"}]
    assert with_deleted_principals({"Statement": [dead, *alive]}) == ("old",)


def test_a_deleted_principal_is_told_in_a_statement_without_a_sid_and_of_a_user() -> None:
    dead = {"Effect": "Allow", "Principal": {"AWS": "AIDAJQABLZS4A3QDU576Q"}}
    assert with_deleted_principals({"Statement": dead}) == ("without a Sid",)
