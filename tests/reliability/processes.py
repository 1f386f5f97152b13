"""The controller and the provider as processes that live for one invocation, in the test's own process.

Their Lambda entries run as they are deployed; only time, the way to AWS and the name of the response host are the
test's. Each invocation is a cold start, as after a crash.
"""

import http.client
import json
import os
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
from crash_hooks import Point, Stopped, Wire, stop
from deployed_names import ANSWERS, CENTRAL, CONSUMER, GRANTS, HOME, PREFIX, REQUESTS

from provider.controller import dynamodb_ledger
from provider.controller import entry as controller
from provider.controller.sessions import new_session
from provider.function import clients
from provider.function.centre import Centre
from provider.function.clock import Clock, stamp
from provider.function.entry import Provider
from provider.function.sending import Sender

Keys = tuple[str, str, str]

ENVIRONMENT = {
    "REQUESTS_TABLE": REQUESTS,
    "ANSWERS_TABLE": ANSWERS,
    "GRANTS_TABLE": GRANTS,
    "GRANTOR_ROLE": f"{PREFIX}/{PREFIX}-grantor",
    "REQUEST_ROLE_ARN": f"arn:aws:iam::{CENTRAL}:role/{PREFIX}/{PREFIX}-request",
    "HOME_REGION": HOME,
}
_RUNS_FOR = 120.0  # both functions' timeout, seconds


@dataclass(slots=True)
class Hours:
    """Time that passes only while somebody sleeps or a test says so; alarms go off on the way."""

    time: float
    alarms: list["Alarm"] = field(default_factory=list)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        end = self.time + seconds
        while due := [alarm for alarm in self.alarms if alarm.at <= end]:
            alarm = min(due, key=lambda one: one.at)
            self.alarms.remove(alarm)
            self.time = max(self.time, alarm.at)
            alarm.ring()
        self.time = max(self.time, end)

    def timer(self, seconds: float, ring: Callable[[], None]) -> "Alarm":
        """In place of `threading.Timer`."""
        return Alarm(self, self.time + seconds, ring)


@dataclass(eq=False, slots=True)
class Alarm:
    """What happens at a time, unless it is cancelled or its process ends before."""

    hours: Hours
    at: float
    ring: Callable[[], None]
    daemon: bool = False

    def start(self) -> None:
        """Count from now on."""
        self.hours.alarms.append(self)

    def cancel(self) -> None:
        """Never mind."""
        if self in self.hours.alarms:
            self.hours.alarms.remove(self)

    def join(self) -> None:
        """It rings in the one thread that there is, and so is over."""


@dataclass(frozen=True, slots=True)
class Context:
    """Lambda's context of a function of ours that has just been invoked."""

    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds."""
        return int(_RUNS_FOR * 1000)


def connected(session: botocore.session.Session, wire: Wire, endpoint: str, keys: Keys) -> botocore.session.Session:
    """A session of the product's, led to the local cloud: its clients' calls are numbered on `wire`.

    Clients without credentials of their own are kept from one process to the next: making them takes longer than
    all that they do.
    """
    for variable in ("config_file", "credentials_file"):
        session.set_config_variable(variable, os.devnull)
    session.set_credentials(*keys)
    wire.watch(session)
    create, kept = session.create_client, {}

    def create_client(service: str, region_name: str | None = None, **options: Any) -> Any:
        if options.get("aws_session_token"):
            return create(service, region_name, endpoint_url=endpoint, **options)
        if (service, region_name) not in kept:
            kept[service, region_name] = create(service, region_name, endpoint_url=endpoint, **options)
        return kept[service, region_name]

    session.create_client = create_client  # type: ignore[method-assign]
    return session


def records(*items: Mapping[str, Any]) -> dict[str, Any]:
    """An event of the requests' stream: these items are new."""
    return {"Records": [{"eventName": "INSERT", "dynamodb": {"NewImage": item}} for item in items]}


def scheduled() -> dict[str, Any]:
    """An event of the schedule."""
    return {"source": "aws.events", "detail-type": "Scheduled Event"}


@dataclass(slots=True)
class ControllerProcess:
    """The controller under its role; `wire` has the calls of its last invocation.

    `shards` are the parts of the index of due resources, None for as many as the product has: looking at all of them
    is a quarter of all calls here, and they are all alike.
    """

    endpoint: str
    keys: Keys
    hours: Hours
    shards: int | None = None
    wire: Wire = field(default_factory=Wire)
    _session: Any = None

    def __post_init__(self) -> None:
        self._session = connected(new_session(), self.wire, self.endpoint, self.keys)

    def take(self, *items: Mapping[str, Any], end: Point | None = None) -> bool:
        """What the stream brings: these new requests. False: the process has stopped."""
        return self.invoke(records(*items), end)

    def round(self, end: Point | None = None) -> bool:
        """What the schedule has it do."""
        return self.invoke(scheduled(), end)

    def invoke(self, event: Mapping[str, Any], end: Point | None = None) -> bool:
        """Handle an event from a cold start; False: the process has stopped at `end`."""
        context = Context(f"arn:aws:lambda:{HOME}:{CENTRAL}:function:{PREFIX}-controller")
        self.wire.begin(end)
        with self._cold():
            try:
                controller.handler(event, context)
            except Stopped:
                return False
        return True

    @contextmanager
    def _cold(self) -> Iterator[None]:
        time = SimpleNamespace(time=self.hours.now, sleep=self.hours.sleep)
        controller._controller.cache_clear()
        with (
            patch.object(controller, "time", time),
            patch.object(controller, "new_session", lambda: self._session),
            patch.object(controller, "_configure_logging", lambda: None),
            patch.object(dynamodb_ledger, "SHARDS", self.shards or dynamodb_ledger.SHARDS),
            patch.dict(os.environ, ENVIRONMENT),
        ):
            yield
        controller._controller.cache_clear()


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
        session, self._session = self._session, self._connected(endpoint)
        yield
        self._session = session

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
        self.hours.timer(_RUNS_FOR, stop).start()
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
