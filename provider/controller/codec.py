"""Records as DynamoDB items and back: the one place that knows the ledger's keys and attribute names.

| pk | sk | holds |
|---|---|---|
| `ORIGIN#<digest>` | `ORIGIN` | what an origin holds, its last event, when to look at its stack |
| `TARGET#<owner>#<environment>#<name>` | `PUBLICATION#<id>`, `GRANT#<id>` | publications and grants |
| `RESOURCE#<arn>` | `RESOURCE` | names, counters, lease, due time |
| `ACCOUNT#<account>` | `TARGET#<owner>#<environment>#<name>` | how many grants the account has there |
| `DEPLOYMENTS#<account>` | `DEPLOYMENTS` | when a REST API of the account was deployed last |
| `QUARANTINE` | `<account>` | since when, by whom and why an account is in quarantine |
| `ACCOUNTS` | `<account>` | whether an account is still in the organization, and has an observer role |
| `UNITS` | `<account>` | in which organizational units an account is |
| `ADOPTION#<arn>` | `<statement's id>` | a foreign statement that may go, who said so and when |
| `NAMES` | `<environment>#<name>` | the owner a short name is reserved for |
| `HISTORY#<owner>#<environment>#<name>` | `<time>#<id>` | what was removed, for as long as its TTL says |
"""

from collections.abc import Mapping
from typing import Any

from provider.controller.attribute_values import attribute_value, plain_value
from provider.core.absences import Absence, AbsenceKind, AccountRecord
from provider.core.declarations import SHARE, Grant, OpenMethods, Publication, TargetReference
from provider.core.identifiers import AccountId, Arn, DeclarationId, IssuedAt, Origin, RequestId, Target, UnitId
from provider.core.membership import UnitsRecord
from provider.core.records import GrantRecord, GrantState, OriginRecord, PublicationRecord, Row, Waiting
from provider.core.requests import RequestKey
from provider.core.settling import LastEvent
from provider.core.specifications import GrantType, specification

Item = dict[str, Any]

QUARANTINE = "QUARANTINE"
"""The partition of all accounts in quarantine."""

ACCOUNTS = "ACCOUNTS"
"""The partition of all accounts that have asked for something: listed as a whole, each written once a day."""

UNITS = "UNITS"
"""The partition of the organizational units of accounts that targets allow by them: each written once an hour."""

SHARDS = 8
"""Parts of the index of what is due, so that no single partition takes every write."""
LOOKS = "look"
"""How the parts begin in which origins lie; those of resources are numbers alone."""

ADOPTION = "ADOPTION#"
"""How the partitions of adopted statements begin."""

NAMES = "NAMES"
"""The partition of all reservations: few, rarely written, and listed as a whole."""


def to_wire(item: Mapping[str, Any]) -> Item:
    """Plain Python values as DynamoDB's attribute values."""
    return {name: attribute_value(value) for name, value in item.items()}


def from_wire(item: Mapping[str, Any]) -> Item:
    """DynamoDB's attribute values as plain Python values."""
    return {name: plain_value(value) for name, value in item.items()}


def text_from_wire(item: Mapping[str, Any]) -> Item:
    """The text attributes of an item that anybody may have written, and none of the others."""
    return {name: value["S"] for name, value in item.items() if isinstance(value, Mapping) and "S" in value}


def origin_key(origin: Origin) -> Item:
    """The key of an origin's record."""
    return {"pk": f"ORIGIN#{origin.digest}", "sk": "ORIGIN"}


def target_text(target: Target) -> str:
    """A target as it stands in keys; none of the parts can hold a `#`."""
    return f"{target.owner}#{target.environment}#{target.name}"


def target_of(text: str) -> Target:
    """The target that `target_text` wrote."""
    owner, environment, name = text.split("#")
    return Target(AccountId(owner), environment, name)


def row_key(target: Target, declaration: DeclarationId) -> Item:
    """The key of a publication's or grant's record."""
    return {"pk": f"TARGET#{target_text(target)}", "sk": f"{declaration.partition('-')[0].upper()}#{declaration}"}


def resource_key(arn: Arn) -> Item:
    """The key of a resource's record."""
    return {"pk": f"RESOURCE#{arn}", "sk": "RESOURCE"}


def deployments_key(account: AccountId) -> Item:
    """The key of an account's last deployment."""
    return {"pk": f"DEPLOYMENTS#{account}", "sk": "DEPLOYMENTS"}


def account_key(account: AccountId, target: Target) -> Item:
    """The key under which is counted how many grants an account has on a target."""
    return {"pk": f"ACCOUNT#{account}", "sk": f"TARGET#{target_text(target)}"}


def account_record_key(account: AccountId) -> Item:
    """The key of what was found of an account."""
    return {"pk": ACCOUNTS, "sk": account}


