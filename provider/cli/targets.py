"""`crossaccount targets`: what is published, for whom, and how many grants it has."""

import click

from provider.cli.ledger import CENTRAL, OUTPUT, READER, REGION, seen
from provider.cli.listings import TargetLine, targets
from provider.cli.tables import show
from provider.core.specifications import GrantType

_COLUMNS = {
    "target": "TARGET",
    "environment": "ENVIRONMENT",
    "kind": "KIND",
    "state": "STATE",
    "types": "TYPES",
    "allowed": "ALLOWED",
    "grants": "GRANTS",
    "consumers": "CONSUMERS",
    "arns": "ARN",
    "stack": "STACK",
}


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount targets --profile auditor\n"
    "  crossaccount targets --owner 333333333333 --type AssumeRole --output json\n"
    "  crossaccount targets --central-account 222222222222 --profile payments --region eu-central-1\n"
)
@click.option("--owner", metavar="ID", help="Only targets of this account.")
@click.option("--target", metavar="[ID/]NAME", help="Only targets of this name.")
@click.option("--environment", help="Only in this environment.")
@click.option(
    "--type", "grant_type", type=click.Choice([one.value for one in GrantType]), help="Only what is offered for this."
)
@CENTRAL
@OUTPUT
@READER
@REGION
def command(  # noqa: PLR0913 - one for each option
    *,
    owner: str | None,
    target: str | None,
    environment: str | None,
    grant_type: str | None,
    central_account: str | None,
    output: str,
    profile: str | None,
    region: str | None,
) -> None:
    """List targets: all of them, or with --central-account those that your account owns."""

    def is_asked(one: TargetLine) -> bool:
        return (
            owner in (None, one.owner)
            and target in (None, one.target, one.target.partition("/")[2])
            and environment in (None, one.environment)
            and (grant_type is None or grant_type in one.types)
        )

    with seen(profile, region, central_account) as sight:
        found = [one for one in targets(sight) if is_asked(one)]
    show(found, _COLUMNS, output, "No target is found.")
