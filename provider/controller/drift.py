"""What the schedule has found and not found gone since, read from the ledger for an operator; and his word on what may go."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from provider.controller import codec
from provider.controller.codec import from_wire, to_wire
from provider.controller.dynamodb_ledger import HISTORY_KEPT, DynamoDBLedger
from provider.controller.quarantine import partition
from provider.core.findings import FindingKind
from provider.core.identifiers import AccountId, Arn, DeclarationId, Target, target_arn
from provider.core.records import GrantRecord

DEPARTED, UNOBSERVED, OVERDUE = "Departed", "Unobserved", "Overdue"
LATE = 3_600.0
"""Seconds after which a resource that is due, and was not reconciled, is a finding: then the schedule does not run, or not enough."""

KINDS = (*(kind.value for kind in FindingKind), DEPARTED, UNOBSERVED, OVERDUE)
"""Every kind of finding: those of resources, and those of accounts and of the schedule itself."""

NO_DRIFT = (FindingKind.FOREIGN.value, FindingKind.ADOPTED.value)
"""Kinds that say nothing of drift: an owner's own statements are his business, and what was adopted waits for consumers."""


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One finding: the account that it lies in, a resource's ARN or that account, its kind, and what is known of it."""

    account: AccountId
    where: str
    kind: str
    detail: str


def found(client: Any, table: str, now: float) -> Iterator[Found]:
    """All findings; `client` is a DynamoDB client of the central account, `table` the grants table, `now` in epoch seconds."""
    for item in _resources(client, table):
        arn = Arn(item["pk"].removeprefix("RESOURCE#"))
        account = target_arn(arn).account
        for one in item.get("findings", ()):
            yield Found(account, arn, str(one["kind"]), str(one["detail"]))
        if now - float(item.get("dueAt", now)) > LATE:
            yield Found(account, arn, OVERDUE, f"due since {_time(float(item['dueAt']))}")
    for item in partition(client, table, codec.ACCOUNTS):
        record = codec.account_record(item)
        if record.departed_since is not None:
            state = "what it holds is suspended" if record.suspended else "nothing is suspended yet"
            detail = f"has left the organization or is closed, found {_time(record.departed_since)}; {state}"
            yield Found(record.account, record.account, DEPARTED, detail)
        if record.unobserved_since is not None:
            detail = f"has no observer role that trusts the centre, found {_time(record.unobserved_since)}"
            yield Found(record.account, record.account, UNOBSERVED, detail)


def accept(ledger: DynamoDBLedger, grants: Sequence[GrantRecord]) -> list[GrantRecord]:
    """Let grants that are absent from their stacks be withdrawn at the next look, which is to come at once; which these are."""
    now = time.time()
    accepted = [row for row in grants if row.absence is not None and not row.withdrawn]
    for row in accepted:
        origin = ledger.origin(row.grant.origin)
        absence = replace(row.absence, accepted=True) if row.absence else None
        ledger.commit([replace(origin, look_at=now), replace(row, absence=absence)], [], now)
    return accepted


def accept_departure(ledger: DynamoDBLedger, account: AccountId) -> bool:
    """Let what an account holds that has left be suspended at the next look, however many have; whether it has left."""
    record = ledger.accounts().get(account)
    if record is None or record.departed_since is None:
        return False
    ledger.keep(replace(record, accepted=True))
    return True


def remember(client: Any, table: str, accepted: Sequence[str], by: str) -> None:
    """Remember who has accepted what (ids of grants, accounts), for as long as removed grants are remembered."""
    now = datetime.now(UTC)
    for one in accepted:
        key = {"pk": "HISTORY#ACCEPTED", "sk": f"{now.strftime('%Y%m%dT%H%M%S.%fZ')}#{one}"}
        item = {**key, "id": one, "by": by, "expires": int(now.timestamp()) + HISTORY_KEPT}
        client.put_item(TableName=table, Item=to_wire(item))


def grants_under(ledger: DynamoDBLedger, target: Target) -> Sequence[GrantRecord]:
    """The grants under a name."""
    return ledger.view(target, time.time()).grants


def grant(client: Any, table: str, declaration: DeclarationId) -> GrantRecord | None:
    """A grant by its id alone, which no key begins with: the whole ledger is looked through."""
    for item in _scanned(client, table, "sk = :sk", {":sk": f"GRANT#{declaration}"}):
        row = codec.row_record(item)
        return row if isinstance(row, GrantRecord) else None
    return None


def _resources(client: Any, table: str) -> Iterator[dict[str, Any]]:
    return _scanned(client, table, "sk = :sk", {":sk": "RESOURCE"})


def _scanned(client: Any, table: str, expression: str, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("scan").paginate(
        TableName=table, FilterExpression=expression, ExpressionAttributeValues=to_wire(values), ConsistentRead=True
    )
    for page in pages:
        yield from map(from_wire, page["Items"])


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
