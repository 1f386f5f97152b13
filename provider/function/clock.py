"""Time as an argument, so that every wait can be tested without waiting.

Nothing else in the function may call `time` on its own.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

# The form of X-Amz-Date in a signed URL, and of every `issuedAt`.
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Clock:
    """The time now and a way to let it pass, both in seconds.

    `now` counts from the epoch: it is compared with the times that CloudFormation and STS state.
    """

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def stamp(seconds: float) -> str:
    """Say seconds since the epoch in the form of X-Amz-Date, such as `20261121T031800Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime(STAMP)


def seconds_of(stamped: str) -> float:
    """Read a stamp back into seconds since the epoch.

    Raises:
        ValueError: it is not the stamp of any moment.
    """
    return datetime.strptime(stamped, STAMP).replace(tzinfo=UTC).timestamp()
