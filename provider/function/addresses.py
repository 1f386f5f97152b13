"""Where CloudFormation takes answers, and that nothing else is ever connected to.

Whoever may invoke the function may write any ResponseURL, so an answer goes only to CloudFormation's own bucket of
the function's own Region, and only under the name of the very event (`docs/aws-behaviour.md` §5, §9). The URL is a
credential: it is kept out of `repr`, and no failure quotes it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from provider.function.clock import seconds_of
from provider.function.failures import ResponseAddressRefused

_BUCKET = "cloudformation-custom-resource-response-"
_PRINTABLE = re.compile(r"[!-~]+")
_STAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")


@dataclass(frozen=True, slots=True)
class ResponseAddress:
    """A checked place for one event's answer.

    `issued_at` is CloudFormation's own time of the event, None where the URL does not say (Signature Version 2).
    """

    host: str
    target: str = field(repr=False)
    issued_at: str | None


def address_of(event: Mapping[str, Any], region: str) -> ResponseAddress:
    """Check an event's ResponseURL against the event and the function's Region.

    Raises:
        ResponseAddressRefused: CloudFormation would not send that URL with this event.
    """
    url = event["ResponseURL"]
    if not isinstance(url, str) or not _PRINTABLE.fullmatch(url):
        raise ResponseAddressRefused("is not printable text")
    parts = _split(url)
    if parts.scheme != "https":
        raise ResponseAddressRefused("does not start with https://")
    host = parts.netloc.removesuffix(":443")
    if host not in _hosts(region):
        raise ResponseAddressRefused(f"does not name CloudFormation's response host of {region}")
    if parts.fragment or unquote(parts.path) != _path(event):
        raise ResponseAddressRefused("does not name the event's own StackId, LogicalResourceId and RequestId")
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return ResponseAddress(host, target, _issued_at(parts.query))


def _split(url: str) -> SplitResult:
    """Split a URL without letting the parser's complaint, which quotes it, out."""
    try:
        return urlsplit(url)
    except ValueError:
        raise ResponseAddressRefused("cannot be read as a URL") from None


def _hosts(region: str) -> frozenset[str]:
    """All names of a Region's response bucket. `us-east-1` has the oldest form besides."""
    bucket = _BUCKET + region.replace("-", "")
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    hosts = {f"{bucket}.s3.{region}.{domain}", f"{bucket}.s3-{region}.{domain}"}
    return frozenset(hosts | {f"{bucket}.s3.{domain}"} if region == "us-east-1" else hosts)


def _path(event: Mapping[str, Any]) -> str:
    """The object's name, decoded. S3 decodes once, and so does the comparison."""
    names = [event.get(key) for key in ("StackId", "LogicalResourceId", "RequestId")]
    if not all(isinstance(name, str) and name for name in names):
        raise ResponseAddressRefused("comes without a StackId, LogicalResourceId and RequestId")
    return "/" + "|".join(map(str, names))


def _issued_at(query: str) -> str | None:
    """The URL's one X-Amz-Date, if it is the stamp of a moment."""
    match parse_qs(query).get("X-Amz-Date"):
        case [stamped] if _STAMP.fullmatch(stamped):
            try:
                seconds_of(stamped)
            except ValueError:
                return None
            return stamped
    return None
