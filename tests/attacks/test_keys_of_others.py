"""Somebody reads or writes under another's key, past its own, or goes on from the request role: IAM stops it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from bad_hands import (
    ANSWERS,
    CENTRAL,
    GRANTS,
    REQUEST_ROLE,
    REQUESTS,
    Attacker,
    Doors,
    open_doors,
)
from identities import Someone, a_name, allow
from rolled_out import Organization

VICTIM, INTRUDER, STRANGER = "111111111111", "444444444444", "555555555555"
MAY_ASK = allow(["sts:AssumeRole", "sts:TagSession"], REQUEST_ROLE)
PATH = "/cross-account-permission/"


def key(account: str, request: str = "r") -> dict[str, Any]:
    return {"account": {"S": account}, "request": {"S": request}}


def row(table: str, account: str = INTRUDER) -> dict[str, Any]:
    return {"TableName": table, "Item": {**key(account), "status": {"S": "SUCCESS"}, "physicalResourceId": {"S": "x"}}}


def gets(table: str, account: str = INTRUDER) -> dict[str, Any]:
    return {"TableName": table, "Key": key(account)}


def of(account: str, **more: Any) -> dict[str, Any]:
    return {"KeyConditionExpression": "account = :a", "ExpressionAttributeValues": {":a": {"S": account}}, **more}


CLOSED: Mapping[str, Callable[[Any], Any]] = {
    "file as another": lambda d: d.put_item(**row(REQUESTS, VICTIM)),
    "file as another by ARN": lambda d: d.put_item(
        **row(f"arn:aws:dynamodb:us-east-1:{CENTRAL}:table/{REQUESTS}", VICTIM)
    ),
    "file as another in a transaction": lambda d: d.transact_write_items(
        TransactItems=[{"Put": row(REQUESTS, VICTIM)}]
    ),
    "file as oneself and another": lambda d: d.transact_write_items(
        TransactItems=[{"Put": row(REQUESTS)}, {"Put": row(REQUESTS, VICTIM)}]
    ),
    "file in a batch": lambda d: d.batch_write_item(RequestItems={REQUESTS: [{"PutRequest": {"Item": key(INTRUDER)}}]}),
    "read another's answer": lambda d: d.get_item(**gets(ANSWERS, VICTIM)),
    "read another's answer in a transaction": lambda d: d.transact_get_items(
        TransactItems=[{"Get": gets(ANSWERS, VICTIM)}]
    ),
    "read answers in a batch": lambda d: d.batch_get_item(RequestItems={ANSWERS: {"Keys": [key(INTRUDER)]}}),
    "query one's answers": lambda d: d.query(TableName=ANSWERS, **of(INTRUDER)),
    "query another's answers": lambda d: d.query(TableName=ANSWERS, **of(VICTIM)),
    "scan answers": lambda d: d.scan(TableName=ANSWERS),
    "count answers": lambda d: d.scan(TableName=ANSWERS, Select="COUNT", Limit=1),
    "select answers": lambda d: d.execute_statement(Statement=f'SELECT * FROM "{ANSWERS}"'),  # noqa: S608
    "select one's answers": lambda d: d.execute_statement(
        Statement=f"SELECT * FROM \"{ANSWERS}\" WHERE account = '{INTRUDER}'"  # noqa: S608
    ),
    "select in a batch": lambda d: d.batch_execute_statement(
        Statements=[{"Statement": f"SELECT * FROM \"{ANSWERS}\" WHERE account = '{VICTIM}' AND request = 'r'"}]  # noqa: S608
    ),
    "insert by PartiQL": lambda d: d.execute_statement(
        Statement=f"INSERT INTO \"{REQUESTS}\" VALUE {{'account': '{VICTIM}', 'request': 'r'}}"
    ),
    "write an answer to oneself": lambda d: d.put_item(**row(ANSWERS)),
    "write an answer to another": lambda d: d.put_item(**row(ANSWERS, VICTIM)),
    "change an answer": lambda d: d.update_item(
        **gets(ANSWERS),
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "SUCCESS"}},
    ),
    "delete an answer": lambda d: d.delete_item(**gets(ANSWERS)),
    "read requests": lambda d: d.get_item(**gets(REQUESTS)),
    "scan requests": lambda d: d.scan(TableName=REQUESTS),
    "delete a request": lambda d: d.delete_item(**gets(REQUESTS)),
    "change a request": lambda d: d.update_item(
        **gets(REQUESTS), UpdateExpression="SET event = :e", ExpressionAttributeValues={":e": {"S": "{}"}}
    ),
    "write into the ledger": lambda d: d.put_item(
        TableName=GRANTS, Item={"pk": {"S": "NAMES"}, "sk": {"S": "default#token-service"}, "owner": {"S": INTRUDER}}
    ),
    "read a reservation": lambda d: d.get_item(
        TableName=GRANTS, Key={"pk": {"S": "NAMES"}, "sk": {"S": "default#token-service"}}
    ),
    "query what is due": lambda d: d.query(
        TableName=GRANTS,
        IndexName="due",
        KeyConditionExpression="dueShard = :s",
        ExpressionAttributeValues={":s": {"S": "0"}},
    ),
    "scan the ledger": lambda d: d.scan(TableName=GRANTS),
    "describe a table": lambda d: d.describe_table(TableName=REQUESTS),
    "delete a table": lambda d: d.delete_table(TableName=GRANTS),
    "list tables": lambda d: d.list_tables(),
    "open a table by its policy": lambda d: d.put_resource_policy(
        ResourceArn=f"arn:aws:dynamodb:us-east-1:{CENTRAL}:table/{ANSWERS}", Policy="{}"
    ),
}


@pytest.fixture(scope="module")
def session(org: Organization, intruder: Attacker) -> Iterator[Someone]:
    """The intruder's session of the request role; the victim has an answer that is worth reading."""
    org.cloud.client("dynamodb", "central").put_item(**row(ANSWERS, VICTIM))
    yield intruder.requesting()
    org.cloud.client("dynamodb", "central").delete_item(**gets(ANSWERS, VICTIM))


