"""A request to an API, and its signature (SigV4, service execute-api)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from provider.calling.addresses import ApiAddress
from provider.calling.errors import NoSuchHeader

SERVICE = "execute-api"
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[ -~]*")
_CREDENTIALS = ("authorization", "x-api-key", "x-amz-security-token", "cookie")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """What is asked of an API. Headers and body may hold credentials, so neither is shown."""

    address: ApiAddress
    method: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """What of its headers nobody may print."""
        return frozenset(value for name, value in self.headers.items() if name.lower() in _CREDENTIALS)


def header(name: str, value: str, *, signed: bool) -> tuple[str, str]:
    """A header that a caller may set.

    Raises:
        NoSuchHeader: it is none, or not for the caller to set.
    """
    if not _NAME.fullmatch(name):
        raise NoSuchHeader(name, "is no name of a header. Write NAME=VALUE, such as Accept=application/json")
    if not _VALUE.fullmatch(value):
        raise NoSuchHeader(name, "has a value that no header can have. Give printable ASCII on one line")
    if name.lower() == "host":
        raise NoSuchHeader(name, "is the URL's. Change the URL instead")
    if signed and name.lower() == "authorization":
        raise NoSuchHeader(name, "is the signature's. Leave it out, or send the request --unsigned")
    return name, value


def signed(request: ApiRequest, credentials: Any, region: str) -> ApiRequest:
    """The request with its signature, by botocore's frozen `credentials`, for that Region."""
    asked = AWSRequest(request.method, request.address.url, headers=dict(request.headers), data=request.body)
    SigV4Auth(credentials, SERVICE, region).add_auth(asked)
    return ApiRequest(request.address, request.method, dict(asked.headers.items()), request.body)


def secrets_of(credentials: Any) -> frozenset[str]:
    """What of botocore's frozen credentials nobody may print."""
    return frozenset(filter(None, (credentials.access_key, credentials.secret_key, credentials.token)))


_SIGNATURE = re.compile(r"(Signature=|X-Amz-Security-Token[:=]\s*)[^\s,&\"'\\]+", re.IGNORECASE)
_SHORTEST = 6
HIDDEN = "[hidden]"


def censored(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets: an answer may quote what was sent, AWS's own about signatures above all."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, HIDDEN)
    return _SIGNATURE.sub(rf"\g<1>{HIDDEN}", text)
