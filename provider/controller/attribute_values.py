"""Plain Python values as DynamoDB's attribute values, and back: the few kinds that the ledger and the desk have.

boto3's own would have every cold start load boto3 with S3's transfers, of which nothing is used: a tenth of the whole.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def attribute_value(value: Any) -> dict[str, Any]:  # noqa: PLR0911 - one for each kind
    """A value as DynamoDB's; sets are of texts, and numbers whole.

    Raises:
        TypeError: it is of none of the kinds that are kept.
    """
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case set() | frozenset():
            return {"SS": sorted(value)}
        case Mapping():
            return {"M": {name: attribute_value(one) for name, one in value.items()}}
        case list() | tuple():
            return {"L": [attribute_value(one) for one in value]}
    raise TypeError(type(value).__name__)


def plain_value(value: Mapping[str, Any]) -> Any:
    """What an attribute value holds; numbers as `Decimal`.

    Raises:
        TypeError: it is of none of the kinds that are kept.
    """
    ((kind, held),) = value.items()
    match kind:
        case "NULL":
            return None
        case "BOOL" | "S":
            return held
        case "N":
            return Decimal(held)
        case "SS":
            return set(held)
        case "M":
            return {name: plain_value(one) for name, one in held.items()}
        case "L":
            return [plain_value(one) for one in held]
    raise TypeError(kind)
