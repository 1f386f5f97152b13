"""This system's parts in one account: its four roles, and the provider function of a Region.

What a role should be is what templates/account-roles.yaml makes; a test holds the two together. The names of its policies are
compared and not what they say: accounts are of several versions for a while.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from provider.cli.checkups.expected import PREFIX, Document, Place, policy, statements
from provider.cli.checkups.faults import REVERT, UPGRADE, Check, Fault, fault

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
class Role:
    """A role as IAM tells it: its trust policy, the names of its inline policies, and the ARNs of attached ones."""

    trust: Document
    inline: frozenset[str]
    attached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """The provider function: the role it runs under, its environment, and its resource policy, None where it has none."""

    role: str
    environment: Mapping[str, str]
    policy: Document | None = None


def checks(client: Callable[[str], Any], place: Place, central: str, home: str) -> Iterator[Check]:
    """What is looked at in the account and Region `place`, whose centre is `central` with the home Region `home`."""
    iam, functions = client("iam"), client("lambda")
    for name in POLICIES:
        judge = partial(of_role, name, place=place, central=central)
        yield Check(_role(name), partial(read_role, iam, name), judge)
    yield Check(
        _function(place),
        partial(read_function, functions),
        partial(of_function, place=place, central=central, home=home),
    )


def _role(name: str) -> str:
    return f"role {PREFIX}-{name}"


def _function(place: Place) -> str:
    return f"function {PREFIX} in {place.region}"


def read_role(iam: Any, name: str) -> Role | None:
    """A role by its short name; None where there is none."""
    named = {"RoleName": f"{PREFIX}-{name}"}
    try:
        trust = iam.get_role(**named)["Role"]["AssumeRolePolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        return None
    inline = frozenset(iam.list_role_policies(**named)["PolicyNames"])
    attached = iam.list_attached_role_policies(**named)["AttachedPolicies"]
    return Role(policy(trust), inline, tuple(one["PolicyArn"] for one in attached))


def read_function(client: Any) -> Function | None:
    """The provider function of a Region; None where there is none."""
    try:
        found = client.get_function_configuration(FunctionName=PREFIX)
    except client.exceptions.ResourceNotFoundException:
        return None
    try:
        its = policy(client.get_policy(FunctionName=PREFIX)["Policy"])
    except client.exceptions.ResourceNotFoundException:
        its = None
    return Function(found["Role"], found.get("Environment", {}).get("Variables", {}), its)


def of_role(name: str, role: Role | None, place: Place, central: str) -> Iterator[Fault]:
    """What is wrong with a role."""
    where = _role(name)
    if role is None:
        remedy = f"Deploy {_ROLES} in account {place.account}, with --revert-drift if somebody has deleted it."
        yield fault("RoleMissing", where, f"It is not there. {remedy}")
        return
    for statement in statements(role.trust):
        if not _is_ours(statement, name, place, central):
            said = json.dumps(statement, sort_keys=True)
            yield fault("RoleInReach", where, f"Its trust policy lets in others: {said}. {REVERT}")
    if not statements(role.trust):
        yield fault("RoleShut", where, f"Its trust policy lets nobody in. {REVERT}")
    more = sorted({*(role.inline - POLICIES[name]), *role.attached})
    if more:
        yield fault("RoleWidened", where, f"It has policies that are not of the template: {', '.join(more)}. {REVERT}")
    less = sorted(POLICIES[name] - role.inline)
    if less:
        yield fault("RoleOutdated", where, f"It lacks {', '.join(less)}. {UPGRADE}")


def _is_ours(statement: Document, name: str, place: Place, central: str) -> bool:
    """Whether a statement of a trust policy is the template's, whatever it is called."""
    return {key: value for key, value in statement.items() if key != "Sid"} == trusting(name, place, central)


def trusting(name: str, place: Place, central: str) -> Document:
    """The one statement of a role's trust policy, as the template has it, without its Sid."""
    if name == "provider":
        return {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    centre = Place(central, place.partition, place.region)
    trusted = place if name == "viewer" else centre
    root = trusted.arn("iam", "root", regional=False)
    said = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole"}
    if name == "viewer":
        return said
    return {**said, "Condition": {"ArnEquals": {"aws:PrincipalArn": centre.role("controller")}}}


def of_function(function: Function | None, place: Place, central: str, home: str) -> Iterator[Fault]:
    """What is wrong with the provider function."""
    where = _function(place)
    if function is None:
        remedy = f"Deploy {_PROVIDER} there, if stacks of this Region are to use it."
        yield fault("FunctionMissing", where, f"It is not there. {remedy}")
        return
    role = place.role("provider")
    if function.role != role:
        yield fault("FunctionRole", where, f"It runs under {function.role}, not {role}. {REVERT}")
    request = Place(central, place.partition, home).role("request")
    if function.environment.get("REQUEST_ROLE_ARN") != request or function.environment.get("HOME_REGION") != home:
        told = ", ".join(f"{name}={value}" for name, value in sorted(function.environment.items()))
        remedy = f"Deploy {_PROVIDER} with CentralAccountId={central} and HomeRegion={home}."
        yield fault("FunctionElsewhere", where, f"It asks another centre ({told}). {remedy}")
    if function.policy is not None and statements(function.policy):
        remedy = "Whoever invokes it asks as this account: take the statements out (lambda remove-permission)."
        yield fault("FunctionInReach", where, f"It has a resource policy, which lets others invoke it. {remedy}")
