"""Roles that trust everybody under a condition, and who may look at a trust policy and change it."""

from typing import Any

import pytest
from identities import a_name, allow, become, make_role, policy, refused, someone, trust

from provider.localcloud import LocalCloud

CONSUMER = "111111111111"
TAGGED = {"StringEquals": {"aws:ResourceTag/open": "yes"}}
TRUST = policy(trust(CONSUMER))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{CONSUMER}:role/team/NAME"}}, True),
        ({"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{CONSUMER}:role/NAME"}}, False),
        ({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::444444444444:role/team/NAME"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{CONSUMER}:role/team/*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/other/*", "arn:aws:iam::*:role/team/N*"]}}, True),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:sts::{CONSUMER}:assumed-role/*"}}, False),
        ({"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{CONSUMER}:role/team/NAME"}}, True),
        ({"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{CONSUMER}:role/team/*"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": ["222222222222", CONSUMER]}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": "222222222222"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": CONSUMER, "sts:ExternalId": "one"}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": CONSUMER, "sts:ExternalId": "two"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": CONSUMER}, "Null": {"sts:ExternalId": "true"}}, False),
    ],
)
def test_everybody_is_trusted_under_a_condition_on_who_asks(
    cloud: LocalCloud, condition: dict[str, Any], holds: bool
) -> None:
    """Across accounts it decides, besides the caller's own permission; nobody of a third account gets in."""
    name = a_name("N")
    filled = {
        operator: {key: _named(value, name) for key, value in keys.items()} for operator, keys in condition.items()
    }
    trusting = make_role(cloud, "owner", trusting=[trust("*", Condition=filled)])
    caller = become(cloud, make_role(cloud, "consumer", allow("sts:AssumeRole"), name=name, path="/team/"))
    other = someone(cloud, "intruder", allow("sts:AssumeRole"))
    if holds:
        caller.assume(trusting, ExternalId="one")
    else:
        with refused("AccessDenied", trusting):
            caller.assume(trusting, ExternalId="one")
    with refused("AccessDenied", trusting):
        other.assume(trusting, ExternalId="one")
    with refused("AccessDenied", trusting):
        someone(cloud, "consumer", path="/team/").assume(trusting, ExternalId="one")


def _named(value: Any, name: str) -> Any:
    return [one.replace("NAME", name) for one in value] if isinstance(value, list) else value.replace("NAME", name)


def test_a_condition_on_the_arn_outlives_the_role(cloud: LocalCloud) -> None:
    """One made again under the ARN that a condition names is trusted as before."""
    name, able = a_name(), allow("sts:AssumeRole")
    friend = make_role(cloud, "consumer", able, name=name)
    condition = {"ArnEquals": {"aws:PrincipalArn": friend}}
    trusting = make_role(cloud, "owner", trusting=[trust(CONSUMER, Condition=condition)])
    become(cloud, friend).assume(trusting)
    iam = cloud.client("iam", "consumer")
    iam.delete_role_policy(RoleName=name, PolicyName="allowed")
    iam.delete_role(RoleName=name)
    become(cloud, make_role(cloud, "consumer", able, name=name)).assume(trusting)


def test_a_trust_policy_is_read_and_changed_by_tag(cloud: LocalCloud) -> None:
    """Who may do so with roles of a tag may not with others, nor with one that is not there, and learns nothing of it."""
    actions = ["iam:GetRole", "iam:UpdateAssumeRolePolicy"]
    iam = someone(cloud, "owner", allow(actions, Condition=TAGGED)).client("iam")
    tagged, plain = (
        make_role(cloud, "owner", Tags=tags, name=a_name(), path="/team/").rpartition("/")[2]
        for tags in ([{"Key": "open", "Value": "yes"}], [{"Key": "open", "Value": "no"}])
    )
    iam.update_assume_role_policy(RoleName=tagged, PolicyDocument=TRUST)
    found = iam.get_role(RoleName=tagged)["Role"]["AssumeRolePolicyDocument"]
    assert found["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{CONSUMER}:root"}
    for name in (plain, "there-is-none"):
        with refused("AccessDenied", "iam:GetRole"):
            iam.get_role(RoleName=name)
        with refused("AccessDenied", "iam:UpdateAssumeRolePolicy"):
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=TRUST)


def test_a_role_that_is_not_there_is_no_such_entity(cloud: LocalCloud) -> None:
    """To who may read and change all."""
    iam, words = cloud.client("iam", "owner"), "The role with name there-is-none cannot be found."
    with refused("NoSuchEntity", words, 404):
        iam.get_role(RoleName="there-is-none")
    with refused("NoSuchEntity", words, 404):
        iam.update_assume_role_policy(RoleName="there-is-none", PolicyDocument=TRUST)


def test_an_id_of_one_that_is_gone_cannot_be_written_back(cloud: LocalCloud) -> None:
    """What a trust policy reads back after a principal was deleted is refused as it stands."""
    friend = make_role(cloud, "consumer")
    trusting = make_role(cloud, "owner", trusting=[trust([friend, CONSUMER])]).rpartition("/")[2]
    cloud.client("iam", "consumer").delete_role(RoleName=friend.rpartition("/")[2])
    iam = cloud.client("iam", "owner")
    read = iam.get_role(RoleName=trusting)["Role"]["AssumeRolePolicyDocument"]
    gone = read["Statement"][0]["Principal"]["AWS"][0]
    assert gone.startswith("AROA")
    with refused("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{gone}"', 400):
        iam.update_assume_role_policy(RoleName=trusting, PolicyDocument=policy(*read["Statement"]))
