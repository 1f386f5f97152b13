"""`crossaccount drift`: what the schedule has found, and an operator's word on what may go."""

import time
from collections.abc import Sequence
from typing import Any

import boto3
import click

from provider.cli.errors import CommandError, ExitCode
from provider.cli.ledger import OUTPUT, PROFILE, REGION, TABLE, ledger
from provider.cli.tables import show
from provider.controller import drift
from provider.controller.drift import Found
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.core.errors import LedgerConflict
from provider.core.identifiers import ACCOUNT, AccountId, DeclarationId, Target, is_declaration_id
from provider.core.records import GrantRecord

_COLUMNS = {"kind": "KIND", "where": "WHERE", "detail": "DETAIL"}


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount drift --profile central\n"
    "  crossaccount drift --account 333333333333 --kind Unexplained --kind HeldBack --output json\n"
    "  crossaccount drift --accept grant-0123456789abcdef0123456789abcdef --profile central\n"
    "  crossaccount drift --accept 333333333333/token-service --profile central\n"
)
@click.option("--account", metavar="ID", help="Only what lies in this account.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(drift.KINDS),
    help="Only findings of this kind; may be repeated.",
)
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="GRANT|ACCOUNT/NAME|ACCOUNT",
    help="Let this abandoned or retained grant, or all of a target, be withdrawn; or a departed account be suspended.",
)
@click.option(
    "--environment", default="default", show_default=True, help="The environment of a target given to --accept."
)
@OUTPUT
@PROFILE
@REGION
def command(  # noqa: PLR0913 - one for each option
    *,
    account: str | None,
    kinds: tuple[str, ...],
    accepted: tuple[str, ...],
    environment: str,
    output: str,
    profile: str | None,
    region: str | None,
) -> None:
    """List what the schedule's last look has found: of each resource, of accounts, and of the schedule itself.

    Exit code 1: something is found that is not as it should be. Statements of others (Foreign) are listed, and are no
    such thing. Each kind, and what is to be done about it, is in docs/drift.md.
    """
    if account is not None and ACCOUNT.fullmatch(account) is None:
        raise click.UsageError(f"{account!r} is no account id. Give --account 12 digits.")
    with ledger(profile, region) as client:
        if accepted:
            by = boto3.Session(profile_name=profile, region_name=region).client("sts").get_caller_identity()["Arn"]
            _accept(client, accepted, environment, by)
            return
        found = sorted(one for one in drift.found(client, TABLE, time.time()) if _is_asked(one, account, kinds))
    show(found, _COLUMNS, output, "Nothing is found.")
    drifted = [one for one in found if one.kind not in drift.NO_DRIFT]
    if drifted:
        raise CommandError(_summary(len(drifted)), ExitCode.NEGATIVE)


def _is_asked(one: Found, account: str | None, kinds: Sequence[str]) -> bool:
    return account in (None, one.account) and (not kinds or one.kind in kinds)


def _summary(number: int) -> str:
    return f"{number} {'finding' if number == 1 else 'findings'}. docs/drift.md says of each kind what to do."


def _accept(client: Any, accepted: Sequence[str], environment: str, by: str) -> None:
    centre = DynamoDBLedger(client, TABLE)
    for text in accepted:
        done = _accepted(client, centre, text, environment)
        if not done:
            raise CommandError(
                f"{text} is nothing that is abandoned, retained or departed. Run `crossaccount drift` to see what there is.",
                ExitCode.NEGATIVE,
            )
        drift.remember(client, TABLE, done, by)
        when = "suspended within a day" if done == [text] and ACCOUNT.fullmatch(text) else "withdrawn within minutes"
        click.echo(f"{text}: {len(done)} accepted, and {when}, unless they are where they belong by then.")


def _accepted(client: Any, centre: DynamoDBLedger, text: str, environment: str) -> list[str]:
    """What was accepted: ids of grants, or an account."""
    if ACCOUNT.fullmatch(text):
        return [text] if drift.accept_departure(centre, AccountId(text)) else []
    try:
        return [row.id for row in drift.accept(centre, _meant(client, centre, text, environment))]
    except LedgerConflict as conflict:
        raise CommandError(f"{text} has just been changed. Run the command again.") from conflict


def _meant(client: Any, centre: DynamoDBLedger, text: str, environment: str) -> Sequence[GrantRecord]:
    if is_declaration_id(text):
        row = drift.grant(client, TABLE, DeclarationId(text))
        return [row] if row else []
    owner, _, name = text.partition("/")
    if ACCOUNT.fullmatch(owner) is None or not name:
        raise click.UsageError(
            f"{text!r} is no grant, target or account. Give a grant's id, ACCOUNT/NAME or 12 digits."
        )
    return drift.grants_under(centre, Target(AccountId(owner), environment, name))
