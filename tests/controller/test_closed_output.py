"""Commands whose reader goes away before they have printed all: one sentence and the exit code of a closed pipe, no traceback."""

import os
import sys
from pathlib import Path

import pytest
from centre import CONSUMER, OWNER, permission, target
from reading import ReadCentre, read

from provider.cli.errors import ExitCode
from provider.cli.main import run

__all__ = ["read"]
PRINTING = (
    f"diff {Path(__file__).parents[2]}/templates/examples/orders-api.yaml --stack-name orders",
    f"explain {CONSUMER} {OWNER}/token-service",
    "grants",
    "grants --output json",
    "map",
    "map --format dot",
    "map --html -",
    "quarantine 444444444444 --reason test",
    "targets",
)


@pytest.mark.parametrize("command", PRINTING, ids=lambda command: " ".join(command.replace("/", " ").split()[:3]))
def test_a_reader_that_goes_away_is_told_of(command: str, read: ReadCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `crossaccount … | head` may do."""
    read.ask(OWNER, target().event("Create"))
    read.ask(CONSUMER, permission().event("Create"))
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert run(command.split()) == ExitCode.OUTPUT_CLOSED
    said = read.capsys.readouterr().err
    assert "The reader of the output went away" in said
    assert "Traceback" not in said
