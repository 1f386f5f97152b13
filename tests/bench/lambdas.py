"""A process in which the zips' functions run, hundreds at once, in the time of a play: run by `bursts`, which says what happens.

It imports the functions as the zips hold them, and nothing else of the project: `python lambdas.py ORDER`, where ORDER is a JSON
file, and the outcome is written beside it.
"""

import json
import os
import random
import ssl
import sys
import threading
import time as real_time
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

sys.path.append(str(Path(__file__).parents[1] / "controller"))

import virtual_time
from wire import Wire

LANES = 40
"""Controllers at once: a new table with on-demand capacity has four partitions, each a shard of the stream that is read in ten lanes."""
BATCH = 100
POLL = 0.25
"""Seconds between two looks of Lambda at a stream."""
COLD = {"provider": 0.5, "controller": 1.2}
"""Seconds until a cold environment handles its event; an assumption, like the latencies."""
RUNS_FOR = 120.0
SCHEDULE = 60.0
RESPONSE = 0.06
FOREVER = 3600.0
"""Seconds after which CloudFormation gives a custom resource up, unless its template says otherwise (docs/aws-behaviour.md §5)."""


@dataclass(slots=True)
class Stacks:
    """What stacks have asked, when, and what they were answered and when."""

    time: virtual_time.Time
    asked: dict[str, float] = field(default_factory=dict)
    answered: dict[str, tuple[float, str, str]] = field(default_factory=dict)

    def event(self, one: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
        """The Create of a stack, as CloudFormation sends it now."""
        request = f"request-{one['number']}"
        stack = f"arn:aws:cloudformation:us-east-1:{one['account']}:stack/stack-{one['number']}/0d1c"
        self.asked[request] = self.time.now
        stamp = real_time.strftime("%Y%m%dT%H%M%SZ", real_time.gmtime(self.time.now))
        path = quote(f"{stack}|{one['type']}|{request}", safe="")
        return {
            "RequestType": "Create",
            "RequestId": request,
            "StackId": stack,
            "LogicalResourceId": one["type"],
            "ResourceType": f"Custom::CrossAccount{one['type']}",
            "ResourceProperties": {"ServiceToken": "arn", "ServiceTimeout": "300", **properties},
            "ResponseURL": f"https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/{path}"
            f"?X-Amz-Date={stamp}&X-Amz-Expires=7200&X-Amz-Signature=0",
        }

    def answer(self, request: str, status: str, reason: str = "") -> None:
        """An answer has reached CloudFormation; the first one counts."""
        self.answered.setdefault(request, (self.time.now, status, reason))

    def connection(self, _host: str, **_: Any) -> Any:
        """In place of `http.client.HTTPSConnection`: CloudFormation's response host."""
        return SimpleNamespace(request=self._take, getresponse=lambda: SimpleNamespace(status=200), close=lambda: None)

    def _take(self, _method: str, _target: str, document: bytes, _headers: Mapping[str, str]) -> None:
        self.time.sleep(RESPONSE)
        found = json.loads(document)
        self.answer(found["RequestId"], found["Status"], found.get("Reason", ""))


class Play:
    """One burst: who takes part, and what comes of it."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self.order = order
        self.time = virtual_time.install(float(int(real_time.time())))
        self.stacks = Stacks(self.time)
        self.lanes: list[deque[dict[str, Any]]] = [deque() for _ in range(LANES)]
        self.wire = Wire(
            self.time,
            order["environment"]["REQUESTS_TABLE"],
            self._filed,
            random.Random(order["seed"]),  # noqa: S311
        )
        self.rounds = 0
        os.environ.update(order["environment"], AWS_ENDPOINT_URL=order["endpoint"], AWS_EC2_METADATA_DISABLED="true")
        ssl.create_default_context = lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # type: ignore[assignment]
        import http.client  # noqa: PLC0415 - what the code under test will find there

        http.client.HTTPSConnection = self.stacks.connection  # type: ignore[assignment, misc]

    def run(self) -> dict[str, Any]:
        """Play until every stack has an answer, or CloudFormation gives up; what was found."""
        ask = self._with_product() if self.order["handler"] == "product" else self._with_baseline()
        for number, one in enumerate(self.order["stacks"]):
            traits = {"keys": one["keys"], "until": self.time.now + RUNS_FOR + COLD["provider"]}
            self.time.enter(f"stack {number}", lambda one=one: ask(one), COLD["provider"], **traits)  # type: ignore[misc]
        began, number = self.time.now, len(self.order["stacks"])
        for one in self.order["stacks"]:
            self.stacks.asked[f"request-{one['number']}"] = began
        self.time.play(lambda: len(self.stacks.answered) == number or self.time.now > began + FOREVER)
        return {
            "stacks": {
                request: [self.stacks.answered[request][0] - began, *self.stacks.answered[request][1:]]
                if request in self.stacks.answered
                else [FOREVER, "", "no answer"]
                for request in self.stacks.asked
            },
            "calls": dict(self.wire.calls),
            "refused": dict(self.wire.refused),
            "writes": [at - began for at in self.wire.written],
            "deployments": [at - began for at in self.wire.deployed.values()],
            "rounds": self.rounds,
        }

    # --- the functions of the zips --------------------------------------------------------------------

    def _with_product(self) -> Callable[[Mapping[str, Any]], None]:
        """The entry functions, as Lambda runs them: each invocation of the provider in an environment of its own."""
        sys.path[:0] = [self.order["zips"]["controller"], self.order["zips"]["provider"]]
        import provider  # noqa: PLC0415 - the time of the play stands before anything of the zips is imported

        provider.__path__.append(f"{self.order['zips']['provider']}/provider")
        from provider.controller import entry as controller  # noqa: PLC0415
        from provider.function import clients  # noqa: PLC0415
        from provider.function import entry as function  # noqa: PLC0415

        session = clients._library.__wrapped__()
        self._lead(session, lambda: self.time.running.traits["keys"])  # type: ignore[union-attr]
        clients._library = lambda: session  # type: ignore[assignment]
        self._control(controller)

        def ask(one: Mapping[str, Any]) -> None:
            event = self.stacks.event(one, one["properties"])
            function._centre.cache_clear()  # an environment of its own: nobody else's session with the centre
            function.handler(event, self._context(one["account"], "cross-account-permission"))

        return ask

    def _control(self, controller: Any) -> None:
        own, make, make_session = threading.local(), controller._made.__wrapped__, controller.new_session
        shared = make_session()
        self._lead(shared, lambda: self.order["controller"])
        controller.new_session = lambda: shared

        def of_this_lane(function_arn: str) -> Any:
            if not hasattr(own, "controller"):
                self.time.sleep(COLD["controller"])
                own.controller = make(function_arn)
            return own.controller

        controller._made = of_this_lane
        for number, lane in enumerate(self.lanes):
            self.time.enter(f"lane {number}", lambda lane=lane: self._serve(controller, lane))  # type: ignore[misc]
        self.time.enter("schedule", lambda: self._schedule(controller), SCHEDULE / 2)

    def _filed(self, item: dict[str, Any]) -> None:
        """The stream has a shard per partition, and Lambda reads it in lanes, by key."""
        self.lanes[zlib.crc32(item["account"]["S"].encode()) % LANES].append(item)

    def _serve(self, controller: Any, lane: deque[dict[str, Any]]) -> None:
        self.time.sleep(self.wire.chance.uniform(0, POLL))
        while True:
            self.time.sleep(POLL)
            batch = [lane.popleft() for _ in range(min(BATCH, len(lane)))]
            if batch:
                records = [{"eventName": "INSERT", "dynamodb": {"NewImage": item}} for item in batch]
                self._invoke(controller, {"Records": records})

    def _schedule(self, controller: Any) -> None:
        while True:
            self.rounds += 1
            self.time.enter(f"round {self.rounds}", lambda: self._invoke(controller, {"source": "aws.events"}))
            self.time.sleep(SCHEDULE)

    def _invoke(self, controller: Any, event: Mapping[str, Any]) -> None:
        self.time.running.traits["until"] = self.time.now + RUNS_FOR  # type: ignore[union-attr]
        controller.handler(event, self._context(self.order["central"], "cross-account-permission-controller"))

    def _context(self, account: str, name: str) -> Any:
        until = self.time.running.traits["until"]  # type: ignore[union-attr]
        return SimpleNamespace(
            invoked_function_arn=f"arn:aws:lambda:us-east-1:{account}:function:{name}",
            aws_request_id="r",
            get_remaining_time_in_millis=lambda: int((until - self.time.now) * 1000),
        )

    def _lead(self, session: Any, keys: Callable[[], Any]) -> None:
        """A session whose calls go along the wire, with whatever keys are asked for at the moment."""
        from botocore.credentials import Credentials  # noqa: PLC0415 - not before the time of the play

        self.wire.watch(session)
        session.get_credentials = lambda: Credentials(*keys())

    # --- the baseline ---------------------------------------------------------------------------------

    def _with_baseline(self) -> Callable[[Mapping[str, Any]], None]:
        import botocore.session  # noqa: PLC0415 - not before the time of the play
        from baseline import Handler, OutOfTimeError  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415
        from botocore.exceptions import ClientError  # noqa: PLC0415

        once = Config(
            retries={"mode": "standard", "total_max_attempts": 1}
        )  # the handler repeats its calls itself, for longer
        session = botocore.session.Session()
        self._lead(session, lambda: self.time.running.traits["keys"])  # type: ignore[union-attr]

        def client(service: str, keys: Mapping[str, str] | None = None) -> Any:
            own = keys or {}
            names = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey"}
            names["aws_session_token"] = "SessionToken"
            given = {name: own.get(part) for name, part in names.items()}
            return session.create_client(service, region_name="us-east-1", config=once, **given)

        def ask(one: Mapping[str, Any]) -> None:
            request = f"request-{one['number']}"
            handler = Handler(client, self.order["role"], one["number"])
            try:
                getattr(handler, one["method"])(**one["arguments"])
                status, reason = "SUCCESS", ""
            except OutOfTimeError:
                status, reason = "FAILED", "timed out"
            except ClientError as error:
                status, reason = "FAILED", error.response["Error"]["Code"]
            self.time.sleep(RESPONSE)
            self.stacks.answer(request, status, reason)

        return ask


if __name__ == "__main__":
    _order = Path(sys.argv[1])
    _outcome = Play(json.loads(_order.read_text("utf-8"))).run()
    _order.with_suffix(".outcome").write_text(json.dumps(_outcome), "utf-8")
