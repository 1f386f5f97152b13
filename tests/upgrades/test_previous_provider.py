"""The provider function of the previous release works with the controller of this tree: accounts may follow over days."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OWNER, Centre, permission, source, target
from dynamodb_twin import DynamoDBTwin

from provider.controller.codec import text_from_wire
from provider.controller.dynamodb_desk import DynamoDBDesk

HERE = Path(__file__).parent
ZIP = HERE / "provider-0.1.0.zip"
ENVIRONMENT = {
    "REQUEST_ROLE_ARN": "arn:aws:iam::222222222222:role/cross-account-permission/cross-account-permission-requests",
    "HOME_REGION": "us-east-1",
    "REQUESTS_TABLE": "requests",
    "ANSWERS_TABLE": "answers",
}


@dataclass
class PreviousProvider:
    """The released function in its process, and the centre that it asks; `absent` while no controller takes requests."""

    process: "subprocess.Popen[str]"
    centre: Centre = field(default_factory=Centre)
    tables: DynamoDBTwin = field(default_factory=DynamoDBTwin)
    filed: list[Any] = field(default_factory=list)
    absent: bool = False

    def __post_init__(self) -> None:
        self.desk = DynamoDBDesk(self.tables, "requests", "answers", self.centre.clock)
        self.centre.desk = self.desk  # type: ignore[assignment]
        self.centre.controller = self.centre.new_controller()
        self.centre.policies.create(FUNCTION)

    def ask(self, account: str, event: Any) -> Any:
        """Invoke the function with an event as a pipeline does; what it returns, or its failure."""
        self._say({"account": account, "event": event})
        while True:
            assert self.process.stdout is not None
            message = json.loads(self.process.stdout.readline())
            if "call" not in message:
                return message["result"] if "result" in message else message["failed"]
            self._say(getattr(self, message["call"])(**message["arguments"]))

    def put_item(self, **arguments: Any) -> None:
        self.tables.put_item(**arguments)
        self.filed.append(arguments["Item"])
        if not self.absent:
            self.centre.clock.time += 1
            self.centre.controller.take([text_from_wire(arguments["Item"])], self.centre.clock.now() + 60)

    def get_item(self, **arguments: Any) -> Any:
        found = self.tables.get_item(**arguments)
        if self.absent and not found:  # the new controller is there now
            self.absent = False
            self.centre.controller = self.centre.new_controller()
            self.centre.clock.time += 60
            self.centre.round()
        return found

    def _say(self, message: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()


@pytest.fixture
def previous() -> Iterator[PreviousProvider]:
    command = [sys.executable, "-P", str(HERE / "previous_provider.py"), str(ZIP), str(Centre().clock.now())]
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }
    with subprocess.Popen(command, env=ENVIRONMENT, **pipes) as process:
        yield PreviousProvider(process)
        assert process.stdin is not None
        process.stdin.close()


def published(previous: PreviousProvider) -> PreviousProvider:
    assert previous.ask(OWNER, target().event("Create"))["PhysicalResourceId"].startswith("publication-")
    return previous


def test_the_zip_is_the_one_that_was_released() -> None:
    content = ZIP.read_bytes()
    assert hashlib.sha256(content).hexdigest() in (HERE / "README.md").read_text()
    assert len(content) <= 64 * 1024


def test_a_grant_is_created_changed_looked_up_and_deleted_through_it(previous: PreviousProvider) -> None:
    published(previous)
    first = previous.ask(CONSUMER, permission().event("Create"))
    assert first["Data"]["TargetArn"] == FUNCTION
    assert previous.centre.sources() == [source()]
    changed = permission(ApiId="apibbbbbbb")
    second = previous.ask(CONSUMER, changed.event("Update", first["PhysicalResourceId"]))
    assert second["PhysicalResourceId"] != first["PhysicalResourceId"]
    previous.ask(CONSUMER, changed.event("Delete", first["PhysicalResourceId"]))
    assert previous.centre.sources() == [source("apibbbbbbb")]
    previous.ask(CONSUMER, changed.event("Delete", second["PhysicalResourceId"]))
    assert previous.centre.sources() == []


def test_a_refusal_of_the_controller_is_told_in_its_own_words(previous: PreviousProvider) -> None:
    failed = previous.ask(CONSUMER, permission().event("Create"))
    assert isinstance(failed, str)
    assert f"{OWNER}/token-service" in failed


def test_its_requests_tell_its_version(previous: PreviousProvider) -> None:
    published(previous)
    assert {item["providerVersion"]["S"] for item in previous.filed} == {"0.1.0"}


def test_a_request_that_arrives_while_the_controller_is_exchanged_is_answered_and_no_grant_ends(
    previous: PreviousProvider,
) -> None:
    published(previous)
    previous.ask(CONSUMER, permission().event("Create"))
    previous.absent = True
    second = {**permission(ApiId="apibbbbbbb").event("Create"), "LogicalResourceId": "Another"}
    assert previous.ask(CONSUMER, second)["Data"]["TargetArn"] == FUNCTION
    assert previous.centre.sources() == [source(), source("apibbbbbbb")]
    assert not previous.absent
