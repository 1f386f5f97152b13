"""Attacks on the role by which accounts ask, with it, and with the provider's role, which may do nothing else."""

from typing import Any

from attack import ANSWERS, GRANTS, REQUESTS, Arguments, Attack, assuming, constantly, items, tag
from attackers import CONSUMER, OWNER, REQUEST, STRANGER
from deployed_policies import PREFIX

PROVIDER, REQUESTER = "provider of consumer", "request role as consumer"
_MINE, _OWNERS = {"account": {"S": CONSUMER}}, {"account": {"S": OWNER}}
_REQUEST = {"request": {"S": "x"}}


def _asking(**given: Any) -> Arguments:
    own = {"RoleArn": REQUEST, "RoleSessionName": CONSUMER, "Tags": [{"Key": "account", "Value": CONSUMER}]}
    return constantly(**{name: value for name, value in {**own, **given}.items() if value is not None})


ON_THE_REQUEST_ROLE = (
    Attack("asks with another account's tag", PROVIDER, "sts", "assume_role", _asking(Tags=[tag("account", OWNER)])),
    Attack("asks under another session name", PROVIDER, "sts", "assume_role", _asking(RoleSessionName=OWNER)),
    Attack("asks without a tag", PROVIDER, "sts", "assume_role", _asking(Tags=None)),
    Attack(
        "asks with one more tag",
        PROVIDER,
        "sts",
        "assume_role",
        _asking(Tags=[tag("account", CONSUMER), tag("team", "orders")]),
    ),
    Attack("asks with Account for account", PROVIDER, "sts", "assume_role", _asking(Tags=[tag("Account", CONSUMER)])),
    Attack("hands the tag on", PROVIDER, "sts", "assume_role", _asking(TransitiveTagKeys=["account"])),
    Attack(
        "asks from outside the organization",
        "provider of a stranger",
        "sts",
        "assume_role",
        _asking(RoleSessionName=STRANGER, Tags=[tag("account", STRANGER)]),
    ),
    Attack("asks as another role", "another role of consumer", "sts", "assume_role", _asking()),
    Attack("asks as a user", "administrator of consumer", "sts", "assume_role", _asking()),
)


_PUT_MINE, _PUT_THEIRS = {"Item": {**_MINE, **_REQUEST}}, {"Item": {**_OWNERS, **_REQUEST}}
_GET_MINE, _GET_THEIRS = {"Key": {**_MINE, **_REQUEST}}, {"Key": {**_OWNERS, **_REQUEST}}
_QUERY = {"KeyConditionExpression": "account = :a", "ExpressionAttributeValues": {":a": {"S": CONSUMER}}}

WITH_THE_REQUEST_ROLE = (
    items("put_item", REQUESTS, "files a request of another account", REQUESTER, **_PUT_THEIRS),
    items("get_item", ANSWERS, "reads an answer to another account", REQUESTER, **_GET_THEIRS),
    items("put_item", REQUESTS, "files a request of nobody", REQUESTER, Item=_REQUEST),
    items("get_item", ANSWERS, "reads an answer to nobody", REQUESTER, Key=_REQUEST),
    items("put_item", ANSWERS, "writes its own answer", REQUESTER, **_PUT_MINE),
    items("get_item", REQUESTS, "reads its own request", REQUESTER, **_GET_MINE),
    items("delete_item", REQUESTS, "takes its request back", REQUESTER, **_GET_MINE),
    items("update_item", REQUESTS, "changes its request", REQUESTER, **_GET_MINE),
    items("scan", REQUESTS, "reads all requests", REQUESTER),
    items("scan", ANSWERS, "reads all answers", REQUESTER),
    items("query", ANSWERS, "queries its own answers", REQUESTER, **_QUERY),
    items("get_item", GRANTS, "reads the ledger", REQUESTER, Key={"pk": {"S": CONSUMER}, "sk": {"S": "x"}}),
    items("put_item", GRANTS, "writes the ledger", REQUESTER, Item={"pk": {"S": CONSUMER}, "sk": {"S": "x"}}),
    Attack(
        "reads the ledger's index",
        REQUESTER,
        "dynamodb",
        "query",
        constantly(
            TableName=GRANTS,
            IndexName="due",
            KeyConditionExpression="dueShard = :a",
            ExpressionAttributeValues={":a": {"S": CONSUMER}},
        ),
    ),
    Attack(
        "reads answers in a batch",
        REQUESTER,
        "dynamodb",
        "batch_get_item",
        constantly(RequestItems={ANSWERS: {"Keys": [{**_MINE, **_REQUEST}]}}),
    ),
    Attack(
        "files requests in a batch",
        REQUESTER,
        "dynamodb",
        "batch_write_item",
        constantly(RequestItems={REQUESTS: [{"PutRequest": _PUT_MINE}]}),
    ),
    Attack(
        "files one request of its own and one of another account",
        REQUESTER,
        "dynamodb",
        "transact_write_items",
        constantly(TransactItems=[{"Put": {"TableName": REQUESTS, **one}} for one in (_PUT_MINE, _PUT_THEIRS)]),
    ),
    Attack(
        "selects answers",
        REQUESTER,
        "dynamodb",
        "execute_statement",
        constantly(Statement=f'SELECT * FROM "{ANSWERS}"'),  # noqa: S608 - PartiQL, refused
    ),
    Attack(
        "inserts a request",
        REQUESTER,
        "dynamodb",
        "execute_statement",
        constantly(Statement=f"INSERT INTO \"{REQUESTS}\" VALUE {{'account': '{CONSUMER}', 'request': 'x'}}"),
    ),
)

WITH_THE_PROVIDER = (
    Attack("becomes the provider", "administrator of consumer", "sts", "assume_role", assuming(CONSUMER, "provider")),
    Attack("becomes the provider", "provider of owner", "sts", "assume_role", assuming(CONSUMER, "provider")),
    Attack("becomes the grantor", PROVIDER, "sts", "assume_role", assuming(CONSUMER, "grantor")),
    Attack(
        "becomes another role of the centre",
        PROVIDER,
        "sts",
        "assume_role",
        lambda things: {"RoleArn": things["role that trusts the consumer"], "RoleSessionName": "someone"},
    ),
    Attack(
        "tags itself as another role of the centre",
        PROVIDER,
        "sts",
        "assume_role",
        lambda things: {
            "RoleArn": things["role that trusts the consumer"],
            "RoleSessionName": "someone",
            "Tags": [tag("account", CONSUMER)],
        },
    ),
    Attack(
        "files a request past the role", PROVIDER, "dynamodb", "put_item", constantly(TableName=REQUESTS, **_PUT_MINE)
    ),
    Attack(
        "writes into another log",
        PROVIDER,
        "logs",
        "create_log_stream",
        constantly(logGroupName="/aws/lambda/other", logStreamName="x"),
    ),
    Attack(
        "forges lines of another log",
        PROVIDER,
        "logs",
        "put_log_events",
        constantly(logGroupName="/aws/lambda/other", logStreamName="x", logEvents=[{"timestamp": 1, "message": "x"}]),
    ),
    Attack(
        "removes its own log",
        PROVIDER,
        "logs",
        "delete_log_stream",
        constantly(logGroupName=f"/aws/lambda/{PREFIX}", logStreamName="x"),
    ),
)
