"""Whom a `Principal` means."""

import json
from typing import Any

import pytest
from identities import a_name, allow, become, make_role, policy, refused, someone, trust

from provider.localcloud import LocalCloud
from provider.localcloud.corrections.iam_principals import Caller, is_for, means, names
from provider.localcloud.corrections.policy_statements import statements

ROLE = "arn:aws:iam::111111111111:role/team/reader"
SESSION = "arn:aws:sts::111111111111:assumed-role/reader/me"
READER = Caller("111111111111", frozenset({ROLE, SESSION, "AROAREADER"}), SESSION)
EVENTS = Caller("", frozenset(), "", "events.amazonaws.com")


@pytest.mark.parametrize(
    ("principal", "meant", "named"),
    [
        ("*", True, False),
        ({"AWS": "*"}, True, False),
        ({"AWS": "111111111111"}, True, False),
        ({"AWS": "arn:aws:iam::111111111111:root"}, True, False),
        ({"AWS": ["222222222222", ROLE]}, True, True),
        ({"AWS": SESSION}, True, True),
        ({"AWS": "AROAREADER"}, True, True),
        ({"AWS": "222222222222"}, False, False),
        ({"AWS": "arn:aws:iam::111111111111:role/reader"}, False, False),
        ({"AWS": "arn:aws:iam::111111111111:role/*"}, False, False),
        ({"Service": "lambda.amazonaws.com"}, False, False),
        ({"Federated": ROLE}, False, False),
    ],
)
def test_a_role_session_is_meant_by(principal: Any, meant: bool, named: bool) -> None:
    """A session is meant by everybody, its account, its role (path and all), itself; and named by the last two."""
    assert means(principal, READER) is meant
    assert names(principal, READER) is named


def test_a_service_principal_is_no_account() -> None:
    """A service is meant by its own name alone, and no account by a service's."""
    assert means({"Service": ["s3.amazonaws.com", "events.amazonaws.com"]}, EVENTS)
    assert not means({"Service": "s3.amazonaws.com"}, EVENTS)
    root = Caller("111111111111", frozenset({"arn:aws:iam::111111111111:root"}), "arn:aws:iam::111111111111:root")
    assert not means({"Service": "events.amazonaws.com"}, root)


def test_an_administrator_cannot_assume_a_services_role(cloud: LocalCloud) -> None:
    """A role that trusts Lambda alone is not for people."""
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = make_role(cloud, "owner", trusting=[service])
    with refused("AccessDenied", "sts:AssumeRole on resource"):
        become(cloud, role)


@pytest.mark.parametrize(
    ("spared", "applies"),
    [
        (["arn:aws:iam::111111111111:root", ROLE, SESSION], False),
        (["arn:aws:iam::111111111111:root", ROLE], True),
        ([ROLE, SESSION], True),
        (["111111111111"], True),
        (["222222222222"], True),
    ],
)
def test_not_principal_spares_only_whom_it_lists_in_full(spared: list[str], applies: bool) -> None:
    """A session is spared if its account, its role and itself are listed."""
    statement = {"Effect": "Deny", "NotPrincipal": {"AWS": spared}, "Action": "*", "Resource": "*"}
    (one,) = statements({"Version": "2012-10-17", "Statement": statement})
    assert is_for(one, READER) is applies


def test_a_path_is_part_of_a_principal(cloud: LocalCloud) -> None:
    """A bucket that lets one role in is closed to a namesake's session in another account."""
    name, bucket = a_name("reader"), a_name("bucket")
    role = make_role(cloud, "consumer", allow("s3:*"), name=name, path="/team/")
    other = someone(cloud, "intruder", allow("s3:*"), name=name, path="/team/")
    s3 = cloud.client("s3", "owner")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(
        Bucket=bucket, Policy=policy({**trust(role, "s3:ListBucket"), "Resource": f"arn:aws:s3:::{bucket}"})
    )
    become(cloud, role).client("s3").list_objects_v2(Bucket=bucket)
    with refused("AccessDenied"):
        other.client("s3").list_objects_v2(Bucket=bucket)


def test_the_account_delegates_to_its_policies(cloud: LocalCloud) -> None:
    """A resource that names the account lets in only whom the account's own policies allow."""
    bucket = a_name("bucket")
    s3 = cloud.client("s3", "owner")
    s3.create_bucket(Bucket=bucket)
    about = {"Resource": f"arn:aws:s3:::{bucket}"}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy({**trust("333333333333", "s3:ListBucket"), **about}))
    silent = make_role(cloud, "owner")
    with refused("AccessDenied"):
        become(cloud, silent).client("s3").list_objects_v2(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy({**trust(silent, "s3:ListBucket"), **about}))
    become(cloud, silent).client("s3").list_objects_v2(Bucket=bucket)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
