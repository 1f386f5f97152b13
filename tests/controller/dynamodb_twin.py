"""DynamoDB's tables in memory, as far as the controller uses them, and what each call takes of their capacity.

Named like a client of the AWS library, and held to the contract of the ledger and the desk (tests/controller/test_ledger_contract.py).
Items are kept as text, so that hundreds of thousands of them have room.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from capacity import Item, item_size, read_units, write_units

from provider.controller.account_index import SHOWN

_PAGE = 1024 * 1024
"""Bytes of items that a Query or Scan goes through at most (DynamoDB API Reference, Query)."""
_KEYS = (("pk", "sk"), ("account", "request"))


class ConditionalCheckFailedError(ClientError):
    """The exception of a client's `exceptions`."""


class TransactionCanceledError(ClientError):
    """Likewise."""


def _error(code: str, kind: type[ClientError] = ClientError) -> ClientError:
    return kind({"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "")  # type: ignore[typeddict-item]


@dataclass
class DynamoDBTwin:
    """`calls`, `items` and `units` are counted until somebody clears them: calls by operation, the others by `read` and `write`.

    `index` are the writes of the index, which it takes units of its own for; `transactions` the keys that each transaction held.
    """

    calls: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    transactions: list[list[str]] = field(default_factory=list)
    tables: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    shards: dict[str, dict[str, int]] = field(default_factory=dict)
    exceptions: Any = field(
        default_factory=lambda: SimpleNamespace(
            ConditionalCheckFailedException=ConditionalCheckFailedError,
            TransactionCanceledException=TransactionCanceledError,
        )
    )

    # --- DynamoDB's operations, with its words --------------------------------------------------------

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool = False) -> dict[str, Any]:  # noqa: N803, ARG002
        self.calls["GetItem"] += 1
        found = self.find(TableName, Key)
        self._read([found] if found else [])
        return {"Item": found} if found else {}

    def put_item(self, *, TableName: str, Item: Item, **condition: Any) -> None:  # noqa: N803
        self.calls["PutItem"] += 1
        self._check_one(TableName, Item, condition)
        self._write(TableName, Item, Item, transaction=False)

    def delete_item(self, *, TableName: str, Key: Item, **condition: Any) -> None:  # noqa: N803
        self.calls["DeleteItem"] += 1
        self._check_one(TableName, Key, condition)
        self._write(TableName, Key, None, transaction=False)

    def update_item(self, *, TableName: str, Key: Item, ReturnValues: str = "", **update: Any) -> dict[str, Any]:  # noqa: N803
        self.calls["UpdateItem"] += 1
        self._check_one(TableName, Key, update)
        after = _updated({**Key, **(self.find(TableName, Key) or {})}, update)
        self._write(TableName, Key, after, transaction=False)
        return {"Attributes": after} if ReturnValues else {}

    def transact_write_items(self, *, TransactItems: list[Mapping[str, Any]]) -> None:  # noqa: N803
        self.calls["TransactWriteItems"] += 1
        parts = [(kind, one) for each in TransactItems for kind, one in each.items()]
        self.transactions.append(
            [_key(one.get("Key") or one["Item"])[1] + _key(one.get("Key") or one["Item"])[0] for _, one in parts]
        )
        for _, one in parts:
            if not self._holds(one["TableName"], one.get("Key") or one["Item"], one):
                raise _error("TransactionCanceledException", TransactionCanceledError)
        for kind, one in parts:
            key = one.get("Key") or one["Item"]
            before = self.find(one["TableName"], key)
            after = {"Put": one.get("Item"), "Delete": None, "ConditionCheck": before}.get(kind)
            after = _updated({**key, **(before or {})}, one) if kind == "Update" else after
            self._write(one["TableName"], key, after, transaction=True)

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=self._query if operation == "query" else self._scan)

    # --- reading --------------------------------------------------------------------------------------

    def _query(
        self,
        *,
        TableName: str,  # noqa: N803
        KeyConditionExpression: str,  # noqa: N803
        ExpressionAttributeValues: Mapping[str, Any],  # noqa: N803
        IndexName: str = "",  # noqa: N803
        PaginationConfig: Mapping[str, int] | None = None,  # noqa: N803
        **_: Any,
    ) -> Iterator[Any]:
        values = {name: next(iter(value.values())) for name, value in ExpressionAttributeValues.items()}
        if IndexName == "account":
            found = (item for item in self._all(TableName) if item.get("account") == {"S": values[":key"]})
            items = ({name: item[name] for name in ("pk", "sk", "account", *SHOWN) if name in item} for item in found)
            yield from self._pages("Query", items, PaginationConfig, share=0.5)
            return
        if IndexName:
            shard = self.shards.get(values[":shard"], {})
            found = sorted((at, pk) for pk, at in shard.items() if at <= int(values[":now"]))
            items = (
                {"pk": {"S": pk}, "dueAt": {"N": str(at)}, "dueShard": {"S": values[":shard"]}} for at, pk in found
            )
            yield from self._pages("Query", items, PaginationConfig, share=0.5)
            return
        rows = self.tables.get((TableName, values.get(":pk") or values[":key"]), {})
        prefix = values.get(":prefix", "") if "begins_with" in KeyConditionExpression else ""
        items = (json.loads(text) for sk, text in sorted(rows.items()) if sk.startswith(prefix))
        yield from self._pages("Query", items, PaginationConfig)

    def _scan(self, *, TableName: str, FilterExpression: str = "", **given: Any) -> Iterator[Any]:  # noqa: N803
        items = self._all(TableName)
        if FilterExpression:
            items = (item for item in items if _holds(FilterExpression, item, given))
        yield from self._pages("Scan", items, None)

    def _all(self, table: str) -> Iterator[Any]:
        rows = [rows for (name, _), rows in list(self.tables.items()) if name == table]
        return (json.loads(text) for each in rows for text in list(each.values()))

    def _pages(
        self, operation: str, items: Iterator[Any], config: Mapping[str, int] | None, share: float = 1.0
    ) -> Iterator[Any]:
        """Pages as DynamoDB cuts them; of the index, which cannot be read consistently, a read is half a unit."""
        page: list[Any] = []
        size, most = 0, (config or {}).get("PageSize", 10**9)
        for item in items:
            page.append(item)
            size += item_size(item)
            if size >= _PAGE or len(page) >= most:
                yield self._page(operation, page, size, share)
                page, size = [], 0
        yield self._page(operation, page, size, share)

    def _page(self, operation: str, page: list[Any], size: int, share: float) -> Any:
        self.calls[operation] += 1
        self.items["read"] += len(page)
        self.units["read"] += read_units(size) * share
        return {"Items": page}

    def _read(self, items: list[Item]) -> None:
        self.items["read"] += len(items)
        self.units["read"] += read_units(sum(map(item_size, items)))

    def find(self, table: str, key: Item) -> dict[str, Any] | None:
        """An item as it stands, counted for nothing."""
        first, second = _key(key)
        text = self.tables.get((table, first), {}).get(second)
        found: dict[str, Any] | None = json.loads(text) if text else None
        return found

    # --- writing --------------------------------------------------------------------------------------

    def _check_one(self, table: str, key: Item, condition: Mapping[str, Any]) -> None:
        if not self._holds(table, key, condition):
            raise _error("ConditionalCheckFailedException", ConditionalCheckFailedError)

    def _holds(self, table: str, key: Item, given: Mapping[str, Any]) -> bool:
        expression = given.get("ConditionExpression", "")
        return not expression or _holds(expression, self.find(table, key) or {}, given)

    def _write(self, table: str, key: Item, after: Item | None, *, transaction: bool) -> None:
        before = self.find(table, key)
        size = max(item_size(one) if one else 0 for one in (before, after))
        self.items["write"] += 1
        self.units["write"] += write_units(size, transaction=transaction)
        self.put(table, key, after)
        due = [(one or {}).get("dueAt") for one in (before, after)]
        if due[0] != due[1]:  # in the index the old key goes and the new one comes
            self.units["write"] += sum(1 for one in due if one)
        shown = [_shown(one or {}) for one in (before, after)]
        if shown[0] != shown[1]:  # only then is the index written (docs/decisions/0021)
            self.units["write"] += write_units(max(map(item_size, shown)), transaction=False)

    def put(self, table: str, key: Item, item: Item | None) -> None:
        """Make an item stand, or none, and count nothing."""
        first, second = _key(key)
        rows = self.tables.setdefault((table, first), {})
        for shard in self.shards.values() if first[:7] in ("RESOURC", "ORIGIN#") else ():
            shard.pop(first, None)
        if item is None:
            rows.pop(second, None)
            return
        rows[second] = json.dumps(item, default=sorted)
        if "dueShard" in item and "dueAt" in item:
            self.shards.setdefault(item["dueShard"]["S"], {})[first] = int(item["dueAt"]["N"])


