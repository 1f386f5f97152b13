"""The ledger as whoever asks may see it: an operator all of it, an account what it owns and what it holds.

IAM decides which (docs/decisions/0021): nothing here is left out that the credentials would show.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from provider.controller import codec
from provider.controller.account_index import BY_ACCOUNT, grant_shown
from provider.controller.codec import from_wire, to_wire
from provider.controller.quarantine import quarantined
from provider.core.identifiers import AccountId, Arn, Target, UnitId
from provider.core.records import GrantRecord, PublicationRecord, Row, TargetView


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen: names with what lies under them, and of short names whom they mean.

    `account` is whose part of the ledger this is, None for all of it. Of another owner's name an account sees its own
    grants alone: then `is_whole` is False, and the publication is not among what is seen, whether or not there is one.
    `sizes` are the characters of resources' policies, which operators alone see, as far as passes have seen them.
    """

    views: Mapping[Target, TargetView]
    now: float
    account: AccountId | None = None
    reservations: Mapping[tuple[str, str], AccountId] = field(default_factory=dict)
    quarantined: frozenset[AccountId] = frozenset()
    sizes: Mapping[Arn, int] = field(default_factory=dict)

    def is_whole(self, target: Target) -> bool:
        """Whether all that lies under a name is seen, its publications and everybody's grants."""
        return self.account is None or self.account == target.owner

    def view(self, target: Target) -> TargetView:
        """What is seen under a name; nothing, where nothing lies there or is shown."""
        return self.views.get(target) or TargetView(target, (), (), self.now)


def whole_ledger(client: Any, table: str, now: float) -> Sight:
    """All of the ledger, for who may scan it; `client` is a DynamoDB client, `now` in epoch seconds."""
    accounts = frozenset(one.account for one in quarantined(client, table))
    rows: list[Row] = []
    reservations: dict[tuple[str, str], AccountId] = {}
    units: dict[AccountId, frozenset[UnitId]] = {}
    sizes: dict[Arn, int] = {}
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in map(from_wire, page["Items"]):
            if item["pk"].startswith("TARGET#"):
                rows.append(codec.row_record(item))
            elif item["pk"].startswith("RESOURCE#") and "size" in item:
                sizes[Arn(item["pk"].removeprefix("RESOURCE#"))] = int(item["size"])
            elif item["pk"] == codec.UNITS:
                told = codec.units_record(item)
                units[told.account] = told.units
            elif item["pk"] == codec.NAMES:
                reservations[item["environment"], item["name"]] = AccountId(item["owner"])
    return Sight(views(rows, now, accounts, units), now, None, reservations, accounts, sizes)


def own_part(client: Any, table: str, account: AccountId, now: float) -> Sight:
    """What an account owns and what it holds: the part that the reader role shows it.

    The index is read as DynamoDB reads indexes, a moment behind; a name whose publication is gone is still found by the
    memory of it, for 400 days.
    """
    held: list[Row] = []
    owned: set[Target] = set()
    for item in _under(client, table, BY_ACCOUNT, account, IndexName=BY_ACCOUNT):
        grant = grant_shown(item)
        held += [grant] if grant else []
        owned |= {target for target in [_target(item["pk"])] if target and target.owner == account}
    rows = [row for target in sorted(owned) for row in _rows(client, table, target)]
    seen = {row.id for row in rows}
    return Sight(views([*rows, *(row for row in held if row.id not in seen)], now), now, account)


def views(
    rows: Iterable[Row],
    now: float,
    quarantined: frozenset[AccountId] = frozenset(),
    units: Mapping[AccountId, frozenset[UnitId]] | None = None,
) -> dict[Target, TargetView]:
    """Records, by the name that they lie under, as they count at `now`."""
    publications: dict[Target, list[PublicationRecord]] = defaultdict(list)
    grants: dict[Target, list[GrantRecord]] = defaultdict(list)
    for row in rows:
        if isinstance(row, PublicationRecord):
            publications[row.target].append(row)
        else:
            grants[row.target].append(row)
    names = sorted({*publications, *grants})
    return {
        name: TargetView(name, tuple(publications[name]), tuple(grants[name]), now, quarantined, units or {})
        for name in names
    }


def _target(pk: str) -> Target | None:
    """The name that a record lies under, or that one was remembered of."""
    kind, _, text = pk.partition("#")
    return codec.target_of(text) if kind in ("TARGET", "HISTORY") and text.count("#") == 2 else None


def _rows(client: Any, table: str, target: Target) -> Iterator[Row]:
    pk = f"TARGET#{codec.target_text(target)}"
    yield from map(codec.row_record, _under(client, table, "pk", pk, ConsistentRead=True))


def _under(client: Any, table: str, key: str, value: str, **how: Any) -> Iterator[dict[str, Any]]:
    """The items under one partition key of the table or of an index."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="#key = :key",
        ExpressionAttributeNames={"#key": key},
        ExpressionAttributeValues=to_wire({":key": value}),
        **how,
    )
    for page in pages:
        yield from map(from_wire, page["Items"])
