"""What a foreign statement says, part by part; whatever no grant can say is an obstacle.

IAM User Guide: "AWS JSON policy elements: Principal" and "… Condition operators". A statement that is read too narrowly would be taken away
too early, so nothing is taken for granted: an element, operator or key that is not known here is an obstacle.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from provider.core.documents import Document
from provider.core.identifiers import ACCOUNT, AccountId, FunctionArn, TargetArn

SOURCE_ARN, SOURCE_ACCOUNT = "aws:sourcearn", "aws:sourceaccount"
PRINCIPAL_ARN, PRINCIPAL_ACCOUNT = "aws:principalarn", "aws:principalaccount"
ORGANIZATION, ENDPOINT, EXTERNAL_ID = "aws:principalorgid", "aws:sourcevpce", "sts:externalid"

Tests = Mapping[str, Sequence[str]]
"""The values that each condition key, in lower case, may have."""

_ELEMENTS = frozenset({"Sid", "Effect", "Principal", "Action", "Resource", "Condition"})
_EXACT = ("StringEquals", "StringLike")
_OPERATORS: Mapping[str, tuple[str, ...]] = {
    SOURCE_ARN: ("ArnEquals", "ArnLike", *_EXACT),
    PRINCIPAL_ARN: ("ArnEquals", "ArnLike", *_EXACT),
    **dict.fromkeys((SOURCE_ACCOUNT, PRINCIPAL_ACCOUNT, ORGANIZATION, ENDPOINT, EXTERNAL_ID), _EXACT),
}
_WILD = re.compile(r"[*?]|\$\{")
_NAMED = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12}):(?P<rest>root|(?:role|user)/[^*?$]+)")
_DELETED = re.compile(r"A(?:RO|ID)A[A-Z0-9]{12,}")
_AUTHORIZER = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):execute-api:(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]):(?P<account>[0-9]{12})"
    r":(?P<api>[a-z0-9]{5,30})/authorizers/(?P<id>[a-z0-9]+|\*)"
)


class Untranslatable(Exception):  # noqa: N818 - it is no error that a statement says what no grant does
    """Why a statement stays as it is, and what its owner may do about that."""

    def __init__(self, fact: str, remedy: str) -> None:
        super().__init__(f"{fact[0].upper()}{fact[1:]}. {remedy}.")


def plain(statement: Document, action: str) -> None:
    """Return where a statement allows this action and nothing else, and has no element that is not known."""
    if statement.get("Effect") != "Allow":
        raise Untranslatable("it denies, and grants only allow", "It stays, and holds against grants too")
    for element in sorted(statement.keys() - _ELEMENTS):
        raise Untranslatable(f"it says {element}, and no grant does", "Say it the other way round")
    if {one.lower() for one in values(statement.get("Action", ()))} != {action.lower()}:
        said = ", ".join(values(statement.get("Action", ()))) or "nothing"
        raise Untranslatable(f"it allows {said}", f"Let it allow {action} alone, and the rest by another statement")
    if "Principal" not in statement:
        raise Untranslatable("it names no principal", "Name accounts, roles or users")


def conditions(condition: Any) -> Tests:
    """What each condition key must be; a key asked for twice, or by an operator that is not known, is an obstacle."""
    if not isinstance(condition, dict) or not all(isinstance(one, dict) for one in condition.values()):
        raise Untranslatable("its Condition is none", "Write it as IAM's policy language has it")
    found: dict[str, Sequence[str]] = {}
    for operator, tests in condition.items():
        for key, given in tests.items():
            name = key.lower()
            if not values(given):  # whether that holds always or never is not relied upon
                raise Untranslatable(f"it compares {key} with nothing", "Name each value, or leave the condition out")
            if name in found or operator not in _OPERATORS.get(name, (operator,)):
                raise Untranslatable(f"it compares {key} by {operator}", "Compare it once, for equality")
            matches = name == SOURCE_ARN and operator != "StringEquals"  # an API's authorizers are named by a pattern
            if name in _OPERATORS and not matches and any(map(_WILD.search, values(given))):
                raise Untranslatable(f"it compares {key} with a pattern", "Name each value")
            found[name] = values(given)
    return found


def principals(principal: Any) -> list[str]:
    """The accounts, roles and users that are named; services and whoever else there is are named by no grant."""
    kinds = principal if isinstance(principal, dict) else {"AWS": principal}
    for kind in sorted(kinds.keys() - {"AWS"}):
        named = ", ".join(values(kinds[kind]))
        raise Untranslatable(
            f"it lets in {named} ({kind})", "Name accounts, roles and users by a statement of their own"
        )
    return values(kinds.get("AWS", ()))


def callers(principal: Any, tests: Tests, target: TargetArn) -> Mapping[AccountId, tuple[str, ...]]:
    """Who is let in: by account its roles and users, none for the whole account.

    `Principal` and both conditions must all be met. Who has been deleted is nobody any more.
    """
    names = principals(principal)
    named = None if "*" in names else _by_account([one for one in names if not _DELETED.fullmatch(one)], target)
    for account in tests.get(PRINCIPAL_ACCOUNT, ()):
        if ACCOUNT.fullmatch(account) is None:
            raise Untranslatable(f"it names {account}, which is no account's id", "Name accounts there by their ids")
    for key in (PRINCIPAL_ARN, PRINCIPAL_ACCOUNT):
        if key in tests:
            named = _both(named, _by_account(tests[key], target, rooted=key == PRINCIPAL_ACCOUNT))
    if named is None:
        raise Untranslatable("it lets everybody in", "Name the accounts that it is meant for")
    if not named:
        raise Untranslatable("it lets nobody in any more", "Take it away")
    return named


def _by_account(names: Sequence[str], target: TargetArn, *, rooted: bool = True) -> Mapping[AccountId, tuple[str, ...]]:
    """Names by account; where the root is among them (`rooted`: it stands for its account), the account alone."""
    found: dict[AccountId, list[str]] = {}
    for name in names:
        match = _NAMED.fullmatch(f"arn:{target.partition}:iam::{name}:root" if ACCOUNT.fullmatch(name) else name)
        if match is None or match["partition"] != target.partition or (match["rest"] == "root" and not rooted):
            raise Untranslatable(f"it names {name}", "Name accounts, roles or users by their ARNs, without wildcards")
        found.setdefault(AccountId(match["account"]), []).append("" if match["rest"] == "root" else name)
    return {account: () if "" in some else tuple(sorted(set(some))) for account, some in sorted(found.items())}


def _both(
    one: Mapping[AccountId, tuple[str, ...]] | None, other: Mapping[AccountId, tuple[str, ...]]
) -> Mapping[AccountId, tuple[str, ...]]:
    """Who is among both; None is everybody."""
    if one is None:
        return other
    found: dict[AccountId, tuple[str, ...]] = {}
    for account in sorted(one.keys() & other.keys()):
        left, right = one[account], other[account]
        shared = tuple(sorted({*left} & {*right})) if left and right else left or right
        if shared or not (left or right):
            found[account] = shared
    return found


def authorizers(tests: Tests, target: FunctionArn) -> Mapping[tuple[AccountId, str, str], tuple[str, ...]]:
    """The authorizers that may invoke, by account, Region and API; a source account that contradicts its ARN never calls."""
    if SOURCE_ARN not in tests:
        raise Untranslatable("it lets API Gateway in for any API", "Name the API's authorizers by aws:SourceArn")
    found: dict[tuple[AccountId, str, str], list[str]] = {}
    for source in tests[SOURCE_ARN]:
        match = _AUTHORIZER.fullmatch(source)
        if match is None or match["partition"] != target.partition:
            remedy = "Name authorizers of one API each, such as arn:aws:execute-api:REGION:ACCOUNT:API/authorizers/*"
            raise Untranslatable(f"its source {source} is more, or other, than an API's authorizers", remedy)
        if match["account"] in tests.get(SOURCE_ACCOUNT, (match["account"],)):
            found.setdefault((AccountId(match["account"]), match["region"], match["api"]), []).append(match["id"])
    if not found:
        raise Untranslatable("its source account is not that of its source", "Take it away")
    return {api: tuple(ids) for api, ids in found.items()}


def values(given: Any) -> list[str]:
    """A list, or the one that stands for a list of one, as text."""
    return [str(one) for one in given] if isinstance(given, list | tuple) else [str(given)]
