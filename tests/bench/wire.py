"""The way from functions to AWS: each call takes its time, counts against its account's rate, and is recorded.

What a call does is the local cloud's business; when it does it, and whether AWS takes it just then, is decided here, by the time
of the play. Rates are AWS's (docs/aws-behaviour.md §1, §3). Latencies are assumptions, and the same for all that is compared.
"""

import json
import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
from capacity import item_size, read_units, write_units
from virtual_time import Time

LATENCY = {
    "dynamodb": 0.006,
    "dynamodb.Query": 0.012,
    "dynamodb.TransactWriteItems": 0.024,
    "sts": 0.06,
    "lambda": 0.15,
    "api-gateway": 0.15,
    "api-gateway.CreateDeployment": 0.6,
    "eventbridge": 0.03,
}
"""Seconds of a call, by service or operation; each call takes between three quarters and one and a half times as long."""
PER_ITEM = 0.001
"""Seconds that each item of a transaction takes besides."""
OWN_WORK = 0.004
"""Seconds that a function itself needs around a call, with the third of a processor that its memory brings."""
PARTITION = {"write": 1000.0, "read": 3000.0}
"""Units per second that DynamoDB serves of the items of one partition key."""


@dataclass(slots=True)
class Bucket:
    """What a rate leaves: `rate` per second, `burst` at once."""

    rate: float
    burst: float
    left: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.left = self.burst

    def take(self, now: float, number: float = 1.0) -> bool:
        """Whether so much is left; a call that takes more than the burst needs it whole, and leaves a debt."""
        self.left, self.at = min(self.burst, self.left + (now - self.at) * self.rate), now
        if self.left < min(number, self.burst):
            return False
        self.left -= number
        return True


def _rates() -> dict[str, Bucket]:
    """Of one account and Region. The owner's are what matters: nobody else's control plane is called."""
    return {
        "lambda.GetPolicy": Bucket(15, 15),
        "lambda.GetFunction": Bucket(100, 100),
        "lambda": Bucket(15, 15),
        "api-gateway": Bucket(10, 40),
        "api-gateway.CreateDeployment": Bucket(1 / 5, 1),
    }


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body


