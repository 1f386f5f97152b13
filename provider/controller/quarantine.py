"""The kill switch: accounts whose grants are all suspended and whose requests are refused, until it is lifted."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from provider.controller import codec
from provider.controller.codec import from_wire, to_wire
from provider.core.errors import InvalidProperty
from provider.core.identifiers import ACCOUNT, AccountId, Arn, Target, resource_of
from provider.core.records import TargetView

KEPT = 400 * 86_400
"""Seconds for which it is remembered that an account was quarantined, and who lifted it."""


CONTROLLER = "cross-account-permission"
"""By whom the controller itself puts an account into quarantine: one that has left the organization or was closed."""


class Wanting(Protocol):
    """The part of the ledger that is needed to set a quarantine going."""

    def view(self, target: Target, now: float) -> TargetView:
        """See `ports.Ledger.view`."""

    def want(self, arn: Arn, names: frozenset[Target], now: float, growth: int = 0) -> None:
        """See `ports.Ledger.want`."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """An account in quarantine: since when (epoch seconds), by whom (an ARN), and why."""

    account: AccountId
    since: float
    by: str
    reason: str


def impose(client: Any, table: str, quarantine: Quarantine, condition: str | None = None) -> None:
    """Quarantine an account; doing so again changes the reason alone.

    Args:
        client: a DynamoDB client of the central account in the home Region.
        table: the grants table.
        quarantine: whom, by whom, why.
        condition: a condition expression on the record as it is.

    Raises:
        InvalidProperty: it is no account.
    """
    _check(quarantine.account)
    item = {"since": int(quarantine.since), "by": quarantine.by, "reason": quarantine.reason}
    event = _remembered(quarantine.account, "imposed", quarantine.by, quarantine.reason)
    put: dict[str, Any] = {"TableName": table, "Item": to_wire({**codec.quarantine_key(quarantine.account), **item})}
    put |= {"ConditionExpression": condition} if condition else {}
    client.transact_write_items(TransactItems=[{"Put": put}, {"Put": {"TableName": table, "Item": to_wire(event)}}])


def impose_unless_there(client: Any, table: str, quarantine: Quarantine) -> bool:
    """Quarantine an account that is not in quarantine; whether that was to be done."""
    try:
        impose(client, table, quarantine, condition="attribute_not_exists(pk)")
    except client.exceptions.TransactionCanceledException:
        return False
    return True


def lift(client: Any, table: str, account: AccountId, by: str, imposed_by: str | None = None) -> bool:
    """Lift an account's quarantine, unless somebody other than `imposed_by` (None: whoever) has imposed it; whether there was one.

    Raises:
        InvalidProperty: it is no account.
    """
    _check(account)
    key = to_wire(codec.quarantine_key(account))
    delete: dict[str, Any] = {"TableName": table, "Key": key, "ConditionExpression": "attribute_exists(pk)"}
    if imposed_by is not None:
        delete |= {
            "ConditionExpression": "#by = :by",
            "ExpressionAttributeNames": {"#by": "by"},
            "ExpressionAttributeValues": to_wire({":by": imposed_by}),
        }
    event = {"TableName": table, "Item": to_wire(_remembered(account, "lifted", by, ""))}
    try:
        client.transact_write_items(TransactItems=[{"Delete": delete}, {"Put": event}])
    except client.exceptions.TransactionCanceledException:
        return False
    return True


def quarantined(client: Any, table: str) -> Iterator[Quarantine]:
    """All accounts in quarantine; few, so that they lie in one partition."""
    for item in partition(client, table, codec.QUARANTINE):
        yield Quarantine(AccountId(item["sk"]), float(item["since"]), item["by"], item["reason"])


def set_going(client: Any, table: str, ledger: Wanting, account: AccountId) -> Sequence[Arn]:
    """Have every policy that an account's grants stand in, or would stand in, looked at in the next pass; which these are."""
    concerned: dict[Arn, set[Target]] = {}
    for item in partition(client, table, f"ACCOUNT#{account}"):
        target = codec.target_of(item["sk"].removeprefix("TARGET#"))
        for row in ledger.view(target, time.time()).grants:
            if row.grant.origin.account == account:
                for arn in row.placed | {resource_of(row.told)}:
                    concerned.setdefault(arn, set()).add(target)
    for arn, names in sorted(concerned.items()):
        ledger.want(arn, frozenset(names), time.time())
    return sorted(concerned)


def partition(client: Any, table: str, pk: str) -> Iterator[dict[str, Any]]:
    """The items under one partition key, read consistently."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues=to_wire({":pk": pk}),
        ConsistentRead=True,
    )
    for page in pages:
        yield from map(from_wire, page["Items"])


def _remembered(account: AccountId, happened: str, by: str, reason: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    expires = int(now.timestamp()) + KEPT
    key = {"pk": "HISTORY#QUARANTINE", "sk": f"{now.strftime('%Y%m%dT%H%M%S.%fZ')}#{account}"}
    return {**key, "account": account, "happened": happened, "by": by, "reason": reason, "expires": expires}


def _check(account: str) -> None:
    if ACCOUNT.fullmatch(account) is None:
        raise InvalidProperty("Account", account, "is no account id", "Give 12 digits.")
