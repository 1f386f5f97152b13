"""A filed request, turned into types once: what CloudFormation said, checked against who really filed it.

Only the account in the table's key is proven (by IAM). Everything else here is a claim, and whatever
contradicts the account is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from provider.core.errors import ForeignOrigin, MalformedRequest
from provider.core.identifiers import ISSUED_AT, AccountId, IssuedAt, Origin, RequestId, StackArn

EVENT_LIMIT = 65_536
"""Characters of an event; the provider function forwards no longer one."""


class RequestType(StrEnum):
    """What CloudFormation asks for."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Where a request lies and where its answer goes: the verified account and CloudFormation's request id."""

    account: AccountId
    request_id: RequestId


@dataclass(frozen=True, slots=True)
class Request:
    """One event of one origin, as its account filed it; the properties are not validated yet."""

    key: RequestKey
    type: RequestType
    origin: Origin
    issued_at: IssuedAt
    resource_type: str
    physical_id: str | None
    properties: Mapping[str, Any]


def parse(item: Mapping[str, Any], account: AccountId) -> Request:
    """A request from an item of the requests table.

    Args:
        item: the item's attributes as plain Python values: `request`, `event` (JSON text), `issuedAt`.
        account: the partition key, which IAM has proven to be the caller's account.

    Raises:
        MalformedRequest: a field is missing or of another form.
        ForeignOrigin: the stack id names another account.
    """
    event = _event(item)
    return Request(
        key=RequestKey(account, RequestId(_text(item, "request", 128))),
        type=_request_type(event),
        origin=_origin(event, account),
        issued_at=_issued_at(item),
        resource_type=_text(event, "ResourceType", 128),
        physical_id=_physical_id(event) if "PhysicalResourceId" in event else None,
        properties=_properties(event),
    )


def known_id(item: Mapping[str, Any]) -> str | None:
    """The id that the stack knows, of an item that cannot be parsed: as far as it can be made out, and not of a Create."""
    try:
        event = _event(item)
        return None if event.get("RequestType") == RequestType.CREATE else _physical_id(event)
    except MalformedRequest:
        return None


def _event(item: Mapping[str, Any]) -> Mapping[str, Any]:
    text = item.get("event")
    if not isinstance(text, str) or len(text) > EVENT_LIMIT:
        raise MalformedRequest("event", type(text).__name__, f"JSON text of at most {EVENT_LIMIT} characters")
    try:
        event = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest("event", text[:40], "JSON text") from error
    if not isinstance(event, dict):
        raise MalformedRequest("event", text[:40], "a JSON object")
    return event


def _text(mapping: Mapping[str, Any], field: str, limit: int) -> str:
    value = mapping.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise MalformedRequest(field, value, f"text of 1 to {limit} characters")
    return value


def _physical_id(event: Mapping[str, Any]) -> str:
    """What can be answered with: printable, so without halves of characters, which no table holds."""
    value = _text(event, "PhysicalResourceId", 1024)
    if not value.isprintable() or len(value.encode()) > 1024:
        raise MalformedRequest("PhysicalResourceId", value, "printable text of 1 to 1024 bytes")
    return value


def _request_type(event: Mapping[str, Any]) -> RequestType:
    value = event.get("RequestType")
    if value not in tuple(RequestType):
        raise MalformedRequest("RequestType", value, "Create, Update or Delete")
    return RequestType(value)


def _origin(event: Mapping[str, Any], account: AccountId) -> Origin:
    stack = StackArn.parse(_text(event, "StackId", 512))
    if stack is None:
        raise MalformedRequest("StackId", event["StackId"], "a stack's ARN")
    if stack.account != account:
        raise ForeignOrigin(stack.account, account)
    logical_id = _text(event, "LogicalResourceId", 255)
    if not (logical_id.isascii() and logical_id.isalnum()):
        raise MalformedRequest("LogicalResourceId", logical_id, "letters and digits")
    return Origin(account, stack.text, logical_id)


def _issued_at(item: Mapping[str, Any]) -> IssuedAt:
    text = _text(item, "issuedAt", 32)
    if ISSUED_AT.fullmatch(text) is None:
        raise MalformedRequest("issuedAt", text, "a time such as 20261121T031800Z")
    return IssuedAt(text)


def _properties(event: Mapping[str, Any]) -> Mapping[str, Any]:
    value = event.get("ResourceProperties", {})
    if not isinstance(value, dict):
        raise MalformedRequest("ResourceProperties", value, "a JSON object")
    return value
