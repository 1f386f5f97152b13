"""Calls of the owners' AWS services, and what their errors mean to a pass."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from provider.core.errors import CrossAccountError, ShutOut, WriteUnsettled
from provider.core.identifiers import Arn

_DENIED = ("AccessDeniedException", "AccessDenied")

Explains = Callable[[Arn, str, str], CrossAccountError | None]
"""(arn, error code, message) -> what the service means by it; None where it says nothing of its own."""


def call(arn: Arn, service: str, explains: Explains, operation: Callable[..., Any], **arguments: Any) -> Any:
    """What an operation answers.

    Args:
        arn: what the call is about.
        service: as IAM actions begin, such as `lambda`.
        explains: the service's own errors.
        operation: a method of a client.
        arguments: what the operation takes.

    Raises:
        ShutOut: the owner's account does not let us.
        WriteUnsettled: whatever may pass: concurrent changes, a moved revision, throttling, a fault, no connection.
        CrossAccountError: what `explains` says.
    """
    try:
        return operation(**arguments)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        explained = explains(arn, code, message)
        if explained is None and code in _DENIED:
            explained = ShutOut(arn, f"{service}:{operation.__name__.title().replace('_', '')}")
        raise explained or WriteUnsettled(arn, code) from error
    except BotoCoreError as error:
        raise WriteUnsettled(arn, type(error).__name__) from error
