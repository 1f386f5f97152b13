"""`crossaccount local`: an organization on the local cloud, in the foreground, for people to try things on."""

import signal
from contextlib import suppress
from pathlib import Path

import click

from provider.cli.errors import CommandError, ExitCode
from provider.cli.organization import ACCOUNTS, HOME, organization
from provider.cli.package import DIRECTORY
from provider.localcloud.failures import LocalCloudError
from provider.rollout.stacks import StackFailed


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount local\n"
    "  crossaccount local --accounts payments=555555555555 --region us-east-1 --region eu-central-1\n"
)
@click.option("--port", default=4566, show_default=True, help="Port on 127.0.0.1 for the AWS CLI and SDKs.")
@click.option("--accounts", "further", multiple=True, metavar="NAME=ID", help="A further account; may be repeated.")
@click.option(
    "--region", "regions", multiple=True, help=f"Regions with a provider; the first is home. Default: {HOME}."
)
@click.option(
    "--files",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".local"),
    show_default=True,
    help="Where the AWS config and credentials files are written.",
)
@DIRECTORY
def command(port: int, further: tuple[str, ...], regions: tuple[str, ...], files: Path, directory: Path) -> None:
    """Run a local AWS with several accounts and everything deployed, until Ctrl-C.

    Prints, in one line, when it is ready and the two variables that make the AWS CLI in another terminal use it.
    """
    # A polite end for whatever ends us: the cloud is a context manager.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    accounts = {**ACCOUNTS, **dict(map(_account, further))}
    try:
        with organization(
            files,
            accounts=accounts,
            regions=regions or (HOME,),
            port=port,
            zips=directory,
            tell=lambda step: click.echo(f"… {step}", err=True),
        ) as cloud:
            config, credentials = cloud.config_file, cloud.credentials_file
            names = ", ".join(accounts)
            exports = f"AWS_CONFIG_FILE={config} AWS_SHARED_CREDENTIALS_FILE={credentials}"
            click.echo(f"Ready on {cloud.endpoint}, profiles {names}: export {exports}")
            with suppress(KeyboardInterrupt):  # the way to end it
                signal.pause()
            click.echo("… stopping", err=True)
    except LocalCloudError as error:
        raise CommandError(str(error)) from error
    except StackFailed as error:
        raise CommandError(str(error), ExitCode.REFUSED) from error


def _account(text: str) -> tuple[str, str]:
    name, _, account = text.partition("=")
    if not name.isidentifier() or len(account) != 12 or not account.isdecimal() or not account.isascii():
        message = f"{text!r} is no account. Write a name and 12 digits, such as payments=555555555555."
        raise click.BadParameter(message, param_hint="--accounts")
    return name, account
