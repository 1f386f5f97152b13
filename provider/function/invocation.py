"""What Lambda itself says about one invocation: whose function it is, where, and how long it may run.

The account and the Region come from here and never from the event: an event is a claim (`docs/aws-behaviour.md` §9).
"""

from dataclasses import dataclass
from typing import NewType, Protocol, Self

from provider.function.clock import seconds_of

AccountId = NewType("AccountId", str)

# Sending an answer needs this much at the end; all else must be over by then. Seconds.
SENDING = 8.0
# Of those, what a call already under way may still use before the event is answered without it.
GRACE = 3.0
# The last moment of an invocation is Lambda's own.
_LAST = 0.5


class Context(Protocol):
    """The part of Lambda's context object that is used here."""

    @property
    def invoked_function_arn(self) -> str:
        """The ARN by which the function was invoked, perhaps with a version or alias."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """The account and Region of the function, and when Lambda ends it (seconds since the epoch)."""

    account: AccountId
    region: str
    ends: float

    @classmethod
    def of(cls, context: Context, now: float) -> Self:
        """Read Lambda's context.

        Raises:
            ValueError: Lambda's ARN has no Region and account.
        """
        _, _, _, region, account, *_ = context.invoked_function_arn.split(":")
        return cls(AccountId(account), region, now + context.get_remaining_time_in_millis() / 1000)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When to stop waiting for the centre, and when to stop trying to send (seconds since the epoch)."""

    waiting: float
    sending: float

    @classmethod
    def of(cls, invocation: Invocation, issued_at: str, service_timeout: int | None) -> Self:
        """Take the earlier of Lambda's end and CloudFormation's patience, less what sending needs.

        CloudFormation counts ServiceTimeout from its own time of the event. A short one keeps half for the answer.
        """
        waiting = invocation.ends - SENDING
        if service_timeout is not None:
            patience = service_timeout - min(SENDING, service_timeout / 2)
            waiting = min(waiting, seconds_of(issued_at) + patience)
        return cls(waiting=waiting, sending=invocation.ends - _LAST)
