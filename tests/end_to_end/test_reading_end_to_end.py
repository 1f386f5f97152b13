"""The commands that read, on the whole system: an auditor, an owner and a consumer, each by the roles that IAM lets them have."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from identities import a_name
from rolled_out import TEMPLATES, Organization

from provider.cli.main import run
from provider.core.documents import meaning, text_of

CENTRAL, CONSUMER, OWNER, INTRUDER = "222222222222", "111111111111", "333333333333", "444444444444"
TEMPLATE = str(TEMPLATES / "permission.yaml")


@dataclass(frozen=True)
class Granted:
    """A grant of the consumer's on a target of the owner's."""

    target: str
    stack: str


@pytest.fixture(scope="module")
def granted(org: Organization) -> Iterator[Granted]:
    publishing, target = org.publish(org.function())
    stack = a_name("reads")
    org.deploy("consumer", stack, TEMPLATES / "permission.yaml", Target=target)
    yield Granted(target, stack)
    org.delete("consumer", stack)
    org.delete("owner", publishing)


Shell = Callable[..., Any]


@pytest.fixture
def shell(org: Organization, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Run a command with an account's credentials; what it prints as JSON."""

    def done(account: str, *arguments: str, code: int = 0) -> Any:
        for name, value in org.cloud.environment(account).items():
            if name.startswith("AWS_"):
                monkeypatch.setenv(name, value)
        is_told = account == "central" or "--central-account" in arguments
        own = () if is_told else ("--central-account", CENTRAL)
        found = run([*arguments, *own, "--region", "us-east-1", "--output", "json"])
        said = capsys.readouterr()
        assert found == code, said.err
        return json.loads(said.out) if said.out else said.err

    return done


def test_each_account_sees_its_part_of_a_grant(shell: Shell, granted: Granted) -> None:
    """The owner and the consumer the grant between them, by the stack that asked; a third account nothing."""
    named = ("grants", "--target", granted.target)
    for account in ("central", "owner", "consumer"):
        [line] = shell(account, *named)
        assert (line["account"], line["state"]) == (CONSUMER, "InForce"), account
        assert f":stack/{granted.stack}/" in line["stack"]
    assert shell("intruder", *named) == []
    assert [line["target"] for line in shell("owner", "targets", "--target", granted.target)] == [granted.target]


def test_a_template_is_compared_with_what_stands(shell: Shell, granted: Granted) -> None:
    """As deployed nothing changes; another target is a change, or is refused."""
    diff = ("diff", TEMPLATE, "--stack-name", granted.stack, "--account", CONSUMER)
    same = shell("central", *diff, "--parameter", f"Target={granted.target}")
    assert [line["verdict"] for line in same] == ["Unchanged"]
    assert [line["verdict"] for line in shell("consumer", *diff, "--parameter", f"Target={granted.target}")] == [
        "Unchanged"
    ]
    refused = shell("central", *diff, "--parameter", f"Target={OWNER}/nothing", code=5)
    assert [line["verdict"] for line in refused] == ["Refused"]


def test_a_grant_is_explained_by_the_statement_that_stands(org: Organization, shell: Shell, granted: Granted) -> None:
    """Its Sid is in the policy of the very function; an account that has not asked is told so."""
    said = shell("central", "explain", CONSUMER, granted.target)
    assert said["verdict"] == "Allowed"
    [grant] = [part["what"] for part in said["parts"] if part["part"] == "Grant"]
    [line] = shell("central", "grants", "--target", granted.target)
    assert [one["Sid"] for one in org.policy(line["arn"])["Statement"] if one["Sid"] in grant]
    refused = shell("central", "explain", INTRUDER, granted.target, code=1)
    assert {part["part"] for part in refused["parts"] if part["found"] == "Missing"} == {"Consent", "Grant"}


@pytest.mark.parametrize("account", ["central", "owner", "consumer"])
def test_a_page_of_the_map_has_the_statement_that_stands(
    org: Organization, shell: Shell, granted: Granted, account: str, tmp_path: Path
) -> None:
    """As IAM lets each account read the ledger; how full the policy is, operators alone are told."""
    [line] = shell(account, "grants", "--target", granted.target)
    file = tmp_path / "map.html"
    own = [] if account == "central" else ["--central-account", CENTRAL]
    assert run(["map", "--html", str(file), "--region", "us-east-1", *own]) == 0
    data = re.search(r'id="map">(.*?)</script>', file.read_text("utf-8"))
    assert data is not None
    drawn = json.loads(data[1])
    [statement] = [one for one in drawn["statements"] if line["id"] in one["names"]]
    stands = org.policy(line["arn"])
    assert meaning(statement["document"]) in [meaning(one) for one in stands["Statement"]]
    [policy] = [one for one in drawn["policies"] if line["arn"] in one["opens"]]
    assert policy["size"] == (len(text_of(stands)) if account == "central" else None)


def test_an_account_reads_the_centre_through_its_viewer_or_not_at_all(shell: Shell) -> None:
    """One sentence where the centre is told wrongly, or not at all."""
    assert shell("consumer", "grants", "--central-account", OWNER, code=4).startswith("Error: AWS denied AssumeRole")
    nowhere = shell("consumer", "grants", "--central-account", "", code=4)
    assert "--central-account" in nowhere


@pytest.mark.parametrize("account", ["consumer", "owner"])
def test_an_account_that_was_rolled_out_has_no_fault(shell: Shell, account: str) -> None:
    """As IAM and Lambda tell it after a real deployment."""
    assert shell(account, "doctor", "--home-region", "us-east-1") == []
