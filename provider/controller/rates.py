"""How many requests an account may send: one that floods is answered, cheaply, and takes no time from the others.

Each running controller counts for itself. The stream brings an account's requests to one of them at a time, so the counts of
others do not add up to much more.
"""

from collections import OrderedDict
from dataclasses import dataclass

from provider.core.errors import TooManyRequests
from provider.core.identifiers import AccountId

BURST = 1000
"""Requests that an account may send at once: more stacks than an account has."""
PER_SECOND = 10.0

_REMEMBERED = 5000  # accounts


@dataclass(slots=True)
class _Bucket:
    """What an account has left, as of a time in epoch seconds."""

    left: float
    at: float


class Rates:
    """The buckets of the accounts that were heard of last."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[AccountId, _Bucket] = OrderedDict()

    def count(self, account: AccountId, now: float) -> None:
        """Count a request.

        Args:
            account: who sends it.
            now: epoch seconds.

        Raises:
            TooManyRequests: the account has sent too many.
        """
        bucket = self._buckets.setdefault(account, _Bucket(BURST, now))
        self._buckets.move_to_end(account)
        while len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        bucket.left = min(BURST, bucket.left + (now - bucket.at) * PER_SECOND)
        bucket.at = now
        if bucket.left < 1:
            raise TooManyRequests(account)
        bucket.left -= 1
