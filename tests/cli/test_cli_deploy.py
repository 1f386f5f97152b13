"""What `deploy` and `undeploy` say before they act, and why they do not; AWS is the roll-out's twin."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ProfileNotFound
from rich.console import Console

from provider.cli import deploy, places, progress
from provider.cli.main import run

sys.path.append(str(Path(__file__).parents[1] / "rollout"))

from aws_twin import AwsTwin
from zips import artifacts

HOME = "eu-central-1"
PROFILES = {
    "central": "222222222222",
    "payments": "333333333333",
    "stranger": "555555555555",
    "management": "999999999999",
}


def refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


@dataclass
class Session:
    """A profile's session; `organizations` is what each account is told of its organization."""

    cloud: "Cloud"
    profile: str
    region_name: str | None = HOME

    def client(self, service: str, region_name: str) -> Any:
        account = PROFILES[self.profile]
        if service == "sts":
            return SimpleNamespace(get_caller_identity=self._identity)
        if service == "organizations":
            return SimpleNamespace(describe_organization=lambda: self.cloud.organization(account))
        if service == "dynamodb":
            return NoTables()
        client = self.cloud.aws.client(service, account, region_name)
        if service == "s3":
            client.meta = SimpleNamespace(partition="aws")
        elif region_name in self.cloud.off:
            client.describe_stacks = self._off
        return client

    def _identity(self) -> dict[str, str]:
        if self.profile in self.cloud.expired:
            raise refused("ExpiredToken", "GetCallerIdentity")
        return {"Account": PROFILES[self.profile]}

    def _off(self, **_: Any) -> None:
        raise refused("InvalidClientTokenId", "DescribeStacks")


class NoTables:
    """A Region without a ledger."""

    class exceptions:  # noqa: N801 - boto3's name
        """Errors, as boto3 has them."""

        ResourceNotFoundException = KeyError

    def get_paginator(self, _: str) -> Any:
        raise KeyError


@dataclass
class Cloud:
    """Profiles and what lies behind them."""

    aws: AwsTwin = field(default_factory=AwsTwin)
    organizations: dict[str, str] = field(default_factory=lambda: dict.fromkeys(PROFILES.values(), "o-a1b2c3d4e5"))
    expired: set[str] = field(default_factory=set)
    off: set[str] = field(default_factory=set)

    def session(self, profile_name: str | None = None) -> Session:
        if profile_name not in PROFILES:
            raise ProfileNotFound(profile=profile_name or "default")
        return Session(self, profile_name)

    def organization(self, account: str) -> Any:
        found = self.organizations[account]
        if not found.startswith("o-"):
            raise refused(found, "DescribeOrganization")
        return {"Organization": {"Id": found, "MasterAccountId": PROFILES["management"]}}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Cloud]:
    """Four profiles of one organization; nothing is deployed, and zips are a few bytes."""
    cloud = Cloud()
    monkeypatch.setattr(places.boto3, "Session", cloud.session)
    monkeypatch.setattr(deploy, "build", lambda _: artifacts(tmp_path, "first"))
    return cloud


def asked(command: str, *further: str, central: str = "central") -> list[str]:
    return [command, "--central-profile", central, "--region", HOME, *further]


def stands(cloud: Cloud) -> list[str]:
    return sorted(name.removeprefix("cross-account-permission-") for _, _, name in cloud.aws.stacks)


def assert_refused(capsys: pytest.CaptureFixture[str], *words: str) -> None:
    told = capsys.readouterr().err
    assert told.count("\n") == 1, told
    for word in words:
        assert word in told


def test_it_says_what_it_is_about_to_do_and_then_does_it(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(asked("deploy", "--account-profile", "payments", "--dry-run")) == 0
    planned = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in planned[1:]] == [
        ["artifact", "bucket"],
        ["zips", "and"],
        ["central", "parts"],
        ["roles", "333333333333"],
        ["provider", "function"],
    ]
    assert stands(cloud) == []
    assert run(asked("deploy", "--account-profile", "payments", "--yes")) == 0
    assert stands(cloud) == ["account-provider", "account-roles", "artifacts", "central"]


