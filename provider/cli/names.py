"""`crossaccount names`: short names, which the centre reserves for the account that may publish under them."""

import click

from provider.cli.errors import CommandError, ExitCode
from provider.cli.ledger import PROFILE, REGION, TABLE, ledger
from provider.controller import names
from provider.controller.names import NameTaken, Reservation
from provider.core.errors import InvalidProperty
from provider.core.identifiers import AccountId


@click.group(
    epilog="\b\nExamples:\n"
    "  crossaccount names reserve token-service --account 333333333333 --profile central\n"
    "  crossaccount names reserve token-service --account 333333333333 --environment dev\n"
    "  crossaccount names list --profile central\n"
)
def command() -> None:
    """Short names of targets, in the central account's ledger.

    The full name ACCOUNT/NAME always works; a short name works once it is reserved, and never moves by itself.
    """


@command.command()
@click.argument("name")
@click.option("--account", required=True, metavar="ID", help="The owner's account, 12 digits.")
@click.option(
    "--environment", default="default", show_default=True, help="Which cloud the name stands for, such as dev or prod."
)
@PROFILE
@REGION
def reserve(name: str, account: str, environment: str, profile: str | None, region: str | None) -> None:
    """Reserve NAME for the account that may publish a target under it.

    Doing so again for the same account changes nothing. Exit code 1: another account has it.
    """
    with ledger(profile, region) as client:
        try:
            names.reserve(client, TABLE, Reservation(environment, name, AccountId(account)))
        except InvalidProperty as error:
            raise click.UsageError(str(error)) from error
        except NameTaken as error:
            raise CommandError(str(error), ExitCode.NEGATIVE) from error
    click.echo(f"{name} in environment {environment} means {account}/{name}.")


@command.command("list")
@PROFILE
@REGION
def listing(profile: str | None, region: str | None) -> None:
    """List all reservations: environment, short name, full name."""
    with ledger(profile, region) as client:
        rows = sorted(names.reservations(client, TABLE))
    if not rows:
        click.echo("No short name is reserved.", err=True)
    for row in rows:
        click.echo(f"{row.environment}\t{row.name}\t{row.owner}/{row.name}")
