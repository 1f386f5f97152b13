"""`crossaccount grants`: who may call what, since when, until when, and by which stack."""

import click

from provider.cli.ledger import CENTRAL, OUTPUT, READER, REGION, seen
from provider.cli.listings import GrantLine, grants
from provider.cli.tables import show
from provider.core.records import GrantState
from provider.core.specifications import GrantType

_COLUMNS = {
    "account": "ACCOUNT",
    "type": "TYPE",
    "target": "TARGET",
    "state": "STATE",
    "why": "WHY",
    "since": "SINCE",
    "until": "UNTIL",
    "stack": "STACK",
    "resource": "RESOURCE",
}


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount grants --profile auditor\n"
    "  crossaccount grants --target 333333333333/token-service --state InForce --output json\n"
    "  crossaccount grants --account 111111111111 --type Authorizer --profile auditor\n"
    "  crossaccount grants --central-account 222222222222 --profile payments --region eu-central-1\n"
)
@click.option("--account", metavar="ID", help="Only what this account's stacks asked for.")
@click.option("--owner", metavar="ID", help="Only on targets of this account.")
@click.option("--target", metavar="[ID/]NAME", help="Only on targets of this name.")
@click.option("--environment", help="Only in this environment.")
@click.option("--type", "grant_type", type=click.Choice([one.value for one in GrantType]), help="Only of this type.")
@click.option("--state", type=click.Choice([one.value for one in GrantState]), help="Only in this state.")
@CENTRAL
@OUTPUT
@READER
@REGION
def command(  # noqa: PLR0913 - one for each option
    *,
    account: str | None,
    owner: str | None,
    target: str | None,
    environment: str | None,
    grant_type: str | None,
    state: str | None,
    central_account: str | None,
    output: str,
    profile: str | None,
    region: str | None,
) -> None:
    """List grants: all of them, or with --central-account those on your targets and those that your stacks hold.

    An owner's consent is not shown to consumers: of others' targets the state tells what the last pass has found.
    """

    def is_asked(one: GrantLine) -> bool:
        name = one.target.partition("/")[2]
        return (
            account in (None, one.account)
            and owner in (None, one.target.partition("/")[0])
            and target in (None, one.target, name)
            and environment in (None, one.environment)
            and grant_type in (None, one.type)
            and state in (None, one.state)
        )

    with seen(profile, region, central_account) as sight:
        found = [one for one in grants(sight) if is_asked(one)]
    show(found, _COLUMNS, output, "No grant is found.")
