"""A centre whose ledger lies in DynamoDB's twin, and the command line's sessions on it, for tests of the commands that read."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OWNER, SECOND, Centre
from dynamodb_twin import DynamoDBTwin
from resources import create_all

from provider.cli.ledger import TABLE
from provider.cli.main import run
from provider.controller.dynamodb_ledger import DynamoDBLedger

CENTRAL = "222222222222"


@dataclass
class ReadCentre:
    """The centre, its tables, and who the command line is; `assumed` are the roles that it has assumed, with their tags."""

    capsys: pytest.CaptureFixture[str]
    tables: DynamoDBTwin = field(default_factory=DynamoDBTwin)
    caller: str = f"arn:aws:iam::{CENTRAL}:user/operator"
    assumed: list[tuple[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.centre = Centre(ledger=DynamoDBLedger(self.tables, TABLE))  # type: ignore[arg-type]
        self.centre.policies.create(FUNCTION)
        self.centre.policies.create(SECOND)
        create_all(self.centre)

    def ask(self, account: str, event: Any) -> str:
        """Ask as a stack; the id that it is answered."""
        answer = self.centre.ask(account, event)
        assert answer.status == "SUCCESS", answer.reason
        return answer.physical_id

    def account(self, account: str) -> list[str]:
        """Become a user of an account; the options with which it reads its own part."""
        self.caller = f"arn:aws:iam::{account}:user/somebody"
        return ["--central-account", CENTRAL, "--region", "us-east-1"]

    def lines(self, *arguments: str, code: int = 0) -> Any:
        """What a command prints as JSON."""
        assert run([*arguments, "--output", "json"]) == code
        return json.loads(self.capsys.readouterr().out)

    # --- boto3's session, as far as the command line uses it ---

    def session(self, **_: Any) -> "ReadCentre":
        return self

    region_name = "us-east-1"

    def client(self, service: str, **_: Any) -> Any:
        return self.tables if service == "dynamodb" else self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": self.caller, "Account": self.caller.split(":")[4]}

    def assume_role(self, *, RoleArn: str, RoleSessionName: str, Tags: Any = None) -> Any:  # noqa: N803, ARG002
        self.assumed.append((RoleArn, Tags))
        return {"Credentials": dict.fromkeys(("AccessKeyId", "SecretAccessKey", "SessionToken"), "x")}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ReadCentre:
    """Nothing is published yet."""
    made = ReadCentre(capsys)
    monkeypatch.setattr("boto3.Session", made.session)
    return made


__all__ = ["CENTRAL", "CONSUMER", "OWNER", "ReadCentre", "read"]
