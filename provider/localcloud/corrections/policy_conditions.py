"""IAM's condition operators: what a `Condition` block says of the keys of a request. Pure.

After the IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for
multivalued context keys".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from typing import Any, TypeAlias

from provider.localcloud.corrections.policy_patterns import Reader, Values, arn_like, like, plain

_Test: TypeAlias = Callable[[str, str, Reader], bool]

_OPERATOR = re.compile(r"(forallvalues:|foranyvalue:)?(\w+?)(ifexists)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Operator:
    """One operator: how a value is compared, whether it is inverted, over which set, what absence means."""

    test: _Test
    inverted: bool
    over: str
    if_exists: bool

    def holds(self, actual: Values, expected: list[str], reader: Reader) -> bool:
        values = [actual] if isinstance(actual, str) else list(actual or ())
        if not values:
            return self._holds_of_none()
        if self.over == "forallvalues:":
            return all(self._one(value, expected, reader) for value in values)
        if self.over == "foranyvalue:":
            return any(self._one(value, expected, reader) for value in values)
        return len(values) == 1 and self._one(values[0], expected, reader)

    def _holds_of_none(self) -> bool:
        if self.over:
            return self.over == "forallvalues:"
        return self.inverted or self.if_exists

    def _one(self, value: str, expected: list[str], reader: Reader) -> bool:
        return any(self.test(value, one, reader) for one in expected) != self.inverted


def holds(block: Mapping[str, Any], reader: Reader) -> bool:
    """Whether every operator of a `Condition` block holds of the keys that `reader` finds.

    An operator that IAM does not know never holds.
    """
    return all(
        _holds(name, reader.lookup(key), _texts(expected), reader)
        for name, keys in block.items()
        if isinstance(keys, Mapping)
        for key, expected in keys.items()
    )


def is_known(name: str) -> bool:
    """Whether IAM has a condition operator of this name."""
    return name.lower() == "null" or _operator(name) is not None


def _holds(name: str, actual: Values, expected: list[str], reader: Reader) -> bool:
    if name.lower() == "null":
        absent = "true" if actual is None or len(actual) == 0 else "false"
        return any(one.lower() == absent for one in expected)
    operator = _operator(name)
    return operator is not None and operator.holds(actual, expected, reader)


def _operator(name: str) -> _Operator | None:
    match = _OPERATOR.fullmatch(name)
    if match is None:
        return None
    over, kind, if_exists = ((part or "").lower() for part in match.groups())
    positive = kind.replace("not", "", 1)
    test = _TESTS.get(positive)
    if test is None:
        return None
    return _Operator(test, positive != kind, over, bool(if_exists))


def _texts(expected: object) -> list[str]:
    values = expected if isinstance(expected, list) else [expected]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values]


def _with_text(compare: Callable[[str, str], bool]) -> _Test:
    def test(actual: str, expected: str, reader: Reader) -> bool:
        split = reader.pieces(expected)
        return split is not None and compare(actual, plain(split))

    return test


def _with_pattern(compare: Callable[..., bool]) -> _Test:
    def test(actual: str, expected: str, reader: Reader) -> bool:
        split = reader.pieces(expected)
        return split is not None and compare(actual, split)

    return test


def _without(compare: Callable[[str, str], bool]) -> _Test:
    """Compare by an operator in which variables are not replaced."""
    return lambda actual, expected, _: compare(actual, expected)


def _numbers(compare: Callable[[Decimal, Decimal], bool]) -> _Test:
    def test(actual: str, expected: str) -> bool:
        try:
            return compare(Decimal(actual), Decimal(expected))
        except InvalidOperation:
            return False

    return _without(test)


def _dates(compare: Callable[[datetime, datetime], bool]) -> _Test:
    def test(actual: str, expected: str) -> bool:
        first, second = _date(actual), _date(expected)
        return first is not None and second is not None and compare(first, second)

    return _without(test)


def _date(text: str) -> datetime | None:
    try:
        if re.fullmatch(r"\d{5,}(\.\d+)?", text):
            return datetime.fromtimestamp(float(text), UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _within(actual: str, expected: str) -> bool:
    try:
        return ip_address(actual) in ip_network(expected, strict=False)
    except ValueError:
        return False


_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": lambda a, e: a == e,
    "lessthan": lambda a, e: a < e,
    "lessthanequals": lambda a, e: a <= e,
    "greaterthan": lambda a, e: a > e,
    "greaterthanequals": lambda a, e: a >= e,
}

_TESTS: Mapping[str, _Test] = {
    "stringequals": _with_text(lambda a, e: a == e),
    "stringequalsignorecase": _with_text(lambda a, e: a.casefold() == e.casefold()),
    "stringlike": _with_pattern(like),
    "arnequals": _with_pattern(arn_like),
    "arnlike": _with_pattern(arn_like),
    "bool": _without(lambda a, e: a.lower() == e.lower()),
    "ipaddress": _without(_within),
    "binaryequals": _without(lambda a, e: a == e),
    **{f"numeric{name}": _numbers(compare) for name, compare in _ORDER.items()},
    **{f"date{name}": _dates(compare) for name, compare in _ORDER.items()},
}
