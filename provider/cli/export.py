"""`crossaccount export`: the ledger as a file."""

import time
from pathlib import Path

import click

from provider.cli import snapshots
from provider.cli.ledger import PROFILE, REGION, TABLE, centre_of, ledger


@click.command(epilog="\b\nExample:\n  crossaccount export ledger.jsonl --profile auditor\n")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@PROFILE
@REGION
def command(*, file: Path, profile: str | None, region: str | None) -> None:
    """Write all targets and grants, and what belongs to them, to FILE as JSON Lines, which `crossaccount import` reads.

    A ledger that changes meanwhile is exported record by record as it is read: for one moment's state use point-in-time
    recovery and `crossaccount import --from-table`. An existing FILE is replaced when the export is whole.
    """
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    partial = file.with_name(f"{file.name}.partial")
    with ledger(profile, region) as client:
        centre = centre_of(profile, region, None)
        with partial.open("w", encoding="utf-8", newline="\n") as out:
            number = snapshots.write(snapshots.records(client, TABLE), centre, now, out)
    partial.replace(file)
    click.echo(f"{file}: {number} records of centre {centre.text}.")
