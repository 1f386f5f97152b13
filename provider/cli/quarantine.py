"""`crossaccount quarantine`: the kill switch for an account."""

import time
from typing import Any

import boto3
import click

from provider.cli.ledger import PROFILE, REGION, TABLE, ledger
from provider.controller import quarantine
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.controller.quarantine import Quarantine
from provider.core.errors import InvalidProperty
from provider.core.identifiers import AccountId


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount quarantine 444444444444 --reason 'leaked keys, ticket 4711' --profile central\n"
    "  crossaccount quarantine --lift 444444444444 --profile central\n"
    "  crossaccount quarantine --list --profile central\n"
)
@click.argument("account", required=False)
@click.option("--lift", is_flag=True, help="Lift the quarantine instead.")
@click.option("--list", "listing", is_flag=True, help="List the accounts in quarantine, since when, by whom and why.")
@click.option("--reason", default="", help="Why; it is kept with the quarantine.")
@PROFILE
@REGION
def command(  # noqa: PLR0913 - one for each option
    *, account: str | None, lift: bool, listing: bool, reason: str, profile: str | None, region: str | None
) -> None:
    """Suspend all that ACCOUNT holds everywhere, and refuse what it asks, until it is lifted.

    The controller takes its statements out of every policy within a pass: at once where it is awake, within a minute
    otherwise. Lifting brings them back. Deletes of its stacks go through, since they only take away.
    """
    if bool(account) == listing or (lift and listing):
        raise click.UsageError("Give an account of 12 digits, or --list.")
    with ledger(profile, region) as client:
        if listing:
            _list(client)
            return
        by = boto3.Session(profile_name=profile, region_name=region).client("sts").get_caller_identity()["Arn"]
        try:
            if lift:
                _lift(client, AccountId(account or ""), by)
            else:
                _impose(client, AccountId(account or ""), by, reason)
        except InvalidProperty as error:
            raise click.UsageError(str(error)) from error


def _impose(client: Any, account: AccountId, by: str, reason: str) -> None:
    quarantine.impose(client, TABLE, Quarantine(account, time.time(), by, reason))
    concerned = quarantine.set_going(client, TABLE, DynamoDBLedger(client, TABLE), account)
    click.echo(f"{account} is in quarantine; {_policies(len(concerned))} it has grants in are looked at now.")


def _lift(client: Any, account: AccountId, by: str) -> None:
    if not quarantine.lift(client, TABLE, account, by):
        click.echo(f"{account} was not in quarantine.", err=True)
        return
    concerned = quarantine.set_going(client, TABLE, DynamoDBLedger(client, TABLE), account)
    click.echo(
        f"The quarantine of {account} is lifted; {_policies(len(concerned))} it has grants in are looked at now."
    )


def _policies(number: int) -> str:
    return f"{number} {'policy' if number == 1 else 'policies'}"


def _list(client: Any) -> None:
    rows = sorted(quarantine.quarantined(client, TABLE), key=lambda one: one.account)
    if not rows:
        click.echo("No account is in quarantine.", err=True)
    for row in rows:
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(row.since))
        click.echo(f"{row.account}\t{since}\t{row.by}\t{row.reason}")
