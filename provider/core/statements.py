"""Statements of ours: rendered from grants, merged where they differ only in whom they name, told apart by their Sid.

Roles and users are named by conditions on `aws:PrincipalArn`, not as principals: one that is deleted then neither poisons the
policy nor loses its access when it is recreated (docs/aws-behaviour.md §1 and §4). Whole accounts are named as briefly as
each service lets us: their ids in a condition on `aws:PrincipalAccount`, or their roots as principals.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from provider.core.declarations import Grant
from provider.core.documents import meaning, text_of
from provider.core.identifiers import ACCOUNT, AccountId, Arn, Origin, digest, target_arn
from provider.core.specifications import (
    ApiExecution,
    AuthorizerUse,
    FunctionInvocation,
    GrantType,
    RoleAssumption,
)

SID_PREFIX = "CrossAccount"
"""Letters and digits alone: the only ones that all of AWS's policy kinds take in a Sid."""

SID_DIGITS = 16
"""Hexadecimal digits that tell statements of one type apart. Consumers choose paths and external ids: of fewer digits somebody
could look for a statement with the Sid of another consumer's, and AWS takes no policy with two of one Sid."""

ANYBODY = "*"
_CLOSED = "Closed"
_AS_PRINCIPAL = ("", "AWS")
_SOURCES = ("ArnLike", "AWS:SourceArn")
_PRINCIPALS = ("ArnEquals", "aws:PrincipalArn")
_ACCOUNTS = ("StringEquals", "aws:PrincipalAccount")
_ENDPOINTS = ("StringEquals", "aws:SourceVpce")
_EXTERNAL_ID = ("StringEquals", "sts:ExternalId")
_FIXED = (_ENDPOINTS, _EXTERNAL_ID)
_LISTS = (_SOURCES, _PRINCIPALS, _ACCOUNTS)


@dataclass(frozen=True, slots=True, order=True)
class CentreId:
    """Which centre wrote a statement, so that two of them leave each other's alone: eight hex digits."""

    text: str

    @classmethod
    def of(cls, account: AccountId, region: str) -> "CentreId":
        """The id of the centre that stands in this account and home Region."""
        return cls(digest("centre", account, region)[:8])

    @property
    def prefix(self) -> str:
        """How the Sids of this centre begin."""
        return f"{SID_PREFIX}{self.text}"

    def owns(self, statement: Mapping[str, Any]) -> bool:
        """Whether a statement is this centre's, by its Sid alone; all others are foreign."""
        return str(statement.get("Sid", "")).startswith(self.prefix)


@dataclass(frozen=True, slots=True, order=True)
class Statement:
    """One allow: whoever is among `names` may do an action on resources, under fixed conditions.

    `names` is the list that statements are merged in; `listed_by` is the operator and key of the condition that holds it, or
    `_AS_PRINCIPAL`. `fixed` are (operator, key, values). `principal` is (kind, name), without name where the list stands there.
    """

    grant_type: GrantType
    principal: tuple[str, str]
    action: str
    resources: tuple[str, ...]
    fixed: tuple[tuple[str, str, tuple[str, ...]], ...]
    listed_by: tuple[str, str]
    names: tuple[str, ...] = ()

    @property
    def frame(self) -> "Statement":
        """The statement without names: what statements that can be merged have in common."""
        return replace(self, names=())

    def document(self, centre: CentreId) -> dict[str, Any]:
        """The statement as it stands in a policy (docs/aws-behaviour.md §1 to §4)."""
        kind, name = self.principal
        tests: dict[str, dict[str, Any]] = {}
        for operator, key, values in self.fixed:
            tests.setdefault(operator, {})[key] = _short(values)
        if self.listed_by != _AS_PRINCIPAL:
            operator, key = self.listed_by
            tests.setdefault(operator, {})[key] = list(self.names)
        frame = (self.principal, self.action, self.resources, self.fixed, self.listed_by)
        return {
            "Sid": f"{centre.prefix}{self.grant_type}{digest(*frame)[:SID_DIGITS]}",
            "Effect": "Allow",
            "Principal": {kind: name or list(self.names)},
            "Action": self.action,
            **({"Resource": _short(self.resources)} if self.resources else {}),
            **({"Condition": tests} if tests else {}),
        }


