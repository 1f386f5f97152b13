# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Who is meant by a `Principal`, and who is asking: accounts, roles and their sessions, services."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.iam_conditions import first_match
from provider.localcloud.corrections.iam_keys import role_of
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.policy_statements import Statement, listed, statements

_TEST = "tests/localcloud/test_iam_principals.py"
SILENT = "no resource-based policy allows it"
"""Why an answer of `evaluate_resource_policy` is an implicit deny."""

_PERSON = re.compile(r"arn:aws[a-z-]*:(iam::\d{12}:user/.+|sts::\d{12}:(assumed-role|federated-user)/.+)")


def apply() -> None:
    """Replace how the base matches principals."""
    require("core.iam_evaluator", "EvalResult", "evaluate")
    supplant("core.iam_evaluator", "evaluate_resource_policy", lambda _: evaluate_resource_policy)


@dataclass(frozen=True, slots=True)
class Caller:
    """All names by which a policy may mean the one who asks; `names` are ARNs and unique ids."""

    account: str
    names: frozenset[str]
    own: str
    service: str = ""


def caller_of(arn: str) -> Caller:
    """Describe the caller with the ARN `arn` (`*` for an anonymous one)."""
    pieces = arn.split(":")
    account = pieces[4] if len(pieces) > 4 else ""
    role = role_of(arn)
    names = {arn} | ({role["Arn"], role["RoleId"]} if role else set()) | _unique_id_of_user(arn, account)
    return Caller(account, frozenset(names), arn)


def _unique_id_of_user(arn: str, account: str) -> set[str]:
    user = part("services.iam")._users.get_scoped(account, None, arn.rsplit("/", 1)[-1]) if ":user/" in arn else None
    return {user["UserId"]} if user else set()


def means(principal: Any, caller: Caller) -> bool:
    """Whether a `Principal` element means the caller, by name, by account, or as anybody."""
    return "*" in _aws(principal) or names(principal, caller) or _means_account(principal, caller)


def names(principal: Any, caller: Caller) -> bool:
    """Whether a `Principal` element names the caller itself: its ARN, its role, its service."""
    if caller.service:
        return caller.service in _kind(principal, "Service")
    return not caller.names.isdisjoint(one for one in _aws(principal) if not _is_account(one))


def _means_account(principal: Any, caller: Caller) -> bool:
    return any(account_named(one) == caller.account for one in _aws(principal)) if caller.account else False


def account_named(principal: str) -> str | None:
    """The account that a principal stands for as a whole (`111111111111` or its root's ARN), or None."""
    match = re.fullmatch(r"(?:arn:aws[a-z-]*:iam::)?(\d{12})(:root)?", principal)
    return match[1] if match and (principal.isdigit() or match[2]) else None


def _is_account(principal: str) -> bool:
    return account_named(principal) is not None


def _aws(principal: Any) -> list[str]:
    return listed(principal) if isinstance(principal, str) else _kind(principal, "AWS")


def _kind(principal: Any, kind: str) -> list[str]:
    return listed(principal.get(kind)) if isinstance(principal, Mapping) else []


@behaviour(
    call="iam:policies",
    expected="a role's ARN as principal means its sessions; an account means all its principals; a service principal "
    "means no account; no wildcard but `*`",
    source="IAM User Guide, AWS JSON policy elements: Principal",
    test=f"{_TEST}::test_a_service_principal_is_no_account",
)
@behaviour(
    call="iam:policies",
    expected="NotPrincipal means everyone but those of whom account, role and session are all listed",
    source="IAM User Guide, NotPrincipal",
    test=f"{_TEST}::test_not_principal_spares_only_whom_it_lists_in_full",
)
def is_for(statement: Statement, caller: Caller) -> bool:
    """Whether a statement of a resource policy is about the caller."""
    if statement.not_principal is not None:
        return not _spared(statement.not_principal, caller)
    return statement.principal is not None and means(statement.principal, caller)


def _spared(not_principal: Any, caller: Caller) -> bool:
    if caller.service:
        return caller.service in _kind(not_principal, "Service")
    whole = _means_account(not_principal, caller)
    return whole and (caller.own.endswith(":root") or {caller.own, *_role_arn(caller)} <= set(_aws(not_principal)))


def _role_arn(caller: Caller) -> set[str]:
    return {name for name in caller.names if ":role/" in name}


def evaluate_resource_policy(
    text: Any,
    context: Any,
    service: str | None = None,
    named_only: bool = False,
    direct_only: bool = False,
) -> Any:
    """Evaluate the policy of a resource for the caller in `context`, or for the AWS service `service`.

    The result is the base's `EvalResult`.
    `named_only` counts statements that name the caller and not only its account, `direct_only` those
    that name the user or session itself, which no permissions boundary or session policy narrows.
    """
    caller = Caller("", frozenset(), "", service) if service else caller_of(context.principal_arn)

    def counts(one: Statement) -> bool:
        if direct_only:
            return bool(_PERSON.fullmatch(caller.own)) and caller.own in _aws(one.principal)
        if named_only:
            return "*" in _aws(one.principal) or names(one.principal, caller)
        return is_for(one, caller)

    return _decide([one for one in statements(text) if counts(one)], context)


def _decide(applicable: list[Statement], context: Any) -> Any:
    evaluator = part("core.iam_evaluator")
    for effect, decision in (("Deny", "Deny"), ("Allow", "Allow")):
        found = first_match(context, applicable, effect)
        if found is not None:
            return evaluator.EvalResult(decision, context.principal_arn, found.sid, f"explicit {effect}")
    return evaluator.EvalResult("ImplicitDeny", context.principal_arn, "", SILENT)
