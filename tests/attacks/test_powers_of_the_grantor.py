"""Somebody holds a session of the grantor role or the controller's, or publishes what he must not: IAM in the owner's account."""

import json

import pytest
from bad_hands import CENTRAL, GRANTS, LAMBDA, Attacker, Doors, open_doors, taken_over
from identities import Someone, a_name, allow, make_role, policy, trust
from rolled_out import TEMPLATES, Organization

from provider.controller.policies import power_over
from provider.core.identifiers import Arn

OWNER, CONSUMER, INTRUDER = "333333333333", "111111111111", "444444444444"
PATH = "/cross-account-permission/"
CONTROLLER = "cross-account-permission-controller"
GRANTOR = f"arn:aws:iam::{OWNER}:role{PATH}cross-account-permission-grantor"
CONTROLLER_FUNCTION = f"arn:aws:lambda:us-east-1:{CENTRAL}:function:{CONTROLLER}"
TRUSTS_LAMBDA = policy(LAMBDA)
ANYBODY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}]})


@pytest.fixture(scope="module")
def controller(org: Organization) -> Someone:
    """A session of the controller's role: as if the controller itself were in bad hands."""
    return taken_over(org, "central", CONTROLLER)


@pytest.fixture(scope="module")
def grantor(controller: Someone) -> Someone:
    """A session of the owner's grantor role with all its power, which the controller itself never asks for."""
    return controller.assume(GRANTOR)


@pytest.fixture(scope="module")
def untagged(org: Organization) -> dict[str, str]:
    """What the owner has not consented to: a function, a role elsewhere with the tag, a role under the path without."""
    consent = [{"Key": "CrossAccountPermission", "Value": "allowed"}]
    return {
        "function": org.function(tagged=False),
        "administrator": make_role(org.cloud, "owner", allow("*"), Tags=consent),
        "role": make_role(org.cloud, "owner", path="/cross-account/"),
        "own": GRANTOR,
    }


def test_a_grantor_changes_no_policy_that_its_owner_has_not_consented_to(
    org: Organization, grantor: Someone, untagged: dict[str, str]
) -> None:
    """A tag alone consents for no role: who may tag one may not be who may decide who assumes it."""
    owner = org.cloud.client("iam", "owner")
    owner.tag_role(RoleName=GRANTOR.rpartition("/")[2], Tags=[{"Key": "CrossAccountPermission", "Value": "allowed"}])
    provider = f"arn:aws:lambda:us-east-1:{OWNER}:function:cross-account-permission"
    tags = {"CrossAccountPermission": "allowed"}
    org.cloud.client("lambda", "owner").tag_resource(Resource=provider, Tags=tags)
    functions, roles = grantor.client("lambda"), grantor.client("iam")
    doors: Doors = {
        f"write {one}": lambda one=one: functions.put_resource_policy(ResourceArn=one, Policy=ANYBODY)
        for one in (untagged["function"], untagged["function"].rpartition(":")[0], provider)
    }
    doors |= {
        f"read {one}": lambda one=one: functions.get_resource_policy(ResourceArn=one)
        for one in (untagged["function"], provider)
    }
    doors |= {
        f"trust {one}": lambda one=one: roles.update_assume_role_policy(
            RoleName=untagged[one].rpartition("/")[2], PolicyDocument=TRUSTS_LAMBDA
        )
        for one in ("administrator", "role", "own")
    }
    try:
        assert open_doors(doors, "AccessDenied", "AccessDeniedException") == []
    finally:
        org.cloud.client("lambda", "owner").untag_resource(Resource=provider, TagKeys=list(tags))
        owner.untag_role(RoleName=GRANTOR.rpartition("/")[2], TagKeys=list(tags))


@pytest.fixture(scope="module")
def consented(org: Organization) -> dict[str, str]:
    """One of each kind that the owner has consented to."""
    stack = a_name("consented")
    api = org.deploy("owner", stack, TEMPLATES / "rest-api.yaml", Name=stack, Accounts=CONSUMER)
    consent = [{"Key": "CrossAccountPermission", "Value": "allowed"}]
    return {
        "function": org.function(),
        "role": make_role(org.cloud, "owner", path="/cross-account/", Tags=consent),
        "api": api["ApiId"],
    }


