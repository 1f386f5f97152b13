"""Entry of the command line: names the commands and loads only the one that is asked for."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from provider import __version__
from provider.cli.errors import MEANINGS, guarded, output

COMMANDS = (
    "adopt",
    "call",
    "demo",
    "deploy",
    "diff",
    "doctor",
    "drift",
    "explain",
    "export",
    "grants",
    "import",
    "local",
    "map",
    "names",
    "package",
    "quarantine",
    "redrive",
    "release",
    "request",
    "rules",
    "schema",
    "targets",
    "undeploy",
    "withdraw",
)
"""Each is the attribute `command` of the module of its name in `provider.cli`."""

_EXAMPLES = """\b
Examples:
  crossaccount deploy --central-profile central --region eu-central-1 --account-profile payments
  crossaccount names reserve token-service --account 333333333333 --profile central
  crossaccount call https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/orders --profile buyer
"""

_CODES = "\b\nExit codes:\n" + "\n".join(f"  {code.value:>3}  {meaning}" for code, meaning in MEANINGS.items())


class Program(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted."""
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = import_module(f"provider.cli.{cmd_name}").command
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse; help is printed here."""
        with output():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with output():
            return super().invoke(ctx)


@click.group(cls=Program, epilog=f"{_EXAMPLES}\n{_CODES}", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="crossaccount")
def program() -> None:
    """Cross-account permissions that stacks ask for: build, release and look after them."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (this process's own unless told) and return its exit code."""
    return guarded(lambda: program.main(arguments, prog_name="crossaccount", standalone_mode=False))


def main() -> NoReturn:
    """Run this process's command line."""
    sys.exit(run())
