# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""A batch of a table's stream that its function fails on is given up after its retries, and set aside as the function's role may."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.function_role_uses import role_may
from provider.localcloud.corrections.ministack_names import part, require, supplant

_LAMBDA = "services.lambda_svc"
_TEST = "tests/localcloud/test_stream_failures.py"
_log = logging.getLogger("localcloud.streams")
_failures: Counter[tuple[str, str]] = Counter()
"""How often the batch that begins with a record has failed, by mapping and sequence number."""


def apply() -> None:
    """Count what fails."""
    require(_LAMBDA, "_iter_all_esms")
    supplant(_LAMBDA, "_send_ddb_stream_failure_record", _sending_as_the_role)
    supplant(_LAMBDA, "_execute_function", _giving_up)


@behaviour(
    call="lambda:CreateEventSourceMapping",
    expected="a batch of a table's stream that fails more often than MaximumRetryAttempts says is passed over, and told to the "
    "OnFailure destination (here as a whole, whether or not it is to be halved)",
    source="AWS Lambda Developer Guide, using Lambda with DynamoDB: error handling, retain discarded batches",
    test=f"{_TEST}::test_a_batch_that_fails_to_the_end_is_set_aside_and_the_next_one_taken",
)
def _giving_up(old: Callable[..., Any]) -> Callable[..., Any]:
    def execute(function: Mapping[str, Any], event: Any) -> Any:
        result = old(function, event)
        mapping = _mapping(function, event)
        if mapping is None:
            return result
        records = event["Records"]
        key = (str(mapping["UUID"]), str(records[0]["dynamodb"]["SequenceNumber"]))
        if not result.get("error"):
            _failures.pop(key, None)
            return result
        _failures[key] += 1
        if _failures[key] <= int(mapping["MaximumRetryAttempts"]):
            return result
        del _failures[key]
        send = part(_LAMBDA)._send_ddb_stream_failure_record
        send(mapping, function, records, mapping["EventSourceArn"], result, "RetryAttemptsExhausted")
        return {**result, "error": False}  # so that the stream goes on behind the batch

    return execute


def _mapping(function: Mapping[str, Any], event: Any) -> Any:
    """The mapping that hands a batch of a table's stream to a function, where it limits retries; else None."""
    records = event.get("Records") if isinstance(event, dict) else None
    first = records[0] if isinstance(records, list) and records else None
    if not isinstance(first, dict) or first.get("eventSource") != "aws:dynamodb":
        return None
    name = (function.get("config") or function).get("FunctionName")
    for _, _, mapping in part(_LAMBDA)._iter_all_esms():
        is_ours = mapping.get("EventSourceArn") == first.get("eventSourceARN") and mapping.get("FunctionName") == name
        retries = mapping.get("MaximumRetryAttempts")
        if is_ours and retries is not None and int(retries) >= 0:
            return mapping
    return None


@behaviour(
    call="sqs:SendMessage",
    expected="Lambda sends a batch that has failed to its queue only if the function's role may sqs:SendMessage there",
    source="AWS Lambda Developer Guide, using Lambda with DynamoDB: retain discarded batches, required permissions",
    test=f"{_TEST}::test_a_batch_is_set_aside_only_if_the_role_may_send",
)
def _sending_as_the_role(old: Callable[..., None]) -> Callable[..., None]:
    def send(mapping: Mapping[str, Any], function: Mapping[str, Any], *rest: Any) -> None:
        target = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination", "")
        role = str((function.get("config") or function).get("Role"))
        session = time.strftime("awslambda_%j_%Y%m%d%H%M%S")
        if target.startswith("arn:aws:sqs:") and not role_may(role, session, "sqs:SendMessage", target):
            _log.warning("%s may not send what has failed to %s", role, target)
            return
        old(mapping, function, *rest)

    return send
