"""`crossaccount doctor`: whether this system's parts in an account, or the centre itself, are all there, as they should be, and out of others' reach."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import boto3
import click
from botocore.exceptions import NoRegionError

from provider.cli.checkups import account, centre, stack_sets
from provider.cli.checkups.expected import Document, Place, parsed
from provider.cli.checkups.faults import Fault, Severity, examined
from provider.cli.errors import CommandError, ExitCode
from provider.cli.ledger import OUTPUT
from provider.cli.tables import show
from provider.core.identifiers import ACCOUNT
from provider.packaging.contents import Checkout
from provider.rollout.plan import CENTRAL, stack_name

_COLUMNS = {"severity": "SEVERITY", "kind": "FAULT", "where": "WHERE", "what": "WHAT"}


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount doctor --central-account 222222222222 --home-region eu-central-1 --profile payments\n"
    "  crossaccount doctor --central-account 222222222222 --home-region eu-central-1 --region us-east-1 --output json\n"
    "  crossaccount doctor --centre --home-region eu-central-1 --region us-east-1 --profile auditor\n"
    "  crossaccount doctor --centre --home-region eu-central-1 --profile auditor --stack-sets-profile management\n"
)
@click.option("--centre", "of_centre", is_flag=True, help="Look at the centre itself, not at an account that uses it.")
@click.option(
    "--central-account",
    envvar="CROSSACCOUNT_CENTRAL_ACCOUNT",
    metavar="ID",
    help="Id of the central account that the account's parts are to belong to.",
)
@click.option("--home-region", help="The centre's home Region; with --centre the profile's unless told.")
@click.option("--profile", help="AWS profile of the account that is looked at; your default one unless told.")
@click.option(
    "--region",
    "regions",
    multiple=True,
    help="Region whose provider function, or with --centre whose artifact bucket, is looked at; may be repeated. "
    "Default: the profile's, or with --centre the home Region, which always is.",
)
@click.option(
    "--stack-sets-profile",
    metavar="NAME",
    help="With --centre: AWS profile of the account that StackSets belong to, whose StackSets and accounts are looked at too.",
)
@click.option("--stack-name", default=stack_name(CENTRAL), show_default=True, help="The stack of the central parts.")
@OUTPUT
def command(  # noqa: PLR0913 - one for each option
    *,
    of_centre: bool,
    central_account: str | None,
    home_region: str | None,
    profile: str | None,
    regions: tuple[str, ...],
    stack_sets_profile: str | None,
    stack_name: str,
    output: str,
) -> None:
    """Look at an account's roles and provider function, or at the centre: what is missing, changed, old, or in reach of others.

    It changes nothing. An account is read by iam:GetRole, iam:ListRolePolicies, iam:ListAttachedRolePolicies,
    lambda:GetFunctionConfiguration and lambda:GetPolicy; the centre by what its auditor role may. What may not be read is
    a fault of kind Unknown. Each kind is in docs/command-line.md. Exit code 1: there is a fault.
    """
    session = boto3.Session(profile_name=profile, region_name=home_region if of_centre else next(iter(regions), None))
    if session.region_name is None:
        raise NoRegionError
    if stack_sets_profile and not of_centre:
        raise click.UsageError(
            "StackSets are looked at with the centre. Give --centre, or leave --stack-sets-profile out."
        )
    if of_centre:
        used = tuple(dict.fromkeys([session.region_name, *regions]))
        found = [*_of_centre(session, stack_name, used), *_of_stack_sets(stack_sets_profile, session.region_name)]
        subject = "The centre"
    else:
        used = regions or (session.region_name,)
        found = list(_of_account(session, _told(central_account), home_region, used))
        subject = "The account"
    found.sort(key=lambda one: list(Severity).index(one.severity))
    show(found, _COLUMNS, output, f"{subject} is as it should be in {', '.join(used)}.")
    if found:
        raise CommandError(_summary(found), ExitCode.NEGATIVE)


def _told(central_account: str | None) -> str:
    if central_account is None:
        raise click.UsageError(
            "Nothing says which centre. Give --central-account, or --centre to look at the centre itself."
        )
    if ACCOUNT.fullmatch(central_account) is None:
        raise click.UsageError(f"{central_account!r} is no account id. Give --central-account 12 digits.")
    return central_account


def _of_account(session: boto3.Session, central: str, home: str | None, regions: Sequence[str]) -> Iterator[Fault]:
    if home is None:
        raise click.UsageError("Nothing says where the centre is. Give its --home-region.")
    place = _place(session)
    for number, region in enumerate(regions):
        here = replace(place, region=region)
        checks = list(account.checks(lambda service: session.client(service, region_name=region), here, central, home))  # noqa: B023
        yield from examined(checks if number == 0 else checks[-1:])  # the roles are the same in every Region


def _of_stack_sets(profile: str | None, region: str) -> Iterator[Fault]:
    if profile is None:
        return
    session = boto3.Session(profile_name=profile, region_name=region)
    yield from examined(stack_sets.checks(cache(session.client), _place(session).account, _templates()))


def _templates() -> dict[str, Document]:
    return {path.stem: parsed(path.read_text("utf-8")) for path in Checkout.here().templates()}


def _of_centre(session: boto3.Session, name: str, regions: Sequence[str]) -> Iterator[Fault]:
    @cache
    def client(service: str, region: str) -> object:
        return session.client(service, region_name=region)

    yield from centre.found(client, _place(session), name, regions, _templates())


def _place(session: boto3.Session) -> Place:
    identity = session.client("sts").get_caller_identity()
    return Place(identity["Account"], identity["Arn"].split(":")[1], session.region_name)


def _summary(found: Sequence[Fault]) -> str:
    counts = Counter(one.severity for one in found)
    said = ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])
    return f"{len(found)} {'fault' if len(found) == 1 else 'faults'} ({said}). Each line ends with what to do."
