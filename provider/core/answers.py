"""Answers: what the controller says to a request, within CloudFormation's limits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from provider.core.errors import REASON_LIMIT, CrossAccountError
from provider.core.identifiers import Arn, FunctionArn, RestApiArn, RoleArn, target_arn
from provider.core.requests import Request, RequestType


class Status(StrEnum):
    """CloudFormation's two words."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Answer:
    """`physical_id` is never empty; `data` is what `!GetAtt` reads; `reason` is at most 256 characters."""

    status: Status
    physical_id: str
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.physical_id or len(self.reason) > REASON_LIMIT:
            message = f"an answer needs a physical id and a reason of at most {REASON_LIMIT} characters"
            raise ValueError(message)

    @property
    def data_text(self) -> str:
        """The data as JSON, as the answers table keeps it."""
        return json.dumps(dict(self.data), sort_keys=True, separators=(",", ":"))


def failed(request: Request, error: CrossAccountError) -> Answer:
    """The answer to a request that cannot be fulfilled.

    A failed Create answers an id that is not of our form, so that the Delete that follows settles the
    origin to nothing; every other event keeps the id that the stack knows (docs/aws-behaviour.md §5).
    """
    return Answer(Status.FAILED, kept_id(request), str(error))


def kept_id(request: Request) -> str:
    """The id that the stack knows, or one that is not of ours."""
    if request.type is not RequestType.CREATE and request.physical_id:
        return request.physical_id
    return f"failed-{request.key.request_id}"


def target_data(arn: Arn) -> dict[str, Any]:
    """Where a target is: `TargetArn` and, by its kind, `AuthorizerUri`, `InvokeUrl` or `RoleArn`.

    The URI's Region is the function's (docs/aws-behaviour.md §2).
    """
    found = target_arn(arn)
    match found:
        case FunctionArn():
            path = f"lambda:path/2015-03-31/functions/{arn}/invocations"
            return {"TargetArn": arn, "AuthorizerUri": f"arn:{found.partition}:apigateway:{found.region}:{path}"}
        case RestApiArn():
            host = f"{found.api}.execute-api.{found.region}.{_SUFFIXES.get(found.partition, 'amazonaws.com')}"
            return {"TargetArn": arn, "InvokeUrl": f"https://{host}/{found.stage}"}
        case RoleArn():
            return {"TargetArn": arn, "RoleArn": arn}


_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}
