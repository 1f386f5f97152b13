"""`crossaccount withdraw`: a pipeline gives up what it asked for under a name."""

import click

from provider.cli.pipeline import NAME, OUTPUT, PIPELINE, PROFILE, REGION, Pipeline, show


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount withdraw OrdersPermission\n"
    "  crossaccount withdraw OrdersTarget --pipeline deploy-orders --region eu-central-1\n"
)
@NAME
@PIPELINE
@OUTPUT
@PROFILE
@REGION
def command(name: str, pipeline: str, output: str, profile: str | None, region: str | None) -> None:
    """Give up the permission or target that this pipeline asked for as NAME.

    Done once the statement is gone; withdrawing again, or what was never asked for, changes nothing. Exit code 4: refused, with
    the reason.
    """
    answer = Pipeline.of(pipeline, profile, region).withdraw(name)
    if output == "table":
        click.echo(f"{name} of {pipeline} is withdrawn.")
    show(answer, output)
