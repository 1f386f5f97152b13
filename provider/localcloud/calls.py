"""The record of one AWS call, as the front door saw it. It never holds a credential."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who (`principal`, an ARN), in which account and Region, what, on what, and how it ended.

    `at` is seconds since the epoch, `status` the HTTP status, `error` AWS's error code or "".
    `account` is the caller's account; what was not known is "".
    """

    at: float
    account: str
    principal: str
    service: str
    action: str
    region: str
    resource: str
    status: int
    error: str
