"""The commands in the README are ones that the program takes."""

import re
import shlex
from pathlib import Path

import click
import pytest

from provider.cli.main import program

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
LINES = [line for block in BLOCKS for line in block.replace("\\\n", " ").splitlines()]
COMMANDS = [line.removeprefix(".venv/bin/") for line in LINES if line.startswith(".venv/bin/crossaccount ")]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_is_one_that_the_program_takes(line: str) -> None:
    """Down to its options, without being run."""
    arguments, command, context = shlex.split(line)[1:], program, click.Context(program)
    while isinstance(command, click.Group):
        name = arguments.pop(0)
        found = command.get_command(context, name)
        assert found is not None, name
        command = found
    command.make_context("crossaccount", arguments)


def test_the_readme_deploys() -> None:
    """Else there would be nothing to take."""
    assert any(line.startswith("crossaccount deploy ") for line in COMMANDS)
