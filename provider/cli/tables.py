"""Lines as a table for people, or as JSON for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NoReturn

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDE = 10_000
"""Columns of an output that is no terminal: nothing is cut or wrapped for `grep`, `cut` and `awk`."""
_COLOURS = {
    "InForce": "green",
    "Published": "green",
    "Granted": "green",
    "Wanted": "yellow",
    "Obstructed": "red",
    "Suspended": "yellow",
    "Withdrawn": "yellow",
    "Orphaned": "red",
    "Refused": "red",
    "Unpublished": "red",
    "Unknown": "yellow",
    "critical": "red",
    "warning": "yellow",
    "unknown": "yellow",
}


def show(lines: Sequence[Any], columns: Mapping[str, str], output: str, nothing: str) -> None:
    """Print dataclasses: as JSON all that they hold, as a table the `columns` (heading by field).

    Without a line a table says `nothing`, aside. Colours and rules are for terminals alone; NO_COLOR takes the colours away.
    """
    if output == "json":
        click.echo(json.dumps([asdict(one) for one in lines], indent=2))
        return
    if not lines:
        click.echo(nothing, err=True)
        return
    is_terminal = sys.stdout.isatty()
    # One line for each, and two spaces between columns, where no person reads it.
    table = Table(box=box.SIMPLE_HEAD if is_terminal else None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in columns.values():
        table.add_column(heading, overflow="fold", no_wrap=not is_terminal)
    for line in lines:
        table.add_row(*(_cell(getattr(line, name)) for name in columns))
    console = OutputConsole(
        width=None if is_terminal else WIDE, highlight=False, soft_wrap=not is_terminal, file=sys.stdout
    )
    console.print(table)


class OutputConsole(Console):
    """A console that lets a closed output be told; rich would end the process with exit code 1, which means another thing here."""

    def on_broken_pipe(self) -> NoReturn:
        """See `rich.console.Console.on_broken_pipe`."""
        raise BrokenPipeError


def _cell(value: Any) -> Text:
    """Text that is never taken for markup, whatever names hold."""
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return Text(text or "-", style=_COLOURS.get(text, ""))
