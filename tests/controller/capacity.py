"""What DynamoDB counts: the sizes of items, and the capacity that a call takes.

As its Developer Guide says under "DynamoDB item sizes and formats" and "DynamoDB read and write operations". A number takes a byte per two significant digits and one more; a list or map three bytes, and one per element.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

READ, WRITE = 4096, 1024
"""Bytes that one unit of a read, or of a write, carries."""

Item = Mapping[str, Any]


def item_size(item: Item) -> int:
    """Bytes of an item in DynamoDB's attribute values."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def read_units(size: int) -> int:
    """Of a consistent read, by the bytes of the item, or of all items of a page together."""
    return max(1, ceil(size / READ))


def write_units(size: int, *, transaction: bool = False) -> int:
    """Of a write, by the bytes of the larger of the item before and after; in a transaction twice."""
    return max(1, ceil(size / WRITE)) * (2 if transaction else 1)


def _size(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return ceil(len(held.strip("-").replace(".", "").strip("0") or "0") / 2) + 1
        case "SS":
            return sum(len(one.encode()) for one in held)
        case "L":
            return 3 + sum(1 + _size(one) for one in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size(one) for name, one in held.items())
    return 1  # BOOL, NULL
