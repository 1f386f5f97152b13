"""What a run leaves in the tables, and what is still to be done there."""

from collections.abc import Iterator, Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from central_parts import Item, State
from deployed_names import ANSWERS, GRANTS, REQUESTS

_BOOKKEEPING = frozenset(
    {"version", "dueAt", "dueShard", "wanted", "done", "expires", "answeredAt", "deployedAt", "findings"}
)
"""What counts and times, and what the last pass has found before it did anything; two ways to the same end may differ in it."""
_SINCE = frozenset({"since", "undeployedSince"})
"""Times of which only that there is one must be the same."""
_OPEN_ENDS = ("pending", "awaiting", "leaseHolder", "leaseUntil")
_plain_values = TypeDeserializer()


def open_ends(state: State) -> Iterator[str]:
    """What is still to be done: requests that lie there, and what the ledger waits for or has leased."""
    yield from (f"request {request} has not been taken away" for _, request in state.tables[REQUESTS])
    for item in map(_plain, state.tables[GRANTS].values()):
        if not item["pk"].startswith("HISTORY#"):
            yield from (f"{item['pk']} {item['sk']} has {name}" for name in _OPEN_ENDS if item.get(name))


def left(state: State) -> Mapping[str, Any]:
    """What a run leaves, without what counts and times: the ledger, its history and the answers."""
    items = [_plain(item) for item in state.tables[GRANTS].values()]
    rows = {item["id"] for item in items if "id" in item and not item["pk"].startswith("HISTORY#")}
    ledger = {(item["pk"], item["sk"]): _bare(item, rows) for item in items if not item["pk"].startswith("HISTORY#")}
    history = sorted(item["id"] for item in items if item["pk"].startswith("HISTORY#"))
    answers = {key: _bare(_plain(item), rows) for key, item in state.tables[ANSWERS].items()}
    return {"ledger": ledger, "history": history, "answers": answers}


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """What is not left as it should be."""
    for part, rows in wanted.items():
        if isinstance(rows, Mapping):
            for key in sorted(rows.keys() | found[part].keys()):
                if found[part].get(key) != rows.get(key):
                    yield f"left of {part} {key} is {found[part].get(key)} and not {rows.get(key)}"
        elif found[part] != rows:
            yield f"left of {part} is {found[part]} and not {rows}"


def _plain(item: Item) -> dict[str, Any]:
    return {name: _plain_values.deserialize(value) for name, value in item.items()}


def _bare(item: Mapping[str, Any], rows: set[str]) -> dict[str, Any]:
    kept = {name: value for name, value in item.items() if name not in _BOOKKEEPING}
    kept |= {name: kept[name] is not None for name in _SINCE & kept.keys()}
    if "places" in kept:  # one that points to nothing says nothing
        kept["places"] = {one: place for one, place in kept["places"].items() if one in rows}
    return kept
