"""The ledger in DynamoDB: optimistic versions on every record, and a lease with a counter on every resource."""

import heapq
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import ceil
from typing import Any

from botocore.exceptions import ClientError

from provider.controller import adoptions, codec
from provider.controller.codec import SHARDS, Item, from_wire, to_wire
from provider.controller.leases import LEASE
from provider.controller.names import reserved
from provider.controller.quarantine import (
    CONTROLLER,
    Quarantine,
    impose_unless_there,
    lift,
    partition,
    quarantined,
    set_going,
)
from provider.core.absences import AccountRecord
from provider.core.adopting import Adoption, Ending
from provider.core.errors import LedgerConflict
from provider.core.identifiers import AccountId, Arn, DeclarationId, Origin, Target
from provider.core.membership import UnitsRecord
from provider.core.records import NEW, GrantRecord, OriginRecord, PublicationRecord, ResourceRecord, Row, TargetView

EMPTIED_ORIGIN_KEPT = 8 * 86_400
HISTORY_KEPT = 400 * 86_400
DEPLOYMENT_KEPT = 3_600

_DUE_AT_ONCE = 100  # of one part of the index: a round takes a few of all that may have become due


class DynamoDBLedger:
    """See `ports.Ledger`. `client` is a DynamoDB client, `table` the name of the grants table."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table
        self._quarantined: tuple[frozenset[AccountId], float] = (frozenset(), 0.0)

    def origin(self, origin: Origin) -> OriginRecord:
        """See `ports.Ledger.origin`."""
        item = self._get(codec.origin_key(origin))
        return codec.origin_record(origin, item) if item else OriginRecord(origin)

    def row(self, target: Target, declaration: DeclarationId) -> Row | None:
        """See `ports.Ledger.row`."""
        item = self._get(codec.row_key(target, declaration))
        return codec.row_record(item) if item else None

    def publications(self, target: Target) -> tuple[PublicationRecord, ...]:
        """See `ports.Ledger.publications`."""
        rows = self._rows(target, "PUBLICATION#")
        return tuple(row for row in rows if isinstance(row, PublicationRecord))

    def view(self, target: Target, now: float) -> TargetView:
        """See `ports.Ledger.view`."""
        rows = tuple(self._rows(target, ""))
        publications = tuple(row for row in rows if isinstance(row, PublicationRecord))
        grants = tuple(row for row in rows if not isinstance(row, PublicationRecord))
        asks = any(one.publication.units for one in publications)
        units = {one.account: one.units for one in self.units()} if asks else {}
        return TargetView(target, publications, grants, now, units=units)

    def sizes(self, arns: Iterable[Arn]) -> Mapping[Arn, int]:
        """See `ports.Ledger.sizes`."""
        found = {arn: self._get(codec.resource_key(arn)) for arn in arns}
        return {arn: int(item["size"]) for arn, item in found.items() if item and "size" in item}

    def grants_of(self, account: AccountId, target: Target) -> int:
        """See `ports.Ledger.grants_of`."""
        item = self._get(codec.account_key(account, target))
        return int(item["grants"]) if item else 0

    def held_by(self, account: AccountId) -> Iterator[GrantRecord]:
        """See `ports.Ledger.held_by`."""
        for item in partition(self._client, self._table, f"ACCOUNT#{account}"):
            for row in self._rows(codec.target_of(item["sk"].removeprefix("TARGET#")), "GRANT#"):
                if isinstance(row, GrantRecord) and row.grant.origin.account == account:
                    yield row

    def quarantined(self, now: float, age: float = 0.0) -> frozenset[AccountId]:
        """See `ports.Ledger.quarantined`."""
        accounts, read_at = self._quarantined
        if read_at <= now - age:
            accounts = frozenset(one.account for one in quarantined(self._client, self._table))
            self._quarantined = (accounts, now)
        return accounts

    def reserved(self, environment: str, name: str) -> AccountId | None:
        """See `ports.Ledger.reserved`."""
        return reserved(self._client, self._table, environment, name)

    def commit(
        self,
        puts: Sequence[OriginRecord | Row],
        deletes: Sequence[Row],
        now: float,
        checks: Sequence[PublicationRecord] = (),
    ) -> None:
        """See `ports.Ledger.commit`."""
        writes = [{"Put": self._put(record, now)} for record in puts]
        changed = {row.id for row in (*puts, *deletes) if not isinstance(row, OriginRecord)}
        writes += [{"ConditionCheck": self._delete(row)} for row in checks if row.id not in changed]
        for row in deletes:
            writes.append({"Delete": self._delete(row)})
            writes.append({"Put": {"TableName": self._table, "Item": to_wire(_history(row, now))}})
        writes += [{"Update": one} for one in self._counts(puts, deletes)]
        try:
            if len(writes) == 1 and "Put" in writes[0]:
                self._client.put_item(**writes[0]["Put"])
            else:
                self._client.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if error.response["Error"]["Code"] in _CONFLICTS:
                raise LedgerConflict from error
            raise

    def want(self, arn: Arn, names: frozenset[Target], now: float, growth: int = 0, *, adopting: bool = False) -> None:
        """See `ports.Ledger.want`."""
        adopts, values = (", adopting = :adopting", {":adopting": True}) if adopting else ("", {})
        self._client.update_item(
            TableName=self._table,
            Key=to_wire(codec.resource_key(arn)),
            UpdateExpression="ADD wanted :one, #names :names, #size :more "
            f"SET arn = :arn, dueAt = :now, dueShard = :shard{adopts}",
            ExpressionAttributeNames={"#names": "names", "#size": "size"},
            ExpressionAttributeValues=to_wire(
                {
                    ":one": 1,
                    ":names": _texts(names),
                    ":more": growth,
                    ":arn": arn,
                    ":now": int(now),
                    ":shard": _shard(arn),
                    **values,
                }
            ),
        )

    def acquire(self, arn: Arn, holder: str, now: float) -> ResourceRecord | None:
        """See `ports.Ledger.acquire`."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=to_wire(codec.resource_key(arn)),
                UpdateExpression="SET leaseHolder = :holder, leaseUntil = :until",
                ConditionExpression="attribute_exists(pk) AND "
                "(attribute_not_exists(leaseHolder) OR leaseHolder = :holder OR leaseUntil < :now)",
                ExpressionAttributeValues=to_wire(
                    {":holder": holder, ":until": int(now + LEASE) + 1, ":now": int(now)}
                ),
                ReturnValues="ALL_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        item = from_wire(answer["Attributes"])
        names = frozenset(codec.target_of(text) for text in item.get("names", ()))
        undeployed_since = float(item["undeployedSince"]) if "undeployedSince" in item else None
        findings = tuple((one["kind"], one["detail"]) for one in item.get("findings", ()))
        adopting = bool(item.get("adopting"))
        return ResourceRecord(arn, names, int(item["wanted"]), holder, undeployed_since, findings, adopting)

    def changing(self, resource: ResourceRecord, since: float) -> None:
        """See `ports.Ledger.changing`."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=to_wire(codec.resource_key(resource.arn)),
                UpdateExpression="SET undeployedSince = :since",
                ConditionExpression="leaseHolder = :holder",
                ExpressionAttributeValues=to_wire({":holder": resource.lease, ":since": ceil(since)}),
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise LedgerConflict from error

    def release(self, resource: ResourceRecord, names: frozenset[Target], due_at: float, size: int | None) -> bool:
        """See `ports.Ledger.release`."""
        condition = {
            "TableName": self._table,
            "Key": to_wire(codec.resource_key(resource.arn)),
            "ConditionExpression": "wanted = :wanted AND leaseHolder = :holder",
        }
        values: Item = {":wanted": resource.wanted, ":holder": resource.lease}
        try:
            if not names:
                self._client.delete_item(**condition, ExpressionAttributeValues=to_wire(values))
                return True
            findings = [{"kind": kind, "detail": detail} for kind, detail in resource.findings]
            values |= {":names": _texts(names), ":due": int(due_at), ":findings": findings}
            sets, removes, attributes = "#names = :names, done = :wanted, dueAt = :due", "", {"#names": "names"}
            sets += ", findings = :findings"
            if size is not None:
                sets, values[":size"], attributes["#size"] = f"{sets}, #size = :size", size, "size"
            if resource.undeployed_since is None:
                removes = ", undeployedSince"
            else:
                sets, values[":since"] = f"{sets}, undeployedSince = :since", ceil(resource.undeployed_since)
            self._client.update_item(
                **condition,
                UpdateExpression=f"SET {sets} REMOVE leaseHolder, leaseUntil{removes}",
                ExpressionAttributeNames=attributes,
                ExpressionAttributeValues=to_wire(values),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def give_back(self, resource: ResourceRecord, due_at: float) -> None:
        """See `ports.Ledger.give_back`."""
        # The lease has passed to somebody else meanwhile: nothing is ours to give back.
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._table,
                Key=to_wire(codec.resource_key(resource.arn)),
                UpdateExpression="SET dueAt = :due REMOVE leaseHolder, leaseUntil",
                ConditionExpression="leaseHolder = :holder",
                ExpressionAttributeValues=to_wire({":holder": resource.lease, ":due": int(due_at)}),
            )

    def due(self, now: float) -> Iterator[Arn]:
        """See `ports.Ledger.due`."""
        for _, pk in heapq.merge(*(self._due_of(str(shard), now) for shard in range(SHARDS))):
            yield Arn(pk.removeprefix("RESOURCE#"))

    def to_look_at(self, now: float) -> Iterator[OriginRecord]:
        """See `ports.Ledger.to_look_at`."""
        for _, pk in heapq.merge(*(self._due_of(f"{codec.LOOKS}{shard}", now) for shard in range(SHARDS))):
            item = self._get({"pk": pk, "sk": "ORIGIN"})
            found = codec.origin_record(codec.origin_of(item), item) if item else None
            if found is not None and found.look_at is not None and found.look_at <= now:  # the index may lag behind
                yield found

    def accounts(self) -> Mapping[AccountId, AccountRecord]:
        """See `ports.Ledger.accounts`."""
        found = map(codec.account_record, partition(self._client, self._table, codec.ACCOUNTS))
        return {one.account: one for one in found}

    def keep(self, record: AccountRecord) -> None:
        """See `ports.Ledger.keep`."""
        self._client.put_item(TableName=self._table, Item=to_wire(codec.account_item(record)))

    def forget(self, account: AccountId) -> None:
        """See `ports.Ledger.forget`."""
        self._client.delete_item(TableName=self._table, Key=to_wire(codec.account_record_key(account)))

    def units_of(self, account: AccountId) -> UnitsRecord | None:
        """See `ports.Ledger.units_of`."""
        item = self._get(codec.units_key(account))
        return codec.units_record(item) if item else None

    def units(self) -> Iterable[UnitsRecord]:
        """See `ports.Ledger.units`."""
        return map(codec.units_record, partition(self._client, self._table, codec.UNITS))

    def keep_units(self, record: UnitsRecord) -> None:
        """See `ports.Ledger.keep_units`."""
        self._client.put_item(TableName=self._table, Item=to_wire(codec.units_item(record)))

    def want_all_of(self, account: AccountId, now: float) -> None:  # noqa: ARG002 - wanted as of this machine's time
        """See `ports.Ledger.want_all_of`."""
        set_going(self._client, self._table, self, account)

    def suspend(self, account: AccountId, reason: str, now: float) -> None:
        """See `ports.Ledger.suspend`."""
        if impose_unless_there(self._client, self._table, Quarantine(account, now, CONTROLLER, reason)):
            set_going(self._client, self._table, self, account)

    def resume(self, account: AccountId) -> None:
        """See `ports.Ledger.resume`."""
        if lift(self._client, self._table, account, CONTROLLER, imposed_by=CONTROLLER):
            set_going(self._client, self._table, self, account)

    def _due_of(self, shard: str, now: float) -> Iterator[tuple[int, str]]:
        """The keys of a shard with when they became due, the longest waiting first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="dueShard = :shard AND dueAt <= :now",
            ExpressionAttributeValues=to_wire({":shard": shard, ":now": int(now)}),
            PaginationConfig={"PageSize": _DUE_AT_ONCE},
        )
        for page in pages:
            for item in map(from_wire, page["Items"]):
                yield int(item["dueAt"]), str(item["pk"])

    def adoptions(self, arn: Arn) -> tuple[Adoption, ...]:
        """See `ports.Ledger.adoptions`."""
        return adoptions.of(self._client, self._table, arn)

    def end(self, adoption: Adoption, ending: Ending, now: float) -> None:
        """See `ports.Ledger.end`."""
        # Where an operator writes it at this very moment, the next pass finds it again.
        with suppress(self._client.exceptions.TransactionCanceledException):
            adoptions.end(self._client, self._table, adoption, ending, now)

    def may_deploy(self, account: AccountId, now: float, pause: float) -> bool:
        """See `ports.Ledger.may_deploy`."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=to_wire(codec.deployments_key(account)),
                UpdateExpression="SET deployedAt = :now, expires = :expires",
                ConditionExpression="attribute_not_exists(deployedAt) OR deployedAt <= :then",
                ExpressionAttributeValues=to_wire(
                    {":now": ceil(now), ":then": int(now - pause), ":expires": int(now) + DEPLOYMENT_KEPT}
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _get(self, key: Item) -> Item | None:
        answer = self._client.get_item(TableName=self._table, Key=to_wire(key), ConsistentRead=True)
        return from_wire(answer["Item"]) if "Item" in answer else None

    def _rows(self, target: Target, prefix: str) -> Iterator[Row]:
        expression, values = "pk = :pk", {":pk": f"TARGET#{codec.target_text(target)}"}
        if prefix:
            expression, values = f"{expression} AND begins_with(sk, :prefix)", {**values, ":prefix": prefix}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression=expression,
            ExpressionAttributeValues=to_wire(values),
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                yield codec.row_record(from_wire(item))

    def _put(self, record: OriginRecord | Row, now: float) -> Mapping[str, Any]:
        item = codec.origin_item(record) if isinstance(record, OriginRecord) else codec.row_item(record)
        if isinstance(record, OriginRecord) and not record.places:
            item["expires"] = int(now) + EMPTIED_ORIGIN_KEPT
        put = {"TableName": self._table, "Item": to_wire({**item, "version": record.version + 1})}
        return {**put, **_unchanged(record.version)}

    def _counts(self, puts: Sequence[OriginRecord | Row], deletes: Sequence[Row]) -> Iterator[Mapping[str, Any]]:
        """What becomes of the numbers of grants that accounts have on targets, in the transaction that changes them."""
        new = (row for row in puts if isinstance(row, GrantRecord) and row.version == NEW)
        changes: Counter[tuple[AccountId, Target]] = Counter((row.grant.origin.account, row.target) for row in new)
        changes.subtract((row.grant.origin.account, row.target) for row in deletes if isinstance(row, GrantRecord))
        for (account, target), change in changes.items():
            if change:
                yield {
                    "TableName": self._table,
                    "Key": to_wire(codec.account_key(account, target)),
                    "UpdateExpression": "ADD grants :change",
                    "ExpressionAttributeValues": to_wire({":change": change}),
                }

    def _delete(self, row: Row) -> Mapping[str, Any]:
        key = to_wire(codec.row_key(row.target, row.id))
        return {"TableName": self._table, "Key": key, **_unchanged(row.version)}


_CONFLICTS = ("ConditionalCheckFailedException", "TransactionCanceledException", "TransactionConflictException")


def _unchanged(version: int) -> Mapping[str, Any]:
    if version == NEW:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": to_wire({":version": version}),
    }


def _history(row: Row, now: float) -> Item:
    removed_at = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    key = codec.history_key(row, removed_at)
    return {**codec.row_item(row), **key, "removedAt": removed_at, "expires": int(now) + HISTORY_KEPT}


def _texts(names: frozenset[Target]) -> set[str]:
    return {codec.target_text(name) for name in names}


def _shard(arn: Arn) -> str:
    return str(zlib.crc32(arn.encode("ascii")) % SHARDS)
