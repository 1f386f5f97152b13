"""How long the Lambda service waits before it retries an asynchronous invocation that ended in an error."""

import os

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import require

VARIABLE = "LOCALCLOUD_ASYNC_RETRY_SECONDS"
AWS_WAITS = "60,120"


@behaviour(
    call="lambda:Invoke",
    expected="an asynchronous invocation that ends in a function error is retried twice, after one and two minutes "
    f"({VARIABLE} shortens the waits)",
    source="docs/aws-behaviour.md §5",
    test="tests/localcloud/test_custom_resources.py::test_an_event_whose_function_fails_is_sent_again",
)
def apply() -> None:
    """Set the base's waits, which double from the first to a longest."""
    functions = require("services.lambda_svc", "_LAMBDA_ASYNC_RETRY_BASE_SECONDS", "_LAMBDA_ASYNC_RETRY_MAX_SECONDS")
    first, second = waits(os.environ.get(VARIABLE, AWS_WAITS))
    functions._LAMBDA_ASYNC_RETRY_BASE_SECONDS = first  # noqa: SLF001 - required above
    functions._LAMBDA_ASYNC_RETRY_MAX_SECONDS = second  # noqa: SLF001 - required above


def waits(told: str) -> tuple[float, float]:
    """Read `first,second` seconds; the second at most twice the first.

    Raises:
        ValueError: it is not so.
    """
    first, second = (float(part) for part in told.split(","))
    if not 0 <= second <= 2 * first:
        raise ValueError(f"{VARIABLE}={told!r} must be two numbers of seconds, the second at most twice the first.")
    return first, second