def units_key(account: AccountId) -> Item:
    """The key of the organizational units that an account is in."""
    return {"pk": UNITS, "sk": account}


def units_item(record: UnitsRecord) -> Item:
    """What was told of an account's units as an item."""
    return {**units_key(record.account), "units": sorted(record.units), "toldAt": int(record.told_at)}


def units_record(item: Mapping[str, Any]) -> UnitsRecord:
    """What was told of an account's units from its item."""
    return UnitsRecord(AccountId(item["sk"]), frozenset(map(UnitId, item["units"])), float(item["toldAt"]))


def quarantine_key(account: AccountId) -> Item:
    """The key of an account's quarantine."""
    return {"pk": QUARANTINE, "sk": account}


def adoption_partition(arn: Arn) -> str:
    """The partition of the adopted statements of a resource's policy."""
    return f"{ADOPTION}{arn}"


def name_key(environment: str, name: str) -> Item:
    """The key of a short name's reservation."""
    return {"pk": NAMES, "sk": f"{environment}#{name}"}


def history_key(row: Row, removed_at: str) -> Item:
    """The key under which a removed row is remembered; `removed_at` sorts as time does."""
    return {"pk": f"HISTORY#{target_text(row.target)}", "sk": f"{removed_at}#{row.id}"}


def origin_item(record: OriginRecord) -> Item:
    """An origin's record as an item, without its version."""
    last = record.last
    return {
        **origin_key(record.origin),
        **_origin_parts(record.origin),
        "held": sorted(record.held),
        "places": {declaration: target_text(target) for declaration, target in record.places.items()},
        **({"lastIssuedAt": last.issued_at, "lastCancels": last.cancels} if last else {}),
        **({"dueAt": int(record.look_at), "dueShard": look_shard(record.origin)} if record.look_at is not None else {}),
    }


def origin_record(origin: Origin, item: Mapping[str, Any]) -> OriginRecord:
    """The record of an origin from its item."""
    last = LastEvent(IssuedAt(item["lastIssuedAt"]), bool(item["lastCancels"])) if "lastIssuedAt" in item else None
    return OriginRecord(
        origin=origin,
        held=frozenset(DeclarationId(text) for text in item["held"]),
        places={DeclarationId(declaration): target_of(text) for declaration, text in item["places"].items()},
        last=last,
        look_at=float(item["dueAt"]) if "dueAt" in item else None,
        version=int(item["version"]),
    )


def look_shard(origin: Origin) -> str:
    """In which part of the index of what is due an origin lies, beside the resources."""
    return f"{LOOKS}{int(origin.digest[:2], 16) % SHARDS}"


def account_item(record: AccountRecord) -> Item:
    """An account's record as an item."""
    departed, unobserved = record.departed_since, record.unobserved_since
    return {
        **account_record_key(record.account),
        "lookedAt": int(record.looked_at),
        "toldAt": int(record.told_at),
        "suspended": record.suspended,
        "accepted": record.accepted,
        **({"departedSince": int(departed)} if departed is not None else {}),
        **({"unobservedSince": int(unobserved)} if unobserved is not None else {}),
    }


def account_record(item: Mapping[str, Any]) -> AccountRecord:
    """The record of an account from its item."""
    departed, unobserved = (item.get(name) for name in ("departedSince", "unobservedSince"))
    return AccountRecord(
        AccountId(item["sk"]),
        float(item["lookedAt"]),
        float(item["toldAt"]),
        float(departed) if departed is not None else None,
        bool(item["suspended"]),
        bool(item["accepted"]),
        float(unobserved) if unobserved is not None else None,
    )


def row_item(row: Row) -> Item:
    """A publication's or grant's record as an item, without its version."""
    parts = _publication_parts(row) if isinstance(row, PublicationRecord) else _grant_parts(row)
    shared = {
        "id": row.id,
        "askedAt": row.asked_at,
        "requestId": row.request,
        "pending": sorted(row.pending),
        "awaiting": [_waiting_item(waiting) for waiting in row.awaiting],
        **({"absence": _absence_item(row.absence)} if row.absence else {}),
    }
    return {**row_key(row.target, row.id), **shared, **parts}


