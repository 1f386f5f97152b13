"""An AssumeRole request: how it is read, and what form it must have. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from provider.localcloud.corrections.request_parameters import first

ROLE = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):role/(?:[\x21-\x7e]+/)?([\w+=,.@-]+)")
HOUR = 3600
_SHORTEST = 900
_MOST_TAGS = 50
_SESSION_NAME = r"Member must satisfy regular expression pattern: [\w+=,.@-]*"
_LONG_ENOUGH = f"Member must have value greater than or equal to {_SHORTEST}"


class RefusedError(Exception):
    """STS refuses: a status, a code and a message of AWS's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class Request:
    """An AssumeRole request."""

    role_arn: str
    session_name: str
    seconds: int
    tags: tuple[tuple[str, str], ...]
    transitive: tuple[str, ...]
    external_id: str

    @classmethod
    def read(cls, body: bytes, query: Mapping[str, Any]) -> "Request":
        """Read either protocol: a form, or JSON."""
        given: Mapping[str, Any] = {**parameters(body), **query}  # where IAM looked, the query wins
        return cls(
            role_arn=first(given, "RoleArn"),
            session_name=first(given, "RoleSessionName"),
            seconds=int(first(given, "DurationSeconds") or HOUR),
            tags=tuple(_tags(given)),
            transitive=tuple(_members(given, "TransitiveTagKeys.member.{}")),
            external_id=first(given, "ExternalId"),
        )


def parameters(body: bytes) -> dict[str, Any]:
    """Read a form, or JSON as the same form."""
    if not body.startswith(b"{"):
        return dict(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True))
    given = json.loads(body)
    flat = {name: str(value) for name, value in given.items() if not isinstance(value, list)}
    for number, tag in enumerate(given.get("Tags") or [], 1):
        flat |= {f"Tags.member.{number}.Key": tag["Key"], f"Tags.member.{number}.Value": tag["Value"]}
    return flat | {
        f"TransitiveTagKeys.member.{n}": key for n, key in enumerate(given.get("TransitiveTagKeys") or [], 1)
    }


def _members(given: Mapping[str, Any], name: str) -> list[str]:
    found: list[str] = []
    while value := first(given, name.format(len(found) + 1)):
        found.append(value)
    return found


def _tags(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    keys = _members(given, "Tags.member.{}.Key")
    return [(key, first(given, f"Tags.member.{number}.Value")) for number, key in enumerate(keys, 1)]


def check(asked: Request) -> None:
    """Refuse a request that is not of AssumeRole's form.

    Raises:
        RefusedError: one of its parameters is wrong.
    """
    keys = [key.lower() for key, _ in asked.tags]
    for wrong, code, message in (
        (not ROLE.fullmatch(asked.role_arn), "ValidationError", f"{asked.role_arn} is invalid"),
        (
            not re.fullmatch(r"[\w+=,.@-]{2,64}", asked.session_name, re.ASCII),
            "ValidationError",
            f"Value '{asked.session_name}' at 'roleSessionName' failed to satisfy constraint: {_SESSION_NAME}",
        ),
        (
            asked.seconds < _SHORTEST,
            "ValidationError",
            f"Value '{asked.seconds}' at 'durationSeconds' failed to satisfy constraint: {_LONG_ENOUGH}",
        ),
        (len(keys) > _MOST_TAGS, "ValidationError", f"no more than {_MOST_TAGS} session tags may be passed"),
        (
            len(set(keys)) < len(keys),
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
    ):
        if wrong:
            raise RefusedError(400, code, message)
