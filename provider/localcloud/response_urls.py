"""The ResponseURLs of custom resources: presigned S3 URLs of AWS's form, and what is put to them.

Form and validity: `docs/aws-behaviour.md` §5. Whoever holds the URL may answer, as on AWS.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex
from urllib.parse import parse_qs, quote, unquote

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_VALID = 7200
"""Seconds for which a URL may be used."""

_BUCKET = "cloudformation-custom-resource-response-"

Deliver = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class _Issued:
    signature: str
    until: float
    deliver: Deliver


_issued: dict[tuple[str, str], _Issued] = {}
_lock = threading.Lock()


def issue(*, region: str, stack: str, logical: str, request: str, deliver: Deliver) -> str:
    """Make the URL for one request of a stack (its ARN); `deliver` gets the body of every PUT to it.

    `deliver` is called on the server's event loop and must return at once.
    """
    host, key = _host(region), f"{stack}|{logical}|{request}"
    signed = AWSRequest("PUT", f"https://{host}/{quote(key, safe='/')}")
    S3SigV4QueryAuth(_service_credentials(), "s3", region, expires=_VALID).add_auth(signed)
    url = str(signed.url)
    signature = parse_qs(url.partition("?")[2])["X-Amz-Signature"][0]
    with _lock:
        _issued[(host, key)] = _Issued(signature, time.time() + _VALID, deliver)
    return url


def withdraw(url: str) -> None:
    """Forget a URL that is no longer waited for; S3 would still accept its PUT, and so does this."""
    place = _place(url)
    with _lock:
        known = _issued.get(place)
        if known is not None:
            _issued[place] = _Issued(known.signature, known.until, lambda _: None)


def is_response_host(host: str) -> bool:
    """Whether a Host header names one of the buckets that take answers."""
    return host.startswith(_BUCKET)


def put(host: str, path: str, query: str, body: bytes) -> int:
    """Take a PUT (path still encoded) and return its HTTP status: 200, or 403 for a wrong or expired URL."""
    given = parse_qs(query).get("X-Amz-Signature", [""])[0]
    with _lock:
        known = _issued.get((host.partition(":")[0], unquote(path).lstrip("/")))
    if known is None or given != known.signature or time.time() > known.until:
        return 403
    known.deliver(body)
    return 200


def _host(region: str) -> str:
    """`….s3.<region>.amazonaws.com`; us-east-1 without its name, China under its own suffix."""
    bucket = _BUCKET + region.replace("-", "")
    if region == "us-east-1":
        return f"{bucket}.s3.amazonaws.com"
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{bucket}.s3.{region}.{suffix}"


def _place(url: str) -> tuple[str, str]:
    host, _, rest = url.removeprefix("https://").partition("/")
    return host, unquote(rest.partition("?")[0])


def _service_credentials() -> Credentials:
    """CloudFormation's own in real life; nobody verifies with them, the issued signature itself is compared."""
    return Credentials(f"ASIA{token_hex(8).upper()}", token_hex(20), token_hex(32))