def row_record(item: Mapping[str, Any]) -> Row:
    """The record of a publication or grant from its item."""
    target = target_of(item["pk"].removeprefix("TARGET#"))
    pending = frozenset(Arn(text) for text in item["pending"])
    awaiting = tuple(_waiting(one) for one in item["awaiting"])
    asked_at, version = IssuedAt(item["askedAt"]), int(item["version"])
    if item["sk"].startswith("PUBLICATION#"):
        publication = _publication(target, item)
        seen, leaving, withdrawn = bool(item["seen"]), bool(item["leaving"]), bool(item["withdrawn"])
        return PublicationRecord(
            publication,
            asked_at,
            seen,
            leaving,
            withdrawn,
            pending,
            awaiting,
            item["requestId"],
            _absence(item),
            version,
        )
    return GrantRecord(
        grant=_grant(item),
        target=target,
        told=Arn(item["told"]),
        asked_at=asked_at,
        closed=bool(item["closed"]),
        state=GrantState(item["state"]),
        placed=frozenset(Arn(text) for text in item["placed"]),
        pending=pending,
        awaiting=awaiting,
        deployed=bool(item["deployed"]),
        request=item["requestId"],
        since=float(item["since"]) if item["since"] is not None else None,
        absence=_absence(item),
        version=version,
    )


def _origin_parts(origin: Origin) -> Item:
    return {"account": origin.account, "stackId": origin.stack_id, "logicalId": origin.logical_id}


def origin_of(item: Mapping[str, Any]) -> Origin:
    """The origin of an item that has its parts."""
    return Origin(AccountId(item["account"]), item["stackId"], item["logicalId"])


def _publication_parts(row: PublicationRecord) -> Item:
    one = row.publication
    return {
        **_origin_parts(one.origin),
        "arns": list(one.arns),
        "grantTypes": sorted(one.grant_types),
        "accounts": sorted(one.accounts),
        "organization": one.organization,
        "allowDeletion": one.allow_deletion,
        "retired": sorted(one.retired),
        "maximumDays": one.maximum_days,
        "perAccount": one.per_account,
        "share": one.share,
        "redeploy": one.redeploy,
        "openMethods": one.open_methods.value,
        "units": sorted(one.units),
        "seen": row.seen,
        "leaving": row.leaving,
        "withdrawn": row.withdrawn,
    }


def _publication(target: Target, item: Mapping[str, Any]) -> Publication:
    return Publication(
        id=DeclarationId(item["id"]),
        origin=origin_of(item),
        target=target,
        arns=tuple(Arn(text) for text in item["arns"]),
        grant_types=frozenset(GrantType(text) for text in item["grantTypes"]),
        accounts=frozenset(AccountId(text) for text in item["accounts"]),
        organization=bool(item["organization"]),
        allow_deletion=bool(item["allowDeletion"]),
        retired=frozenset(Arn(text) for text in item["retired"]),
        maximum_days=int(item["maximumDays"]) if item["maximumDays"] is not None else None,
        per_account=int(item["perAccount"]),
        share=int(item.get("share", SHARE)),
        redeploy=bool(item["redeploy"]),
        open_methods=OpenMethods(item["openMethods"]),
        units=frozenset(map(UnitId, item.get("units", ()))),
    )


def _grant_parts(row: GrantRecord) -> Item:
    grant, reference = row.grant, row.grant.reference
    return {
        **_origin_parts(grant.origin),
        "reference": {"owner": reference.owner, "environment": reference.environment, "name": reference.name},
        "grantType": grant.grant_type.value,
        "properties": grant.specification.properties,
        "revision": grant.revision,
        "expiresAt": grant.expires_at,
        "wantedOn": grant.wanted_on,
        "told": row.told,
        "closed": row.closed,
        "state": row.state.value,
        "deployed": row.deployed,
        "since": int(row.since) if row.since is not None else None,
        "placed": sorted(row.placed),
    }


def _grant(item: Mapping[str, Any]) -> Grant:
    reference = item["reference"]
    owner = AccountId(reference["owner"]) if reference["owner"] else None
    return Grant(
        id=DeclarationId(item["id"]),
        origin=origin_of(item),
        reference=TargetReference(owner, reference["environment"], reference["name"]),
        specification=specification(item["grantType"], item["properties"]),
        revision=item["revision"],
        expires_at=item["expiresAt"],
        wanted_on=Arn(item["wantedOn"]) if item["wantedOn"] else None,
    )


def _absence_item(absence: Absence) -> Item:
    return {"kind": absence.kind.value, "since": int(absence.since), "accepted": absence.accepted}


def _absence(item: Mapping[str, Any]) -> Absence | None:
    found = item.get("absence")
    return Absence(AbsenceKind(found["kind"]), float(found["since"]), bool(found["accepted"])) if found else None


def _waiting_item(waiting: Waiting) -> Item:
    return {
        "account": waiting.key.account,
        "request": waiting.key.request_id,
        "keptId": waiting.kept_id,
        "deleting": waiting.deleting,
        "fresh": waiting.fresh,
        "since": int(waiting.since),
    }


def _waiting(item: Mapping[str, Any]) -> Waiting:
    key = RequestKey(AccountId(item["account"]), RequestId(item["request"]))
    return Waiting(key, item["keptId"], bool(item["deleting"]), bool(item["fresh"]), float(item["since"]))
