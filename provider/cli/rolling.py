"""What `deploy` and `undeploy` share: their options, the plan that follows from them, and the question before anything is done."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import click
from botocore.exceptions import ClientError

from provider.cli.errors import CommandError, ExitCode
from provider.cli.places import Accounts, one_organization, regions_of, units_of, unreachable
from provider.cli.tables import show
from provider.packaging import Artifact
from provider.packaging.artifact import Architecture
from provider.packaging.contents import Checkout
from provider.rollout.plan import Plan, ReleaseStep, Removal, Step, Units
from provider.rollout.sequence import ClientFor, standing

_OPTIONS = (
    click.option("--central-profile", help="AWS profile of the central account; your default one unless told."),
    click.option(
        "--home-region", help="Region of the central parts. Default: the first --region, or the profile's own."
    ),
    click.option("--region", "regions", multiple=True, help="Region in which stacks use this; may be repeated."),
    click.option(
        "--account-profile",
        "profiles",
        multiple=True,
        metavar="NAME",
        help="AWS profile of an account that takes part; may be repeated.",
    ),
    click.option(
        "--organizational-unit",
        "units",
        multiple=True,
        metavar="ID",
        help="Organizational unit (or root) all of whose accounts take part, by StackSets; may be repeated.",
    ),
    click.option(
        "--stack-sets-profile",
        metavar="NAME",
        help="AWS profile of the account that StackSets belong to. Default: the central account.",
    ),
    click.option(
        "--organization-id", metavar="ID", help="The organization, where the central account may not ask for it."
    ),
    click.option("--yes", is_flag=True, help="Do not ask before it is done."),
    click.option("--dry-run", is_flag=True, help="Only say what would be done."),
)


def options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of both commands, in the order of their help."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, in both commands' options."""

    central_profile: str | None
    home_region: str | None
    regions: Sequence[str]
    profiles: Sequence[str]
    units: Sequence[str]
    stack_sets_profile: str | None
    organization_id: str | None


def plan_of(
    asked: Asked,
    architecture: Architecture = Architecture.ARM64,
    parameters: Mapping[str, Mapping[str, str]] | None = None,
    build: Callable[[], Sequence[Artifact]] = list,
    tags: Mapping[str, str] | None = None,
) -> tuple[Plan, ClientFor]:
    """The plan, and the clients of its accounts; `build` makes the zips once everybody has answered.

    Raises:
        CommandError: an account is not of the organization.
    """
    regions = regions_of(asked.central_profile, asked.home_region, asked.regions)
    units = units_of(asked.units)
    accounts = Accounts(regions[0])
    central = accounts.of(asked.central_profile)
    others = list(dict.fromkeys(accounts.of(profile) for profile in asked.profiles))
    administrator = accounts.of(asked.stack_sets_profile) if asked.stack_sets_profile else central
    of_sets = [administrator] if units and administrator != central else []
    organization = one_organization(accounts, central, [*others, *of_sets], asked.organization_id)
    client = accounts.client("s3", central, regions[0])
    plan = Plan(
        organization=organization.id,
        central=central,
        accounts=others,
        regions=regions,
        architecture=architecture,
        artifacts=build(),
        templates=Checkout.here().templates(),
        units=Units(units, administrator, administrator != organization.management) if units else None,
        parameters=parameters or {},
        suffix=_suffix(client),
        tags=tags or {},
    )
    return plan, accounts.client


def _suffix(client: Any) -> str:
    """The DNS suffix of the partition."""
    return "amazonaws.com.cn" if client.meta.partition == "aws-cn" else "amazonaws.com"


@dataclass(frozen=True, slots=True)
class Line:
    """A step as it is told before it is taken."""

    what: str
    account: str
    region: str
    now: str
    then: str


def told(steps: Sequence[Step | Removal], client_for: ClientFor) -> None:
    """Print what is going to be done, and what stands at present; every account and Region has answered then."""
    lines = [_line(step, client_for) for step in steps]
    columns = {"what": "What", "account": "Account", "region": "Region", "now": "Now", "then": "Then"}
    show(lines, columns, "table", "There is nothing to do.")


def _line(step: Step | Removal, client_for: ClientFor) -> Line:
    if isinstance(step, ReleaseStep):
        return Line("zips and templates", step.account, step.region, "", "upload what is not there")
    try:
        status = standing(step, client_for)
    except ClientError as error:
        raise unreachable(step.account, step.region, error) from error
    if isinstance(step, Removal):
        return Line(step.what, step.account, step.region, status or "", "delete" if status else "nothing")
    return Line(step.what, step.account, step.region, status or "", "update if it differs" if status else "create")


def confirmed(question: str, *, yes: bool) -> None:
    """Ask, unless that is answered already.

    Raises:
        CommandError: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("Nobody can be asked here. Say --yes to have it done, or --dry-run to see it.")
    if not click.confirm(question, err=True):
        raise CommandError("Nothing was changed. Say yes to have it done.", ExitCode.NEGATIVE)
