"""`crossaccount schema`: where the JSON Schema for editors lies."""

import click

from provider.editor.template_schema import FILE


@click.command(epilog='\b\nExample:\n  mkdir -p .vscode && cp "$(crossaccount schema)" .vscode/cross-account.json\n')
def command() -> None:
    """Print the path of the JSON Schema by which editors know targets, permissions and lookups in a template.

    How editors are told of it is in docs/editors.md.
    """
    click.echo(str(FILE))
