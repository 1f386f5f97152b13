"""AssumeRole: who gets a session, and what it carries."""

from collections.abc import Callable
from typing import Any

import pytest
from identities import Someone, a_name, allow, become, make_role, refused, someone, trust

from provider.localcloud import LocalCloud

BOTH = ["sts:AssumeRole", "sts:TagSession"]
TAG = [{"Key": "team", "Value": "blue"}]


@pytest.fixture(scope="module")
def able(cloud: LocalCloud) -> Someone:
    """One in the consumer's account who may assume and tag whatever trusts it."""
    return someone(cloud, "consumer", allow(BOTH))


@pytest.fixture
def trusting(cloud: LocalCloud) -> Callable[..., str]:
    """Make a role of the owner's account that trusts the consumer's under a condition."""

    def make(condition: dict[str, Any] | None = None, action: Any = BOTH, **more: Any) -> str:
        about = {"Condition": condition} if condition else {}
        return make_role(cloud, "owner", allow(BOTH), trusting=[trust("111111111111", action, **about)], **more)

    return make


def test_a_session_lives_in_its_roles_account(able: Someone, trusting: Callable[..., str]) -> None:
    """Whoever assumes it, a session is the role's account's."""
    role = trusting()
    who = able.assume(role, "me").client("sts").get_caller_identity()
    assert who["Account"] == "333333333333"
    assert who["Arn"] == f"arn:aws:sts::333333333333:assumed-role/{role.rsplit('/', 1)[-1]}/me"


def test_both_sides_must_allow(cloud: LocalCloud, able: Someone, trusting: Callable[..., str]) -> None:
    """Across accounts the caller's policy must allow, and so must the trust policy."""
    with refused("AccessDenied", "sts:AssumeRole on resource"):
        someone(cloud, "consumer").assume(trusting())
    with refused("AccessDenied", "sts:AssumeRole on resource"):
        someone(cloud, "intruder", allow(BOTH)).assume(trusting())


def test_in_one_account_a_role_may_trust_by_name(cloud: LocalCloud) -> None:
    """A trust policy that names the caller is enough in its account; one that names the account is not."""
    silent = make_role(cloud, "owner")
    named = make_role(cloud, "owner", trusting=[trust(silent)])
    by_account = make_role(cloud, "owner")
    become(cloud, silent).assume(named)
    with refused("AccessDenied"):
        become(cloud, silent).assume(by_account)
    with refused("AccessDenied"):
        someone(cloud, "owner", allow("sts:*")).assume(named)


