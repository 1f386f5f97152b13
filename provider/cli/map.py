"""`crossaccount map`: accounts, targets and grants as a graph, for other programs to draw."""

import click

from provider.cli.ledger import CENTRAL, READER, REGION, seen
from provider.cli.listings import grants, targets
from provider.cli.mapping import PermissionMap, as_dot, as_json, as_mermaid

_FORMS = {"json": as_json, "mermaid": as_mermaid, "dot": as_dot}


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount map --profile auditor > permissions.json\n"
    "  crossaccount map --format dot --profile auditor | dot -Tsvg > permissions.svg\n"
)
@click.option("--format", "form", type=click.Choice(list(_FORMS)), default="json", show_default=True, help="The form.")
@CENTRAL
@READER
@REGION
def command(form: str, central_account: str | None, profile: str | None, region: str | None) -> None:
    """Print the map of permissions: all of it, or with --central-account what your account owns and holds."""
    with seen(profile, region, central_account) as sight:
        drawn = PermissionMap.of(targets(sight), grants(sight))
    click.echo(_FORMS[form](drawn))
