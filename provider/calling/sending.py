"""Sending a request and reading its answer. botocore's own session, so that proxies, certificates and errors are as with AWS's APIs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from provider.calling.signing import ApiRequest

CONNECTING = 10.0  # seconds
REDIRECTED = 400  # and beyond: what is answered with less was not refused


@dataclass(frozen=True, slots=True)
class Way:
    """How to get there: `endpoint` is the URL to connect to instead of the API's host, `trust` a file of certificates."""

    endpoint: str = ""
    trust: str | bool = True
    patience: float = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What an API has answered, headers by lower-case name. The body may quote credentials, so it is not shown."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether the caller was let in and served."""
        return self.status < REDIRECTED

    @property
    def error_type(self) -> str:
        """API Gateway's own word for what went wrong; empty where the answer is not API Gateway's."""
        return self.headers.get("x-amzn-errortype", "").partition(":")[0]

    @property
    def request_id(self) -> str:
        """By which the API's owner finds the call in the logs."""
        return self.headers.get("x-amzn-requestid") or self.headers.get("apigw-requestid") or ""

    @property
    def text(self) -> str:
        """The body as a person would read it."""
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError:
            kind = self.headers.get("content-type", "no type")
            return f"({len(self.body)} bytes of {kind})"

    @property
    def message(self) -> str:
        """The message of a refusal, in whichever of AWS's two ways it is written."""
        try:
            found: Any = json.loads(self.body)
        except (ValueError, RecursionError):
            return ""
        said = (found.get("message") or found.get("Message")) if isinstance(found, dict) else ""
        return said if isinstance(said, str) else ""


def send(request: ApiRequest, way: Way) -> Reply:
    """Send a request once.

    Raises:
        botocore.exceptions.HTTPClientError: there was no answer.
    """
    address = request.address
    url = f"{way.endpoint.rstrip('/')}{address.target}" if way.endpoint else address.url
    session = URLLib3Session(
        verify=way.trust, proxies=get_environ_proxies(url), timeout=(min(CONNECTING, way.patience), way.patience)
    )
    try:
        sent = AWSPreparedRequest(
            request.method, url, {**request.headers, "Host": address.host}, request.body or None, stream_output=False
        )
        answer = session.send(sent)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status_code, headers, answer.content)
    finally:
        session.close()
