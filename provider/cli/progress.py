"""Progress of a sequence of steps: a bar on a terminal, a line for each step elsewhere; always aside of the output."""

from collections.abc import Iterable

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def watched(steps: Iterable[object], number: int) -> None:
    """Take the steps, each of which is told before it is taken; `number` is how many there are."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        for count, step in enumerate(steps, 1):
            click.echo(f"{count}/{number} {step}", err=True)
        return
    columns = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=number)
        for count, step in enumerate(steps):
            progress.update(task, completed=count, description=str(step))
        progress.update(task, completed=number, description="done")
