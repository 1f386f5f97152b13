"""The record says of each call what IAM was asked, all that conditions see, and how it decided; and holds no secret."""

import json
import time
from collections.abc import Callable
from typing import Any

from identities import Someone, a_name, allow, become, make_role, policy, refused, trust

from provider.localcloud import LocalCloud
from provider.localcloud.calls import Decision

CONSUMER, OWNER = "111111111111", "333333333333"


def decisions(cloud: LocalCloud, since: float, action: str) -> list[Decision]:
    """What IAM decided about an action."""
    return [one for call in cloud.calls(since) for one in call.decisions if one.action == action]


def test_an_assumption_is_recorded_with_both_actions_and_all_that_trust_policies_see(cloud: LocalCloud) -> None:
    since = time.time()
    both = ["sts:AssumeRole", "sts:TagSession"]
    target = make_role(cloud, "owner", trusting=[trust(CONSUMER, both)])
    asks = make_role(cloud, "consumer", allow(both), path="/teams/")
    narrower = policy(allow("dynamodb:ListTables"))
    given = {
        "Tags": [{"Key": "account", "Value": CONSUMER}],
        "TransitiveTagKeys": ["account"],
        "ExternalId": "orders-7",
        "Policy": narrower,
    }
    session = become(cloud, asks, "mine").assume(target, name=CONSUMER, **given)
    assumed, tagged = (decisions(cloud, since, action)[-1] for action in both)
    for one in (assumed, tagged):
        assert one.allowed
        assert (one.role, one.resource, one.owner) == (asks, target, OWNER)
        assert one.principal.endswith(f":assumed-role/{asks.rpartition('/')[2]}/mine")
        expected = {
            "aws:principalarn": asks,
            "aws:principalaccount": CONSUMER,
            "aws:principalorgid": "o-localcloud",
            "aws:resourceorgid": "o-localcloud",
            "aws:requesttag/account": CONSUMER,
            "aws:tagkeys": ["account"],
            "aws:securetransport": "true",
            "sts:rolesessionname": CONSUMER,
            "sts:externalid": "orders-7",
            "sts:transitivetagkeys": ["account"],
        }
        assert {key: one.keys.get(key) for key in expected} == expected
        assert json.loads(one.resource_policy)["Statement"][0]["Action"] == both
    with refused("AccessDeniedException"):
        session.client("dynamodb").describe_table(TableName="none")
    [asked] = decisions(cloud, since, "dynamodb:DescribeTable")
    assert not asked.allowed
    assert [json.loads(one) for one in asked.session_policies] == [json.loads(narrower)]
    assert asked.keys["aws:principaltag/account"] == CONSUMER


def test_keys_of_the_data_are_recorded_and_the_data_are_not(cloud: LocalCloud) -> None:
    """The partition key, because conditions see it; no other value, no secret, no token, no signature."""
    since, name = time.time(), a_name()
    everything = allow(["dynamodb:*", "s3:*"])
    who = become(cloud, make_role(cloud, "consumer", everything))
    table, bucket = who.client("dynamodb"), who.client("s3")
    schema = [{"AttributeName": "owner", "KeyType": "HASH"}]
    types = [{"AttributeName": "owner", "AttributeType": "S"}]
    table.create_table(TableName=name, KeySchema=schema, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST")
    table.put_item(TableName=name, Item={"owner": {"S": "orders"}, "note": {"S": "in-the-item"}})
    bucket.create_bucket(Bucket=name)
    bucket.put_object(Bucket=name, Key="k", Body=b"in-the-object", IfNoneMatch="*")
    [put] = decisions(cloud, since, "dynamodb:PutItem")
    assert put.keys["dynamodb:leadingkeys"] == ["orders"]
    [wrote] = decisions(cloud, since, "s3:PutObject")
    assert wrote.keys["s3:if-none-match"] == "*"
    record = repr(cloud.calls(since))
    assert secrets_of(who) != []
    assert [secret for secret in [*secrets_of(who), "in-the-item", "in-the-object"] if secret in record] == []


def secrets_of(someone: Someone) -> list[str]:
    """What signs for somebody."""
    held = someone.session.get_credentials().get_frozen_credentials()
    return [one for one in (held.access_key, held.secret_key, held.token) if one]


def test_a_second_action_of_one_call_is_a_decision_of_its_own(cloud: LocalCloud) -> None:
    """The first is allowed, the second not."""
    since = time.time()
    api = cloud.client("apigateway", "owner").create_rest_api(name=a_name())["id"]
    may_patch = become(cloud, make_role(cloud, "owner", allow("apigateway:PATCH"))).client("apigateway")
    patch = [{"op": "replace", "path": "/policy", "value": policy(allow("execute-api:Invoke", Principal="*"))}]
    with refused("AccessDeniedException"):
        may_patch.update_rest_api(restApiId=api, patchOperations=patch)
    [call] = [call for call in cloud.calls(since) if call.action == "PATCH"]
    assert [(one.action, one.allowed) for one in call.decisions] == [
        ("apigateway:PATCH", True),
        ("apigateway:UpdateRestApiPolicy", False),
    ]


def test_what_a_service_does_is_recorded(cloud: LocalCloud, make_function: Callable[..., str]) -> None:
    """Lambda assumes the function's role, as nobody's call."""
    since = time.time()
    arn = make_function("def handler(event, context): return 1")
    cloud.client("lambda", "consumer").invoke(FunctionName=arn)
    runs: list[Any] = [one for one in decisions(cloud, since, "sts:AssumeRole") if "aws:sourcearn" in one.keys]
    assert [(one.principal, one.allowed, one.role) for one in runs] == [("lambda.amazonaws.com", True, "")]
    assert runs[0].keys["aws:sourcearn"] == arn
