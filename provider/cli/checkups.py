"""What is wrong with this system's parts in one account, by what IAM and Lambda tell of them: pure.

What a role should be is what templates/account-roles.yaml makes; a test holds the two together.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PREFIX = "cross-account-permission"
_ROLES = "templates/account-roles.yaml"
_PROVIDER = "templates/account-provider.yaml"

POLICIES: Mapping[str, frozenset[str]] = {
    "provider": frozenset({"AskTheCentralAccount", "WriteItsOwnLog"}),
    "grantor": frozenset(
        {"ChangePoliciesOfTaggedFunctions", "ChangePoliciesOfTaggedRestApis", "ChangeTrustOfTaggedRoles"}
    ),
    "observer": frozenset({"SeeResourcesOfStacks"}),
    "viewer": frozenset({"ReadInTheCentralAccount"}),
}
"""The roles of an account, and the inline policies of each."""


@dataclass(frozen=True, slots=True)
class RoleState:
    """A role as IAM tells it: its trust policy, the names of its inline policies, and the ARNs of attached ones."""

    trust: Mapping[str, Any]
    inline: frozenset[str]
    attached: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FunctionState:
    """The provider function: the role it runs under, its environment, and its resource policy, None where it has none."""

    role: str
    environment: Mapping[str, str]
    policy: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account's parts in one Region; of the roles those that are there."""

    account: str
    partition: str
    region: str
    roles: Mapping[str, RoleState]
    function: FunctionState | None


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: of what, of which kind, and in words that end with the remedy."""

    kind: str
    where: str
    what: str


def faults(state: AccountState, central: str, home: str) -> Iterator[Fault]:
    """All that is missing, wrong, or in reach of others than the centre `central` with the home Region `home` needs."""
    for name in POLICIES:
        yield from _of_role(name, state, central)
    yield from _of_function(state, central, home)


def _of_role(name: str, state: AccountState, central: str) -> Iterator[Fault]:
    where, role = f"role {PREFIX}-{name}", state.roles.get(name)
    if role is None:
        yield Fault("RoleMissing", where, f"It is not there. Deploy {_ROLES} in account {state.account}.")
        return
    again = f"Deploy {_ROLES} again, and find out who has changed it."
    for statement in _statements(role.trust):
        if not _is_ours(statement, name, state, central):
            said = json.dumps(statement, sort_keys=True)
            yield Fault("RoleInReach", where, f"Its trust policy lets in others: {said}. {again}")
    if not _statements(role.trust):
        yield Fault("RoleShut", where, f"Its trust policy lets nobody in. {again}")
    more = sorted({*(role.inline - POLICIES[name]), *role.attached})
    if more:
        yield Fault("RoleWidened", where, f"It has policies that are not of the template: {', '.join(more)}. {again}")
    less = sorted(POLICIES[name] - role.inline)
    if less:
        yield Fault("RoleOutdated", where, f"It lacks {', '.join(less)}. Deploy {_ROLES} of this version.")


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = document.get("Statement", [])
    return list(found) if isinstance(found, list) else [found]


def _is_ours(statement: Mapping[str, Any], name: str, state: AccountState, central: str) -> bool:
    """Whether a statement of a trust policy is the template's, whatever it is called."""
    said = {key: value for key, value in statement.items() if key != "Sid"}
    return said == trusting(name, state.partition, state.account, central)


def trusting(name: str, partition: str, account: str, central: str) -> Mapping[str, Any]:
    """The one statement of a role's trust policy, as the template has it, without its Sid."""
    if name == "provider":
        return {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trusted = account if name == "viewer" else central
    said = {"Effect": "Allow", "Principal": {"AWS": f"arn:{partition}:iam::{trusted}:root"}, "Action": "sts:AssumeRole"}
    if name == "viewer":
        return said
    controller = f"arn:{partition}:iam::{central}:role/{PREFIX}/{PREFIX}-controller"
    return {**said, "Condition": {"ArnEquals": {"aws:PrincipalArn": controller}}}


def _of_function(state: AccountState, central: str, home: str) -> Iterator[Fault]:
    where, function = f"function {PREFIX} in {state.region}", state.function
    if function is None:
        remedy = f"Deploy {_PROVIDER} there, if stacks of this Region are to use it."
        yield Fault("FunctionMissing", where, f"It is not there. {remedy}")
        return
    role = f"arn:{state.partition}:iam::{state.account}:role/{PREFIX}/{PREFIX}-provider"
    if function.role != role:
        yield Fault("FunctionRole", where, f"It runs under {function.role}, not {role}. Deploy {_PROVIDER} again.")
    request = f"arn:{state.partition}:iam::{central}:role/{PREFIX}/{PREFIX}-request"
    if function.environment.get("REQUEST_ROLE_ARN") != request or function.environment.get("HOME_REGION") != home:
        told = ", ".join(f"{name}={value}" for name, value in sorted(function.environment.items()))
        remedy = f"Deploy {_PROVIDER} with CentralAccountId={central} and HomeRegion={home}."
        yield Fault("FunctionElsewhere", where, f"It asks another centre ({told}). {remedy}")
    if function.policy is not None and _statements(function.policy):
        remedy = "Whoever invokes it asks as this account: take the statements out (lambda remove-permission)."
        yield Fault("FunctionInReach", where, f"It has a resource policy, which lets others invoke it. {remedy}")
