"""The forms in which AWS hands a policy's statements back (docs/aws-behaviour.md §1, §3, §4)."""

import re
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

Statement = Mapping[str, Any]


@st.composite
def kept(draw: st.DrawFn, statement: Statement) -> dict[str, Any]:
    """A statement in any mixture of these forms; it means what it meant."""
    found = {key: _in_form(draw, key, value) for key, value in statement.items()}
    return dict(draw(st.permutations(list(found.items()))))


def _in_form(draw: st.DrawFn, key: str, value: Any) -> Any:
    match key:
        case "Principal":
            return _principal(draw, value)
        case "Action" | "Resource":
            return _values(draw, value)
        case "Condition":
            return {
                operator: {_key(draw, name): _values(draw, values) for name, values in tests.items()}
                for operator, tests in value.items()
            }
    return value


def _principal(draw: st.DrawFn, value: Any) -> Any:
    """Anybody, by itself or said of AWS; an account by its id or its root."""
    if value in ("*", {"AWS": "*"}):
        return draw(st.sampled_from(["*", {"AWS": "*"}, {"AWS": ["*"]}]))
    ((kind, names),) = value.items()
    by_id = draw(st.booleans())
    short = [re.sub(r"^arn:aws:iam::([0-9]{12}):root$", r"\1", one) if by_id else one for one in _many(names)]
    return {kind: _values(draw, short)}


def _values(draw: st.DrawFn, value: Any) -> Any:
    """Lists in any order; a list of one, or the one."""
    values = _many(value)
    return draw(st.sampled_from([values[0], values])) if len(values) == 1 else list(draw(st.permutations(values)))


def _key(draw: st.DrawFn, name: str) -> str:
    prefix, _, rest = name.partition(":")
    return draw(st.sampled_from([name, f"{prefix.upper()}:{rest}", name.lower()]))


def _many(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list) else [values]
