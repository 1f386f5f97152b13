"""The controller as a process that lives for one invocation, in the test's own process.

Its Lambda entry runs as it is deployed; only time and the way to AWS are the test's. Each invocation is a cold start,
as after a crash.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import botocore.session
from crash_hooks import Point, Stopped, Wire
from deployed_names import ANSWERS, CENTRAL, GRANTS, HOME, PREFIX, REQUESTS
from hours import Hours

from provider.controller import dynamodb_ledger
from provider.controller import entry as controller
from provider.controller.sessions import new_session

Keys = tuple[str, str, str]

ENVIRONMENT = {
    "REQUESTS_TABLE": REQUESTS,
    "ANSWERS_TABLE": ANSWERS,
    "GRANTS_TABLE": GRANTS,
    "GRANTOR_ROLE": f"{PREFIX}/{PREFIX}-grantor",
    "OBSERVER_ROLE": f"{PREFIX}/{PREFIX}-observer",
    "REQUEST_ROLE_ARN": f"arn:aws:iam::{CENTRAL}:role/{PREFIX}/{PREFIX}-request",
    "HOME_REGION": HOME,
}
RUNS_FOR = 120.0  # both functions' timeout, seconds


@dataclass(frozen=True, slots=True)
class Context:
    """Lambda's context of a function of ours that has just been invoked."""

    invoked_function_arn: str
    aws_request_id: str = "invocation"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds."""
        return int(RUNS_FOR * 1000)


class NoLog:
    """In place of the controller's log, which would take lines away from pytest."""

    def begin(self, invocation: str) -> None: ...


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
        self.wire.now = self.hours.now
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
        controller._made.cache_clear()
        with (
            patch.object(controller, "time", time),
            patch("botocore.endpoint.time", time),
            patch.object(controller, "new_session", lambda: self._session),
            patch.object(controller, "ControllerLog", NoLog),
            patch.object(dynamodb_ledger, "SHARDS", self.shards or dynamodb_ledger.SHARDS),
            patch.dict(os.environ, ENVIRONMENT),
        ):
            yield
        controller._made.cache_clear()
