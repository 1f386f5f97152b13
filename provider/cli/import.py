"""`crossaccount import`: the ledger from a file or a restored table, shown before it is done."""

# ruff: noqa: N999 - modules have the names of their commands

from pathlib import Path
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

from provider.cli import restoring, snapshots
from provider.cli.errors import CommandError, ExitCode
from provider.cli.ledger import OUTPUT, PROFILE, REGION, TABLE, centre_of, ledger
from provider.cli.tables import show

_COLUMNS = {"target": "TARGET", "account": "ACCOUNT", "record": "RECORD", "change": "CHANGE", "number": "NUMBER"}


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount import ledger.jsonl --profile central\n"
    "  crossaccount import ledger.jsonl --apply --profile central\n"
    "  crossaccount import --from-table grants-at-noon --profile central\n"
)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from-table", metavar="TABLE", help="A restored copy of this centre's grants table, instead of a file.")
@click.option("--apply", "applying", is_flag=True, help="Do it; without it only what would change is shown.")
@OUTPUT
@PROFILE
@REGION
def command(  # noqa: PLR0913 - one for each option
    *,
    file: Path | None,
    from_table: str | None,
    applying: bool,
    output: str,
    profile: str | None,
    region: str | None,
) -> None:
    """Show what the ledger would become by FILE (of `crossaccount export`) or a restored table; do it with --apply.

    Every difference goes: records are added, changed and removed until the ledger is what was exported, and the
    controller looks at each resource named. Each is written only while it is as it was shown. It may be repeated.
    """
    if (file is None) == (from_table is None):
        raise click.UsageError("Give a file, or --from-table.")
    if from_table == TABLE:
        raise click.UsageError(f"{TABLE} is the ledger itself. Give --from-table the name of a restored copy.")
    with ledger(profile, region) as client:
        snapshot = _snapshot(client, file, from_table, profile, region)
        changes = restoring.compare(snapshot, client, TABLE)
        show(changes.summary, _COLUMNS, output, "Nothing would change.")
        if applying:
            _apply(changes, snapshot, client)
        elif changes.summary:
            click.echo("Nothing is changed yet: --apply does it.", err=True)


def _snapshot(
    client: Any, file: Path | None, from_table: str | None, profile: str | None, region: str | None
) -> snapshots.Records:
    if file is not None:
        centre = centre_of(profile, region, None)
        return lambda: snapshots.read(file, centre)
    name = from_table or ""
    database = boto3.Session(profile_name=profile, region_name=region).client("dynamodb")
    try:
        found = next(snapshots.records(database, name), None)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        found = None
    if found is None:
        raise CommandError(
            f"There is no ledger in a table {name}. Give --from-table a restored copy of {TABLE} in the home Region.",
            ExitCode.REFUSED,
        )
    return lambda: snapshots.records(client, name)


def _apply(changes: restoring.Changes, snapshot: snapshots.Records, client: Any) -> None:
    try:
        restoring.apply(changes, snapshot, client, TABLE)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        raise CommandError(
            "The ledger has changed meanwhile, and only a part is imported. Stop the controller and run the command again."
        ) from error
    click.echo("It is done, and the controller looks at each resource now.", err=True)
