"""Every command that talks to AWS, where something around it is wrong: one sentence with its remedy, a documented exit code.

Nothing here is a traceback, whatever the command; `test_every_command_is_here` fails for a command that nobody has added.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore import loaders
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from provider.cli.errors import ExitCode
from provider.cli.main import COMMANDS, run
from provider.cli.snapshots import write
from provider.core.identifiers import AccountId
from provider.core.statements import CentreId
from provider.localcloud import LocalCloud

CENTRAL = "222222222222"
TARGET = "333333333333/token-service"
READING = ("--central-account", CENTRAL)
TALKING: Mapping[str, tuple[str, ...]] = {
    "adopt": (TARGET,),
    "adopt --list": (),
    "call": ("https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod/orders",),
    "deploy": ("--organization-id", "o-localcloud", "--dry-run"),
    "diff": ("templates/examples/orders-api.yaml", "--stack-name", "orders"),
    "doctor": ("--central-account", CENTRAL, "--home-region", "us-east-1"),
    "doctor --centre": (),
    "drift": (),
    "explain": ("111111111111", TARGET),
    "export": ("{directory}/ledger.jsonl",),
    "grants": (),
    "import": ("{directory}/file.jsonl",),
    "import --from-table": ("another",),
    "map": (),
    "map --html": ("{directory}/page.html",),
    "names list": (),
    "names reserve": ("token-service", "--account", "333333333333"),
    "quarantine": ("444444444444", "--reason", "test"),
    "redrive": (),
    "release": (),
    "request": ("orders", "--target", TARGET, "--grant-type", "Authorizer", "--pipeline", "p"),
    "targets": (),
    "undeploy": ("--organization-id", "o-localcloud", "--yes"),
    "withdraw": ("orders", "--pipeline", "p"),
}
SILENT = {"demo", "local", "package", "rules", "schema"}
"""Commands that never talk to AWS."""
PROFILE = {"deploy": "--central-profile", "undeploy": "--central-profile"}


@pytest.fixture(autouse=True, scope="module")
def read_once() -> Iterator[None]:
    """The library's descriptions of services, of which each session would read its own."""
    loader = loaders.create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda *_: loader)
        yield


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials and no profiles; a Region, since who has none is told first."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("CROSSACCOUNT_CENTRAL_ACCOUNT", raising=False)


