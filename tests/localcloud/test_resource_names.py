"""Which ARN and which tags a resource has for IAM."""

from collections.abc import Callable
from pathlib import Path

import pytest
from accounts import ACCOUNTS
from identities import a_name, allow, become, make_role, policy, refused, someone, trust

from provider.localcloud import LocalCloud, process


def test_a_role_is_known_by_its_path(cloud: LocalCloud) -> None:
    """Who may change roles of one path may not change those of another."""
    below = allow("iam:*", "arn:aws:iam::333333333333:role/cross-account/*")
    who = someone(cloud, "owner", below).client("iam")
    document = policy(trust("333333333333"))
    for path, allowed in (("/cross-account/", True), ("/", False), ("/cross-account-not/", False)):
        name = make_role(cloud, "owner", path=path).rsplit("/", 1)[-1]
        if allowed:
            who.update_assume_role_policy(RoleName=name, PolicyDocument=document)
            who.create_role(RoleName=a_name("new"), Path=path, AssumeRolePolicyDocument=document)
            continue
        with refused("AccessDenied"):
            who.update_assume_role_policy(RoleName=name, PolicyDocument=document)
        with refused("AccessDenied"):
            who.create_role(RoleName=a_name("new"), Path=path, AssumeRolePolicyDocument=document)


def test_a_roles_tags_count(cloud: LocalCloud) -> None:
    """aws:ResourceTag is the tag of the role that is to be changed."""
    tagged = allow("iam:*", Condition={"StringEquals": {"aws:ResourceTag/open": "yes"}})
    who = someone(cloud, "owner", tagged).client("iam")
    open_role = make_role(cloud, "owner", path="/p/", Tags=[{"Key": "open", "Value": "yes"}]).rsplit("/", 1)[-1]
    closed = make_role(cloud, "owner", path="/p/").rsplit("/", 1)[-1]
    who.get_role(RoleName=open_role)
    with refused("AccessDenied"):
        who.get_role(RoleName=closed)


IF_OPEN = {"StringEquals": {"aws:ResourceTag/open": "yes"}}


def document(arn: str) -> str:
    return policy(trust("111111111111", "lambda:InvokeFunction", Resource=arn))


def test_an_alias_has_its_functions_tags(cloud: LocalCloud, make_function: Callable[..., str]) -> None:
    """A tag of the function opens its alias too, by session policy and identity policy alike."""
    tagged = make_function("def handler(event, context): return 1", "owner", Tags={"open": "yes"})
    closed = make_function("def handler(event, context): return 1", "owner")
    for function in (tagged, closed):
        cloud.client("lambda", "owner").create_alias(FunctionName=function, Name="live", FunctionVersion="$LATEST")
    narrow = policy(allow("lambda:*", Condition=IF_OPEN))
    for who in (
        someone(cloud, "owner", allow("lambda:*ResourcePolicy", Condition=IF_OPEN)).client("lambda"),
        become(cloud, make_role(cloud, "owner", allow("lambda:*")), Policy=narrow).client("lambda"),
    ):
        who.put_resource_policy(ResourceArn=f"{tagged}:live", Policy=document(f"{tagged}:live"))
        with refused("AccessDeniedException"):
            who.put_resource_policy(ResourceArn=f"{closed}:live", Policy=document(f"{closed}:live"))


def test_an_alias_may_have_no_tags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zipped: Callable[..., bytes]
) -> None:
    """LOCALCLOUD_ALIAS_TAGS=none is the other way that AWS may be: the function's tags are the function's alone."""
    monkeypatch.setattr(process, "_BASE", {**process._BASE, "LOCALCLOUD_ALIAS_TAGS": "none"})
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    with LocalCloud.start(directory=tmp_path, accounts=ACCOUNTS) as cloud:
        client = cloud.client("lambda", "owner")
        arn = client.create_function(
            FunctionName="f",
            Role=make_role(cloud, "owner", trusting=[service]),
            Runtime="python3.11",
            Handler="index.handler",
            Code={"ZipFile": zipped("")},
            Tags={"open": "yes"},
        )["FunctionArn"]
        client.create_alias(FunctionName="f", Name="live", FunctionVersion="$LATEST")
        who = someone(cloud, "owner", allow("lambda:*", Condition=IF_OPEN)).client("lambda")
        who.put_resource_policy(ResourceArn=arn, Policy=document(arn))
        with refused("AccessDeniedException"):
            who.put_resource_policy(ResourceArn=f"{arn}:live", Policy=document(f"{arn}:live"))