def test_each_step_is_told_before_it_is_taken(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(asked("deploy", "--yes")) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "1/3 artifact bucket in 222222222222, eu-central-1"
    assert lines[2] == "3/3 central parts in 222222222222, eu-central-1"


def test_nothing_is_done_where_nobody_can_be_asked(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(asked("deploy")) == 2
    assert stands(cloud) == []
    assert_refused(capsys, "--yes", "--dry-run")


def test_nothing_is_done_where_the_answer_is_no(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("provider.cli.rolling.sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("provider.cli.rolling.click.confirm", lambda *_, **__: False)
    assert run(asked("deploy")) == 1
    assert stands(cloud) == []
    assert_refused(capsys, "Nothing was changed.")


def test_an_unknown_profile(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(asked("deploy", "--account-profile", "nobody", "--yes")) == 3
    assert_refused(capsys, "(nobody)", "list-profiles")


def test_expired_credentials_are_found_before_anything_is_changed(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.expired.add("payments")
    assert run(asked("deploy", "--account-profile", "payments", "--yes")) == 3
    assert_refused(capsys, "have expired", "log in again")
    assert stands(cloud) == []


@pytest.mark.parametrize("told", ["o-zzzzzzzzzz", "AWSOrganizationsNotInUseException"])
def test_an_account_outside_the_organization(cloud: Cloud, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.organizations["555555555555"] = told
    assert run(asked("deploy", "--account-profile", "stranger", "--yes")) == 4
    assert_refused(capsys, "555555555555", "profile out")
    assert stands(cloud) == []


def test_the_organization_is_asked_for_where_the_account_may_not_ask(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.organizations["222222222222"] = "AccessDeniedException"
    assert run(asked("deploy", "--yes")) == 4
    assert_refused(capsys, "Give --organization-id.")
    assert run(asked("deploy", "--yes", "--organization-id", "o-a1b2c3d4e5")) == 0


def test_another_organization_than_the_accounts_own_is_refused(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would let strangers in and everybody else out."""
    assert run(asked("deploy", "--yes", "--organization-id", "o-zzzzzzzzzz")) == 4
    assert_refused(capsys, "belongs to o-a1b2c3d4e5, not to o-zzzzzzzzzz")


def test_a_region_that_an_account_has_not_enabled(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.off.add("ap-east-1")
    assert run(asked("deploy", "--region", "ap-east-1", "--yes")) == 4
    assert_refused(capsys, "ap-east-1", "222222222222", "Enable that Region")
    assert stands(cloud) == []


def test_a_stack_that_fails_says_why(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.aws.broken.add("central")
    assert run(asked("deploy", "--yes")) == 4
    last = capsys.readouterr().err.splitlines()[-1]
    assert "central ended in ROLLBACK_COMPLETE: Thing: is broken. Mend that and deploy again." in last


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--region", "Frankfurt"], "'Frankfurt' is no Region"),
        (["--organizational-unit", "payments"], "'payments' is no organizational unit"),
        (["--organization-id", "mine"], "'mine' is no organization"),
        (["--parameter", "central"], "TEMPLATE.NAME=VALUE"),
        (["--parameter", "centre.AskOrganization=true"], "TEMPLATE.NAME=VALUE"),
        (["--parameter", "central.Asks=true"], "has no parameter 'Asks'"),
        (["--tag", "CostCentre"], "'CostCentre' is no tag. Write KEY=VALUE"),
        (["--tag", "=4711"], "KEY=VALUE"),
        (["--tag", "aws:mine=4711"], "KEY=VALUE"),
        (["--tag", "k" * 129 + "=v"], "KEY=VALUE"),
        (["--parameter", "central.OrganizationId=o-zzzzzzzzzz"], "follows from the other options"),
    ],
)
def test_a_wrong_option_is_named(
    cloud: Cloud, wrong: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(asked("deploy", "--yes", *wrong)) == 2
    assert_refused(capsys, words)
    assert stands(cloud) == []


def test_a_parameter_reaches_its_template(cloud: Cloud) -> None:
    assert run(asked("deploy", "--yes", "--parameter", "central.AskOrganization=true")) == 0
    [central] = [one for key, one in cloud.aws.stacks.items() if key[2].endswith("-central")]
    assert central.parameters["AskOrganization"] == "true"


def test_every_stack_has_the_tags_and_keeps_those_that_it_had(cloud: Cloud) -> None:
    everything = asked("deploy", "--yes", "--account-profile", "payments")
    assert run([*everything, "--tag", "CostCentre=4711", "--tag", "Owner=a=b"]) == 0
    assert [one.tags for one in cloud.aws.stacks.values()] == [{"CostCentre": "4711", "Owner": "a=b"}] * 4
    assert run(everything) == 0
    assert run([*everything, "--tag", "CostCentre=4712"]) == 0
    assert [one.tags for one in cloud.aws.stacks.values()] == [{"CostCentre": "4712", "Owner": "a=b"}] * 4


@pytest.mark.parametrize(("profile", "call_as"), [("central", "DELEGATED_ADMIN"), ("management", "SELF")])
def test_units_are_served_by_the_account_that_stack_sets_belong_to(cloud: Cloud, profile: str, call_as: str) -> None:
    unit = ["--organizational-unit", "ou-ab12-cdefgh34", "--stack-sets-profile", profile]
    assert run(asked("deploy", "--yes", *unit)) == 0
    [(place, stack)] = [(key, one) for key, one in cloud.aws.stacks.items() if key[2].endswith("-organization")]
    assert (place[0], stack.parameters["CallAs"]) == (PROFILES[profile], call_as)


def test_undeploy_says_what_it_keeps(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(asked("deploy", "--account-profile", "payments", "--yes")) == 0
    assert run(asked("undeploy", "--account-profile", "payments", "--yes")) == 0
    told = capsys.readouterr().out
    assert "cross-account-permission-requests" in told
    assert "cross-account-permission-222222222222-eu-central-1" in told
    assert stands(cloud) == ["artifacts"]


def test_undeploy_again_finds_nothing_and_fails_nothing(cloud: Cloud) -> None:
    assert run(asked("undeploy", "--account-profile", "payments", "--yes")) == 0


def test_undeploy_takes_no_centre_away_from_accounts_of_stack_sets(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = ["--organizational-unit", "ou-ab12-cdefgh34"]
    assert run(asked("deploy", "--yes", *unit)) == 0
    capsys.readouterr()
    assert run(asked("undeploy", "--yes")) == 2
    assert_refused(capsys, "--organizational-unit")
    assert "central" in stands(cloud)
    assert run(asked("undeploy", "--yes", *unit)) == 0
    assert stands(cloud) == ["artifacts"]


def test_a_terminal_sees_how_far_it_is_and_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = StringIO()
    monkeypatch.setattr(progress, "Console", lambda **_: Console(file=seen, force_terminal=True, width=120))
    progress.watched(iter(["artifact bucket", "central parts"]), 2)
    assert "2/2" in seen.getvalue()
    assert "done" in seen.getvalue()


def test_what_stops_a_sequence_comes_through_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps() -> Iterator[str]:
        yield "artifact bucket"
        raise KeyboardInterrupt

    monkeypatch.setattr(progress, "Console", lambda **_: Console(file=StringIO(), force_terminal=True, width=120))
    with pytest.raises(KeyboardInterrupt):
        progress.watched(steps(), 2)
