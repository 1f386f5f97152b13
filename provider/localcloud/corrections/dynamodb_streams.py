# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""DynamoDB Streams: the resource that IAM is asked about is the stream."""

import json
from collections.abc import Callable
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_STREAMS = "services.dynamodb_streams"


def apply() -> None:
    """Name the stream."""
    require(_STREAMS, "_decode_iterator")
    supplant("core.iam_actions", "extract_resource_arn", _naming_the_stream)


@behaviour(
    call="dynamodb:GetRecords",
    expected="DescribeStream, GetShardIterator and GetRecords are about the stream's ARN; ListStreams has no resource",
    source="Service Authorization Reference, Amazon DynamoDB",
    test="tests/localcloud/test_dynamodb_streams.py::test_a_stream_is_a_resource_of_its_own",
)
def _naming_the_stream(old: Callable[..., str]) -> Callable[..., str]:
    def arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        found = _stream(body) if service == "dynamodbstreams" else ""
        return found or old(service, method, path, headers, body, *rest)

    return arn


def _stream(body: bytes) -> str:
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return ""
    if not isinstance(asked, dict):
        return ""
    decoded = part(_STREAMS)._decode_iterator(str(asked.get("ShardIterator", ""))) or {}
    return str(asked.get("StreamArn") or decoded.get("arn") or "")
