"""What Lambda sets aside when a batch of the requests' stream has failed to the end, and which requests it is about.

A letter holds no request, only where in the stream its records are. The requests themselves stand in their table until they are
answered, so that a letter has nothing to be handed over again: it is settled when its requests are no longer there.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from provider.controller.dynamodb_desk import DynamoDBDesk
from provider.core.identifiers import AccountId, RequestId
from provider.core.requests import RequestKey

OUT_OF_SIGHT = 300
"""Seconds for which a letter that was taken up is shown to nobody else."""

_AT_A_TIME = 10  # SQS hands out no more


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one shard of a stream, from `first` to `last` (sequence numbers); the last arrived at `arrived` (UTC, ISO 8601)."""

    stream: str
    shard: str
    first: str
    last: str
    arrived: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of the dead-letter queue; without a batch it is none of Lambda's."""

    handle: str
    batch: Batch | None


def letters(queues: Any, queue: str) -> Iterator[Letter]:
    """All letters that lie in the queue and that nobody else has taken up; `queues` is an SQS client, `queue` a URL."""
    while True:
        # Waiting asks all of SQS's servers, where not waiting asks some (SQS Developer Guide, short and long polling).
        answer = queues.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=_AT_A_TIME, VisibilityTimeout=OUT_OF_SIGHT, WaitTimeSeconds=1
        )
        if not answer.get("Messages"):
            return
        for message in answer["Messages"]:
            yield Letter(message["ReceiptHandle"], batch_of(message["Body"]))


def delete(queues: Any, queue: str, letter: Letter) -> None:
    """Take a settled letter away."""
    queues.delete_message(QueueUrl=queue, ReceiptHandle=letter.handle)


def give_back(queues: Any, queue: str, letter: Letter) -> None:
    """Let a letter be seen again at once."""
    queues.change_message_visibility(QueueUrl=queue, ReceiptHandle=letter.handle, VisibilityTimeout=0)


def batch_of(body: str) -> Batch | None:
    """What a letter is about (Lambda Developer Guide, "Retain discarded batches": `DDBStreamBatchInfo`); None for another text."""
    try:
        told = json.loads(body)["DDBStreamBatchInfo"]
        names = ("streamArn", "shardId", "startSequenceNumber", "endSequenceNumber", "approximateArrivalOfLastRecord")
        found = [told[name] for name in names]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    texts = all(isinstance(one, str) for one in found)
    return Batch(*found) if texts and found[2].isdecimal() and found[3].isdecimal() else None


def pointed_to(streams: Any, desk: DynamoDBDesk, batch: Batch) -> tuple[RequestKey, ...]:
    """The requests that a batch is about, answered or not.

    DynamoDB keeps a stream's records for 24 hours. Of an older batch they are all that lie in the requests table and are not
    younger than it.

    Args:
        streams: a DynamoDB Streams client.
        desk: the desk.
        batch: what a letter says.
    """
    try:
        return tuple(_keys(streams, batch))
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("TrimmedDataAccessException", "ResourceNotFoundException"):
            raise
    until = "".join(sign for sign in batch.arrived[:19] if sign not in "-:") + "Z"
    older = (item for item in desk.unanswered() if str(item.get("issuedAt", "")) <= until)
    return tuple(RequestKey(AccountId(str(item["account"])), RequestId(str(item["request"]))) for item in older)


def _keys(streams: Any, batch: Batch) -> Iterator[RequestKey]:
    iterator = streams.get_shard_iterator(
        StreamArn=batch.stream,
        ShardId=batch.shard,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch.first,
    )["ShardIterator"]
    last = int(batch.last)
    while iterator:
        page = streams.get_records(ShardIterator=iterator)
        for record in page["Records"]:
            change = record["dynamodb"]
            if int(change["SequenceNumber"]) > last:
                return
            if record["eventName"] == "INSERT":  # the controller's own deletions come through the stream as well
                yield RequestKey(AccountId(change["Keys"]["account"]["S"]), RequestId(change["Keys"]["request"]["S"]))
            if int(change["SequenceNumber"]) == last:
                return
        iterator = page.get("NextShardIterator") if page["Records"] else None
