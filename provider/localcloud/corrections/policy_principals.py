# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Principals in a stored policy: they must exist when it is written, and are remembered by unique id.

A role or user that is deleted later stays in the policy as its id (`AROA...`), and one that is created
again under the same name is another.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.corrections.iam_keys import role_of
from provider.localcloud.corrections.iam_principals import account_named
from provider.localcloud.corrections.ministack_names import part
from provider.localcloud.corrections.policy_statements import elements, listed

_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)")
_SESSION = re.compile(r"arn:aws[\w-]*:sts::\d{12}:(assumed-role/[^/]+/.+|federated-user/.+)")
_USER = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):user/(?:.+/)?([^/]+)")
_PROVIDER = re.compile(r"arn:aws[\w-]*:iam::\d{12}:(oidc|saml)-provider/.+|[\w.-]+")


class AbsentPrincipalError(Exception):
    """A principal does not exist; `kind` is the key it stands under (`AWS`, `Service`, `Federated`)."""

    def __init__(self, kind: str, principal: str) -> None:
        super().__init__(f"{kind} {principal}")
        self.kind, self.principal = kind, principal


def bound(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Write a policy with roles and users by unique id and accounts by their root's ARN.

    Raises:
        AbsentPrincipalError: a principal does not exist.
    """
    return _rewritten(policy, _bind)


def readable(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Write a stored policy as AWS returns it: ARNs for those who still exist."""
    return _rewritten(policy, lambda _, principal: _arn_of(principal) or principal)


def _rewritten(policy: Mapping[str, Any], change: Callable[[str, str], str]) -> dict[str, Any]:
    changed = [_with_principals(one, change) for one in elements(policy)]
    return {**policy, "Statement": changed if isinstance(policy["Statement"], list) else changed[0]}


def _with_principals(statement: Mapping[str, Any], change: Callable[[str, str], str]) -> dict[str, Any]:
    changed = dict(statement)
    for element in ("Principal", "NotPrincipal"):
        kinds = statement.get(element)
        if isinstance(kinds, Mapping):
            changed[element] = {kind: _each(kind, given, change) for kind, given in kinds.items()}
        elif isinstance(kinds, str) and kinds != "*":
            raise AbsentPrincipalError("AWS", kinds)
    return changed


def _each(kind: str, given: Any, change: Callable[[str, str], str]) -> Any:
    found = [change(kind, one) for one in listed(given)]
    return found if isinstance(given, list) else found[0]


def _bind(kind: str, principal: str) -> str:
    valid = {"AWS": _bind_aws, "Service": _fits(_SERVICE), "Federated": _fits(_PROVIDER)}.get(kind)
    result = valid(principal) if valid else None
    if result is None:
        raise AbsentPrincipalError(kind, principal)
    return result


def _fits(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda principal: principal if pattern.fullmatch(principal) else None


def _bind_aws(principal: str) -> str | None:
    account = account_named(principal)
    if account is not None:
        return f"arn:aws:iam::{account}:root"
    if principal == "*" or _SESSION.fullmatch(principal):
        return principal
    role, user = role_of(principal), _user_of(principal)
    if role is not None and ":role/" in principal:
        return str(role["RoleId"])
    return str(user["UserId"]) if user is not None else None


def _user_of(arn: str) -> Mapping[str, Any] | None:
    match = _USER.fullmatch(arn)
    user: Mapping[str, Any] | None = part("services.iam")._users.get_scoped(match[1], None, match[2]) if match else None
    return user if user is not None and user["Arn"] == arn else None


def _arn_of(unique_id: str) -> str | None:
    iam = part("services.iam")
    for store, name in ((iam._roles, "RoleId"), (iam._users, "UserId")):
        for entity in list(store._data.values()):
            if entity.get(name) == unique_id:
                return str(entity["Arn"])
    return None
