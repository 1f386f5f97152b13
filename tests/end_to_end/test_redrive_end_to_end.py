"""`crossaccount redrive` after the controller could not run, on the whole system."""

from collections.abc import Iterator

import pytest
from rolled_out import Organization

from provider.cli.main import run
from provider.cli.organization import ACCOUNTS

CONTROLLER, REQUESTS = "cross-account-permission-controller", "cross-account-permission-requests"


@pytest.fixture
def unanswered(org: Organization, stack: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A request on which the controller has failed to the end, and whose letter lies in the queue; an operator's command line."""
    for variable, value in org.cloud.environment("central").items():
        if variable.startswith("AWS_"):
            monkeypatch.setenv(variable, value)
    functions, queues, tables = (org.cloud.client(service, "central") for service in ("lambda", "sqs", "dynamodb"))
    queue = queues.get_queue_url(QueueName="cross-account-permission-dead-letters")["QueueUrl"]
    handler = functions.get_function_configuration(FunctionName=CONTROLLER)["Handler"]
    functions.update_function_configuration(FunctionName=CONTROLLER, Handler="provider.nothing.handler")
    item = {"account": {"S": ACCOUNTS["consumer"]}, "request": {"S": stack}, "issuedAt": {"S": "20261101T000000Z"}}
    tables.put_item(TableName=REQUESTS, Item=item)
    letters = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=20, VisibilityTimeout=0)
    functions.update_function_configuration(FunctionName=CONTROLLER, Handler=handler)
    assert letters.get("Messages"), "the batch was set aside"
    yield stack
    assert "Messages" not in queues.receive_message(QueueUrl=queue), "and no letter is left"


def test_requests_of_dead_letters_are_answered_when_the_controller_runs_again(
    unanswered: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["redrive"]) == 0
    captured = capsys.readouterr()
    assert ["Answered", ACCOUNTS["consumer"], unanswered] in [line.split() for line in captured.out.splitlines()]
    assert captured.err.endswith(" letters settled and deleted.\n")
