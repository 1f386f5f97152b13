"""`crossaccount adopt`: statements that somebody has written by hand become grants of the stacks that then declare them."""

import time
from collections.abc import Sequence
from dataclasses import replace

import boto3
import click

from provider.cli.adoptable import ForeignStatement, adoptable, foreign, granted_on, waiting
from provider.cli.errors import CommandError, ExitCode
from provider.cli.ledger import CENTRAL, OUTPUT, READER, REGION, TABLE, centre_of, ledger, seen
from provider.cli.live_policies import live_policies
from provider.cli.permission_templates import templates
from provider.cli.tables import show
from provider.controller import adoptions
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.core.adopting import Adoption, Ending
from provider.core.identifiers import ACCOUNT, AccountId, Target
from provider.core.translating import translated

_ADOPTABLE = {
    "statement": "STATEMENT",
    "account": "ACCOUNT",
    "region": "REGION",
    "type": "TYPE",
    "asks": "ASKS",
    "state": "STATE",
    "adopted": "ADOPTED",
    "why": "WHY",
}
_ADOPTED = {
    "target": "TARGET",
    "statement": "STATEMENT",
    "since": "SINCE",
    "missing": "WAITS FOR",
    "by": "BY",
    "resource": "RESOURCE",
}


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount adopt 333333333333/token-service --profile central --owner-profile owner\n"
    "  crossaccount adopt 333333333333/token-service --template --profile central --owner-profile owner\n"
    "  crossaccount adopt 333333333333/token-service --statement orders --profile central --owner-profile owner\n"
    "  crossaccount adopt --list --profile central\n"
    "  crossaccount adopt 333333333333/token-service --withdraw --statement orders --profile central\n"
)
@click.argument("target", metavar="ACCOUNT/NAME", required=False)
@click.option("--environment", default="default", show_default=True, help="The target's environment.")
@click.option("--statement", "names", multiple=True, metavar="SID|ID", help="Adopt this statement; may be repeated.")
@click.option("--all", "every", is_flag=True, help="Adopt every statement that grants can say.")
@click.option("--template", is_flag=True, help="Print the permissions as templates, one for each account and Region.")
@click.option(
    "--list", "listing", is_flag=True, help="List what is adopted and stands, and which accounts it waits for."
)
@click.option("--withdraw", is_flag=True, help="Take an adoption back instead: the statement stays.")
@click.option(
    "--owner-profile", metavar="PROFILE", help="AWS profile of the owner's account that may read the target's policy."
)
@CENTRAL
@OUTPUT
@READER
@REGION
def command(  # noqa: PLR0913 - one for each option
    *,
    target: str | None,
    environment: str,
    names: tuple[str, ...],
    every: bool,
    template: bool,
    listing: bool,
    withdraw: bool,
    owner_profile: str | None,
    central_account: str | None,
    output: str,
    profile: str | None,
    region: str | None,
) -> None:
    """Show which permissions would say what the statements of others in TARGET's policies say; adopt statements.

    With --statement or --all an operator lets statements go. The controller takes each away in the very write by which grants
    allow all that it allows, and not before; one that is changed meanwhile stays. Nothing is changed without these options.
    """
    recording = bool(names) or every
    name = _target(target, environment) if target else None
    if name is None or listing:
        if (name is None and not listing) or recording or template or withdraw or central_account:
            raise click.UsageError("Which target? Give ACCOUNT/NAME, or --list, with a target or without.")
        _list(name, output, profile, region)
        return
    if (recording and (template or central_account)) or (withdraw and not recording):
        raise click.UsageError(
            "Only an operator adopts and withdraws. Give --statement or --all, and neither --central-account nor --template."
        )
    if withdraw:
        _withdraw(name, names, profile, region)
        return
    with seen(profile, region, central_account) as sight:
        view = sight.view(name)
    centre = centre_of(profile, region, central_account)
    theirs = owner_profile or (profile if central_account else None)
    found = list(foreign(live_policies(view, theirs, region), centre))
    if recording:
        _adopt(name, _chosen(found, names), profile, region)
        return
    known: list[Adoption] = []
    if not central_account:
        with ledger(profile, region) as client:
            known = [each for arn in {one.resource for one in found} for each in adoptions.of(client, TABLE, arn)]
    granted = [part for arn in {one.resource for one in found} for part in granted_on(arn, sight.views.values())]
    lines = list(adoptable(found, view, granted, known))
    if template:
        click.echo("\n---\n".join(templates(lines, name)) or "# Nothing has to be asked for.")
        return
    show(lines, _ADOPTABLE, output, f"No statement of others stands in the policies of {name.full_name}.")


