"""The one boundary of the command line: whatever happens ends in an exit code and at most one sentence.

It imports nothing of AWS's libraries, so that a command without AWS starts quickly.
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum

import click

DEBUG = "CROSSACCOUNT_DEBUG"
"""Environment variable: when set, failures show their traceback as well."""


class ExitCode(IntEnum):
    """What a shell sees. Each has its meaning in `--help`."""

    OK = 0
    NEGATIVE = 1
    USAGE = 2
    ENVIRONMENT = 3
    REFUSED = 4
    WOULD_BE_REFUSED = 5
    FAULT = 70
    INTERRUPTED = 130
    OUTPUT_CLOSED = 141


MEANINGS = {
    ExitCode.OK: "done",
    ExitCode.NEGATIVE: "done, and what was looked for is not so",
    ExitCode.USAGE: "the command line is wrong",
    ExitCode.ENVIRONMENT: "this machine is: credentials, network, files, tools",
    ExitCode.REFUSED: "AWS refused",
    ExitCode.WOULD_BE_REFUSED: "done, and what was looked at would be refused",
    ExitCode.FAULT: "a fault of crossaccount itself",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
    ExitCode.OUTPUT_CLOSED: "the reader of the output went away",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """How a command ends: a sentence whose last words are the remedy, and the exit code."""

    sentence: str
    code: ExitCode


class CommandError(click.ClickException):
    """Raised by a command that knows its own sentence, remedy last."""

    def __init__(self, sentence: str, code: ExitCode = ExitCode.ENVIRONMENT) -> None:
        super().__init__(sentence)
        self.code = code


class OutputClosedError(Exception):
    """Nobody reads what is written. Not an OSError, for click would end the process on that without a word."""


@contextmanager
def output() -> Iterator[None]:
    """Tell a closed output apart from every other failure."""
    try:
        yield
    except BrokenPipeError as error:
        raise OutputClosedError from error


def guarded(action: Callable[[], object]) -> int:
    """Run a command and return its exit code; tell on stderr what went wrong, never by a traceback."""
    try:
        result = action()
        with output():
            sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - the boundary
        failure = _failure(error)
        if os.environ.get(DEBUG):
            traceback.print_exc()
        _say(failure)
        return failure.code
    except KeyboardInterrupt:
        _say(_INTERRUPTED)
        return _INTERRUPTED.code
    return result if isinstance(result, int) else ExitCode.OK


_INTERRUPTED = Failure("Interrupted. Run the command again to finish what it began.", ExitCode.INTERRUPTED)
_CLOSED = Failure(
    "The reader of the output went away, so the rest of it is lost. Let it read to the end, or write to a file.",
    ExitCode.OUTPUT_CLOSED,
)


def _failure(error: Exception) -> Failure:
    match error:
        case OutputClosedError() | BrokenPipeError():
            # Python flushes once more at its end, and would complain about that too.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _CLOSED
        case click.Abort():
            return _INTERRUPTED
        case click.UsageError():
            return Failure(_usage(error), ExitCode.USAGE)
        case CommandError():
            return Failure(error.format_message(), error.code)
        case click.ClickException():  # a file that click could not open, and the like
            return Failure(error.format_message(), ExitCode.ENVIRONMENT)
    from provider.cli.failures import explained  # noqa: PLC0415 - brings botocore, which most commands never need

    return explained(error)


def _usage(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx else "crossaccount"
    return f"{error.format_message()} See `{path} --help`."


def _say(failure: Failure) -> None:
    with suppress(OSError):  # stderr may be the same closed pipe
        click.echo(f"{click.style('Error:', fg='red', bold=True)} {failure.sentence}", err=True)