def _shown(item: Item) -> dict[str, Any]:
    """What the index `account` holds of an item: nothing of one that has no account."""
    names = ("pk", "sk", "account", *SHOWN) if "account" in item and "pk" in item else ()
    return {name: item[name] for name in names if name in item}


def _key(item: Item) -> tuple[str, str]:
    names = next(names for names in _KEYS if names[0] in item and names[1] in item)
    return str(item[names[0]]["S"]), str(item[names[1]]["S"])


# --- expressions, as far as the controller has them --------------------------------------------------


def _plain(value: Any) -> Any:
    """A value that can be compared."""
    if value is None:
        return None
    ((kind, held),) = value.items()
    return float(held) if kind == "N" else held


_WORDS: Mapping[str, Callable[[str], str]] = {
    r"attribute_not_exists\(([#\w]+)\)": lambda _: r"(at('\1') is None)",
    r"attribute_exists\(([#\w]+)\)": lambda _: r"(at('\1') is not None)",
    r"begins_with\(([#\w]+), (:\w+)\)": lambda _: r"at('\1').startswith(at('\2'))",
    r"([#\w]+) (<=|<|>=|>|=) (:\w+)": lambda _: r"compare(at('\1'), '\2', at('\3'))",
}


def _holds(expression: str, item: Item, given: Mapping[str, Any]) -> bool:
    """Whether a condition holds: the words of its language are put into Python's."""
    names, values = given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {})
    for pattern, put in _WORDS.items():
        expression = re.sub(pattern, put(pattern), expression)
    expression = re.sub(r"\b(AND|OR|NOT)\b", lambda found: found[0].lower(), expression)

    def at(name: str) -> Any:
        return _plain(values[name] if name.startswith(":") else item.get(names.get(name, name)))

    return bool(eval(expression, {"__builtins__": {}}, {"at": at, "compare": _compare}))  # noqa: S307 - the product's own conditions


def _compare(left: Any, operator: str, right: Any) -> bool:
    if left is None or type(left) is not type(right):
        return False
    return {"=": left == right, "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[
        operator
    ]


def _updated(item: Item, update: Mapping[str, Any]) -> dict[str, Any]:
    """An item after an update."""
    names, values = update.get("ExpressionAttributeNames", {}), update.get("ExpressionAttributeValues", {})
    after = dict(item)
    for verb, text in re.findall(r"\b(ADD|SET|REMOVE) (.*?)(?=\s+(?:ADD|SET|REMOVE)\b|$)", update["UpdateExpression"]):
        for part in text.split(", "):
            name, _, value = part.replace(" = ", " ").partition(" ")
            name = names.get(name, name)
            match verb:
                case "SET":
                    after[name] = values[value]
                case "REMOVE":
                    after.pop(name, None)
                case _:
                    after[name] = _added(after.get(name), values[value])
    return after


def _added(before: Any, more: Any) -> Any:
    if "N" in more:
        return {"N": str(int((before or {"N": "0"})["N"]) + int(more["N"]))}
    return {"SS": sorted({*(before or {"SS": []})["SS"], *more["SS"]})}
