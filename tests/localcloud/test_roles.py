"""Trust policies and the names of roles."""

import json
from typing import Any

import pytest
from identities import a_name, allow, become, make_role, policy, refused, trust

from provider.localcloud import LocalCloud

ROLE = "arn:aws:iam::111111111111:role/nobody"


def test_a_trust_policy_has_2048_characters_at_most(cloud: LocalCloud) -> None:
    """Whitespace does not count, all else does."""
    iam = cloud.client("iam", "owner")
    name = make_role(cloud, "owner").rsplit("/", 1)[-1]

    def document(length: int) -> str:
        empty = json.dumps(json.loads(policy(trust("111111111111", Sid=""))), separators=(",", ":"))
        sid = "x" * (length - len(empty))
        return json.dumps(json.loads(policy(trust("111111111111", Sid=sid))), indent=8)

    iam.update_assume_role_policy(RoleName=name, PolicyDocument=document(2048))
    with refused("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409):
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=document(2049))
    with refused("LimitExceeded"):
        iam.create_role(RoleName=a_name(), AssumeRolePolicyDocument=document(2049))


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (trust(ROLE), f'Invalid principal in policy: "AWS":"{ROLE}"'),
        (trust(["111111111111", ROLE]), f'Invalid principal in policy: "AWS":"{ROLE}"'),
        (trust("arn:aws:iam::111111111111:role/*"), "Invalid principal in policy"),
        (trust("1111"), "Invalid principal in policy"),
        ({**trust("*"), "Principal": {"Service": "nothing"}}, 'Invalid principal in policy: "SERVICE":"nothing"'),
        (trust("111111111111", "s3:GetObject"), "AssumeRole policy may only specify STS AssumeRole actions."),
        (trust("111111111111", Resource="*"), "Has prohibited field Resource"),
        ({"Effect": "Allow", "Action": "sts:AssumeRole"}, "Missing required field Principal"),
        ({**trust("111111111111"), "Effect": "allow"}, "Syntax errors in policy."),
        (trust("111111111111", Unheard="x"), "Syntax errors in policy."),
    ],
)
def test_a_trust_policy_names_principals_that_exist(cloud: LocalCloud, statement: dict[str, Any], words: str) -> None:
    """What is no trust policy is refused with IAM's words, and the role keeps the one it has."""
    iam = cloud.client("iam", "owner")
    name = make_role(cloud, "owner").rsplit("/", 1)[-1]
    before = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    with refused("MalformedPolicyDocument", words, 400):
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=policy(statement))
    assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == before


@pytest.mark.parametrize("text", ["{", "[]", '{"Version":"2012-10-17"}'])
def test_garbage_is_no_trust_policy(cloud: LocalCloud, text: str) -> None:
    """What is no policy at all is malformed."""
    with refused("MalformedPolicyDocument"):
        cloud.client("iam", "owner").create_role(RoleName=a_name(), AssumeRolePolicyDocument=text)


def test_a_deleted_principal_stays_as_its_unique_id(cloud: LocalCloud) -> None:
    """It reads back as AROA…, and a role made again under its name is not trusted."""
    name = a_name("friend")
    friend = make_role(cloud, "consumer", allow("sts:*"), name=name)
    trusting = make_role(cloud, "owner", trusting=[trust(friend)])
    iam, theirs = cloud.client("iam", "owner"), cloud.client("iam", "consumer")

    def principal() -> str:
        document = iam.get_role(RoleName=trusting.rsplit("/", 1)[-1])["Role"]["AssumeRolePolicyDocument"]
        return str(document["Statement"][0]["Principal"]["AWS"])

    become(cloud, friend).assume(trusting)
    unique = theirs.get_role(RoleName=name)["Role"]["RoleId"]
    assert principal() == friend
    theirs.delete_role_policy(RoleName=name, PolicyName="allowed")
    theirs.delete_role(RoleName=name)
    assert principal() == unique
    again = make_role(cloud, "consumer", allow("sts:*"), name=name)
    with refused("AccessDenied"):
        become(cloud, again).assume(trusting)


