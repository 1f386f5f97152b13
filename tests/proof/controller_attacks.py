"""Attacks with the controller's role, and on whatever it alone may do."""

from typing import Any

from attack import ANSWERS, GRANTS, REQUESTS, Attack, assuming, constantly, items
from attackers import CENTRAL, CONSUMER, HOME
from deployed_policies import PREFIX

CONTROLLER = "controller"
_MINE = {"account": {"S": CONSUMER}}
_QUERY = {"KeyConditionExpression": "account = :a", "ExpressionAttributeValues": {":a": {"S": CONSUMER}}}


def _streams(operation: str, what: str, **more: Any) -> Attack:
    return Attack(
        what,
        CONTROLLER,
        "dynamodbstreams",
        operation,
        lambda things: {"StreamArn": things["stream of the bystander"], **more},
    )


_BYSTANDER = {"Key": _MINE}

WITH_THE_CONTROLLER = (
    Attack("becomes the controller", "administrator of central", "sts", "assume_role", assuming(CENTRAL, "controller")),
    Attack("becomes the controller", "another role of central", "sts", "assume_role", assuming(CENTRAL, "controller")),
    Attack(
        "becomes a role that is not a grantor",
        CONTROLLER,
        "sts",
        "assume_role",
        lambda things: {"RoleArn": things["role that trusts the centre"], "RoleSessionName": "someone"},
    ),
    Attack(
        "becomes a grantor outside the organization",
        CONTROLLER,
        "sts",
        "assume_role",
        lambda things: {"RoleArn": things["grantor outside"], "RoleSessionName": "someone"},
    ),
    Attack(
        "becomes an observer outside the organization",
        CONTROLLER,
        "sts",
        "assume_role",
        lambda things: {"RoleArn": things["observer outside"], "RoleSessionName": "someone"},
    ),
    items("put_item", REQUESTS, "forges a request", CONTROLLER, Item={**_MINE, "request": {"S": "x"}}),
    items("query", REQUESTS, "queries requests", CONTROLLER, **_QUERY),
    items("delete_table", REQUESTS, "deletes the requests", CONTROLLER),
    items("scan", ANSWERS, "reads all answers at once", CONTROLLER),
    items("delete_table", ANSWERS, "deletes the answers", CONTROLLER),
    items("scan", GRANTS, "reads the whole ledger at once", CONTROLLER),
    items("delete_table", GRANTS, "deletes the ledger", CONTROLLER),
    items("scan", GRANTS, "reads the whole index at once", CONTROLLER, IndexName="due"),
    items("scan", "bystander", "reads another table", CONTROLLER),
    items("get_item", "bystander", "reads an item of another table", CONTROLLER, **_BYSTANDER),
    items("put_item", "bystander", "writes an item of another table", CONTROLLER, Item=_MINE),
    items("update_item", "bystander", "changes an item of another table", CONTROLLER, **_BYSTANDER),
    items("delete_item", "bystander", "deletes an item of another table", CONTROLLER, **_BYSTANDER),
    items("query", "bystander", "queries another table", CONTROLLER, **_QUERY),
    items("query", "bystander", "queries another table's index", CONTROLLER, IndexName="due", **_QUERY),
    _streams("describe_stream", "looks at another table's stream"),
    _streams(
        "get_shard_iterator",
        "reads another table's stream",
        ShardId="shardId-00000000000000000000-00000000",
        ShardIteratorType="LATEST",
    ),
    Attack(
        "writes into another log",
        CONTROLLER,
        "logs",
        "create_log_stream",
        constantly(logGroupName=f"/aws/lambda/{PREFIX}", logStreamName="x"),
    ),
    Attack(
        "removes its own log",
        CONTROLLER,
        "logs",
        "delete_log_stream",
        constantly(logGroupName=f"/aws/lambda/{PREFIX}-controller", logStreamName="x"),
    ),
    Attack(
        "sends to another queue",
        CONTROLLER,
        "sqs",
        "send_message",
        lambda things: {"QueueUrl": things["queue"], "MessageBody": "x"},
    ),
    Attack(
        "takes a dead letter away",
        CONTROLLER,
        "sqs",
        "receive_message",
        lambda things: {"QueueUrl": things["dead letters"]},
    ),
    Attack(
        "speaks in another name",
        CONTROLLER,
        "events",
        "put_events",
        constantly(Entries=[{"Source": "someone", "DetailType": "x", "Detail": "{}"}]),
    ),
    Attack(
        "speaks in its own and another name",
        CONTROLLER,
        "events",
        "put_events",
        constantly(Entries=[{"Source": one, "DetailType": "x", "Detail": "{}"} for one in (PREFIX, "someone")]),
    ),
    Attack(
        "speaks in no name",
        CONTROLLER,
        "events",
        "put_events",
        constantly(Entries=[{"DetailType": "x", "Detail": "{}"}]),
    ),
    Attack(
        "speaks on another bus",
        CONTROLLER,
        "events",
        "put_events",
        lambda things: {
            "Entries": [{"Source": PREFIX, "DetailType": "x", "Detail": "{}", "EventBusName": things["bus"]}]
        },
    ),
    Attack(
        "removes its own bus",
        CONTROLLER,
        "events",
        "delete_event_bus",
        constantly(Name="default"),
    ),
    Attack(
        "wakes the controller",
        "administrator of consumer",
        "lambda",
        "invoke",
        constantly(FunctionName=f"arn:aws:lambda:{HOME}:{CENTRAL}:function:{PREFIX}-controller"),
    ),
)
