"""The StackSets that bring roles and providers to accounts: of this version, in force everywhere, and in every account of their units.

Asked in the account that they belong to. Which answers AWS gives: docs/aws-behaviour.md §5.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from provider.cli.checkups.expected import PREFIX, Document, parsed
from provider.cli.checkups.faults import UPGRADE, Check, Fault, fault

ROLES, PROVIDER = "account-roles", "account-provider"
_TOLD = 5
_ON_THE_WAY = ("PENDING", "RUNNING", "SKIPPED_SUSPENDED_ACCOUNT")


@dataclass(frozen=True, slots=True)
class Instance:
    """One stack of a StackSet, and why it is not as it should be where it is not."""

    account: str
    region: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StackSet:
    """A StackSet: its template, the units (or the root) that it is for, and its stacks."""

    template: Document
    units: tuple[str, ...]
    instances: tuple[Instance, ...]


def checks(client: Callable[[str], Any], account: str, templates: dict[str, Document]) -> Iterator[Check]:
    """What is looked at in the account that the StackSets belong to; `client` makes its clients by service."""
    reads = {name: cache(partial(read, client, account, name)) for name in (ROLES, PROVIDER)}
    for name, ask in reads.items():
        yield Check(_where(name), ask, partial(faults, name, template=templates[name]))

    def left_out() -> tuple[str, ...]:
        return without(client("organizations"), reads[ROLES]())

    yield Check("organization", left_out, of_accounts)


def _where(name: str) -> str:
    return f"StackSet {PREFIX}-{name}"


def read(client: Callable[[str], Any], account: str, name: str) -> StackSet | None:
    """A StackSet; None where there is none. Who is not the management account asks as a delegated administrator."""
    organization = client("organizations").describe_organization()["Organization"]
    as_whom = "SELF" if organization["MasterAccountId"] == account else "DELEGATED_ADMIN"
    stacks, named = client("cloudformation"), {"StackSetName": f"{PREFIX}-{name}", "CallAs": as_whom}
    try:
        found = stacks.describe_stack_set(**named)["StackSet"]
    except stacks.exceptions.StackSetNotFoundException:
        return None
    pages = stacks.get_paginator("list_stack_instances").paginate(**named)
    instances = tuple(_instance(one) for page in pages for one in page["Summaries"])
    return StackSet(parsed(found["TemplateBody"]), tuple(found.get("OrganizationalUnitIds", [])), instances)


def _instance(told: Document) -> Instance:
    """Its status is CURRENT where its last operation went through and there is none to come."""
    detail = str(told.get("StackInstanceStatus", {}).get("DetailedStatus", "SUCCEEDED"))
    status = detail if detail != "SUCCEEDED" else str(told["Status"])
    return Instance(told["Account"], told["Region"], status, str(told.get("StatusReason", "")))


def faults(name: str, found: StackSet | None, template: Document) -> Iterator[Fault]:
    """What is wrong with a StackSet, where `template` is this version's of what it deploys."""
    place = _where(name)
    if found is None:
        remedy = "Run `crossaccount deploy` with --organizational-unit, or leave --stack-sets-profile out."
        yield fault("StackSetMissing", place, f"It is not there. {remedy}")
        return
    if found.template != template:
        yield fault("StackSetOutdated", place, f"Its template is another than this version's. {UPGRADE}")
    behind = [one for one in found.instances if one.status not in ("CURRENT", *_ON_THE_WAY)]
    if behind:
        told = _some([f"{one.account} in {one.region} ({one.status}: {_sentence(one.reason)})" for one in behind])
        number = f"{len(behind)} of its {len(found.instances)} stacks are not as it says: {told}."
        remedy = "Mend what the reasons name, and run `crossaccount deploy` again."
        yield fault("StackSetBehind", place, f"{number} {remedy}")


def without(organizations: Any, roles: StackSet | None) -> tuple[str, ...]:
    """The active accounts in the units of a StackSet in which it has no stack; StackSets leave out the management account."""
    if roles is None:
        return ()
    management = str(organizations.describe_organization()["Organization"]["MasterAccountId"])
    there = {one.account for one in roles.instances}
    return tuple(sorted(_members(organizations, roles.units) - there - {management}))


def _members(organizations: Any, units: Sequence[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(units)
    while waiting:
        parent = {"ParentId": waiting.pop()}
        accounts = organizations.get_paginator("list_accounts_for_parent").paginate(**parent)
        found |= {one["Id"] for page in accounts for one in page["Accounts"] if _is_active(one)}
        below = organizations.get_paginator("list_organizational_units_for_parent").paginate(**parent)
        waiting += [one["Id"] for page in below for one in page["OrganizationalUnits"]]
    return found


def _is_active(account: Document) -> bool:
    """By State, which has taken the place of Status (docs/aws-behaviour.md §7)."""
    return bool(account.get("State", account.get("Status")) == "ACTIVE")


def of_accounts(left_out: Sequence[str]) -> Iterator[Fault]:
    """What is wrong with the accounts of the units."""
    if left_out:
        number = f"{len(left_out)} {'account has' if len(left_out) == 1 else 'accounts have'} no roles"
        remedy = "Run `crossaccount deploy` again, and see what the StackSet's operations say of them."
        yield fault("AccountsMissing", "organization", f"{number}: {_some(left_out)}. {remedy}")


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _TOLD} more" if len(texts) > _TOLD else ""
    return f"{', '.join(texts[:_TOLD])}{more}"


def _sentence(reason: str) -> str:
    return " ".join(reason.split()).rstrip(".") or "no reason is told"
