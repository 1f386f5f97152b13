"""What a snapshot would change in the ledger, and changing it, each record only while it is as it was seen.

Compared are digests: of each record 64 bytes are held, and its key where it differs.
"""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provider.cli.snapshots import Records, Wire, records
from provider.controller import adoptions, codec
from provider.controller.codec import from_wire
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.core.identifiers import AccountId, Arn, Target, resource_of, target_arn
from provider.core.records import GrantRecord

_NOT_COMPARED = ("version", "dueAt", "dueShard")
"""What the controller counts and plans with: it says nothing of what is held."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """How many records of a kind change in one way, by target and account ("" where it has none)."""

    target: str
    account: str
    record: str
    change: str
    number: int = 1


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs: `put` are keys with what stands there now (None: nothing), `removed` what stands and would go."""

    put: Mapping[Key, Wire | None]
    removed: Mapping[Key, Wire]
    summary: tuple[Change, ...]


def compare(snapshot: Records, client: Any, table: str) -> Changes:
    """What would change. The snapshot is read once, the table twice at most."""
    wanted = {_digest(_key(item)): _meaning(item) for item in snapshot()}
    put: dict[Key, Wire | None] = {}
    removed: dict[Key, Wire] = {}
    counted: Counter[tuple[str, str, str, str]] = Counter()
    for item in records(client, table):
        meaning = wanted.pop(_digest(_key(item)), None)
        if meaning is None:
            removed[_key(item)] = item
            counted[(*_whose(item), "removed")] += 1
        elif meaning != _meaning(item):
            put[_key(item)] = item
            counted[(*_whose(item), "changed")] += 1
    if wanted:
        for item in snapshot():
            if _digest(_key(item)) in wanted:
                put[_key(item)] = None
                counted[(*_whose(item), "added")] += 1
    return Changes(put, removed, tuple(sorted(Change(*what, number) for what, number in counted.items())))


def apply(changes: Changes, snapshot: Records, client: Any, table: str) -> None:
    """Make the ledger what the snapshot says, and have the controller look at each resource that it names.

    Repeating it after a failure goes on where it ended: resources are wanted even where their records stand already.

    Raises:
        ClientError: ConditionalCheckFailedException where a record is not as it was compared.
    """
    concerned: dict[Arn, set[Target]] = {}
    adopting: set[Arn] = set()
    for item in snapshot():
        key = _key(item)
        if key in changes.put:
            before = changes.put[key]
            client.put_item(TableName=table, Item=_next(item, before), **_unchanged(before))
        _collect(item, concerned, adopting)
    for item in changes.removed.values():
        client.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]}, **_unchanged(item))
        _collect(item, concerned, adopting)
    ledger = DynamoDBLedger(client, table)
    for arn, names in sorted(concerned.items()):
        ledger.want(arn, frozenset(names), time.time(), adopting=arn in adopting)


def _collect(item: Wire, concerned: dict[Arn, set[Target]], adopting: set[Arn]) -> None:
    if item["pk"]["S"].startswith(codec.ADOPTION):
        adoption = adoptions.adoption_of(from_wire(item))
        adopting.add(adoption.resource)
        concerned.setdefault(adoption.resource, set()).add(adoption.target)
        return
    if not item["pk"]["S"].startswith("TARGET#"):
        return
    row = codec.row_record(from_wire(item))
    if isinstance(row, GrantRecord):
        arns = {*row.placed, resource_of(row.told)}
    else:
        arns = {resource_of(arn) for arn in row.publication.arns}
    for arn in arns:
        concerned.setdefault(arn, set()).add(row.target)


def _next(item: Wire, before: Wire | None) -> Wire:
    """The item to write: its version goes on from what stands, so that whoever has read that writes in vain."""
    if before is None or "version" not in before:
        return item
    version = max(int(one.get("version", {"N": "0"})["N"]) for one in (item, before))
    return {**item, "version": {"N": str(version + 1)}}


def _unchanged(before: Wire | None) -> Mapping[str, Any]:
    """The condition that a record is as it was seen: by its version, or by its texts and numbers where it has none."""
    if before is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    seen = {name: value for name, value in before.items() if {"S", "N"} & value.keys() and name not in ("pk", "sk")}
    if "version" in seen:
        seen = {"version": seen["version"]}
    if not seen:
        return {"ConditionExpression": "attribute_exists(pk)"}
    return {
        "ConditionExpression": " AND ".join(f"#a{at} = :a{at}" for at in range(len(seen))),
        "ExpressionAttributeNames": {f"#a{at}": name for at, name in enumerate(seen)},
        "ExpressionAttributeValues": {f":a{at}": value for at, value in enumerate(seen.values())},
    }


def _key(item: Wire) -> Key:
    return item["pk"]["S"], item["sk"]["S"]


def _digest(value: Any) -> bytes:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=sorted).encode()).digest()


def _meaning(item: Wire) -> bytes:
    compared: Iterator[tuple[str, Any]] = ((name, one) for name, one in item.items() if name not in _NOT_COMPARED)
    return _digest({name: {"SS": sorted(one["SS"])} if "SS" in one else one for name, one in compared})


def _whose(item: Wire) -> tuple[str, str, str]:
    """Target, account and kind of a record."""
    pk, sk = _key(item)
    kind, _, rest = pk.partition("#")
    match kind:
        case "TARGET":
            return _name(rest), item["account"]["S"], sk.partition("#")[0].lower()
        case "ACCOUNT":
            return _name(sk.partition("#")[2]), AccountId(rest), "count"
        case "ORIGIN":
            return "", item["account"]["S"], "origin"
        case codec.QUARANTINE:
            return "", sk, "quarantine"
        case "ADOPTION":
            return _name(item["target"]["S"]), target_arn(rest).account, "adoption"
    environment, _, name = sk.partition("#")
    return f"{name} ({environment})", item["owner"]["S"], "reservation"


def _name(text: str) -> str:
    target = codec.target_of(text)
    return f"{target.owner}/{target.name}" + ("" if target.environment == "default" else f" ({target.environment})")
