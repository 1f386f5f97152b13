"""Sending an answer to CloudFormation's response address, until it is taken or the time is over.

crhelper neither looks at the status nor ever gives up. No address appears in any failure: it is a credential.
"""

import http.client
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from provider.function.addresses import ResponseAddress
from provider.function.clock import Clock
from provider.function.failures import AnswerUndelivered

# Pauses between attempts; their sum is longer than the function's timeout, so that time alone ends it there. Seconds.
_PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0, *[8.0] * 18)
_ATTEMPT = 5.0  # longest wait for one socket operation, seconds
_REPEATABLE = frozenset({408, 429})


@dataclass(frozen=True, slots=True)
class _Fault:
    words: str
    passing: bool


@dataclass(frozen=True, slots=True)
class Sender:
    """What brings documents to response addresses. `trust` says which certificates to believe."""

    clock: Clock = field(default_factory=Clock)
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context

    def __call__(self, address: ResponseAddress, document: bytes, until: float) -> None:
        """Put the document there, trying at least once and not beyond `until` (seconds since the epoch).

        Raises:
            AnswerUndelivered: it was refused, or nothing helped in the time.
        """
        trust = self.trust()
        for pause in _PAUSES:
            fault = self._attempt(address, document, until, trust)
            if fault is None:
                return
            if not fault.passing or self.clock.now() + pause >= until:
                raise AnswerUndelivered(fault.words)
            self.clock.sleep(pause)
        raise AnswerUndelivered("too often")

    def _attempt(
        self,
        address: ResponseAddress,
        document: bytes,
        until: float,
        trust: ssl.SSLContext,
    ) -> _Fault | None:
        timeout = min(_ATTEMPT, max(_PAUSES[0], until - self.clock.now()))
        connection = http.client.HTTPSConnection(address.host, timeout=timeout, context=trust)
        try:
            # The URL's signature covers an empty content type.
            connection.request("PUT", address.target, document, {"Content-Type": ""})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return _Fault(type(error).__name__, passing=True)
        finally:
            connection.close()
        if 200 <= status < 300:
            return None
        return _Fault(f"HTTP {status}", passing=status >= 500 or status in _REPEATABLE)
