"""The desk in DynamoDB: the requests table holds exactly what is unanswered, the answers table the rest."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from provider.controller.codec import text_from_wire, to_wire
from provider.controller.ports import Clock
from provider.core.answers import Answer
from provider.core.requests import RequestKey

ANSWERS_KEPT = 7 * 86_400
"""Seconds for which answers, and so the ids of answered requests, are remembered."""

_TOGETHER = 50  # answers in one transaction: two writes each, and DynamoDB takes 100
HOPELESS = 1_000
"""More attempts than any request is given."""


class DynamoDBDesk:
    """See `ports.Desk`."""

    def __init__(self, client: Any, requests: str, answers: str, clock: Clock) -> None:
        self._client = client
        self._requests = requests
        self._answers = answers
        self._clock = clock

    def is_answered(self, key: RequestKey) -> bool:
        """See `ports.Desk.is_answered`."""
        answer = self._client.get_item(TableName=self._answers, Key=_key(key), ConsistentRead=True)
        return "Item" in answer

    def answer(self, key: RequestKey, answer: Answer) -> None:
        """See `ports.Desk.answer`."""
        # Answered before: the first answer stands.
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.put_item(**self._put(key, answer))
        self.close(key)

    def answer_all(self, answers: Sequence[tuple[RequestKey, Answer]]) -> None:
        """See `ports.Desk.answer_all`."""
        for start in range(0, len(answers), _TOGETHER):
            self._answer_together(answers[start : start + _TOGETHER])

    def _answer_together(self, answers: Sequence[tuple[RequestKey, Answer]]) -> None:
        """Put answers and take their requests away in one transaction, or, where one of them stands already, one by one."""
        if len(answers) > 1:
            puts = [{"Put": self._put(key, answer)} for key, answer in answers]
            deletes = [{"Delete": {"TableName": self._requests, "Key": _key(key)}} for key, _ in answers]
            try:
                self._client.transact_write_items(TransactItems=[*puts, *deletes])
            except ClientError as error:
                if error.response["Error"]["Code"] != "TransactionCanceledException":
                    raise
            else:
                return
        for key, answer in answers:
            self.answer(key, answer)

    def _put(self, key: RequestKey, answer: Answer) -> dict[str, Any]:
        """What writes an answer unless there is one."""
        now = int(self._clock.now())
        item = {
            "account": key.account,
            "request": key.request_id,
            "status": answer.status.value,
            "reason": answer.reason,
            "physicalResourceId": answer.physical_id,
            "data": answer.data_text,
            "answeredAt": now,
            "expires": now + ANSWERS_KEPT,
        }
        return {
            "TableName": self._answers,
            "Item": to_wire(item),
            "ConditionExpression": "attribute_not_exists(account)",
        }

    def lies(self, key: RequestKey) -> bool:
        """Whether a request lies there unanswered."""
        return "Item" in self._client.get_item(TableName=self._requests, Key=_key(key), ConsistentRead=True)

    def close(self, key: RequestKey) -> None:
        """Take an answered request away."""
        self._client.delete_item(TableName=self._requests, Key=_key(key))

    def unanswered(self) -> Iterator[Mapping[str, Any]]:
        """See `ports.Desk.unanswered`."""
        for page in self._client.get_paginator("scan").paginate(TableName=self._requests, ConsistentRead=True):
            for item in page["Items"]:
                yield text_from_wire(item)

    def attempted(self, key: RequestKey) -> int:
        """See `ports.Desk.attempted`."""
        try:
            answer = self._client.update_item(
                TableName=self._requests,
                Key=_key(key),
                UpdateExpression="ADD attempts :one",
                ConditionExpression="attribute_exists(account)",
                ExpressionAttributeValues=to_wire({":one": 1}),
                ReturnValues="UPDATED_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return 0  # answered and taken away meanwhile
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":
                raise
            return HOPELESS  # its account has written something of its own under our attribute
        # Its account may have begun the count: from below nothing it would not end, and boto3 reads 38 digits alone.
        found = Decimal(answer["Attributes"]["attempts"]["N"])
        return int(found) if 1 <= found < HOPELESS else HOPELESS


def _key(key: RequestKey) -> Mapping[str, Any]:
    return to_wire({"account": key.account, "request": key.request_id})
