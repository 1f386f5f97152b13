"""Every grant type through CloudFormation, IAM and the real zips: allowed while it stands, refused before and after."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from identities import Someone, a_name, allow, become, make_role
from rolled_out import TEMPLATES, Organization

from provider.cli.organization import ACCOUNTS
from provider.rollout.stacks import StackFailed

CONSUMER, OWNER, INTRUDER = ACCOUNTS["consumer"], ACCOUNTS["owner"], ACCOUNTS["intruder"]
WISH, REST_API, ROLE = TEMPLATES / "wish.yaml", TEMPLATES / "rest-api.yaml", TEMPLATES / "role.yaml"
PERMISSION = TEMPLATES / "permission.yaml"


@pytest.fixture
def buyer(org: Organization) -> Someone:
    """A session of a role of the consumer's that its own account lets do everything that is asked here."""
    return become(org.cloud, make_role(org.cloud, "consumer", allow(ALL_ASKED), name=a_name("buyer")))


ALL_ASKED = ["execute-api:Invoke", "lambda:InvokeFunction", "sts:AssumeRole"]


def arn_of(someone: Someone) -> str:
    """The role of a session."""
    session = someone.client("sts").get_caller_identity()["Arn"]
    return f"arn:aws:iam::{CONSUMER}:role/{session.split('/')[1]}"


def get(org: Organization, caller: Someone | None, url: str) -> int:
    """The status of a GET, signed where there is a caller."""
    asked = AWSRequest("GET", url)
    if caller is not None:
        SigV4Auth(caller.session.get_credentials().get_frozen_credentials(), "execute-api", "us-east-1").add_auth(asked)
    return org.call(url, **dict(asked.headers.items()))


def trusts(org: Organization, role: str) -> list[dict[str, Any]]:
    """The statements of a role's trust policy."""
    found = org.cloud.client("iam", "owner").get_role(RoleName=role.rpartition("/")[2])
    statements: list[dict[str, Any]] = found["Role"]["AssumeRolePolicyDocument"]["Statement"]
    return statements


def refused(code: str, act: Callable[[], Any]) -> bool:
    """Whether AWS refuses with a code."""
    try:
        act()
    except ClientError as error:
        return bool(error.response["Error"]["Code"] == code)
    return False


def test_a_role_invokes_a_function_of_another_account_while_it_is_granted(
    org: Organization, stack: str, buyer: Someone
) -> None:
    arn = org.function()
    _, target = org.publish(arn, GrantTypes="InvokeFunction")
    client = buyer.client("lambda")
    assert refused("AccessDeniedException", lambda: client.invoke(FunctionName=arn))
    org.deploy("consumer", stack, WISH, Target=target, GrantType="InvokeFunction", Principals=arn_of(buyer))
    assert client.invoke(FunctionName=arn)["StatusCode"] == 200
    other = become(org.cloud, make_role(org.cloud, "consumer", allow(ALL_ASKED))).client("lambda")
    assert refused("AccessDeniedException", lambda: other.invoke(FunctionName=arn))
    org.deploy("consumer", stack, WISH, Target=target, GrantType="InvokeFunction")
    assert other.invoke(FunctionName=arn)["StatusCode"] == 200
    org.delete("consumer", stack)
    assert refused("AccessDeniedException", lambda: client.invoke(FunctionName=arn))
    assert org.policy(arn) is None


def test_a_signed_call_of_a_rest_api_is_served_while_it_is_granted(
    org: Organization, stack: str, buyer: Someone
) -> None:
    """Its owner lets the controller redeploy, so the answer is Deployed and the very next call goes through."""
    api = org.deploy("owner", f"{stack}-owner", REST_API, Name=stack, Accounts=CONSUMER)
    url = f"https://{api['ApiId']}.execute-api.us-east-1.amazonaws.com/prod/orders"
    assert get(org, buyer, url) == 403
    wish = {"Target": api["Name"], "GrantType": "ExecuteApi", "Principals": arn_of(buyer)}
    granted = org.deploy("consumer", stack, WISH, **wish, Methods="GET", Paths="/orders")
    assert granted["DeploymentStatus"] == "Deployed"
    assert f"{granted['InvokeUrl']}/orders" == url
    assert (get(org, buyer, url), get(org, None, url)) == (200, 403)
    org.deploy("consumer", stack, WISH, **wish, Methods="GET", Paths="/other")
    assert get(org, buyer, url) == 403
    org.deploy("consumer", stack, WISH, **wish)
    assert get(org, buyer, url) == 200
    org.delete("consumer", stack)
    assert get(org, buyer, url) == 403


