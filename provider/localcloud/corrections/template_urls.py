"""Templates and stack policies in S3 are read in the caller's name, by any of S3's forms of URL, across accounts."""

# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import permissions
from provider.localcloud.cloudformation.permissions import NotAuthorizedError
from provider.localcloud.cloudformation.requests import RequestRefusedError, value
from provider.localcloud.corrections.ministack_names import part, require, supplant

_HELPERS = "services.cloudformation.helpers"
_MORE = "\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
_S3_HOST = re.compile(r"(?:(?P<bucket>[a-z0-9][a-z0-9.-]+)\.)?s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?")
_LOCAL = ("127.0.0.1", "localhost")
_BYTES = 1_000_000

_Found = tuple[str | None, Any]


def apply() -> None:
    """Read what a URL names in the base's place."""
    require(_HELPERS, "_error")
    require("services.s3", "_bucket_owner_account", "_get_object_data")
    supplant(_HELPERS, "_resolve_document", _reading)


@behaviour(
    call="cloudformation:CreateStack",
    expected="TemplateURL is read with the caller's permissions, also from another account's bucket; else 'S3 error: Access Denied…'",
    source="AWS CloudFormation API Reference, CreateStack; docs/aws-behaviour.md §6",
    test="tests/localcloud/test_stacks.py::test_a_template_in_s3_is_read_in_the_callers_name",
)
def _reading(old: Callable[..., _Found]) -> Callable[..., _Found]:
    def resolve(parameters: Mapping[str, Any], body_key: str, url_key: str, label: str) -> _Found:
        url = value(parameters, url_key)
        if not url or value(parameters, body_key):
            return old(parameters, body_key, url_key, label)
        try:
            return _read(url, url_key), None
        except RequestRefusedError as refused:
            return None, part(_HELPERS)._error(refused.code, str(refused))

    return resolve


def _read(url: str, url_key: str) -> str:
    bucket, key = _place(url, url_key)
    s3, scope = part("services.s3"), part("core.responses")
    owner = s3._bucket_owner_account(bucket)
    try:
        permissions.authorise("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}")
    except NotAuthorizedError:
        raise RequestRefusedError(f"S3 error: Access Denied{_MORE}") from None
    if owner is None:
        raise RequestRefusedError(f"S3 error: The specified bucket does not exist{_MORE}")
    with scope.request_scope(owner, scope.get_region()):
        found: bytes | None = s3._get_object_data(bucket, key)
    if found is None:
        raise RequestRefusedError(f"S3 error: The specified key does not exist.{_MORE}")
    if len(found) > _BYTES:
        raise RequestRefusedError(f"Template may not exceed {_BYTES} bytes in size.")
    return found.decode()


def _place(url: str, url_key: str) -> tuple[str, str]:
    """Bucket and key of a URL, with the bucket in its host or in its path."""
    parts = urlsplit(url)
    host = _S3_HOST.fullmatch(parts.hostname or "")
    path = unquote(parts.path).lstrip("/")
    if host is not None and host["bucket"]:
        return host["bucket"], path
    bucket, _, key = path.partition("/")
    if not key or (host is None and parts.hostname not in _LOCAL):
        raise RequestRefusedError(f"{url_key} must be a supported URL.")
    return bucket, key
