"""What IAM knows of a request: who asks, from which organization, of which resource."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNTS
from identities import Someone, a_name, allow, become, make_role, refused, someone

from provider.localcloud import LocalCloud, process


@pytest.fixture(scope="module")
def bucket(cloud: LocalCloud) -> str:
    """A bucket that any test may list if its role may."""
    name = a_name("keys")
    cloud.client("s3", "owner").create_bucket(Bucket=name)
    return name


@pytest.fixture
def may_list(cloud: LocalCloud, bucket: str) -> Callable[..., bool]:
    """Whether a role, which `bucket`'s account allows under a condition, may list the bucket."""

    def ask(condition: dict[str, Any], account: str = "owner", **role: Any) -> bool:
        who = someone(cloud, account, allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition=condition), **role)
        return listed(who, bucket)

    return ask


def listed(who: Someone, bucket: str) -> bool:
    try:
        who.client("s3").list_objects_v2(Bucket=bucket)
    except who.client("s3").exceptions.from_code("AccessDenied"):
        return False
    return True


def test_the_principal_of_a_session_is_its_role(may_list: Callable[..., bool]) -> None:
    """aws:PrincipalArn is the role's ARN with its path, whatever the session is called."""
    name = a_name("role")
    arn = f"arn:aws:iam::333333333333:role/team/{name}"
    assert may_list({"ArnEquals": {"aws:PrincipalArn": arn}}, name=name, path="/team/")
    assert not may_list({"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*:assumed-role/*"}})
    assert not may_list({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::333333333333:role/*/nobody"}}, path="/team/")


@pytest.mark.parametrize(
    ("condition", "holding"),
    [
        ({"StringEquals": {"aws:PrincipalAccount": "333333333333"}}, True),
        ({"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-localcloud"}}, True),
        ({"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}, True),
        ({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, True),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
        ({"Null": {"aws:username": "true"}}, True),
        ({"StringLike": {"aws:userid": "AROA*:someone"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-another00000"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": "111111111111"}}, False),
    ],
)
def test_keys_of_every_request(may_list: Callable[..., bool], condition: dict[str, Any], holding: bool) -> None:
    """Each key has the value that AWS documents for it."""
    assert may_list(condition) is holding


def test_an_account_outside_has_no_organization(cloud: LocalCloud) -> None:
    """For a caller outside, aws:PrincipalOrgID is absent, and so for its resources aws:ResourceOrgID."""
    mine = a_name("outside")
    cloud.client("s3", "stranger").create_bucket(Bucket=mine)
    for key in ("aws:PrincipalOrgID", "aws:ResourceOrgID"):
        statement = allow("s3:ListBucket", Condition={"Null": {key: "true"}})
        assert listed(someone(cloud, "stranger", statement), mine)


def test_a_session_is_known_by_its_roles_unique_id(cloud: LocalCloud, bucket: str) -> None:
    """aws:userid is the role's unique id and the session's name: a role created again is another."""
    name = a_name("role")
    role = make_role(cloud, "owner", name=name)
    iam = cloud.client("iam", "owner")
    unique = iam.get_role(RoleName=name)["Role"]["RoleId"]
    condition = {"StringEquals": {"aws:userid": f"{unique}:me"}}
    document = {"Version": "2012-10-17", "Statement": allow("s3:ListBucket", Condition=condition)}
    iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=json.dumps(document))
    assert listed(become(cloud, role, "me"), bucket)
    assert not listed(become(cloud, role, "you"), bucket)


def test_a_function_is_known_by_its_roles_unique_id(
    make_function: Callable[..., str], invoke: Callable[..., Any], cloud: LocalCloud, bucket: str
) -> None:
    """So is a function, whose session nobody assumed."""
    source = f"import boto3\ndef handler(event, context): return boto3.client('s3').list_objects_v2(Bucket='{bucket}')['Name']"
    arn = make_function(source, "owner", Timeout=30)
    condition = {"StringLike": {"aws:userid": "AROA*:*"}}
    document = {"Version": "2012-10-17", "Statement": allow("s3:ListBucket", Condition=condition)}
    role = arn.rsplit(":", 1)[-1]  # make_function gives the role the function's name
    cloud.client("iam", "owner").put_role_policy(
        RoleName=role, PolicyName="allowed", PolicyDocument=json.dumps(document)
    )
    assert invoke(arn) == (bucket, "")


def test_a_tag_of_the_session_wins_over_the_roles(cloud: LocalCloud, bucket: str) -> None:
    """aws:PrincipalTag is the session's tag where both have one."""
    statement = allow("s3:ListBucket", Condition={"StringEquals": {"aws:PrincipalTag/Team": "blue"}})
    role = make_role(cloud, "owner", statement, Tags=[{"Key": "team", "Value": "red"}])
    assert not listed(become(cloud, role), bucket)
    assert listed(become(cloud, role, Tags=[{"Key": "Team", "Value": "blue"}]), bucket)


def test_a_policy_may_demand_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain HTTP counts as secure unless the cloud is told that it does not."""
    monkeypatch.setattr(process, "_BASE", {**process._BASE, "LOCALCLOUD_PLAIN_HTTP": "insecure"})
    with LocalCloud.start(directory=tmp_path, accounts=ACCOUNTS) as cloud:
        cloud.client("s3", "owner").create_bucket(Bucket="tls")
        who = someone(cloud, "owner", allow("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}}))
        with refused("AccessDenied"):
            who.client("s3").list_objects_v2(Bucket="tls")