def test_without_redeployment_a_call_is_served_from_the_owners_next_deployment_on(
    org: Organization, stack: str, buyer: Someone
) -> None:
    api = org.deploy("owner", f"{stack}-owner", REST_API, Name=stack, Accounts=CONSUMER, Redeploy="false")
    wish = {"Target": api["Name"], "GrantType": "ExecuteApi", "Principals": arn_of(buyer)}
    granted = org.deploy("consumer", stack, WISH, **wish)
    assert granted["DeploymentStatus"] == "PendingDeployment"
    assert get(org, buyer, f"{granted['InvokeUrl']}/orders") == 403
    org.cloud.forget_deployments()
    org.cloud.client("apigateway", "owner").create_deployment(restApiId=api["ApiId"], stageName="prod")
    assert get(org, buyer, f"{granted['InvokeUrl']}/orders") == 200


def test_the_first_grant_on_an_open_api_is_refused_until_its_owner_says_what_to_do(
    org: Organization, stack: str, buyer: Someone
) -> None:
    owner = {"Name": stack, "Accounts": CONSUMER, "Authorization": "NONE"}
    api = org.deploy("owner", f"{stack}-owner", REST_API, **owner)
    url = f"https://{api['ApiId']}.execute-api.us-east-1.amazonaws.com/prod/orders"
    wish = {"Target": api["Name"], "GrantType": "ExecuteApi"}
    with pytest.raises(StackFailed, match=r"GET /orders, open to all so far. Have its owner choose"):
        org.deploy("consumer", stack, WISH, **wish)
    assert get(org, None, url) == 200
    org.delete("consumer", stack)
    org.deploy("owner", f"{stack}-owner", REST_API, **owner, OpenMethods="Close")
    org.deploy("consumer", stack, WISH, **wish)
    assert get(org, None, url) == 403
    org.delete("consumer", stack)
    assert get(org, None, url) == 403, "the last grant must not open what was closed"


def test_a_role_of_another_account_is_assumed_while_it_is_granted(
    org: Organization, stack: str, buyer: Someone
) -> None:
    """By its name: recreated, it may again. The owner's own statements stay."""
    outputs = org.deploy("owner", f"{stack}-owner", ROLE, Name=stack, Accounts=CONSUMER)
    role = outputs["RoleArn"]
    before = trusts(org, role)
    assert refused("AccessDenied", lambda: buyer.assume(role))
    wish = {"Target": outputs["Name"], "GrantType": "AssumeRole", "Principals": arn_of(buyer)}
    org.deploy("consumer", stack, WISH, **wish, ExternalId="orders-7")
    assert refused("AccessDenied", lambda: buyer.assume(role))
    assert buyer.assume(role, ExternalId="orders-7").client("sts").get_caller_identity()["Account"] == OWNER
    name = arn_of(buyer).rpartition("/")[2]
    iam = org.cloud.client("iam", "consumer")
    iam.delete_role_policy(RoleName=name, PolicyName="allowed")
    iam.delete_role(RoleName=name)
    again = become(org.cloud, make_role(org.cloud, "consumer", allow(ALL_ASKED), name=name))
    assert again.assume(role, ExternalId="orders-7").client("sts").get_caller_identity()["Account"] == OWNER
    org.delete("consumer", stack)
    assert refused("AccessDenied", lambda: again.assume(role, ExternalId="orders-7"))
    assert trusts(org, role) == before