def _target(text: str, environment: str) -> Target:
    owner, _, name = text.partition("/")
    if ACCOUNT.fullmatch(owner) is None or not name:
        raise click.UsageError(f"{text!r} is no target. Give ACCOUNT/NAME.")
    return Target(AccountId(owner), environment, name)


def _chosen(found: Sequence[ForeignStatement], names: Sequence[str]) -> list[ForeignStatement]:
    """The statements that are to be adopted: those named, all of which grants must be able to say; or all that they can."""
    if not names:
        return [one for one in found if not translated(one.document, one.resource).obstacle]
    chosen = [one for one in found if one.is_named(names)]
    for name in names:
        if not any(one.is_named([name]) for one in chosen):
            raise CommandError(
                f"No statement {name} of others stands there. Run it without --statement to see which do.",
                ExitCode.NEGATIVE,
            )
    for one in chosen:
        if obstacle := translated(one.document, one.resource).obstacle:
            raise CommandError(f"{one.name} cannot be adopted. {obstacle}", ExitCode.NEGATIVE)
    return chosen


def _adopt(name: Target, chosen: Sequence[ForeignStatement], profile: str | None, region: str | None) -> None:
    by, now = _caller(profile, region), time.time()
    with ledger(profile, region) as client:
        centre = DynamoDBLedger(client, TABLE)
        for one in chosen:
            adoption = Adoption.of(one.resource, one.document, name, by, now)
            is_new = adoptions.adopt(client, TABLE, adoption)
            centre.want(one.resource, frozenset({name}), now, adopting=True)
            said = "is adopted" if is_new else "was adopted already"
            click.echo(f"{one.name} {said}: it goes when grants allow {', '.join(adoption.accounts)} all that it does.")
    if not chosen:
        click.echo("Nothing is adopted: no statement of others is one that grants can say.", err=True)


def _withdraw(name: Target, names: Sequence[str], profile: str | None, region: str | None) -> None:
    by, now = _caller(profile, region), time.time()
    with ledger(profile, region) as client:
        known = [one for one in adoptions.every(client, TABLE) if one.target == name]
        chosen = [one for one in known if not names or ForeignStatement(one.resource, one.statement).is_named(names)]
        for one in chosen:
            adoptions.end(client, TABLE, replace(one, by=by), Ending.WITHDRAWN, now)
            click.echo(f"{ForeignStatement(one.resource, one.statement).name} stays: its adoption is withdrawn.")
    if not chosen:
        fact = f"No such statement of {name.full_name} is adopted."
        raise CommandError(f"{fact} Run `crossaccount adopt --list` to see which are.", ExitCode.NEGATIVE)


def _list(name: Target | None, output: str, profile: str | None, region: str | None) -> None:
    with seen(profile, region, None) as sight, ledger(profile, region) as client:
        known = [one for one in adoptions.every(client, TABLE) if name in (None, one.target)]
    show(list(waiting(known, list(sight.views.values()))), _ADOPTED, output, "No statement is adopted.")


def _caller(profile: str | None, region: str | None) -> str:
    """Who the operator is."""
    session = boto3.Session(profile_name=profile, region_name=region)
    return str(session.client("sts").get_caller_identity()["Arn"])
