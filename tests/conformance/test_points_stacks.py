"""Points of CloudFormation."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from identities import a_name
from stacks import Stack, of

from provider.localcloud import LocalCloud
from provider.rollout import stacks as rollout

CLOCK = """
import json, urllib.parse, urllib.request

def handler(event, context):
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(event["ResponseURL"]).query)
    body = {
        "Status": "SUCCESS", "PhysicalResourceId": "clock", "StackId": event["StackId"], "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Date": asked.get("X-Amz-Date", [""])[0], "Expires": asked.get("Expires", [""])[0]},
    }
    put = urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), {"Content-Type": ""}, method="PUT")
    urllib.request.urlopen(put)
"""
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
    "Properties": {
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
}


def test_events_carry_cloudformations_time(cloud: LocalCloud, make_function: Callable[..., str]) -> None:
    """The date of the URL, not the URL, which is a credential."""
    provider, stack = make_function(CLOCK), Stack(cloud)

    def clock(number: int) -> dict[str, Any]:
        properties = {"ServiceToken": provider, "ServiceTimeout": 60, "Number": number}
        outputs = {name: {"Value": {"Fn::GetAtt": ["Clock", name]}} for name in ("Date", "Expires")}
        return {**of(Clock={"Type": "Custom::Clock", "Properties": properties}), "Outputs": outputs}

    assert stack.create(clock(1)) == "CREATE_COMPLETE"
    first = stack.outputs()
    assert stack.update(clock(2)) == "UPDATE_COMPLETE"
    second = stack.outputs()
    stack.delete()
    assert first["Date"] or first["Expires"]
    if first["Date"]:
        began = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - 900))
        assert began < first["Date"] <= second["Date"]
    else:
        assert int(first["Expires"]) <= int(second["Expires"])


def test_the_ref_of_a_stack_set_ends_its_arn(cloud: LocalCloud) -> None:
    if cloud.endpoint:
        pytest.skip("the local cloud has no StackSets")
    inner = json.dumps(of(Nothing={"Type": "AWS::CloudFormation::WaitConditionHandle"}))
    properties = {"StackSetName": a_name("set"), "PermissionModel": "SELF_MANAGED", "TemplateBody": inner}
    template = of(Set={"Type": "AWS::CloudFormation::StackSet", "Properties": properties})
    stack = Stack(cloud, "central")
    assert stack.create({**template, "Outputs": {"Ref": {"Value": {"Ref": "Set"}}}}) == "CREATE_COMPLETE"
    described = stack.api.describe_stack_set(StackSetName=properties["StackSetName"])["StackSet"]
    assert described["StackSetARN"].partition("stackset/")[2] == stack.outputs()["Ref"]


def test_a_stack_that_took_over_a_table_is_updated_later(
    cloud: LocalCloud, record_property: Callable[[str, object], None]
) -> None:
    """By the roll-out's own code, as after `undeploy` and another `deploy`."""
    client, name, table = cloud.client("cloudformation", "central"), a_name("adopts"), a_name("t")
    whole = json.dumps(of(Table={**TABLE, "Properties": {**TABLE["Properties"], "TableName": table}}))
    wanted = rollout.Stack(name, whole, adopts=True)
    rollout.deploy(client, wanted)
    rollout.delete(client, name)
    rollout.deploy(client, wanted)
    record_property("seen", str(rollout.status(client, name)))
    more = json.loads(whole)
    more["Resources"]["Topic"] = {"Type": "AWS::SNS::Topic"}
    rollout.deploy(client, rollout.Stack(name, json.dumps(more), adopts=True))
    assert rollout.status(client, name) == "UPDATE_COMPLETE"
    rollout.delete(client, name)


def test_a_change_set_that_names_the_tags_keeps_them(
    cloud: LocalCloud, record_property: Callable[[str, object], None]
) -> None:
    """The roll-out does; what becomes of them otherwise is noted."""
    client, name = cloud.client("cloudformation", "central"), a_name("tagged")

    def template(number: int) -> str:
        return json.dumps(of(Topic={"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": f"n{number}"}}))

    def tags() -> dict[str, str]:
        return {one["Key"]: one["Value"] for one in client.describe_stacks(StackName=name)["Stacks"][0]["Tags"]}

    rollout.deploy(client, rollout.Stack(name, template(1), tags={"team": "blue"}))
    rollout.deploy(client, rollout.Stack(name, template(2)))
    assert tags()["team"] == "blue"
    bare = a_name("bare")
    client.create_change_set(StackName=name, ChangeSetName=bare, ChangeSetType="UPDATE", TemplateBody=template(3))
    client.get_waiter("change_set_create_complete").wait(StackName=name, ChangeSetName=bare, WaiterConfig={"Delay": 1})
    client.execute_change_set(StackName=name, ChangeSetName=bare)
    client.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    record_property("seen", f"without them it {'keeps' if tags().get('team') else 'loses'} them")
    rollout.delete(client, name)