def test_a_grantor_does_nothing_with_what_its_owner_has_consented_to_but_change_its_policy(
    org: Organization, grantor: Someone, consented: dict[str, str]
) -> None:
    function, role, api = (
        consented["function"].rpartition(":")[0],
        consented["role"].rpartition("/")[2],
        consented["api"],
    )
    functions, roles, apis = (grantor.client(one) for one in ("lambda", "iam", "apigateway"))
    resource = next(one["id"] for one in apis.get_resources(restApiId=api)["items"] if one["path"] == "/orders")
    doors: Doors = {
        "invoke": lambda: functions.invoke(FunctionName=consented["function"]),
        "read the code": lambda: functions.get_function(FunctionName=function),
        "write the code": lambda: functions.update_function_code(FunctionName=function, ZipFile=b"x"),
        "configure": lambda: functions.update_function_configuration(
            FunctionName=function, Environment={"Variables": {}}
        ),
        "delete": lambda: functions.delete_function(FunctionName=function),
        "add a permission": lambda: functions.add_permission(
            FunctionName=function, StatementId="x", Action="lambda:InvokeFunction", Principal="*"
        ),
        "make a URL": lambda: functions.create_function_url_config(FunctionName=function, AuthType="NONE"),
        "move the alias": lambda: functions.update_alias(FunctionName=function, Name="live", FunctionVersion="1"),
        "tag a function": lambda: functions.tag_resource(Resource=function, Tags={"a": "b"}),
        "list functions": functions.list_functions,
        "give a role power": lambda: roles.put_role_policy(
            RoleName=role, PolicyName="x", PolicyDocument=policy(allow("*"))
        ),
        "attach power": lambda: roles.attach_role_policy(
            RoleName=role, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
        "tag a role": lambda: roles.tag_role(RoleName=role, Tags=[{"Key": "a", "Value": "b"}]),
        "delete a role": lambda: roles.delete_role(RoleName=role),
        "make a role": lambda: roles.create_role(
            RoleName=a_name(), Path="/cross-account/", AssumeRolePolicyDocument=TRUSTS_LAMBDA
        ),
        "make a user": lambda: roles.create_user(UserName="x"),
        "become the role": lambda: grantor.assume(consented["role"]),
        "change a method": lambda: apis.update_method(
            restApiId=api,
            resourceId=resource,
            httpMethod="GET",
            patchOperations=[{"op": "replace", "path": "/authorizationType", "value": "NONE"}],
        ),
        "change a stage": lambda: apis.update_stage(
            restApiId=api, stageName="prod", patchOperations=[{"op": "replace", "path": "/variables/a", "value": "b"}]
        ),
        "make a stage": lambda: apis.create_stage(restApiId=api, stageName="x", deploymentId="x"),
        "make a resource": lambda: apis.create_resource(restApiId=api, parentId=resource, pathPart="x"),
        "make a method": lambda: apis.put_method(
            restApiId=api, resourceId=resource, httpMethod="POST", authorizationType="NONE"
        ),
        "make an authorizer": lambda: apis.create_authorizer(restApiId=api, name="x", type="TOKEN"),
        "replace an API": lambda: apis.put_rest_api(restApiId=api, body=b"{}", mode="overwrite"),
        "make an API": lambda: apis.create_rest_api(name="x"),
        "delete an API": lambda: apis.delete_rest_api(restApiId=api),
        "make a key": lambda: apis.create_api_key(name="x"),
        "read a bucket": lambda: grantor.client("s3").list_buckets(),
        "read a table": lambda: grantor.client("dynamodb").list_tables(),
        "read the ledger": lambda: grantor.client("dynamodb").get_item(
            TableName=f"arn:aws:dynamodb:us-east-1:{CENTRAL}:table/{GRANTS}", Key={"pk": {"S": "x"}, "sk": {"S": "x"}}
        ),
        "become another grantor": lambda: grantor.assume(GRANTOR.replace(OWNER, INTRUDER)),
        "deploy a stack": lambda: grantor.client("cloudformation").create_stack(StackName="x", TemplateBody="{}"),
    }
    assert open_doors(doors, "AccessDenied", "AccessDeniedException", "AccessDeniedError") == []


def test_a_session_of_the_grantor_as_the_controller_takes_it_reaches_one_resource(
    org: Organization, controller: Someone, consented: dict[str, str]
) -> None:
    """Its session policy leaves the one resource at hand: the other two that the owner has consented to stay shut."""
    arns = {
        "function": consented["function"],
        "role": consented["role"],
        "api": f"arn:aws:execute-api:us-east-1:{OWNER}:{consented['api']}",
    }
    writes = {
        "function": lambda one: one.client("lambda").put_resource_policy(
            ResourceArn=arns["function"], Policy=grant_to_owner(arns["function"])
        ),
        "role": lambda one: one.client("iam").update_assume_role_policy(
            RoleName=arns["role"].rpartition("/")[2], PolicyDocument=policy(trust(OWNER))
        ),
        "api": lambda one: one.client("apigateway").update_rest_api(
            restApiId=consented["api"], patchOperations=[{"op": "replace", "path": "/policy", "value": ""}]
        ),
    }
    for kind, arn in arns.items():
        _, narrowed = power_over(Arn(arn))
        session = controller.assume(GRANTOR, Policy=narrowed)
        doors = {f"{kind}: {one}": lambda act=act, session=session: act(session) for one, act in writes.items()}
        found = open_doors(doors, "AccessDenied", "AccessDeniedException")
        assert [one.partition(": ")[2].partition(":")[0] for one in found] == [kind]


def grant_to_owner(arn: str) -> str:
    """A policy that changes nothing: the owner's account may invoke its own function."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "own",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"},
                    "Action": "lambda:InvokeFunction",
                    "Resource": arn,
                }
            ],
        }
    )


def test_an_administrators_role_is_not_opened_by_whoever_may_tag_it_and_invoke_the_provider(
    org: Organization, owner: Attacker, untagged: dict[str, str]
) -> None:
    """In the owner's own account: a developer without iam:UpdateAssumeRolePolicy gets no further by publishing."""
    before = org.cloud.client("iam", "owner").get_role(RoleName=untagged["administrator"].rpartition("/")[2])
    for role in (untagged["administrator"], untagged["administrator"].replace(":role/", ":role/cross-account/")):
        answer = owner.publish(RoleArn=role, AllowedGrantTypes=["AssumeRole"], AllowOrganization="true")
        assert not answer.succeeded
    after = org.cloud.client("iam", "owner").get_role(RoleName=untagged["administrator"].rpartition("/")[2])
    assert after["Role"]["AssumeRolePolicyDocument"] == before["Role"]["AssumeRolePolicyDocument"]


def test_what_is_not_tagged_is_not_published(owner: Attacker, untagged: dict[str, str]) -> None:
    for properties in (
        {"FunctionArn": untagged["function"], "AllowedGrantTypes": ["Authorizer"]},
        {"RoleArn": untagged["role"], "AllowedGrantTypes": ["AssumeRole"]},
    ):
        answer = owner.publish(**properties)
        assert "CrossAccountPermission=allowed" in answer.reason


def test_no_part_of_this_system_is_published_even_tagged(org: Organization, owner: Attacker) -> None:
    provider = f"arn:aws:lambda:us-east-1:{OWNER}:function:cross-account-permission"
    for properties in (
        {"FunctionArn": provider, "AllowedGrantTypes": ["InvokeFunction"]},
        {"RoleArn": GRANTOR, "AllowedGrantTypes": ["AssumeRole"]},
    ):
        assert not owner.publish(**properties).succeeded
    assert org.policy(provider) is None