@pytest.mark.parametrize("reference", ["name", "partial", "arn"])
def test_a_function_is_known_however_it_is_called(
    cloud: LocalCloud, make_function: Callable[..., str], reference: str
) -> None:
    """Name, partial ARN and ARN are one resource to IAM."""
    arn = make_function("def handler(event, context): return 1", "owner")
    called = {"name": arn.split(":")[6], "partial": f"333333333333:function:{arn.split(':')[6]}", "arn": arn}[reference]
    someone(cloud, "owner", allow("lambda:GetFunction", arn)).client("lambda").get_function(FunctionName=called)
    with refused("AccessDeniedException"):
        someone(cloud, "owner", allow("lambda:GetFunction", f"{arn}x")).client("lambda").get_function(
            FunctionName=called
        )


def test_a_log_stream_is_known_by_its_group_and_name(cloud: LocalCloud) -> None:
    """Who may write into one group's streams may not write into another's, nor do what is about the group."""
    name = f"/{a_name('logs')}"
    owner = cloud.client("logs", "owner")
    for group in (name, f"{name}-other"):
        owner.create_log_group(logGroupName=group)
    below = f"arn:aws:logs:us-east-1:333333333333:log-group:{name}:log-stream:*"
    who = someone(cloud, "owner", allow("logs:*", below)).client("logs")
    events = [{"timestamp": 1_795_000_000_000, "message": "x"}]
    who.create_log_stream(logGroupName=name, logStreamName="s")
    who.put_log_events(logGroupName=name, logStreamName="s", logEvents=events)
    who.delete_log_stream(logGroupName=name, logStreamName="s")
    for call, given in (
        (who.create_log_stream, {"logGroupName": f"{name}-other", "logStreamName": "s"}),
        (who.delete_log_group, {"logGroupName": name}),
    ):
        with refused("AccessDeniedException"):
            call(**given)


def test_an_http_apis_tags_count(cloud: LocalCloud) -> None:
    who = someone(cloud, "owner", allow("apigateway:GET", Condition=IF_OPEN)).client("apigatewayv2")
    made = cloud.client("apigatewayv2", "owner").create_api
    tagged, closed = (made(Name=a_name(), ProtocolType="HTTP", Tags={"open": tag})["ApiId"] for tag in ("yes", "no"))
    assert who.get_api(ApiId=tagged)["ApiId"] == tagged
    with refused("AccessDeniedException"):
        who.get_api(ApiId=closed)


def test_a_rule_of_the_default_bus_is_known_without_it(cloud: LocalCloud) -> None:
    name = a_name("rule")
    made = cloud.client("events", "owner").put_rule(Name=name, ScheduleExpression="rate(1 day)")["RuleArn"]
    assert made == f"arn:aws:events:us-east-1:333333333333:rule/{name}"
    who = someone(cloud, "owner", allow(["events:DescribeRule", "events:ListTargetsByRule"], made)).client("events")
    assert who.describe_rule(Name=name)["Arn"] == made
    assert who.list_targets_by_rule(Rule=name)["Targets"] == []
    with refused("AccessDeniedException"):
        who.describe_rule(Name=f"{name}x")


def test_a_tables_policy_is_known_by_its_arn(cloud: LocalCloud) -> None:
    table = f"arn:aws:dynamodb:us-east-1:333333333333:table/{a_name()}"
    who = someone(cloud, "owner", allow("dynamodb:GetResourcePolicy", table)).client("dynamodb")
    with refused("ResourceNotFoundException"):
        who.get_resource_policy(ResourceArn=table)
    with refused("AccessDeniedException"):
        who.get_resource_policy(ResourceArn=f"{table}x")


def test_describing_alarms_is_about_all_of_them(cloud: LocalCloud) -> None:
    """Whichever are named."""
    alarms = "arn:aws:cloudwatch:us-east-1:333333333333:alarm"
    someone(cloud, "owner", allow("cloudwatch:DescribeAlarms", f"{alarms}:*")).client("cloudwatch").describe_alarms()
    narrow = someone(cloud, "owner", allow("cloudwatch:DescribeAlarms", f"{alarms}:mine")).client("cloudwatch")
    with refused("AccessDeniedException"):
        narrow.describe_alarms(AlarmNames=["mine"])


def test_a_member_is_known_by_its_arn(cloud: LocalCloud) -> None:
    """Of the management account, with the organization in it."""
    members = "arn:aws:organizations::111111111111:account/o-localcloud"
    who = someone(cloud, "consumer", allow("organizations:DescribeAccount", f"{members}/333333333333"))
    assert who.client("organizations").describe_account(AccountId="333333333333")["Account"]["Name"] == "owner"
    with refused("AccessDeniedException"):
        who.client("organizations").describe_account(AccountId="222222222222")
