"""The centre's answer, read once at the edge, and the document that CloudFormation gets for it.

CloudFormation takes 4096 bytes and never an empty id (`docs/aws-behaviour.md` §5). Knows nothing of how an answer
travels.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from provider.function.events import RequestId
from provider.function.failures import AnswerMalformed, AnswerTooLarge
from provider.function.reasons import brief

LIMIT = 4096  # bytes of the document
_ID_LIMIT = 1024  # bytes of a PhysicalResourceId


class Status(StrEnum):
    """How an event ended."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the centre says to one request."""

    status: Status
    reason: str
    physical_id: str
    data: Mapping[str, Any]

    def result(self) -> dict[str, Any]:
        """The answer as the result of a direct invocation, in CloudFormation's words."""
        return {
            "Status": str(self.status),
            "Reason": self.reason,
            "PhysicalResourceId": self.physical_id,
            "Data": dict(self.data),
        }


def answer_of(item: Mapping[str, Any], request: RequestId) -> Answer:
    """Read an item of the answers table, in DynamoDB's own notation.

    Raises:
        AnswerMalformed: an attribute is missing, or is nothing that CloudFormation could be told.
    """

    def text(attribute: str, default: str | None = None) -> str:
        value = item.get(attribute, {"S": default}).get("S")
        if not isinstance(value, str):
            raise AnswerMalformed(request, attribute)
        return value

    status, physical_id = text("status"), text("physicalResourceId")
    if status not in tuple(Status):
        raise AnswerMalformed(request, "status")
    if not physical_id.isprintable() or not 0 < len(physical_id.encode("utf-8", "replace")) <= _ID_LIMIT:
        raise AnswerMalformed(request, "physicalResourceId")
    reason = brief(text("reason", ""))
    if status == Status.FAILED and not reason:
        raise AnswerMalformed(request, "reason")
    return Answer(Status(status), reason, physical_id, _data(text("data", "{}"), request))


def fitting(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give a response body that CloudFormation takes: one that is too long becomes a failure that says so."""
    size = len(encoded(body))
    if size <= LIMIT:
        return dict(body)
    return {**body, "Status": str(Status.FAILED), "Reason": str(AnswerTooLarge(size, LIMIT)), "Data": {}}


def encoded(body: Mapping[str, Any]) -> bytes:
    """Write a body as compact JSON. Half a surrogate pair, which UTF-8 cannot carry, becomes a question mark."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _data(text: str, request: RequestId) -> dict[str, Any]:
    def refuse(_constant: str) -> NoReturn:
        raise AnswerMalformed(request, "data")

    try:
        data = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        refuse(text)
    return data if isinstance(data, dict) else refuse(text)
