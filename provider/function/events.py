"""An event, turned into the request that the centre is given. From CloudFormation, Terraform or another direct caller alike.

Checks form alone: what the properties mean is the centre's to judge, so that this code need not change with them.
"""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType

from provider.function.failures import EventMalformed, EventTooLarge

RequestId = NewType("RequestId", str)

# Far below DynamoDB's 400 KB an item, far above any template's properties.
LIMIT = 64 * 1024
# The longest names that AWS gives, with room; together they leave an answer its 4096 bytes.
_NAME = re.compile(r"[A-Za-z0-9:/._+=@-]{1,512}")
_TIMEOUT = re.compile(r"[0-9]{1,4}")


class RequestType(StrEnum):
    """What is wanted, in CloudFormation's words."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


# Terraform's `aws_lambda_invocation` says under this key what it does, beside what its author wrote (docs/aws-behaviour.md §5).
_TERRAFORM = "tf"
# It knows no id that a creation returned. So a creation and a change both ask for exactly what they say, and a deletion
# gives up all that its origin has, as one does whose id nobody was told.
_ACTIONS = {"create": RequestType.CREATE, "update": RequestType.CREATE, "delete": RequestType.DELETE}
_UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Request:
    """What is filed with the centre: the key, the event as it came (JSON, without ResponseURL), and its time."""

    id: RequestId
    event: str
    issued_at: str


def in_cloudformation_s_words(event: Any) -> Any:
    """What Terraform sends, as CloudFormation would say it; any other event as it is.

    What was asked before (`prev_input`) is left out: nobody needs it.
    """
    action = _terraform_s_action(event)
    if action is None:
        return event
    said = {key: value for key, value in event.items() if key not in (_TERRAFORM, "PhysicalResourceId")}
    known = {"PhysicalResourceId": _UNTOLD} if action is RequestType.DELETE else {}
    return {**said, "RequestType": str(action), **known}


def steps_of(event: Any) -> tuple[Any, ...]:
    """What a direct caller's event comes to, in order; each step is sent when the one before has succeeded.

    A Create asks for exactly what it says, and gives up what its origin had. It is asked beside that first, so that what stood
    still stands where the new is refused, and until it is in force (decision 19).
    """
    if not isinstance(event, Mapping) or event.get("RequestType") != RequestType.CREATE:
        return (event,)
    beside = {**event, "RequestType": str(RequestType.UPDATE), "PhysicalResourceId": _UNTOLD}
    request = event.get("RequestId")
    if isinstance(request, str) and _NAME.fullmatch(request):
        beside["RequestId"] = str(uuid.uuid5(uuid.NAMESPACE_OID, request))
    return (beside, event)


def _terraform_s_action(event: object) -> RequestType | None:
    """CloudFormation has a ResponseURL, and no such key; a direct caller that says something else there is no Terraform."""
    told = event.get(_TERRAFORM) if isinstance(event, Mapping) and "ResponseURL" not in event else None
    action = told.get("action") if isinstance(told, Mapping) else None
    return _ACTIONS.get(action) if isinstance(action, str) else None


def request_of(event: object, issued_at: str) -> Request:
    """Read an event; a direct caller may leave out RequestId, and gets one that is unique.

    Raises:
        EventMalformed: a key is missing or has another form than CloudFormation's.
        EventTooLarge: it is longer than 64 KiB as JSON.
    """
    if not isinstance(event, Mapping):
        raise EventMalformed("body", event, "a JSON object")
    _check(event)
    request = RequestId(_name(event, "RequestId")) if "RequestId" in event else RequestId(str(uuid.uuid4()))
    return Request(request, _text(event), issued_at)


def service_timeout(event: Mapping[str, Any]) -> int | None:
    """The seconds that CloudFormation will wait, which arrive as text among the properties; None if unsaid."""
    properties = event.get("ResourceProperties")
    stated = properties.get("ServiceTimeout") if isinstance(properties, Mapping) else None
    return int(stated) if isinstance(stated, str | int) and _TIMEOUT.fullmatch(str(stated)) else None


def _check(event: Mapping[str, Any]) -> None:
    if event.get("RequestType") not in tuple(RequestType):
        raise EventMalformed("RequestType", event.get("RequestType"), "Create, Update or Delete")
    for key in ("StackId", "LogicalResourceId", "ResourceType"):
        _name(event, key)
    if not isinstance(event.get("ResourceProperties"), Mapping):
        raise EventMalformed("ResourceProperties", event.get("ResourceProperties"), "an object")
    physical = event.get("PhysicalResourceId")
    if event["RequestType"] != RequestType.CREATE and not (isinstance(physical, str) and physical):
        raise EventMalformed("PhysicalResourceId", physical, "the id that its creation returned")


def _name(event: Mapping[str, Any], key: str) -> str:
    value = event.get(key)
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise EventMalformed(key, value, "a name as CloudFormation writes them")
    return value


def _text(event: Mapping[str, Any]) -> str:
    """The event as ASCII JSON: lone surrogates, which DynamoDB refuses, stay escapes."""
    kept = {key: value for key, value in event.items() if key != "ResponseURL"}
    try:
        text = json.dumps(kept, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise EventMalformed("number", "NaN or Infinity", "one that JSON can write") from None
    if len(text) > LIMIT:
        raise EventTooLarge(len(text), LIMIT)
    return text
