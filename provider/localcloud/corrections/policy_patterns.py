"""Text of a policy with variables (`${aws:username}`) and wildcards, as IAM reads it. Pure.

A variable's value is literal even where it stands among wildcards, and `${*}`, `${?}`, `${$}` are the
characters themselves.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

Values: TypeAlias = str | Sequence[str] | None
Lookup: TypeAlias = Callable[[str], Values]
Piece: TypeAlias = tuple[str, bool]
"""Some text, and whether it is literal (came from a variable)."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DEFAULT = re.compile(r"\s*([^,]+?)\s*(?:,\s*'([^']*)'\s*)?")
_ARN_SEGMENTS = 6


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads a policy's text for one request, whose keys `lookup` finds.

    With `variables` false (a policy without `Version` 2012-10-17) variables are ordinary text.
    """

    lookup: Lookup
    variables: bool = True

    def pieces(self, text: str) -> list[Piece] | None:
        """Split `text` at its variables and put their values in; None when one of them has no value."""
        if not self.variables:
            return [(text, False)]
        found: list[Piece] = []
        end = 0
        for match in _VARIABLE.finditer(text):
            value = _value(match[1], self.lookup)
            if value is None:
                return None
            found += [(text[end : match.start()], False), (value, True)]
            end = match.end()
        return [*found, (text[end:], False)]


def _value(inside: str, lookup: Lookup) -> str | None:
    if inside in {"*", "?", "$"}:
        return inside
    match = _DEFAULT.fullmatch(inside)
    if match is None:
        return None
    value = lookup(match[1])
    if isinstance(value, str):
        return value
    if value is not None and len(value) == 1:
        return value[0]  # several values cannot stand in one place
    return match[2]


def plain(split: list[Piece]) -> str:
    """The text itself, wildcards being ordinary characters."""
    return "".join(text for text, _ in split)


def like(value: str, split: Sequence[Piece], *, ignore_case: bool = False) -> bool:
    """Whether `value` is like the pattern: `*` any characters, `?` any one."""
    return _compiled(tuple(split), ignore_case).fullmatch(value) is not None


def arn_like(value: str, split: Sequence[Piece]) -> bool:
    """Whether each of an ARN's six parts is like the pattern's; no wildcard reaches into the next part."""
    wanted, actual = segments(split), value.split(":", _ARN_SEGMENTS - 1)
    if len(wanted) != _ARN_SEGMENTS or len(actual) != _ARN_SEGMENTS:
        return False
    return all(like(one, pattern) for one, pattern in zip(actual, wanted, strict=True))


def segments(split: Sequence[Piece]) -> list[list[Piece]]:
    """The parts of an ARN pattern; colons within a variable's value separate nothing."""
    found: list[list[Piece]] = [[]]
    for text, literal in split:
        while not literal and ":" in text and len(found) < _ARN_SEGMENTS:
            head, _, text = text.partition(":")  # noqa: PLW2901 - the rest is what remains to be split
            found[-1].append((head, False))
            found.append([])
        found[-1].append((text, literal))
    return found


@lru_cache(maxsize=4096)
def _compiled(split: tuple[Piece, ...], ignore_case: bool) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    pattern = "".join(
        re.escape(text) if literal else "".join(wild.get(sign) or re.escape(sign) for sign in text)
        for text, literal in split
    )
    return re.compile(pattern, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
