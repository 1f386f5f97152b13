"""The commands that read, where there is nothing to read with: one sentence, an exit code, no traceback."""

import os

import pytest

from provider.cli.errors import ExitCode
from provider.cli.main import run

COMMANDS = (
    ("grants",),
    ("map",),
    ("targets",),
    ("explain", "111111111111", "333333333333/token-service"),
    ("diff", "templates/examples/orders-api.yaml", "--stack-name", "orders"),
)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, no profiles, no Region."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--profile", "nobody"), "aws configure list-profiles"),
        ((), "Name a Region by --region"),
        (("--region", "eu-central-1"), "log in again"),
        (("--region", "eu-central-1", "--central-account", "222222222222"), "log in again"),
    ],
)
def test_what_is_missing_here_is_said(
    command: tuple[str, ...], options: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, *options]) == ExitCode.ENVIRONMENT
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert words in said.err