def test_a_name_is_taken_under_every_path(cloud: LocalCloud) -> None:
    """Two roles of one account cannot differ by path alone."""
    name = a_name()
    role = make_role(cloud, "owner", name=name, path="/one/")
    assert role == f"arn:aws:iam::333333333333:role/one/{name}"
    with refused("EntityAlreadyExists"):
        make_role(cloud, "owner", name=name, path="/two/")


TEMPLATE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: {name}
      Path: /team/
      {more}
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: {{Effect: Allow, Principal: {{AWS: "{principal}"}}, Action: "sts:AssumeRole"}}
      Policies:
        - {{PolicyName: all, PolicyDocument: {{Statement: {{Effect: Allow, Action: "s3:*", Resource: "*"}}}}}}
"""


def _template(values: dict[str, str]) -> str:
    return TEMPLATE.format(**{"more": "", "principal": "333333333333", **values})


def _settled(cloudformation: Any, stack: str) -> str:
    while (found := cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]).endswith("PROGRESS"):
        pass
    return str(found)


def deploy(cloud: LocalCloud, account: str, then: dict[str, str] | None = None, **values: str) -> tuple[str, str]:
    """Create a stack of one role and update it to what changes `then`; return its status and the role's reason."""
    cloudformation, stack = cloud.client("cloudformation", account), a_name("stack")
    given = {"StackName": stack, "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    cloudformation.create_stack(**given, TemplateBody=_template(values))
    found = _settled(cloudformation, stack)
    if then:
        cloudformation.update_stack(**given, TemplateBody=_template({**values, **then}))
        found = _settled(cloudformation, stack)
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    reasons = [one["ResourceStatusReason"] for one in events if one["ResourceStatus"] == "CREATE_FAILED"]
    return found, " ".join(reasons)


def test_a_template_cannot_take_a_roles_name(cloud: LocalCloud) -> None:
    """A stack does not replace a role that is there."""
    name = make_role(cloud, "owner").rsplit("/", 1)[-1]
    status, reason = deploy(cloud, "owner", name=name)
    assert status.startswith("ROLLBACK")
    assert name in reason
    assert "already exists" in reason
    assert cloud.client("iam", "owner").get_role(RoleName=name)["Role"]["Path"] == "/"


def test_a_template_cannot_trust_who_is_not_there(cloud: LocalCloud) -> None:
    """A stack with a bad trust policy fails with IAM's words and leaves no role."""
    name = a_name()
    status, reason = deploy(cloud, "owner", name=name, principal=ROLE)
    assert status.startswith("ROLLBACK")
    assert f'Invalid principal in policy: "AWS":"{ROLE}"' in reason
    with refused("NoSuchEntity"):
        cloud.client("iam", "owner").get_role(RoleName=name)


@pytest.mark.parametrize("later", [False, True], ids=["from the start", "by an update"])
def test_a_boundary_in_a_template_binds(cloud: LocalCloud, later: bool) -> None:
    """PermissionsBoundary of a template narrows the role, whose path is the template's."""
    bucket, name = a_name("bucket"), a_name()
    cloud.client("s3", "owner").create_bucket(Bucket=bucket)
    made = cloud.client("iam", "owner").create_policy(
        PolicyName=a_name("boundary"), PolicyDocument=policy(allow("s3:GetBucketLocation"))
    )
    bounded = {"more": f"PermissionsBoundary: {made['Policy']['Arn']}"}
    status, reason = (
        deploy(cloud, "owner", bounded, name=name) if later else deploy(cloud, "owner", name=name, **bounded)
    )
    assert status.endswith("E_COMPLETE"), reason
    who = become(cloud, f"arn:aws:iam::333333333333:role/team/{name}").client("s3")
    who.get_bucket_location(Bucket=bucket)
    with refused("AccessDenied"):
        who.list_objects_v2(Bucket=bucket)
