"""`crossaccount redrive` on a centre whose controller has failed on batches of its stream."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from centre import CONSUMER, OTHER
from twins import ManualClock

from provider.cli.main import run
from provider.cli.redrive import Centre
from provider.controller.dead_letters import batch_of
from provider.controller.dynamodb_desk import DynamoDBDesk
from provider.core.answers import Answer, Status
from provider.core.identifiers import AccountId, RequestId
from provider.core.requests import RequestKey
from provider.localcloud import LocalCloud

KEY = [{"AttributeName": "account", "KeyType": "HASH"}, {"AttributeName": "request", "KeyType": "RANGE"}]
TYPES = [{"AttributeName": name, "AttributeType": "S"} for name in ("account", "request")]
ISSUED = "20261118T120000Z"


@dataclass
class Failing:
    """The central account's queue, tables and stream, under names of their own, and a controller that has to be woken."""

    cloud: LocalCloud
    prefix: str
    woken: int = 0
    answers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.queues = self.cloud.client("sqs", "central")
        self.database = self.cloud.client("dynamodb", "central")
        self.queue = self.queues.create_queue(QueueName=f"{self.prefix}-dead-letters")["QueueUrl"]
        for name in ("requests", "answers"):
            stream = {"StreamEnabled": name == "requests", "StreamViewType": "NEW_IMAGE"}
            self.database.create_table(
                TableName=f"{self.prefix}-{name}",
                KeySchema=KEY,
                AttributeDefinitions=TYPES,
                BillingMode="PAY_PER_REQUEST",
                StreamSpecification=stream if name == "requests" else {"StreamEnabled": False},
            )
        table = self.database.describe_table(TableName=f"{self.prefix}-requests")["Table"]
        self.stream = table["LatestStreamArn"]
        self.streams = self.cloud.client("dynamodbstreams", "central")
        self.desk = DynamoDBDesk(self.database, f"{self.prefix}-requests", f"{self.prefix}-answers", ManualClock())

    def file(self, request: str, account: str = CONSUMER, issued: str = ISSUED) -> RequestKey:
        item = {"account": {"S": account}, "request": {"S": request}, "issuedAt": {"S": issued}}
        self.database.put_item(TableName=f"{self.prefix}-requests", Item=item)
        return RequestKey(AccountId(account), RequestId(request))

    def answer(self, key: RequestKey) -> None:
        self.desk.answer(key, Answer(Status.SUCCESS, "grant-1"))

    def records(self) -> list[Mapping[str, Any]]:
        [shard] = self.streams.describe_stream(StreamArn=self.stream)["StreamDescription"]["Shards"]
        iterator = self.streams.get_shard_iterator(
            StreamArn=self.stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found = self.streams.get_records(ShardIterator=iterator)["Records"]
        return [{**one["dynamodb"], "shard": shard["ShardId"]} for one in found]

    def letter(self, first: int, last: int, **instead: str) -> None:
        """What Lambda sends when it gives up records `first` to `last` of the stream."""
        records = self.records()
        told = {
            "shardId": records[first]["shard"],
            "startSequenceNumber": records[first]["SequenceNumber"],
            "endSequenceNumber": records[last]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": "2026-11-18T12:00:00Z",
            "approximateArrivalOfLastRecord": "2026-11-18T12:00:00Z",
            "batchSize": last - first + 1,
            "streamArn": self.stream,
            **instead,
        }
        body = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "version": "1.0", "DDBStreamBatchInfo": told}
        self.queues.send_message(QueueUrl=self.queue, MessageBody=json.dumps(body))

    def lying_letters(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.queues.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        assert found[names[1]] == "0", "a letter that stays is given back"
        return int(found[names[0]])


@pytest.fixture
def failing(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Failing:
    one = Failing(cloud, f"redrive-{secrets.token_hex(4)}")
    monkeypatch.setattr("provider.cli.redrive.PREFIX", one.prefix)
    for variable, value in cloud.environment("central").items():
        if variable.startswith("AWS_"):
            monkeypatch.setenv(variable, value)

    def wake(centre: Centre) -> None:
        one.woken += 1
        for request in one.answers:
            one.answer(RequestKey(AccountId(CONSUMER), RequestId(request)))

    monkeypatch.setattr(Centre, "wake", wake)
    return one


def printed(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str]]:
    found = json.loads(capsys.readouterr().out)
    return [(one["state"], one["account"], one["request"]) for one in found]


def test_an_empty_queue_has_nothing_to_redrive(failing: Failing, capsys: pytest.CaptureFixture[str]) -> None:
    failing.file("a")
    assert run(["redrive"]) == 0
    assert capsys.readouterr().err == "No dead letter points to a request.\n0 of 0 letters settled and deleted.\n"
    assert failing.woken == 0


def test_requests_of_letters_are_answered_and_the_letters_deleted(
    failing: Failing, capsys: pytest.CaptureFixture[str]
) -> None:
    failing.answer(failing.file("a"))
    failing.file("b")
    failing.file("c", OTHER)
    failing.letter(0, 2)  # a, its deletion, b
    failing.answers = ("b",)
    assert run(["redrive", "--output", "json"]) == 0
    assert printed(capsys) == [("Answered", CONSUMER, "b"), ("Answered", CONSUMER, "a")]
    assert (failing.woken, failing.lying_letters()) == (1, 0)


def test_settled_letters_wake_nobody(failing: Failing) -> None:
    failing.answer(failing.file("a"))
    failing.letter(0, 0)
    assert run(["redrive"]) == 0
    assert (failing.woken, failing.lying_letters()) == (0, 0)


def test_a_letter_of_what_the_controller_took_away_points_to_nothing(
    failing: Failing, capsys: pytest.CaptureFixture[str]
) -> None:
    failing.answer(failing.file("a"))
    failing.letter(1, 1)
    assert run(["redrive"]) == 0
    assert capsys.readouterr().err == "No dead letter points to a request.\n1 of 1 letters settled and deleted.\n"


def test_a_letter_stays_while_one_of_its_requests_is_unanswered(
    failing: Failing, capsys: pytest.CaptureFixture[str]
) -> None:
    failing.answer(failing.file("a"))
    failing.file("b")
    failing.letter(0, 0)
    failing.letter(0, 2)
    assert run(["redrive", "--wait", "0"]) == 1
    captured = capsys.readouterr()
    assert [line.split() for line in captured.out.splitlines()[1:]] == [
        ["Unanswered", CONSUMER, "b"],
        ["Answered", CONSUMER, "a"],
    ]
    assert "1 of 2 letters settled and deleted." in captured.err
    assert "1 request is unanswered." in captured.err
    assert failing.lying_letters() == 1


def test_a_dry_run_changes_nothing(failing: Failing, capsys: pytest.CaptureFixture[str]) -> None:
    failing.answer(failing.file("a"))
    failing.file("b")
    failing.letter(0, 0)
    failing.letter(2, 2)
    assert run(["redrive", "--dry-run"]) == 1
    assert "1 of 2 letters settled and would be deleted." in capsys.readouterr().err
    assert (failing.woken, failing.lying_letters()) == (0, 2)


def test_of_records_that_the_stream_has_forgotten_older_requests_keep_the_letter(
    failing: Failing, capsys: pytest.CaptureFixture[str]
) -> None:
    failing.file("old", issued="20261118T120000Z")
    failing.file("new", issued="20261118T120001Z")
    failing.letter(1, 1, shardId="shardId-00000000000000000009-99999999")  # the second record's, were it there
    assert run(["redrive", "--wait", "0", "--output", "json"]) == 1
    assert printed(capsys) == [("Unanswered", CONSUMER, "old")]
    failing.answers = ("old",)
    assert run(["redrive"]) == 0
    assert failing.lying_letters() == 0


def test_what_is_no_letter_of_lambdas_stays_and_is_said(failing: Failing, capsys: pytest.CaptureFixture[str]) -> None:
    failing.queues.send_message(QueueUrl=failing.queue, MessageBody="buy now")
    assert run(["redrive"]) == 0
    assert "1 are none of Lambda's and stay" in capsys.readouterr().err
    assert failing.lying_letters() == 1


@pytest.mark.parametrize("body", ["", "[]", "{}", "7", '{"DDBStreamBatchInfo": 1}', "[" * 100_000, "null"])
def test_any_other_text_is_no_letter(body: str) -> None:
    assert batch_of(body) is None


def test_numbers_that_are_none_are_no_letter() -> None:
    names = ("streamArn", "shardId", "startSequenceNumber", "endSequenceNumber", "approximateArrivalOfLastRecord")
    assert batch_of(json.dumps({"DDBStreamBatchInfo": dict.fromkeys(names, "1")})) is not None
    for wrong in ("x", 1, None):
        assert batch_of(json.dumps({"DDBStreamBatchInfo": {**dict.fromkeys(names, "1"), names[3]: wrong}})) is None


def test_where_no_centre_is_the_command_says_so(
    failing: Failing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("provider.cli.redrive.PREFIX", "nowhere")
    assert run(["redrive"]) == 4
    assert "There is no queue nowhere-dead-letters" in capsys.readouterr().err


def test_the_controller_is_woken_as_its_schedule_wakes_it() -> None:
    calls: list[dict[str, Any]] = []

    class Functions:
        def invoke(self, **how: Any) -> None:
            calls.append(how)

    Centre(None, None, Functions(), None, "").wake()  # type: ignore[arg-type]
    assert calls == [
        {"FunctionName": "cross-account-permission-controller", "InvocationType": "Event", "Payload": b"{}"}
    ]
