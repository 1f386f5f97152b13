"""`crossaccount rules`: where the rules for cfn-lint lie."""

from importlib.resources import files

import click


@click.command(
    epilog="\b\nExamples:\n"
    '  cfn-lint template.yaml -a "$(crossaccount rules)"\n'
    "  crossaccount rules   # for append_rules in .cfnlintrc\n"
)
def command() -> None:
    """Print the folder of the rules that cfn-lint loads for targets, permissions and lookups.

    They are described, with a bad and a good template each, in docs/rules.
    """
    click.echo(str(files("provider.lint").joinpath("rules")))
