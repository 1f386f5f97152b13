"""DynamoDB's fine-grained access."""

from collections.abc import Callable
from typing import Any

import pytest
from identities import Someone, a_name, allow, policy, refused, someone, trust

from provider.localcloud import LocalCloud

OWN = {"StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalAccount}"}, "Null": {"dynamodb:LeadingKeys": "false"}}
MINE, OTHER = {"S": "111111111111"}, {"S": "444444444444"}


def key(account: dict[str, str]) -> dict[str, Any]:
    return {"account": account, "request": {"S": "r"}}


@pytest.fixture(scope="module")
def table(cloud: LocalCloud) -> str:
    """A table of the consumer's account whose partition key is an account."""
    name = a_name("requests")
    attributes = {"account": "S", "request": "S", "shard": "S", "due": "N"}
    cloud.client("dynamodb", "consumer").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": kind} for one, kind in attributes.items()],
        KeySchema=[
            {"AttributeName": "account", "KeyType": "HASH"},
            {"AttributeName": "request", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "shard", "KeyType": "HASH"},
                    {"AttributeName": "due", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


@pytest.fixture(scope="module")
def own(cloud: LocalCloud, table: str) -> Someone:
    """One who may do anything with items of its own account, and what has leading keys at all."""
    arn = f"arn:aws:dynamodb:us-east-1:111111111111:table/{table}"
    return someone(cloud, "consumer", allow("dynamodb:*", [arn, f"{arn}/index/*"], Condition=OWN))


def put(account: dict[str, str], table: str) -> dict[str, Any]:
    return {"TableName": table, "Item": key(account)}


REQUESTS: dict[str, Callable[[Any, str, dict[str, str]], Any]] = {
    "PutItem": lambda d, t, a: d.put_item(**put(a, t)),
    "GetItem": lambda d, t, a: d.get_item(TableName=t, Key=key(a)),
    "UpdateItem": lambda d, t, a: d.update_item(
        TableName=t, Key=key(a), UpdateExpression="SET x = :x", ExpressionAttributeValues={":x": {"S": "x"}}
    ),
    "DeleteItem": lambda d, t, a: d.delete_item(TableName=t, Key=key(a)),
    "Query": lambda d, t, a: d.query(
        TableName=t, KeyConditionExpression="account = :a", ExpressionAttributeValues={":a": a}
    ),
    "Query with names": lambda d, t, a: d.query(
        TableName=t,
        KeyConditionExpression="#r = :r AND #a = :a",
        ExpressionAttributeNames={"#a": "account", "#r": "request"},
        ExpressionAttributeValues={":a": a, ":r": {"S": "111111111111"}},
    ),
    "Query as of old": lambda d, t, a: d.query(
        TableName=t, KeyConditions={"account": {"ComparisonOperator": "EQ", "AttributeValueList": [a]}}
    ),
    "BatchGetItem": lambda d, t, a: d.batch_get_item(RequestItems={t: {"Keys": [key(a)]}}),
    "BatchWriteItem": lambda d, t, a: d.batch_write_item(
        RequestItems={t: [{"PutRequest": {"Item": key(a)}}]},
    ),
    "TransactWriteItems": lambda d, t, a: d.transact_write_items(TransactItems=[{"Put": put(a, t)}]),
    "TransactGetItems": lambda d, t, a: d.transact_get_items(TransactItems=[{"Get": {"TableName": t, "Key": key(a)}}]),
    "PutItem by ARN": lambda d, t, a: d.put_item(**put(a, f"arn:aws:dynamodb:us-east-1:111111111111:table/{t}")),
}


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_request_reaches_only_its_leading_keys(own: Someone, table: str, operation: str) -> None:
    """One's own partition is open, another's is closed, whatever the operation."""
    request, client = REQUESTS[operation], own.client("dynamodb")
    request(client, table, MINE)
    with refused("AccessDeniedException"):
        request(client, table, OTHER)


def test_one_foreign_key_spoils_a_batch(own: Someone, table: str) -> None:
    """A batch or transaction that touches another's partition besides one's own is refused as a whole."""
    client = own.client("dynamodb")
    items = [{"PutRequest": {"Item": key(one)}} for one in (MINE, OTHER)]
    with refused("AccessDeniedException"):
        client.batch_write_item(RequestItems={table: items})
    with refused("AccessDeniedException"):
        client.transact_write_items(TransactItems=[{"Put": put(one, table)} for one in (MINE, OTHER)])


def test_an_index_has_leading_keys_of_its_own(own: Someone, table: str) -> None:
    """A query of an index is led by the index's partition key."""
    client = own.client("dynamodb")
    for shard, allowed in (("111111111111", True), ("shard", False)):
        query = {
            "TableName": table,
            "IndexName": "due",
            "KeyConditionExpression": "shard = :s",
            "ExpressionAttributeValues": {":s": {"S": shard}},
        }
        if allowed:
            client.query(**query)
            continue
        with refused("AccessDeniedException"):
            client.query(**query)


def test_a_scan_has_no_leading_keys(cloud: LocalCloud, own: Someone, table: str) -> None:
    """A Scan is refused by Null, and let through by ForAllValues alone, as AWS warns."""
    with refused("AccessDeniedException"):
        own.client("dynamodb").scan(TableName=table)
    careless = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalAccount}"}}
    someone(cloud, "consumer", allow("dynamodb:*", Condition=careless)).client("dynamodb").scan(TableName=table)


def test_partiql_is_an_action_of_its_own(cloud: LocalCloud, own: Someone, table: str) -> None:
    """PartiQL is neither GetItem nor Scan to IAM, and has no leading keys."""
    statement = f"SELECT * FROM \"{table}\" WHERE account = '111111111111'"  # noqa: S608 - a table of this test
    with refused("AccessDeniedException", "dynamodb:PartiQLSelect"):
        own.client("dynamodb").execute_statement(Statement=statement)
    arn = f"arn:aws:dynamodb:us-east-1:111111111111:table/{table}"
    someone(cloud, "consumer", allow("dynamodb:PartiQLSelect", arn)).client("dynamodb").execute_statement(
        Statement=statement
    )
    with refused("AccessDeniedException"):
        someone(cloud, "consumer", allow(["dynamodb:GetItem", "dynamodb:Scan"])).client("dynamodb").execute_statement(
            Statement=statement
        )


def test_another_accounts_table_needs_its_resource_policy(cloud: LocalCloud, table: str) -> None:
    """By its ARN a table is reached from another account once its own policy allows."""
    arn = f"arn:aws:dynamodb:us-east-1:111111111111:table/{table}"
    who = someone(cloud, "owner", allow("dynamodb:*")).client("dynamodb")
    item = {"TableName": arn, "Key": key(MINE)}
    with refused("AccessDeniedException", "because no resource-based policy allows"):
        who.get_item(**item)
    statement = {**trust("333333333333", "dynamodb:GetItem"), "Resource": arn}
    mine = cloud.client("dynamodb", "consumer")
    mine.put_resource_policy(ResourceArn=arn, Policy=policy(statement))
    mine.put_item(**put(MINE, table))
    assert who.get_item(**item)["Item"] == key(MINE)
    with refused("AccessDeniedException"):
        who.scan(TableName=arn)