@pytest.mark.parametrize(
    ("template", "given", "says"),
    [
        (ROLE, {"Tag": "refused"}, "tag it CrossAccountPermission=allowed"),
        (ROLE, {"Path": "/elsewhere/"}, "whose Path is /cross-account/"),
        (REST_API, {"Tag": "refused"}, "tag it CrossAccountPermission=allowed"),
    ],
    ids=["an untagged role", "a role elsewhere", "an untagged API"],
)
def test_what_its_owner_has_not_consented_to_twice_is_not_published(
    org: Organization, stack: str, template: Any, given: dict[str, str], says: str
) -> None:
    with pytest.raises(StackFailed) as failed:
        org.deploy("owner", stack, template, Name=stack, Accounts=CONSUMER, **given)
    assert says in failed.value.reason


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"Principals": f"arn:aws:iam::{INTRUDER}:role/buyer"}, "Principals[0]"),
        ({"Principals": f"arn:aws:iam::{CONSUMER}:role/*"}, "Principals[0]"),
        ({"StageName": "beta"}, "StageName 'beta' is not published"),
        ({"Paths": "/orders/../admin"}, "Paths[0]"),
        ({"VpcEndpointIds": "vpce-0123456789abcdef0"}, "VpcEndpointIds"),
        ({"ExternalId": "orders"}, "ExternalId"),
        ({"ExpiresAt": "2020-01-01T00:00:00Z"}, "ExpiresAt"),
        ({"GrantType": "AssumeRole"}, "GrantType AssumeRole is not offered"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_input_of_a_grant_is_a_reason_and_writes_nothing(
    org: Organization, rest_api: dict[str, str], stack: str, given: dict[str, str], names: str
) -> None:
    wish = {"Target": rest_api["Name"], "GrantType": "ExecuteApi", **given}
    with pytest.raises(StackFailed) as failed:
        org.deploy("consumer", stack, WISH, **wish)
    assert names in failed.value.reason
    api = org.cloud.client("apigateway", "owner").get_rest_api(restApiId=rest_api["ApiId"])
    assert "policy" not in api


@pytest.fixture(scope="module")
def rest_api(org: Organization) -> dict[str, str]:
    name = a_name("api")
    return org.deploy("owner", name, REST_API, Name=name, Accounts=CONSUMER)


def test_a_grant_ends_when_its_time_has_come(org: Organization, stack: str, buyer: Someone) -> None:
    """The schedule takes it back; the stack still has its resource, and drops it as ever."""
    arn = org.function()
    _, target = org.publish(arn, GrantTypes="InvokeFunction")
    ends = (datetime.now(UTC) + timedelta(seconds=12)).strftime("%Y-%m-%dT%H:%M:%SZ")
    wish = {"Target": target, "GrantType": "InvokeFunction", "Principals": arn_of(buyer), "ExpiresAt": ends}
    org.deploy("consumer", stack, WISH, **wish)
    client = buyer.client("lambda")
    assert client.invoke(FunctionName=arn)["StatusCode"] == 200
    controller = org.cloud.client("lambda", "central")
    for _ in range(60):
        controller.invoke(FunctionName="cross-account-permission-controller", Payload="{}")  # as the schedule does
        if org.policy(arn) is None:
            break
        time.sleep(0.5)
    assert datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") >= ends
    assert refused("AccessDeniedException", lambda: client.invoke(FunctionName=arn))
    org.delete("consumer", stack)


def test_grants_are_placed_on_the_least_full_alias_and_a_used_one_is_not_taken_away(
    org: Organization, stack: str
) -> None:
    live = org.function()
    function = live.rpartition(":")[0]
    client = org.cloud.client("lambda", "owner")
    version = client.get_alias(FunctionName=function, Name="live")["FunctionVersion"]
    spare = client.create_alias(FunctionName=function, Name="spare", FunctionVersion=version)["AliasArn"]
    owner, target = org.publish(function, Qualifiers="live,spare")
    told = [
        org.deploy("consumer", f"{stack}-{number}", PERMISSION, Target=target, ApiId=f"api{number:07}")["TargetArn"]
        for number in range(4)
    ]
    assert sorted(told) == [live, live, spare, spare]
    assert [len(org.sources(arn)) for arn in (live, spare)] == [2, 2]
    with pytest.raises(StackFailed, match=f"2 grants stand on {re.escape(live)}"):
        org.publish(function, stack=owner, Qualifiers="spare")
    assert [len(org.sources(arn)) for arn in (live, spare)] == [2, 2]
