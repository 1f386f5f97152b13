"""`request` and `withdraw` send what CloudFormation would, wait for the answer, and print it or say why not."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from provider.cli import pipeline
from provider.cli.errors import ExitCode
from provider.cli.main import run

GRANTED = {
    "Status": "SUCCESS",
    "Reason": "",
    "PhysicalResourceId": "grant-0123456789abcdef0123456789abcdef",
    "Data": {"GrantId": "grant-0123456789abcdef0123456789abcdef", "SourceArns": ["a", "b"], "DeploymentReason": ""},
}
STACK = "arn:aws-cn:cloudformation:cn-north-1:111111111111:stack/{}/crossaccount-pipeline"
TOKEN = "arn:aws-cn:lambda:cn-north-1:111111111111:function:cross-account-permission"


@dataclass
class AccountTwin:
    """STS and Lambda of an account, whose provider function answers with `answer`, or fails with `failure`."""

    answer: dict[str, Any] = field(default_factory=lambda: dict(GRANTED))
    failure: dict[str, str] | None = None
    refusal: str = ""
    region_name: str | None = "cn-north-1"
    invoked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked_as: tuple[str | None, str | None] = (None, None)
    patience: list[float] = field(default_factory=list)

    def client(self, _: str, config: Any = None) -> "AccountTwin":
        if config is not None:
            self.patience.append(config.read_timeout)
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "111111111111", "Arn": "arn:aws-cn:sts::111111111111:assumed-role/ci/job-7"}

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - Lambda's names
        self.invoked.append((FunctionName, json.loads(Payload)))
        if self.refusal:
            refused: Any = {"Error": {"Code": self.refusal, "Message": "no"}}
            raise ClientError(refused, "Invoke")
        body = self.failure if self.failure is not None else self.answer
        failed = {"FunctionError": "Unhandled"} if self.failure is not None else {}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(body).encode()), **failed}

    @property
    def event(self) -> dict[str, Any]:
        """The one event that was sent."""
        ((function, event),) = self.invoked
        assert function == "cross-account-permission"
        return event


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> AccountTwin:
    twin = AccountTwin()

    def session(profile_name: str | None, region_name: str | None) -> AccountTwin:
        twin.asked_as = (profile_name, region_name)
        return twin

    monkeypatch.setattr(pipeline.boto3, "Session", session)
    return twin


def test_a_request_is_a_create_of_the_pipeline_s_own_name(account: AccountTwin) -> None:
    """The account and partition are those of the credentials; there is no ResponseURL, and no id of anything before."""
    options = ["--target", "333333333333/orders", "--grant-type", "ExecuteApi", "--profile", "ci", "--region", "x"]
    assert run(["request", "OrdersPermission", *options]) == ExitCode.OK
    assert account.event == {
        "RequestType": "Create",
        "StackId": STACK.format("pipeline"),
        "LogicalResourceId": "OrdersPermission",
        "ResourceType": "Custom::CrossAccountPermission",
        "ResourceProperties": {"ServiceToken": TOKEN, "Target": "333333333333/orders", "GrantType": "ExecuteApi"},
    }
    assert account.asked_as == ("ci", "x")


def test_a_withdrawal_is_a_delete_of_no_id_of_ours(account: AccountTwin, capsys: pytest.CaptureFixture[str]) -> None:
    """So it gives up all that the name stands for, whatever that is."""
    account.answer = {"Status": "SUCCESS", "Reason": "", "PhysicalResourceId": "x", "Data": {}}
    assert run(["withdraw", "OrdersPermission", "--pipeline", "deploy-orders"]) == ExitCode.OK
    assert account.event["RequestType"] == "Delete"
    assert account.event["StackId"] == STACK.format("deploy-orders")
    assert account.event["PhysicalResourceId"] == "withdrawn-by-pipeline"
    assert capsys.readouterr().out == "OrdersPermission of deploy-orders is withdrawn.\n"


def test_it_waits_longer_than_the_function_runs(account: AccountTwin) -> None:
    """120 seconds, after which Lambda itself answers."""
    run(["request", "X", "--target", "t", "--grant-type", "g"])
    assert all(patience > 120 for patience in account.patience)
    assert account.patience


BUYER, SELLER = "arn:aws:iam::111111111111:role/a,b/buyer", "arn:aws:iam::111111111111:role/seller"


@pytest.mark.parametrize(
    ("assigned", "properties"),
    [
        (["Methods=GET,POST"], {"Methods": ["GET", "POST"]}),
        (["Methods=GET, POST"], {"Methods": ["GET", "POST"]}),
        (["Methods=GET", "Methods=POST"], {"Methods": ["GET", "POST"]}),
        ([f"Principals={BUYER},{SELLER}"], {"Principals": [BUYER, SELLER]}),
        (["Paths=/a,b,/c"], {"Paths": ["/a,b", "/c"]}),
        (["ExternalId=a,b=c"], {"ExternalId": "a,b=c"}),
        (["Methodes=GET,POST"], {"Methodes": "GET,POST"}),
        (["Revision="], {"Revision": ""}),
        (["ServiceToken=arn", "ServiceTimeout=5"], {}),
    ],
)
def test_properties_are_what_a_template_would_say(
    account: AccountTwin, assigned: list[str], properties: dict[str, Any]
) -> None:
    """Lists are split where their items end; what no schema knows is the centre's to refuse."""
    assert run(["request", "X", *(f"--property={each}" for each in assigned)]) == ExitCode.OK
    assert account.event["ResourceProperties"] == {"ServiceToken": TOKEN, **properties}


