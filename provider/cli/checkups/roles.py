"""The central account's four roles: whom they let in, and what they may."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provider.cli.checkups.expected import PREFIX, Document, Expected, meaning, policy, statements
from provider.cli.checkups.faults import REVERT, UPGRADE, Fault, fault

ROLES = {
    "RequestRole": f"{PREFIX}-request",
    "ReaderRole": f"{PREFIX}-reader",
    "AuditorRole": f"{PREFIX}-auditor",
    "ControllerRole": f"{PREFIX}-controller",
}
"""The roles of central.yaml, by logical id."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role as IAM tells it: its trust policy, its inline policies by name, ARNs of attached ones, and of its boundary."""

    trust: Document
    inline: Mapping[str, Document]
    attached: tuple[str, ...] = ()
    boundary: str = ""


def where(name: str) -> str:
    """How a role is called in faults."""
    return f"role {name}"


def read(iam: Any, name: str) -> Role | None:
    """A role; None where there is none."""
    try:
        found = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return None
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=name)
    names = [one for page in pages for one in page["PolicyNames"]]
    inline = {one: policy(iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"]) for one in names}
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    boundary = str(found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""))
    arns = tuple(one["PolicyArn"] for one in attached)
    return Role(policy(found["AssumeRolePolicyDocument"]), inline, arns, boundary)


def faults(logical_id: str, role: Role | None, expected: Expected) -> Iterator[Fault]:
    """What is wrong with one of the roles."""
    place, wanted = where(ROLES[logical_id]), expected.properties(logical_id)
    if role is None:
        yield fault("RoleMissing", place, f"It is not there. {REVERT}")
        return
    yield from _trust(place, role, wanted)
    yield from _powers(place, role, wanted)
    boundary = wanted.get("PermissionsBoundary", "")
    if role.boundary != boundary:
        has, wants = role.boundary or "none", boundary or "none"
        yield fault("RoleUnbounded", place, f"Its permissions boundary is {has}, not {wants}. {REVERT}")


def _trust(place: str, role: Role, wanted: Document) -> Iterator[Fault]:
    ours = {meaning(one) for one in statements(wanted["AssumeRolePolicyDocument"])}
    found = {meaning(one) for one in statements(role.trust)}
    for said in sorted(found - ours):
        yield fault("RoleInReach", place, f"Its trust policy lets in others: {said}. {REVERT}")
    if not found - ours and ours - found:
        yield fault("RoleShut", place, f"Its trust policy does not let in whom it should. {REVERT}")


def _powers(place: str, role: Role, wanted: Document) -> Iterator[Fault]:
    ours = {one["PolicyName"]: _meanings(one["PolicyDocument"]) for one in wanted["Policies"]}
    found = {name: _meanings(document) for name, document in role.inline.items()}
    more = sorted({name for name, said in found.items() if said - ours.get(name, frozenset())} | set(role.attached))
    if more:
        yield fault("RoleWidened", place, f"It may what the template does not give it: {', '.join(more)}. {REVERT}")
    less = sorted(name for name, said in ours.items() if said - found.get(name, frozenset()) and name not in more)
    if less:
        yield fault("RoleOutdated", place, f"It lacks what the template gives it: {', '.join(less)}. {UPGRADE}")


def _meanings(document: Document) -> frozenset[str]:
    return frozenset(map(meaning, statements(document)))
