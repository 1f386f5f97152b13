"""What becomes of a batch of a stream on which its function fails."""

import io
import json
import time
import zipfile
from typing import Any

import pytest
from identities import a_name, allow, make_role

from provider.localcloud import LocalCloud

LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
READING = ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"]
CODE = """
def handler(event, context):
    names = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
    if "poison" in names:
        raise ValueError(names)
"""


class Streamed:
    """A table of the consumer's whose stream a function takes, one record at a time, with a queue for what it fails on."""

    def __init__(self, cloud: LocalCloud, *, may_send: bool) -> None:
        self.tables, self.queues = cloud.client("dynamodb", "consumer"), cloud.client("sqs", "consumer")
        self.name = a_name("t")
        made = self.tables.create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        self.stream = str(made["TableDescription"]["LatestStreamArn"])
        self.queue = self.queues.create_queue(QueueName=a_name("q"))["QueueUrl"]
        found = self.queues.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        target = found["Attributes"]["QueueArn"]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("index.py", CODE)
        sending = [allow(["sqs:SendMessage"], target)] if may_send else []
        role = make_role(cloud, "consumer", allow(READING, self.stream), *sending, trusting=[LAMBDA])
        functions = cloud.client("lambda", "consumer")
        given = {"Runtime": "python3.13", "Handler": "index.handler", "Code": {"ZipFile": buffer.getvalue()}}
        self.function = functions.create_function(FunctionName=a_name("f"), Role=role, **given)["FunctionArn"]
        self.functions = functions
        self.mapping = functions.create_event_source_mapping(
            FunctionName=self.function,
            EventSourceArn=self.stream,
            StartingPosition="TRIM_HORIZON",
            BatchSize=1,
            MaximumRetryAttempts=1,
            DestinationConfig={"OnFailure": {"Destination": target}},
        )["UUID"]

    def put(self, *names: str) -> None:
        for name in names:
            self.tables.put_item(TableName=self.name, Item={"pk": {"S": name}})

    def letters(self, seconds: int) -> list[Any]:
        found = self.queues.receive_message(QueueUrl=self.queue, WaitTimeSeconds=seconds, MaxNumberOfMessages=10)
        return [json.loads(one["Body"]) for one in found.get("Messages", [])]

    def wait_until_it_goes_on(self) -> None:
        end = time.monotonic() + 20
        while not self.functions.get_event_source_mapping(UUID=self.mapping)["LastProcessingResult"].startswith("OK"):
            assert time.monotonic() < end
            time.sleep(0.05)


def test_a_batch_that_fails_to_the_end_is_set_aside_and_the_next_one_taken(cloud: LocalCloud) -> None:
    streamed = Streamed(cloud, may_send=True)
    streamed.put("poison", "good")
    [letter] = streamed.letters(20)
    streamed.wait_until_it_goes_on()
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["requestContext"]["functionArn"] == streamed.function
    told = letter["DDBStreamBatchInfo"]
    assert (told["streamArn"], told["batchSize"]) == (streamed.stream, 1)
    streams = cloud.client("dynamodbstreams", "consumer")
    iterator = streams.get_shard_iterator(
        StreamArn=told["streamArn"],
        ShardId=told["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=told["startSequenceNumber"],
    )["ShardIterator"]
    first = streams.get_records(ShardIterator=iterator)["Records"][0]["dynamodb"]
    assert (first["Keys"], first["SequenceNumber"]) == ({"pk": {"S": "poison"}}, told["endSequenceNumber"])


@pytest.mark.parametrize("may_send", [True, False])
def test_a_batch_is_set_aside_only_if_the_role_may_send(cloud: LocalCloud, *, may_send: bool) -> None:
    """The stream goes on either way."""
    streamed = Streamed(cloud, may_send=may_send)
    streamed.put("poison")
    streamed.wait_until_it_goes_on()
    assert (streamed.letters(0) != []) is may_send
