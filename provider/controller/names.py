"""Short names: which account a name without one stands for. The centre's operators reserve them, nothing moves them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from provider.controller import codec
from provider.controller.codec import from_wire, to_wire
from provider.core.errors import InvalidProperty, Permanent
from provider.core.identifiers import ACCOUNT, AccountId

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


class NameTaken(Permanent):
    """Another account has the name already."""

    def __init__(self, name: str, environment: str, owner: str) -> None:
        super().__init__(
            f"Name {name} in environment {environment} is reserved for account {owner}.",
            "Choose another name; reservations never move by themselves.",
        )


@dataclass(frozen=True, slots=True, order=True)
class Reservation:
    """A short name in an environment, and the account whose target it means."""

    environment: str
    name: str
    owner: AccountId


def reserve(client: Any, table: str, reservation: Reservation) -> None:
    """Reserve a short name; reserving it again for the same account changes nothing.

    Args:
        client: a DynamoDB client of the central account in the home Region.
        table: the grants table.
        reservation: what to reserve.

    Raises:
        InvalidProperty: a part of it has another form than in templates.
        NameTaken: it is another account's.
    """
    _check(reservation)
    item = {"owner": reservation.owner, "environment": reservation.environment, "name": reservation.name}
    try:
        client.put_item(
            TableName=table,
            Item=to_wire({**codec.name_key(reservation.environment, reservation.name), **item}),
            ConditionExpression="attribute_not_exists(pk) OR #owner = :owner",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues=to_wire({":owner": reservation.owner}),
        )
    except client.exceptions.ConditionalCheckFailedException as error:
        owner = reserved(client, table, reservation.environment, reservation.name)
        raise NameTaken(reservation.name, reservation.environment, owner or "unknown") from error


def reserved(client: Any, table: str, environment: str, name: str) -> AccountId | None:
    """The account that a short name stands for, or None."""
    answer = client.get_item(TableName=table, Key=to_wire(codec.name_key(environment, name)), ConsistentRead=True)
    return AccountId(from_wire(answer["Item"])["owner"]) if "Item" in answer else None


def reservations(client: Any, table: str) -> Iterator[Reservation]:
    """All reservations, by environment and name."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues=to_wire({":pk": codec.NAMES}),
        ConsistentRead=True,
    )
    for page in pages:
        for item in map(from_wire, page["Items"]):
            yield Reservation(item["environment"], item["name"], AccountId(item["owner"]))


def _check(reservation: Reservation) -> None:
    for part, text in (("Name", reservation.name), ("Environment", reservation.environment)):
        if _NAME.fullmatch(text) is None:
            remedy = "Use lower-case letters, digits and hyphens, starting with a letter, at most 63 characters."
            raise InvalidProperty(part, text, "does not have the right form", remedy)
    if ACCOUNT.fullmatch(reservation.owner) is None:
        raise InvalidProperty("Account", reservation.owner, "is no account id", "Give 12 digits.")