@dataclass(slots=True)
class Wire:
    """The wire of all functions. `on_request` hears of each item that was put into the requests table."""

    time: Time
    requests: str
    on_request: Callable[[dict[str, Any]], None]
    chance: random.Random
    calls: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    written: list[float] = field(default_factory=list)
    deployed: dict[str, float] = field(default_factory=dict)
    _rates: dict[str, Bucket] = field(default_factory=_rates)
    _partitions: dict[tuple[str, str], Bucket] = field(default_factory=dict)
    _in_flight: set[str] = field(default_factory=set)
    _http: URLLib3Session = field(
        default_factory=lambda: URLLib3Session(socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)])
    )

    def watch(self, session: botocore.session.Session) -> None:
        """Send all calls of a session's clients along this wire."""
        session.register("before-send", self._send)
        session.register("after-call.apigateway.GetDeployment", self._tell_the_time)

    def _send(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        operation = event_name.removeprefix("before-send.")
        service = operation.partition(".")[0]
        latency = LATENCY.get(operation, LATENCY[service]) * self.chance.uniform(0.75, 1.5)
        body = json.loads(request.body) if service == "dynamodb" else {}
        latency += PER_ITEM * len(body.get("TransactItems", ()))
        self.calls[operation] += 1
        self.time.sleep(OWN_WORK + latency / 2)
        refusal = self._refusal(operation, service, body)
        if refusal:
            self.refused[f"{operation}: {refusal}"] += 1
            self.time.sleep(latency / 2)
            return _reply(request.url, 400 if service == "dynamodb" else 429, refusal)
        items = set(_items(body)) if operation == "dynamodb.TransactWriteItems" else set()
        self._in_flight |= items
        response = self._http.send(request)
        self._heard(operation, body, response)
        self.time.sleep(latency / 2)
        self._in_flight -= items
        return response

    def _refusal(self, operation: str, service: str, body: dict[str, Any]) -> str:
        """The error by which AWS refuses a call just now; empty where it takes it."""
        now = self.time.now
        for name in {service, operation} & self._rates.keys() if service != "dynamodb" else ():
            special = operation in self._rates and name == service and service == "lambda"
            if not special and not self._rates[name].take(now):
                return "TooManyRequestsException"
        if service == "dynamodb":
            if self._in_flight.intersection(_items(body)) and not operation.endswith(
                ("Get", "GetItem", "Query", "Scan")
            ):
                transaction = operation == "dynamodb.TransactWriteItems"
                return "TransactionCanceledException" if transaction else "TransactionConflictException"
            if not all(self._partition(*one).take(now, units) for one, units in _units(operation, body).items()):
                transaction = operation == "dynamodb.TransactWriteItems"
                return "TransactionCanceledException" if transaction else "ThrottlingException"
        return ""

    def _partition(self, key: str, kind: str) -> Bucket:
        return self._partitions.setdefault((key, kind), Bucket(PARTITION[kind], PARTITION[kind]))

    def _heard(self, operation: str, body: dict[str, Any], response: AWSResponse) -> None:
        if response.status_code >= 300:
            return
        now = self.time.now
        match operation:
            case "dynamodb.PutItem" if body["TableName"] == self.requests:
                self.on_request(body["Item"])
            case "dynamodb.Query":
                found = sum(map(item_size, json.loads(response.content)["Items"]))
                for key in _keys_of(body):
                    self._partition(key, "read").take(now, read_units(found))
            case "lambda.PutResourcePolicy" | "lambda.AddPermission" | "api-gateway.UpdateRestApi":
                self.written.append(now)
            case "api-gateway.CreateDeployment":
                self.deployed[json.loads(response.content)["id"]] = now

    def _tell_the_time(self, parsed: Any, **_: Any) -> None:
        """The time of the play, in whole seconds, in place of the machine's."""
        if parsed.get("id") in self.deployed:
            parsed["createdDate"] = datetime.fromtimestamp(int(self.deployed[parsed["id"]]), UTC)


def _reply(url: str, status: int, code: str) -> AWSResponse:
    reasons = (
        {"CancellationReasons": [{"Code": "TransactionConflict"}]} if code == "TransactionCanceledException" else {}
    )
    body = json.dumps({"__type": code, "message": "Rate exceeded", **reasons}).encode()
    return AWSResponse(url, status, {"content-type": "application/json", "x-amzn-errortype": code}, _Raw(body))


def _writes(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tables of a call with the items, or keys, that it writes or checks there."""
    for one in body.get("TransactItems", [{"": body}]):
        (part,) = one.values()
        if found := part.get("Item") or part.get("Key"):
            yield part["TableName"], found


def _items(body: dict[str, Any]) -> Iterator[str]:
    for table, found in _writes(body):
        yield json.dumps([table, *(found[name] for name in ("pk", "sk", "account", "request") if name in found)])


def _units(operation: str, body: dict[str, Any]) -> dict[tuple[str, str], float]:
    """What a call takes of its partition keys; a query's is known when its answer is there."""
    units: Counter[tuple[str, str]] = Counter()
    transaction, reads = operation == "dynamodb.TransactWriteItems", operation == "dynamodb.GetItem"
    for _, found in _writes(body):
        key = str(found.get("pk", found.get("account")))
        units[key, "read" if reads else "write"] += (
            1 if reads else write_units(item_size(found), transaction=transaction)
        )
    return dict(units)


def _keys_of(query: dict[str, Any]) -> Iterator[str]:
    if ":pk" in query.get("ExpressionAttributeValues", {}):
        yield str(query["ExpressionAttributeValues"][":pk"])
