"""`crossaccount quarantine`, as an operator turns it, on the whole system."""

import re
import time

import pytest
from rolled_out import TEMPLATES, Organization

from provider.cli.main import run
from provider.cli.organization import ACCOUNTS
from provider.rollout.stacks import StackFailed

INTRUDER, PERMISSION = ACCOUNTS["intruder"], TEMPLATES / "permission.yaml"


@pytest.fixture
def operator(org: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line runs as the central account's administrator."""
    for variable, value in org.cloud.environment("central").items():
        if variable.startswith("AWS_"):
            monkeypatch.setenv(variable, value)


def within_a_pass(org: Organization, arn: str, number: int) -> bool:
    """Whether the policy comes to let in so many; the controller is woken as by its schedule."""
    controller = org.cloud.client("lambda", "central")
    for _ in range(20):
        controller.invoke(FunctionName="cross-account-permission-controller", Payload="{}")
        if len(org.sources(arn)) == number:
            return True
        time.sleep(0.5)
    return False


def test_an_operator_turns_an_account_off_and_on_again(
    org: Organization, stack: str, operator: None, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = org.function()
    _, target = org.publish(arn, accounts=INTRUDER)
    org.deploy("intruder", stack, PERMISSION, Target=target)
    assert len(org.sources(arn)) == 1
    assert run(["quarantine", INTRUDER, "--reason", "leaked keys"]) == 0
    assert re.search(r"[1-9]\d* polic(y|ies) it has grants in", capsys.readouterr().out)
    try:
        assert within_a_pass(org, arn, 0)
        with pytest.raises(StackFailed, match=f"Account {INTRUDER} is in quarantine"):
            org.deploy("intruder", f"{stack}-2", PERMISSION, Target=target)
        assert run(["quarantine", "--list"]) == 0
        assert f"{INTRUDER}\t" in (listed := capsys.readouterr().out)
        assert "leaked keys" in listed
    finally:
        assert run(["quarantine", "--lift", INTRUDER]) == 0
    assert within_a_pass(org, arn, 1)
    org.delete("intruder", stack)


@pytest.mark.parametrize(
    "arguments", [[], ["--list", INTRUDER], ["--lift"], ["--lift", "--list"], ["12"], ["--lift", "x"]]
)
def test_a_wrong_command_line_says_so(operator: None, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["quarantine", *arguments]) == 2
    assert "12 digits" in capsys.readouterr().err