def _short(values: tuple[str, ...]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def closed(arn: Arn, centre: CentreId) -> dict[str, Any]:
    """A statement that lets nobody in, for a policy that must not be empty: without one, an API is open or cannot be deployed.

    No principal's account is `none`. A Deny would also shut out those whom the owner lets in later.
    """
    found = target_arn(arn)
    is_role = not found.region
    return {
        "Sid": f"{centre.prefix}{_CLOSED}",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{found.partition}:iam::{found.account}:root"},
        "Action": "sts:AssumeRole" if is_role else "execute-api:Invoke",
        **({} if is_role else {"Resource": f"{found.resource}/*"}),
        "Condition": {"StringEquals": {"aws:PrincipalAccount": "none"}},
    }


def is_closed(statement: Mapping[str, Any], centre: CentreId) -> bool:
    """Whether a statement is the one that lets nobody in."""
    return statement.get("Sid") == f"{centre.prefix}{_CLOSED}"


def understood(document: Mapping[str, Any], centre: CentreId) -> Statement | None:
    """A statement of ours as it was rendered once; None where it means anything else than what we write.

    AWS may hand it back in another form: one name without a list, ids of accounts for their roots (docs/aws-behaviour.md §3).
    """
    match = re.fullmatch(
        rf"{centre.prefix}({'|'.join(GrantType)})[0-9a-f]{{{SID_DIGITS}}}", str(document.get("Sid", ""))
    )
    principal = document.get("Principal")
    principal = {"AWS": principal} if isinstance(principal, str) else principal
    if match is None or not isinstance(principal, dict) or len(principal) != 1:
        return None
    ((kind, named),) = principal.items()
    named = tuple(sorted(_root(one, document) for one in _many(named)))
    tests = {
        (operator, key.lower()): _many(values)
        for operator, found in document.get("Condition", {}).items()
        for key, values in found.items()
    }
    fixed = tuple((*one, tests[_lower(one)]) for one in _FIXED if _lower(one) in tests)
    listed_by = next((one for one in _LISTS if _lower(one) in tests), _AS_PRINCIPAL)
    as_principal = listed_by == _AS_PRINCIPAL
    found = Statement(
        grant_type=GrantType(match[1]),
        principal=(kind, "" if as_principal else "".join(named)),
        action="".join(_many(document.get("Action", ()))),
        resources=_many(document.get("Resource", ())),
        fixed=fixed,
        listed_by=listed_by,
        names=named if as_principal else tests[_lower(listed_by)],
    )
    return found if meaning(found.document(centre)) == meaning(document) else None


def _root(name: str, document: Mapping[str, Any]) -> str:
    """An account as principal by its root, in the partition of the statement's other ARNs."""
    if not ACCOUNT.fullmatch(name):
        return name
    found = re.search(r'"arn:(aws[a-z-]*):', text_of(document))
    return f"arn:{found[1] if found else 'aws'}:iam::{name}:root"


def _lower(condition: tuple[str, str]) -> tuple[str, str]:
    return condition[0], condition[1].lower()


def _many(values: Any) -> tuple[str, ...]:
    return tuple(sorted(str(one) for one in values)) if isinstance(values, list | tuple) else (str(values),)


def render(grant: Grant, arn: Arn) -> tuple[Statement, ...]:
    """What a grant needs in the policy of `arn`'s resource to open `arn`; never wider than what it asked."""
    match grant.specification:
        case AuthorizerUse() as use:
            principal, sources = ("Service", "apigateway.amazonaws.com"), use.source_arns(grant.origin)
            rendered = Statement(use.grant_type, principal, _INVOKE, (arn,), (), _SOURCES, sources)
        case FunctionInvocation() as invocation:
            named = _as_principals(grant.origin, invocation.principals)
            rendered = Statement(invocation.grant_type, named[0], _INVOKE, (arn,), (), *named[1:])
        case ApiExecution() as execution:
            named = _named(grant.origin, execution.principals, arn)
            fixed = ((*_ENDPOINTS, execution.vpc_endpoint_ids),) if execution.vpc_endpoint_ids else ()
            resources = execution.resources(arn)
            rendered = Statement(execution.grant_type, named[0], "execute-api:Invoke", resources, fixed, *named[1:])
        case RoleAssumption() as assumption:
            named = _named(grant.origin, assumption.principals, arn)
            fixed = ((*_EXTERNAL_ID, (assumption.external_id,)),) if assumption.external_id else ()
            rendered = Statement(assumption.grant_type, named[0], "sts:AssumeRole", (), fixed, *named[1:])
    return (rendered,)


_INVOKE = "lambda:InvokeFunction"

_Named = tuple[tuple[str, str], tuple[str, str], tuple[str, ...]]


def _named(origin: Origin, principals: tuple[str, ...], arn: Arn) -> _Named:
    """Whom a statement lets in: principal, where the list of names stands, and the names.

    Across accounts, anybody under a condition is the same as the account's root under that condition: the caller's own
    account must allow it in either case. Within one account it is not: a root only passes the decision on to IAM.
    """
    if target_arn(arn).account == origin.account:
        return _as_principals(origin, principals)
    if principals:
        return ("AWS", ANYBODY), _PRINCIPALS, principals
    return ("AWS", ANYBODY), _ACCOUNTS, (origin.account,)


def _as_principals(origin: Origin, principals: tuple[str, ...]) -> _Named:
    """The same with the account's root as principal; Lambda may hold anybody under a condition to be public."""
    root = f"arn:{origin.stack.partition}:iam::{origin.account}:root"
    if principals:
        return ("AWS", root), _PRINCIPALS, principals
    return ("AWS", ""), _AS_PRINCIPAL, (root,)


def merge(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """The same permissions in as few statements as mean exactly the same, in a stable order.

    Statements that are equal but for their names become one with the union of these. A name that another one covers
    stays: when the wider grant goes, the narrower must not have to be written first.
    """
    names: dict[Statement, set[str]] = {}
    for one in statements:
        names.setdefault(one.frame, set()).update(one.names)
    return tuple(replace(frame, names=tuple(sorted(found))) for frame, found in sorted(names.items()))


def caller(statement: Statement) -> tuple[str, str]:
    """Whom a statement of one name lets in: the account (a service's, that whose API it acts for), and of it a role or user ("": anybody)."""
    name = statement.names[0]
    if statement.listed_by == _ACCOUNTS:
        return name, ""
    return name.split(":")[4], name if statement.listed_by == _PRINCIPALS else ""


def taken_apart(statements: Iterable[Statement]) -> frozenset[Statement]:
    """The single permissions in statements: one per name."""
    return frozenset(replace(one, names=(name,)) for one in statements for name in one.names)
