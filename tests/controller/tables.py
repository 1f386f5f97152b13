"""Tables of the centre in the local cloud, as central.yaml describes them."""

from typing import Any

from provider.controller.account_index import BY_ACCOUNT, SHOWN

_DUE = {
    "IndexName": "due",
    "KeySchema": [{"AttributeName": "dueShard", "KeyType": "HASH"}, {"AttributeName": "dueAt", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}
_ACCOUNT = {
    "IndexName": BY_ACCOUNT,
    "KeySchema": [{"AttributeName": BY_ACCOUNT, "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(SHOWN)},
}


def create_ledger(client: Any, name: str) -> None:
    """The grants table, with the indexes by which the schedule finds what is due, and accounts what is theirs."""
    types = {"pk": "S", "sk": "S", "dueShard": "S", "dueAt": "N", BY_ACCOUNT: "S"}
    _create(client, name, ("pk", "sk"), types, GlobalSecondaryIndexes=[_DUE, _ACCOUNT])


def create_desk(client: Any, requests: str, answers: str) -> None:
    """The tables of requests and answers."""
    for name in (requests, answers):
        _create(client, name, ("account", "request"), {"account": "S", "request": "S"})


def _create(client: Any, name: str, key: tuple[str, str], types: dict[str, str], **more: Any) -> None:
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": kind} for each, kind in types.items()],
        KeySchema=[{"AttributeName": key[0], "KeyType": "HASH"}, {"AttributeName": key[1], "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )
