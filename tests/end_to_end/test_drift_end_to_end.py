"""What the schedule finds, repairs and leaves, on the whole system, as an operator sees it."""

import json
import time
from pathlib import Path

import pytest
from rolled_out import TEMPLATES, Organization

from provider.cli.main import run
from provider.cli.organization import ACCOUNTS
from provider.core.absences import ABANDONED_FOR
from provider.core.identifiers import AccountId, Origin

OWNER, CONSUMER = ACCOUNTS["owner"], ACCOUNTS["consumer"]
PERMISSION = TEMPLATES / "permission.yaml"
GRANTS, CONTROLLER = "cross-account-permission-grants", "cross-account-permission-controller"


@pytest.fixture
def operator(org: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line runs as the central account's administrator."""
    for variable, value in org.cloud.environment("central").items():
        if variable.startswith("AWS_"):
            monkeypatch.setenv(variable, value)


def scheduled(org: Organization, pk: str, sk: str) -> None:
    """The schedule's round in which this record's time has come."""
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    now = {":now": {"N": str(int(time.time()) - 1)}}
    table = org.cloud.client("dynamodb", "central")
    table.update_item(TableName=GRANTS, Key=key, UpdateExpression="SET dueAt = :now", ExpressionAttributeValues=now)
    org.cloud.client("lambda", "central").invoke(FunctionName=CONTROLLER, Payload="{}")


def found(arn: str, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What `crossaccount drift` says of a resource: details by kind."""
    capsys.readouterr()
    assert run(["drift", "--account", OWNER, "--output", "json"]) in (0, 1)
    return {one["kind"]: one["detail"] for one in json.loads(capsys.readouterr().out) if one["where"] == arn}


def test_what_an_owner_wipes_adds_and_untags_is_repaired_left_and_said(
    org: Organization, stack: str, operator: None, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = org.function()
    _, target = org.publish(arn)
    org.deploy("consumer", stack, PERMISSION, Target=target)
    [source] = org.sources(arn)
    functions = org.cloud.client("lambda", "owner")
    own = {
        "Sid": "own",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [own]})
    functions.put_resource_policy(ResourceArn=arn, Policy=policy)
    scheduled(org, f"RESOURCE#{arn}", "RESOURCE")
    assert org.sources(arn) == [source]
    assert org.policy(arn)["Statement"][0]["Sid"] == "own"
    told = found(arn, capsys)
    assert told.keys() == {"Repaired", "Foreign"}
    assert told["Foreign"] == "own"
    functions.untag_resource(Resource=arn.removesuffix(":live"), TagKeys=["CrossAccountPermission"])
    scheduled(org, f"RESOURCE#{arn}", "RESOURCE")
    assert found(arn, capsys).keys() == {"ShutOut"}
    functions.tag_resource(Resource=arn.removesuffix(":live"), Tags={"CrossAccountPermission": "allowed"})
    scheduled(org, f"RESOURCE#{arn}", "RESOURCE")
    assert found(arn, capsys).keys() == {"Foreign"}
    org.delete("consumer", stack)


def test_a_permission_that_a_deleted_stack_has_retained_is_found_and_ended_by_an_operators_word(
    org: Organization, stack: str, operator: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = org.function()
    _, target = org.publish(arn)
    retained = tmp_path / "retained.yaml"
    text = PERMISSION.read_text("utf-8")
    retained.write_text(
        text.replace(
            "    Type: Custom::CrossAccountPermission\n",
            "    Type: Custom::CrossAccountPermission\n    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n",
        ),
        "utf-8",
    )
    outputs = org.deploy("consumer", stack, retained, Target=target)
    stacks = org.cloud.client("cloudformation", "consumer")
    stack_id = stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    origin = Origin(AccountId(CONSUMER), stack_id, "Permission")
    scheduled(org, f"ORIGIN#{origin.digest}", "ORIGIN")
    assert found(arn, capsys) == {}, "it stands in its stack"
    org.delete("consumer", stack)
    assert len(org.sources(arn)) == 1
    scheduled(org, f"ORIGIN#{origin.digest}", "ORIGIN")
    scheduled(org, f"RESOURCE#{arn}", "RESOURCE")
    assert found(arn, capsys) == {"Retained": f"{outputs['GrantId']} of Permission in {stack_id}"}
    assert run(["drift", "--accept", outputs["GrantId"]]) == 0
    for key in ((f"ORIGIN#{origin.digest}", "ORIGIN"), (f"RESOURCE#{arn}", "RESOURCE")):
        scheduled(org, *key)
    assert org.sources(arn) == []


def test_a_permission_taken_out_of_a_living_stack_without_a_word_ends_when_it_was_found_long_enough(
    org: Organization, stack: str, operator: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = org.function()
    _, target = org.publish(arn)
    token = f"arn:aws:lambda:us-east-1:{CONSUMER}:function:cross-account-permission"
    asked = {
        "ServiceToken": token,
        "ServiceTimeout": 60,
        "Target": target,
        "GrantType": "Authorizer",
        "ApiId": "a1b2c3",
    }
    permission = {"Type": "Custom::CrossAccountPermission", "DeletionPolicy": "Retain", "Properties": asked}
    topic = {"Type": "AWS::SNS::Topic"}
    template = tmp_path / "template.json"
    for resources in ({"Topic": topic, "Permission": permission}, {"Topic": topic}):
        template.write_text(json.dumps({"Resources": resources}), "utf-8")
        org.deploy("consumer", stack, template)
    described = org.cloud.client("cloudformation", "consumer").describe_stacks(StackName=stack)
    origin = Origin(AccountId(CONSUMER), described["Stacks"][0]["StackId"], "Permission")
    scheduled(org, f"ORIGIN#{origin.digest}", "ORIGIN")
    scheduled(org, f"RESOURCE#{arn}", "RESOURCE")
    assert found(arn, capsys).keys() == {"Abandoned"}
    assert len(org.sources(arn)) == 1
    three_days_pass(org, found(arn, capsys)["Abandoned"].split()[0], target)
    for key in ((f"ORIGIN#{origin.digest}", "ORIGIN"), (f"RESOURCE#{arn}", "RESOURCE")):
        scheduled(org, *key)
    assert org.sources(arn) == []
    org.delete("consumer", stack)


def three_days_pass(org: Organization, grant: str, target: str) -> None:
    """For one grant, by its record."""
    owner, _, name = target.partition("/")
    org.cloud.client("dynamodb", "central").update_item(
        TableName=GRANTS,
        Key={"pk": {"S": f"TARGET#{owner}#default#{name}"}, "sk": {"S": f"GRANT#{grant}"}},
        UpdateExpression="SET absence.since = :then",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues={":then": {"N": str(int(time.time() - ABANDONED_FOR) - 1)}},
    )