Said = Callable[..., str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Said:
    """What a command line ends with: one line on stderr, nothing on stdout, and the exit code."""
    with (tmp_path / "file.jsonl").open("w") as file:
        write(iter(()), CentreId.of(AccountId(CENTRAL), "us-east-1"), "now", file)

    def ends(command: str, code: ExitCode, *more: str) -> str:
        given = [one.replace("{directory}", str(tmp_path)) for one in TALKING[command]]
        found = run([*command.split(), *given, *more])
        out, err = capsys.readouterr()
        assert found == code, out + err
        lines = [line for line in err.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, err
        assert "Traceback" not in err
        assert lines[0].endswith("."), err
        return lines[0]

    return ends


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of some kind."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")


def answering(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """AWS's library ends every call so."""

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(BaseClient, "_make_api_call", fail)


def test_every_command_is_here() -> None:
    assert {name.split()[0] for name in TALKING} | SILENT == set(COMMANDS)


@pytest.mark.parametrize("command", TALKING)
def test_a_profile_that_does_not_exist(command: str, said: Said) -> None:
    told = said(command, ExitCode.ENVIRONMENT, PROFILE.get(command, "--profile"), "nobody")
    assert "(nobody)" in told
    assert "aws configure list-profiles" in told


@pytest.mark.parametrize("command", TALKING)
def test_no_credentials_in_a_home_that_can_be_neither_read_nor_written(
    command: str, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written there, and what is looked for is not found."""
    monkeypatch.setenv("HOME", os.devnull)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name)
    assert "log in again" in said(command, ExitCode.ENVIRONMENT)


@pytest.mark.parametrize("command", [one for one in TALKING if one != "call"])  # whose URL says it
def test_no_region(command: str, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "--region" in said(command, ExitCode.ENVIRONMENT)


@pytest.mark.parametrize("command", ["diff", "explain", "grants", "map", "targets"])
def test_no_credentials_to_read_ones_own_part_with(command: str, said: Said) -> None:
    assert "log in again" in said(command, ExitCode.ENVIRONMENT, *READING)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("command", [one for one in TALKING if one != "call"])  # whose answers tests/calling diagnoses
def test_expired_credentials(command: str, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ClientError({"Error": {"Code": "ExpiredToken", "Message": "x"}}, "GetCallerIdentity"))
    told = said(command, ExitCode.ENVIRONMENT)
    assert "have expired" in told
    assert "log in again" in told


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("command", TALKING)
def test_a_network_that_leads_nowhere(command: str, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert "http" in said(command, ExitCode.ENVIRONMENT)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("command", [one for one in TALKING if one != "call"])
def test_ctrl_c(command: str, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a call."""
    answering(monkeypatch, KeyboardInterrupt())
    assert said(command, ExitCode.INTERRUPTED) == "Error: Interrupted. Run the command again to finish what it began."


# --- on an AWS where nothing is deployed --------------------------------------------------------------

NOT_DEPLOYED = {
    "doctor": (ExitCode.NEGATIVE, "5 faults (5 critical)"),
    "doctor --centre": (ExitCode.NEGATIVE, "1 fault (1 critical)"),
    "import --from-table": (ExitCode.REFUSED, "There is no ledger in a table another."),
    "redrive": (ExitCode.REFUSED, "There is no queue"),
    "release": (ExitCode.REFUSED, "templates/artifacts.yaml"),
    "request": (ExitCode.REFUSED, "account-provider.yaml"),
    "withdraw": (ExitCode.REFUSED, "account-provider.yaml"),
}
"""What is said of a centre, a bucket or a provider that is not there, where it is not that there is no ledger."""
ELSEWHERE = {"call", "deploy", "undeploy"}
"""Commands that need nothing deployed: `deploy` makes it, `undeploy` finds it gone, `call` calls an API."""


def living(monkeypatch: pytest.MonkeyPatch, cloud: LocalCloud, profile: str) -> None:
    """As somebody on the local cloud, where nothing is deployed."""
    for name, value in cloud.environment(profile).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


@pytest.mark.parametrize("command", [one for one in TALKING if one not in ELSEWHERE])
def test_a_centre_that_is_not_deployed(
    command: str, said: Said, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    living(monkeypatch, cloud, "central")
    code, words = NOT_DEPLOYED.get(command, (ExitCode.REFUSED, "There is no table cross-account-permission-"))
    assert words in said(command, code)


@pytest.mark.parametrize("command", ["diff", "explain", "export", "grants", "map", "targets"])
def test_an_account_outside_the_organization_sees_nothing(
    command: str, said: Said, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no viewer role, and could take no role of the centre."""
    living(monkeypatch, cloud, "stranger")
    told = said(command, ExitCode.REFUSED, *READING) if command != "export" else said(command, ExitCode.REFUSED)
    assert "AssumeRole" in told or "There is no table" in told


def test_an_account_outside_the_organization_does_not_take_part(
    said: Said, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    living(monkeypatch, cloud, "central")
    told = said("deploy", ExitCode.REFUSED, "--account-profile", "stranger")
    assert "Account 555555555555 belongs to no organization." in told


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("deploy", "--account-profile"),
        ("deploy", "--stack-sets-profile"),
        ("undeploy", "--account-profile"),
        ("call", "--central-profile"),
    ],
)
def test_another_profile_that_does_not_exist(
    command: str, option: str, said: Said, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside one that does."""
    living(monkeypatch, cloud, "central")
    told = said(command, ExitCode.ENVIRONMENT, option, "nobody")
    assert "(nobody)" in told
