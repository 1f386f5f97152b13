"""The warm execution environments of all functions, and how many there may be of each."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from provider.localcloud.sandbox import Sandbox

BOUND = 16
"""Processes per function; further invocations wait for one to become free."""


@dataclass(frozen=True, slots=True)
class Function:
    """One published or unpublished version of a function: what shares environments."""

    account: str
    region: str
    name: str
    version: str

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"


@dataclass(slots=True)
class _Lease:
    sandbox: Sandbox
    fingerprint: str
    busy: bool = True
    doomed: bool = False


@dataclass(slots=True)
class Pool:
    """Leases environments. `fingerprint` tells code and configuration: another one is another environment."""

    _leases: dict[Function, list[_Lease]] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def lease(
        self, function: Function, fingerprint: str, make: Callable[[], Sandbox], patience: float
    ) -> Sandbox | None:
        """Take a free environment or make one; None when none became free in `patience` seconds."""
        until = time.monotonic() + patience
        with self._changed:
            while True:
                self._drop(function, lambda lease: lease.fingerprint != fingerprint or not lease.sandbox.usable)
                leases = self._leases.setdefault(function, [])
                free = next((lease for lease in leases if not lease.busy), None)
                if free is not None:
                    free.busy = True
                    return free.sandbox
                if len(leases) < BOUND:
                    leases.append(_Lease(make(), fingerprint))
                    return leases[-1].sandbox
                if not self._changed.wait(until - time.monotonic()):
                    return None

    def release(self, function: Function, sandbox: Sandbox) -> None:
        """Give an environment back; one that was doomed meanwhile, or has died, ends."""
        with self._changed:
            for lease in self._leases.get(function, []):
                if lease.sandbox is sandbox:
                    lease.busy = False
                    lease.doomed = lease.doomed or not sandbox.usable
            self._drop(function, lambda lease: lease.doomed)
            self._changed.notify_all()

    def drop(self, matching: Callable[[Function], bool]) -> None:
        """End all environments of the functions that match; who serves an event ends after it."""
        with self._changed:
            for function in [function for function in self._leases if matching(function)]:
                self._drop(function, lambda _: True)
            self._changed.notify_all()

    def _drop(self, function: Function, unwanted: Callable[[_Lease], bool]) -> None:
        leases = self._leases.get(function, [])
        for lease in [lease for lease in leases if unwanted(lease)]:
            lease.doomed = True
            if not lease.busy:
                leases.remove(lease)
                threading.Thread(target=lease.sandbox.close, daemon=True).start()
        if not leases:
            self._leases.pop(function, None)