@pytest.mark.parametrize("door", CLOSED)
def test_a_session_files_requests_and_gets_answers_under_its_own_key_and_does_nothing_else(
    session: Someone, door: str
) -> None:
    client = session.client("dynamodb")
    assert open_doors({door: lambda: CLOSED[door](client)}, "AccessDeniedException") == []


def test_the_requests_stream_is_the_controllers_alone(org: Organization, session: Someone) -> None:
    stream = org.cloud.client("dynamodb", "central").describe_table(TableName=REQUESTS)["Table"]["LatestStreamArn"]
    client = session.client("dynamodbstreams")
    doors = {
        "list": client.list_streams,
        "describe": lambda: client.describe_stream(StreamArn=stream),
        "iterate": lambda: client.get_shard_iterator(
            StreamArn=stream, ShardId="shardId-00000001787612345678-abcdef01", ShardIteratorType="TRIM_HORIZON"
        ),
    }
    assert open_doors(doors, "AccessDeniedException", "AccessDenied") == []


def test_a_session_of_the_request_role_leads_to_no_other_role_or_service(session: Someone) -> None:
    roles = [
        f"arn:aws:iam::{CENTRAL}:role{PATH}cross-account-permission-controller",
        f"arn:aws:iam::333333333333:role{PATH}cross-account-permission-grantor",
        REQUEST_ROLE,
    ]
    doors: Doors = {role: lambda role=role: session.assume(role, INTRUDER) for role in roles}
    controller = f"arn:aws:lambda:us-east-1:{CENTRAL}:function:cross-account-permission-controller"
    doors["invoke"] = lambda: session.client("lambda").invoke(FunctionName=controller, Payload="{}")
    doors["look"] = lambda: session.client("lambda").get_function(FunctionName=controller)
    doors["iam"] = lambda: session.client("iam").get_role(RoleName=a_name())
    doors["code"] = lambda: session.client("s3").list_objects_v2(Bucket=f"cross-account-permission-{CENTRAL}-us-east-1")
    assert open_doors(doors, "AccessDenied", "AccessDeniedException") == []
