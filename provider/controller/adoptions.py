"""Adoptions in the ledger: an operator's word on which foreign statements may go, and the memory of how each has ended."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from provider.controller import codec
from provider.controller.codec import from_wire, to_wire
from provider.controller.quarantine import KEPT, partition
from provider.core.adopting import Adoption, Ending
from provider.core.identifiers import Arn

ADOPTED = "Adopted"


def adopt(client: Any, table: str, adoption: Adoption) -> bool:
    """Record that a statement may go once grants allow all that it does; whether it was not recorded before.

    Args:
        client: a DynamoDB client of the central account in the home Region.
        table: the grants table.
        adoption: which statement, by whom.
    """
    put = {
        "TableName": table,
        "Item": to_wire(item_of(adoption)),
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    event = {"TableName": table, "Item": to_wire(_remembered(adoption, ADOPTED, adoption.at))}
    try:
        client.transact_write_items(TransactItems=[{"Put": put}, {"Put": event}])
    except client.exceptions.TransactionCanceledException:
        return False
    return True


def end(client: Any, table: str, adoption: Adoption, ending: Ending, now: float) -> None:
    """Forget an adoption, whether or not somebody else has done so meanwhile, and remember how it has ended.

    Who withdraws one gives it with himself as `by`.
    """
    item = item_of(adoption)
    delete = {"TableName": table, "Key": to_wire({"pk": item["pk"], "sk": item["sk"]})}
    event = {"TableName": table, "Item": to_wire(_remembered(adoption, ending.value, now))}
    client.transact_write_items(TransactItems=[{"Delete": delete}, {"Put": event}])


def of(client: Any, table: str, arn: Arn) -> tuple[Adoption, ...]:
    """The adopted statements of a resource's policy."""
    return tuple(map(adoption_of, partition(client, table, codec.adoption_partition(arn))))


def every(client: Any, table: str) -> Iterator[Adoption]:
    """Those of all resources: the whole ledger is looked through."""
    pages = client.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="begins_with(pk, :adoption)",
        ExpressionAttributeValues=to_wire({":adoption": codec.ADOPTION}),
        ConsistentRead=True,
    )
    for page in pages:
        yield from map(adoption_of, map(from_wire, page["Items"]))


def item_of(adoption: Adoption) -> dict[str, Any]:
    """An adoption as an item; the statement as text, for a policy's lists and numbers are not the table's."""
    return {
        "pk": codec.adoption_partition(adoption.resource),
        "sk": adoption.id,
        "statement": json.dumps(adoption.statement, sort_keys=True),
        "target": codec.target_text(adoption.target),
        "by": adoption.by,
        "at": int(adoption.at),
    }


def adoption_of(item: Mapping[str, Any]) -> Adoption:
    """The adoption from its item."""
    return Adoption(
        resource=Arn(item["pk"].removeprefix(codec.ADOPTION)),
        id=item["sk"],
        statement=json.loads(item["statement"]),
        target=codec.target_of(item["target"]),
        by=item["by"],
        at=float(item["at"]),
    )


def _remembered(adoption: Adoption, happened: str, now: float) -> dict[str, Any]:
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return {
        "pk": "HISTORY#ADOPTIONS",
        "sk": f"{moment}#{adoption.resource}#{adoption.id}#{happened}",
        "resource": adoption.resource,
        "id": adoption.id,
        "statement": json.dumps(adoption.statement, sort_keys=True),
        "target": codec.target_text(adoption.target),
        "happened": happened,
        "by": adoption.by,
        "expires": int(now) + KEPT,
    }
