"""The ledger's index `account`: where each account finds what its own stacks have asked for.

Its key is the attribute `account` that the records of origins, grants and publications, and the memory of them, have had from
the beginning: DynamoDB itself enters those that were written before there was the index. It holds what a reader is shown,
and nothing that changes with each pass, so that most writes of the controller do not write it (docs/decisions/0021).
"""

from collections.abc import Mapping
from typing import Any

from provider.controller import codec
from provider.core.records import GrantRecord

BY_ACCOUNT = "account"
"""The index's name, and that of its partition key; its sort key is the table's partition key."""

SHOWN = (
    "absence",
    "askedAt",
    "closed",
    "deployed",
    "expiresAt",
    "grantType",
    "id",
    "logicalId",
    "properties",
    "reference",
    "revision",
    "since",
    "stackId",
    "state",
    "told",
    "wantedOn",
)
"""The attributes that it holds beside the keys; templates/central.yaml names the same."""

_NOT_SHOWN: codec.Item = {"pending": [], "awaiting": [], "placed": [], "requestId": "", "version": 0}


def grant_shown(item: Mapping[str, Any]) -> GrantRecord | None:
    """A grant as the index shows it, without what only the controller needs; None where the item is something else."""
    if not (item["pk"].startswith("TARGET#") and item["sk"].startswith("GRANT#")):
        return None
    row = codec.row_record({**_NOT_SHOWN, **item})
    return row if isinstance(row, GrantRecord) else None
