"""The provider as a process that lives for one invocation, in the test's own process, and CloudFormation's end.

Its parts are put together as its Lambda entry does; only time, the way to AWS and the response host are the test's.
"""

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import botocore.session
from controller_process import ENVIRONMENT, RUNS_FOR, Context, Keys, connected
from crash_hooks import Point, Stopped, Wire, stop
from deployed_names import CONSUMER, HOME, PREFIX
from hours import Hours

from provider.function import clients
from provider.function.centre import Centre
from provider.function.clock import Clock, stamp
from provider.function.entry import Provider
from provider.function.sending import Sender


@dataclass(slots=True)
class ResponseHost:
    """CloudFormation's end: the documents that it took. `faults` say what becomes of the next attempts.

    A number is the reply's HTTP status; an exception is what the connection meets, a TimeoutError after its time.
    """

    wire: Wire
    hours: Hours
    faults: list[int | Exception] = field(default_factory=list)
    documents: list[Any] = field(default_factory=list)
    taken_at: list[float] = field(default_factory=list)

    def clear(self) -> None:
        """Forget what was taken."""
        self.documents.clear()
        self.taken_at.clear()

    def take(self, document: bytes, timeout: float) -> int:
        """One attempt; the status of the reply."""
        self.wire.sending("cloudformation.Put")
        fault = self.faults.pop(0) if self.faults else 200
        if isinstance(fault, TimeoutError):
            self.hours.sleep(timeout)
        if isinstance(fault, Exception):
            raise fault
        if fault == 200:
            self.documents.append(json.loads(document))
            self.taken_at.append(self.hours.now())
        self.wire.received()
        return fault

    def connection(self, _host: str, *, timeout: float, context: ssl.SSLContext) -> Any:
        """In place of `http.client.HTTPSConnection`."""
        del context
        return _Connection(self, timeout)


@dataclass(slots=True)
class _Connection:
    host: ResponseHost
    timeout: float
    status: int = 0

    def request(self, method: str, _target: str, document: bytes, _headers: Mapping[str, str]) -> None:
        assert method == "PUT"
        self.status = self.host.take(document, self.timeout)

    def getresponse(self) -> Any:
        return SimpleNamespace(status=self.status)

    def close(self) -> None:
        pass


@dataclass(slots=True)
class ProviderProcess:
    """The consumer's provider under its role; each `provider()` is a cold environment.

    `meanwhile` is called whenever it waits: then others work.
    """

    endpoint: str
    keys: Keys
    hours: Hours
    meanwhile: Callable[[], object] = lambda: None
    environment: Mapping[str, str] = field(default_factory=lambda: ENVIRONMENT)
    wire: Wire = field(default_factory=Wire)
    host: ResponseHost = field(init=False)
    _session: Any = None

    def __post_init__(self) -> None:
        self.host = ResponseHost(self.wire, self.hours)
        self._session = self._connected(self.endpoint)

    def _connected(self, endpoint: str) -> botocore.session.Session:
        return connected(clients._library.__wrapped__(), self.wire, endpoint, self.keys)

    @contextmanager
    def elsewhere(self, endpoint: str) -> Iterator[None]:
        """Meanwhile AWS is looked for there."""
        with patch.object(self, "_session", self._connected(endpoint)):
            yield

    def provider(self) -> Provider:
        """The function as its entry puts it together."""
        clock = Clock(self.hours.now, self._sleep)
        known: dict[Any, Centre] = {}

        def connect(settings: Any, account: Any) -> Centre:
            return known.setdefault((settings, account), Centre(settings, account, clients.open_client, clock))

        return Provider(
            self.environment, clock, connect, Sender(clock, lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        )

    def _sleep(self, seconds: float) -> None:
        self.hours.sleep(seconds)
        self.meanwhile()

    def invoke(self, event: Mapping[str, Any], end: Point | None = None, warm: Provider | None = None) -> bool:
        """Handle an event; False: the process has stopped at `end`, or Lambda has ended it when its time was over."""
        self.wire.begin(end)
        context = Context(f"arn:aws:lambda:{HOME}:{CONSUMER}:function:{PREFIX}")
        self.hours.timer(RUNS_FOR, stop).start()
        with (
            patch.object(clients, "_library", lambda: self._session),
            patch.object(http.client, "HTTPSConnection", self.host.connection),
            patch.object(threading, "Timer", self.hours.timer),
            patch("botocore.endpoint.time", SimpleNamespace(sleep=self.hours.sleep)),
        ):
            try:
                (warm or self.provider())(event, context)
            except Stopped:
                return False
            finally:
                self.hours.alarms.clear()
        return True


def with_response_url(event: Mapping[str, Any], issued_at: float) -> dict[str, Any]:
    """An event as CloudFormation sends it, at a time."""
    path = quote("|".join(event[key] for key in ("StackId", "LogicalResourceId", "RequestId")), safe="")
    host = "cloudformation-custom-resource-response-useast1.s3.amazonaws.com"
    query = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={stamp(issued_at)}&X-Amz-Expires=7200&X-Amz-Signature=0"
    return {**event, "ResponseURL": f"https://{host}/{path}?{query}"}
