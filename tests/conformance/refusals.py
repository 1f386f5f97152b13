"""The accounts of a run, and every reason not to touch them: asked and answered before anything is made."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError

from provider.cli.errors import CommandError, ExitCode
from provider.cli.places import Accounts, one_organization
from provider.packaging.release import bucket_name
from provider.rollout.plan import TEMPLATES, stack_name

NAMES = ("central", "owner", "consumer")
"""The accounts that every run needs; with an `intruder` more can be asked."""
_PRODUCTION = re.compile(r"(^|[^a-z])(prod|prd|production|live)([^a-z]|$)")
_TABLES = tuple(f"cross-account-permission-{name}" for name in ("requests", "answers", "grants"))
_ALLOWED = "Name three sandbox accounts of one organization in which nothing of value runs."


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Different sandbox accounts of one organization: ids by name, and their clients as `undoing.ClientFor`."""

    ids: Mapping[str, str]
    organization: str
    client_for: Callable[[str, str, str], Any]


def confirmed(
    profiles: Mapping[str, str | None], confirm: str | None, region: str, told: str | None = None
) -> Confirmed:
    """The accounts that the profiles lead to, if the caller has named exactly these.

    Args:
        profiles: AWS profile by name of the account.
        confirm: the ids of the accounts, in whatever order, with commas.
        region: where the run is to happen.
        told: the organization's id, where the accounts may not ask for it.

    Raises:
        CommandError: a profile or the confirmation is missing, or wrong.
    """
    if missing := [name for name in NAMES if not profiles.get(name)]:
        wanted = " ".join(f"{name.upper()}=PROFILE" for name in NAMES)
        raise CommandError(
            f"No AWS profile of account {missing[0]!r} is given. Say `make conformance {wanted}`.", ExitCode.USAGE
        )
    accounts = Accounts(region)
    ids = {name: accounts.of(profile) for name in (*NAMES, "intruder") if (profile := profiles.get(name))}
    by_id: dict[str, list[str]] = {}
    for name, id_ in ids.items():
        by_id.setdefault(id_, []).append(name)
    if same := next((names for names in by_id.values() if len(names) > 1), None):
        fact = f"Profiles {' and '.join(str(profiles[one]) for one in same)} lead to one account, {ids[same[0]]}."
        raise CommandError(f"{fact} Give each a profile of an account of its own.", ExitCode.USAGE)
    _named(ids, confirm)
    organization = one_organization(accounts, ids["central"], [*ids.values()][1:], told)
    if organization.management in by_id:
        fact = f"Account {organization.management} is the management account of {organization.id}."
        raise CommandError(f"{fact} {_ALLOWED}", ExitCode.REFUSED)
    return Confirmed(ids, organization.id, cache(accounts.client))


def _named(ids: Mapping[str, str], confirm: str | None) -> None:
    listed = ",".join(ids.values())
    if not confirm:
        fact = f"Nobody has confirmed that accounts {listed} are sandboxes in which things are made and deleted."
        raise CommandError(f"{fact} If they are, add CONFIRM={listed}.", ExitCode.USAGE)
    if sorted(re.split(r"[,\s]+", confirm.strip())) != sorted(ids.values()):
        fact = f"CONFIRM={confirm[:60]} is not the accounts that the profiles lead to, {listed}."
        raise CommandError(f"{fact} Correct the profiles, or the confirmation.", ExitCode.USAGE)


def unused(accounts: Confirmed, regions: tuple[str, ...]) -> None:
    """See that nothing there looks like production, and that no part of the product stands there.

    Raises:
        CommandError: something does.
    """
    for fact in _in_the_way(accounts, regions):
        raise CommandError(fact, ExitCode.REFUSED)


def swept(accounts: Confirmed, regions: tuple[str, ...], tag: str) -> None:
    """See that no part of the product stands there that no run has deployed: who sweeps late may find another installation.

    Raises:
        CommandError: one does.
    """
    for id_ in accounts.ids.values():
        for region in regions:
            for one in filter(_is_the_products, _stacks(id_, region, accounts)):
                if all(each["Key"] != tag for each in one.get("Tags", [])):
                    fact = f"Stack {one['StackName']} in {id_}, {region} is of no run: an installation is not touched."
                    remedy = "Take away by hand what the journals in .local/conformance list, then these journals."
                    raise CommandError(f"{fact} {remedy}", ExitCode.REFUSED)


def _in_the_way(accounts: Confirmed, regions: tuple[str, ...]) -> Iterator[str]:
    for id_ in accounts.ids.values():
        for alias in accounts.client_for("iam", id_, regions[0]).list_account_aliases()["AccountAliases"]:
            if _PRODUCTION.search(alias.lower()):
                yield f"Account {id_} is called {alias!r}, which sounds like production. {_ALLOWED}"
        for region in regions:
            yield from _in(id_, region, accounts)


def _in(account: str, region: str, accounts: Confirmed) -> Iterator[str]:
    stacks = _stacks(account, region, accounts)
    for one in filter(_is_the_products, stacks):
        fact = f"Stack {one['StackName']} stands in {account}, {region}: an installation is not touched."
        yield f"{fact} Take other accounts, or `make conformance SWEEP=1` if an earlier run has left it."
    for one in stacks:
        if one.get("EnableTerminationProtection"):
            fact = f"Stack {one['StackName']} in {account}, {region} is protected from deletion: somebody needs it."
            yield f"{fact} {_ALLOWED}"
    if account == accounts.ids["central"]:
        yield from _data_in(account, region, accounts)


def _stacks(account: str, region: str, accounts: Confirmed) -> list[Mapping[str, Any]]:
    pages = accounts.client_for("cloudformation", account, region).get_paginator("describe_stacks").paginate()
    return [one for page in pages for one in page["Stacks"]]


def _is_the_products(stack: Mapping[str, Any]) -> bool:
    """Whether a stack is of the product, by its name; those of a StackSet are called after it."""
    names = tuple(map(stack_name, TEMPLATES))
    return stack["StackName"] in names or stack["StackName"].startswith(tuple(f"StackSet-{one}-" for one in names))


def _data_in(account: str, region: str, accounts: Confirmed) -> Iterator[str]:
    """What a centre leaves when it is taken away: the ledger, and the zips that run elsewhere."""
    remedy = "Take another central account, or `make conformance SWEEP=1` if an earlier run has left it."
    tables = accounts.client_for("dynamodb", account, region)
    for name in _TABLES:
        try:
            tables.describe_table(TableName=name)
        except tables.exceptions.ResourceNotFoundException:
            continue
        yield f"Table {name} of a centre is in {account}, {region}: its data are not touched. {remedy}"
    bucket = bucket_name(account, region)
    try:
        accounts.client_for("s3", account, region).head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return
        raise
    yield f"Artifact bucket {bucket} is in {account}: accounts may run what is in it. {remedy}"


def endpoint_of(profile: str) -> str | None:
    """The endpoint that a profile names for all services, as the local cloud's do; None on AWS."""
    found: str | None = boto3.Session(profile_name=profile)._session.get_scoped_config().get("endpoint_url")
    return found