@pytest.mark.parametrize(
    ("condition", "asked", "granted"),
    [
        ({"StringEquals": {"sts:RoleSessionName": "${aws:PrincipalAccount}"}}, {"name": "111111111111"}, True),
        ({"StringEquals": {"sts:RoleSessionName": "${aws:PrincipalAccount}"}}, {"name": "333333333333"}, False),
        ({"StringEquals": {"sts:ExternalId": "secret"}}, {"ExternalId": "secret"}, True),
        ({"StringEquals": {"sts:ExternalId": "secret"}}, {}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-localcloud"}}, {}, True),
        ({"StringEquals": {"aws:RequestTag/team": "blue"}}, {"Tags": TAG}, True),
        ({"StringEquals": {"aws:RequestTag/team": "blue"}}, {}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, {"Tags": TAG}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, {"Tags": [{"Key": "x", "Value": "y"}]}, False),
        ({"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["team"]}}, {"Tags": TAG}, True),
        ({"Null": {"sts:TransitiveTagKeys": "false"}}, {"Tags": TAG}, False),
        ({"Null": {"sts:TransitiveTagKeys": "false"}}, {"Tags": TAG, "TransitiveTagKeys": ["team"]}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/role-*"}}, {}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/path/role-*"}}, {}, False),
        ({"StringEquals": {"aws:PrincipalTag/team": "${aws:RequestTag/team}"}}, {"Tags": TAG}, False),
    ],
)
def test_conditions_of_a_trust_policy(
    able: Someone, trusting: Callable[..., str], condition: dict[str, Any], asked: dict[str, Any], granted: bool
) -> None:
    """A trust policy sees the session's name, tags, external id and who asks; what it cannot see fails closed."""
    role = trusting(condition)
    if granted:
        able.assume(role, **asked)
        return
    with refused("AccessDenied"):
        able.assume(role, **asked)


def test_tags_need_tag_session_on_both_sides(cloud: LocalCloud, able: Someone, trusting: Callable[..., str]) -> None:
    """Passing tags is sts:TagSession, which trust policy and caller's policy must both allow."""
    plain = someone(cloud, "consumer", allow("sts:AssumeRole"))
    plain.assume(trusting())
    with refused("AccessDenied", "sts:TagSession on resource"):
        plain.assume(trusting(), Tags=TAG)
    with refused("AccessDenied", "sts:TagSession on resource"):
        able.assume(trusting(action="sts:AssumeRole"), Tags=TAG)


def test_transitive_tags_pass_on(cloud: LocalCloud, able: Someone, trusting: Callable[..., str]) -> None:
    """A transitive tag goes with the chain and cannot be set again; another stays behind."""
    bucket = a_name("chain")
    cloud.client("s3", "owner").create_bucket(Bucket=bucket)
    tags = [*TAG, {"Key": "stage", "Value": "dev"}]
    first = able.assume(trusting(), Tags=tags, TransitiveTagKeys=["team"])
    for key, seen in (("team", "false"), ("stage", "true")):
        statement = allow("s3:ListBucket", Condition={"Null": {f"aws:PrincipalTag/{key}": seen}})
        first.assume(make_role(cloud, "owner", statement)).client("s3").list_objects_v2(Bucket=bucket)
    with refused("InvalidParameterValue", "transitive tag"):
        first.assume(make_role(cloud, "owner"), Tags=[{"Key": "Team", "Value": "red"}])


def test_a_chained_session_lasts_an_hour_at_most(
    able: Someone, cloud: LocalCloud, trusting: Callable[..., str]
) -> None:
    """A session's session may not ask for over an hour, a person's may up to the role's maximum."""
    long = trusting(MaxSessionDuration=7200)
    with refused("ValidationError", "exceeds the 1 hour session limit"):
        able.assume(long, DurationSeconds=7200)
    own = make_role(cloud, "consumer", MaxSessionDuration=7200)
    become(cloud, own, DurationSeconds=7200)
    with refused("ValidationError", "exceeds the MaxSessionDuration"):
        become(cloud, own, DurationSeconds=7201)


def test_a_role_is_its_whole_arn(able: Someone, trusting: Callable[..., str]) -> None:
    """With another path, or none there, the refusal is the same."""
    role = trusting(path="/team/")
    able.assume(role)
    for wrong in (role.replace("/team/", "/"), role.replace("/team/", "/other/"), f"{role}x"):
        with refused("AccessDenied", f"sts:AssumeRole on resource: {wrong}"):
            able.assume(wrong)


def test_a_malformed_request_is_refused(able: Someone, trusting: Callable[..., str]) -> None:
    """Session names, duplicate tags and session policies are checked."""
    role = trusting()
    with refused("ValidationError", "roleSessionName"):
        able.assume(role, "two words")
    with refused("InvalidParameterValue", "Duplicate tag keys"):
        able.assume(role, Tags=[*TAG, {"Key": "TEAM", "Value": "x"}])
    with refused("MalformedPolicyDocument"):
        able.assume(role, Policy="{}")
    with refused("ValidationError"):
        able.assume("arn:aws:iam::333333333333:user/someone")


def test_a_session_outlives_no_role(cloud: LocalCloud) -> None:
    """When its role is gone a session may nothing."""
    bucket, name = a_name("bucket"), a_name("role")
    cloud.client("s3", "owner").create_bucket(Bucket=bucket)
    who = become(cloud, make_role(cloud, "owner", allow("s3:*"), name=name)).client("s3")
    who.list_objects_v2(Bucket=bucket)
    iam = cloud.client("iam", "owner")
    iam.delete_role_policy(RoleName=name, PolicyName="allowed")
    iam.delete_role(RoleName=name)
    with refused("AccessDenied"):
        who.list_objects_v2(Bucket=bucket)
