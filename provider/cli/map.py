"""`crossaccount map`: accounts, targets and grants as a graph: a page to look at, or text for other programs to draw."""

from pathlib import Path

import click

from provider.cli.files import replaced
from provider.cli.ledger import CENTRAL, READER, REGION, centre_of, seen
from provider.cli.listings import grants, targets, time_of
from provider.cli.mapping import PermissionMap, Seen, as_dot, as_json, as_mermaid
from provider.cli.policies import policies, statements
from provider.cli.reading import Sight
from provider.core.statements import CentreId

_FORMS = {"json": as_json, "mermaid": as_mermaid, "dot": as_dot}


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount map --html permissions.html --profile auditor\n"
    "  crossaccount map --html payments.html --central-account 222222222222 --region eu-central-1 --profile payments\n"
    "  crossaccount map --profile auditor > permissions.json\n"
    "  crossaccount map --format dot --profile auditor | dot -Tsvg > permissions.svg\n"
)
@click.option("--format", "form", type=click.Choice(list(_FORMS)), help="Print it in this form; json unless told.")
@click.option(
    "--html",
    "file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write it as one page for a browser, which needs nothing else; - for stdout.",
)
@CENTRAL
@READER
@REGION
def command(
    form: str | None, file: Path | None, central_account: str | None, profile: str | None, region: str | None
) -> None:
    """Draw the map of permissions: all of it, or with --central-account what your account owns and holds.

    The page has the graph, all grants and targets, each with its statement and the stack that asked, and how full
    policies are; an existing file is replaced when the page is whole. It shows what its reader may know: pass it on to nobody
    who may not read the ledger.
    """
    if form and file:
        raise click.UsageError("A map is printed or written as a page. Give --format or --html, not both.")
    with seen(profile, region, central_account) as sight:
        drawn = _drawn(sight, centre_of(profile, region, central_account))
    if file is None:
        click.echo(_FORMS[form or "json"](drawn))
        return
    from provider.cli.page.rendering import rendered  # noqa: PLC0415 - brings a template engine, for this alone

    page = rendered(drawn)
    if str(file) == "-":
        click.echo(page.encode(), nl=False)
        return
    replaced(file, page)
    click.echo(f"{file}: {_counted(len(drawn.grants), 'grant')} on {_counted(len(drawn.names), 'target')}.")


def _drawn(sight: Sight, centre: CentreId) -> PermissionMap:
    seen_as = Seen(centre.text, time_of(sight.now), sight.account or "")
    return PermissionMap.of(targets(sight), grants(sight), statements(sight, centre), policies(sight), seen_as)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
