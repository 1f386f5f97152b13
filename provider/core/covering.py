"""Coverage: whether grants allow all that something else would allow, decided on statements of ours alone.

Careful in one direction: what is said to be covered is; what is covered in a roundabout way (all methods, each by name) may not be said to be.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from provider.core.specifications import GrantType
from provider.core.statements import Statement, caller, taken_apart


def covers(granted: Iterable[Statement], needed: Iterable[Statement]) -> bool:
    """Whether the one allows all that the other does; who needs nothing is not covered by anything."""
    asked = [part for one in taken_apart(needed) for part in _parts(one)]
    given: dict[str, list[Statement]] = {}  # by account, as none is covered by what others hold: there may be thousands
    for one in taken_apart(granted):
        given.setdefault(caller(one)[0], []).append(one)
    return bool(asked) and all(any(_covers(one, part) for one in given.get(caller(part)[0], ())) for part in asked)


def _parts(statement: Statement) -> Iterator[Statement]:
    """The statement for each of its resources by itself."""
    for resource in statement.resources or ("",):
        yield replace(statement, resources=(resource,) if resource else ())


def _covers(granted: Statement, needed: Statement) -> bool:
    return (
        (granted.grant_type, granted.action) == (needed.grant_type, needed.action)
        and _lets_in(granted, needed)
        and _reaches(granted.resources, needed.resources)
        and _asks_no_more(granted, needed)
    )


def _lets_in(granted: Statement, needed: Statement) -> bool:
    if granted.grant_type is GrantType.AUTHORIZER:
        return _is_within(needed.names[0], granted.names[0])
    (account, principal), whom = caller(granted), caller(needed)
    return (account, principal) == whom or (account, "") == (whom[0], principal)


def _reaches(granted: tuple[str, ...], needed: tuple[str, ...]) -> bool:
    """Whether each is within one of those granted; trust policies name none."""
    return all(any(_is_within(one, pattern) for pattern in granted) for one in needed)


def _asks_no_more(granted: Statement, needed: Statement) -> bool:
    """Whether whoever meets the conditions of the one meets those of the other: any of an operator's values will do."""
    met = {(operator, key): set(values) for operator, key, values in needed.fixed}
    return all(met.get((operator, key), {None}) <= {*values} for operator, key, values in granted.fixed)


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)


def _is_within(text: str, pattern: str) -> bool:
    """Whether all that one pattern matches, the other does: a star is matched by a star alone."""
    return _pattern(pattern).fullmatch(text) is not None