AS_YAML = """
AllowedAccounts: [012345678901]
AllowOrganization: true
MaximumGrantDays: 30
ExpiresAt: 2027-01-31T00:00:00Z
"""
AS_JSON = """{"AllowedAccounts":\t["012345678901"], "AllowOrganization": true, "MaximumGrantDays": 30,
 "ExpiresAt": "2027-01-31T00:00:00Z"}"""


@pytest.mark.parametrize(
    ("name", "text"), [("p.yaml", AS_YAML), ("p.yml", AS_JSON.replace("\t", " ")), ("p.json", AS_JSON)]
)
def test_scalars_of_a_file_are_text_as_cloudformation_sends_them(
    account: AccountTwin, tmp_path: Path, name: str, text: str
) -> None:
    """No account id loses its zero, and no time becomes a date. What the options say goes before the file."""
    (tmp_path / name).write_text(text)
    file = ["--properties", str(tmp_path / name)]
    assert run(["request", "X", "--type", "target", *file, "--property", "MaximumGrantDays=7"]) == ExitCode.OK
    assert account.event["ResourceType"] == "Custom::CrossAccountTarget"
    assert account.event["ResourceProperties"] == {
        "ServiceToken": TOKEN,
        "AllowedAccounts": ["012345678901"],
        "AllowOrganization": "true",
        "MaximumGrantDays": "7",
        "ExpiresAt": "2027-01-31T00:00:00Z",
    }


@pytest.mark.parametrize(("name", "text"), [("p.yaml", "- a\n"), ("p.json", "{"), ("p.yaml", "a: [\n"), ("p.yaml", "")])
def test_a_file_without_properties_is_one_sentence(
    account: AccountTwin, tmp_path: Path, name: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(text)
    assert run(["request", "X", "--properties", str(tmp_path / name)]) == ExitCode.ENVIRONMENT
    said = capsys.readouterr().err
    assert name in said
    assert "Write one JSON or YAML object" in said
    assert said.count("\n") == 1
    assert account.invoked == []


def test_aliases_that_multiply_are_one_sentence_at_once(
    account: AccountTwin, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nine to the twentieth texts, were they looked at."""
    levels = "".join(f"Y{one}: &{one} [{', '.join([f'*{one - 1}'] * 9)}]\n" for one in range(1, 20))
    (tmp_path / "bomb.yaml").write_text(f"Paths: &0 [{', '.join(['x'] * 9)}]\n{levels}")
    assert run(["request", "X", "--properties", str(tmp_path / "bomb.yaml")]) == ExitCode.ENVIRONMENT
    assert "Property Y1 in " in capsys.readouterr().err
    assert account.invoked == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["request", "orders-permission"], "letters and digits"),
        (["withdraw", ""], "letters and digits"),
        (["request", "X", "--pipeline", "a b"], "letters, digits and hyphens"),
        (["request", "X", "--property", "Methods"], "NAME=VALUE"),
        (["request", "X", "--property", "=GET"], "NAME=VALUE"),
        (["request", "X", "--property", "Revision=1", "--property", "Revision=2"], "given twice"),
        (["request", "X", "--properties", "/nowhere.yaml"], "/nowhere.yaml"),
        (["request", "X", "--type", "grant"], "permission"),
    ],
)
def test_what_cannot_be_sent_is_a_wrong_command_line(
    account: AccountTwin, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == ExitCode.USAGE
    assert words in capsys.readouterr().err
    assert account.invoked == []


def test_the_answer_is_a_table_or_the_whole_as_json(account: AccountTwin, capsys: pytest.CaptureFixture[str]) -> None:
    """What is empty tells nothing."""
    run(["request", "X"])
    assert capsys.readouterr().out == ("GrantId     grant-0123456789abcdef0123456789abcdef\nSourceArns  a, b\n")
    run(["request", "X", "--output", "json"])
    assert json.loads(capsys.readouterr().out) == GRANTED == account.answer


SEE = "See its log group /aws/lambda/cross-account-permission in this account."


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (
            {"errorMessage": "Account 444444444444 is not allowed. Have the owner add it.", "errorType": "RequestFailed"},
            "Error: Account 444444444444 is not allowed. Have the owner add it.\n",
        ),
        (
            {"errorMessage": "RequestId: x Error: Task timed out after 120.00 seconds", "errorType": "Sandbox.Timedout"},
            f"Error: The provider function failed: RequestId: x Error: Task timed out after 120.00 seconds. {SEE}\n",
        ),
        (
            {"errorMessage": "2026 x Task timed out after 3.00 seconds"},
            f"Error: The provider function failed: 2026 x Task timed out after 3.00 seconds. {SEE}\n",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["request", "withdraw"])
def test_a_refusal_is_exit_code_4_with_its_reason(
    account: AccountTwin, command: str, failure: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    account.failure = failure
    assert run([command, "X"]) == ExitCode.REFUSED
    assert capsys.readouterr() == ("", said)


def no_function(account: AccountTwin) -> None:
    account.refusal = "ResourceNotFoundException"


def may_not_invoke(account: AccountTwin) -> None:
    account.refusal = "AccessDeniedException"


def no_region(account: AccountTwin) -> None:
    account.region_name = None


@pytest.mark.parametrize(
    ("befalls", "code", "words"),
    [
        (
            no_function,
            ExitCode.REFUSED,
            "no function cross-account-permission in account 111111111111, Region cn-north-1.",
        ),
        (may_not_invoke, ExitCode.REFUSED, "AWS denied Invoke"),
        (no_region, ExitCode.ENVIRONMENT, "--region"),
    ],
)
def test_what_keeps_the_event_from_the_function_is_one_sentence(
    account: AccountTwin,
    befalls: Callable[[AccountTwin], None],
    code: ExitCode,
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    befalls(account)
    assert run(["request", "X"]) == code
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
