"""Stand-ins for what the provider function meets: time, Lambda's context, CloudFormation's events, the centre.

Small classes that keep state and can be told to fail. They know what AWS documents, and nothing of the code under test.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from provider.function.clock import Clock
from provider.function.settings import Settings

NOW = datetime(2026, 11, 21, 3, 18, tzinfo=UTC).timestamp()
STACK = "arn:aws:cloudformation:us-east-1:111111111111:stack/orders/0aeb1c10-c6a1-11f1-9d1c-0e1a2b3c4d5e"
REQUEST = "5f0c1ad4-70f2-4d3c-9b5f-6a2f0f3b6a11"
SIGNATURE = "5ignatur3" * 7
HOST = "cloudformation-custom-resource-response-useast1.s3.us-east-1.amazonaws.com"
SETTINGS = Settings(
    request_role="arn:aws:iam::222222222222:role/cross-account-permission/cross-account-permission-request",
    home_region="us-east-1",
    requests="cross-account-permission-requests",
    answers="cross-account-permission-answers",
)
ENVIRONMENT = {
    "REQUEST_ROLE_ARN": SETTINGS.request_role,
    "HOME_REGION": SETTINGS.home_region,
    "REQUESTS_TABLE": SETTINGS.requests,
    "ANSWERS_TABLE": SETTINGS.answers,
}


@dataclass
class Hours:
    """Time that passes only while somebody sleeps."""

    now: float = NOW
    slept: list[float] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        """The clock that shows this time."""
        return Clock(now=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds >= 0
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class LambdaContext:
    """Lambda's context of a function in the consumer's account, with this long to run."""

    remaining: float = 120.0
    account: str = "111111111111"
    region: str = "us-east-1"

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:cross-account-permission"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds left."""
        return int(self.remaining * 1000)


def response_url(event: Mapping[str, Any], host: str = HOST, date: str = "20261121T031800Z") -> str:
    """A ResponseURL as CloudFormation signs it for an event."""
    path = quote("|".join(event[key] for key in ("StackId", "LogicalResourceId", "RequestId")), safe="")
    query = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-Expires=7200&X-Amz-Signature={SIGNATURE}"
    return f"https://{host}/{path}?{query}"


def direct_event(request_type: str = "Create", **changes: Any) -> dict[str, Any]:
    """An event without ResponseURL; a change to None leaves the key out."""
    event = {
        "RequestType": request_type,
        "StackId": STACK,
        "LogicalResourceId": "OrdersAuthorizerPermission",
        "RequestId": REQUEST,
        "ResourceType": "Custom::CrossAccountPermission",
        "ResourceProperties": {"ServiceToken": "arn", "Target": "333333333333/token-service", "ApiId": "abc1234567"},
        **({} if request_type == "Create" else {"PhysicalResourceId": "known-id"}),
        **changes,
    }
    return {key: value for key, value in event.items() if value is not None}


def stack_event(request_type: str = "Create", **changes: Any) -> dict[str, Any]:
    """An event as CloudFormation sends it."""
    event = direct_event(request_type, **changes)
    return {"ResponseURL": response_url(event), **event}


def refusal(code: str, status: int = 400) -> ClientError:
    """An error reply of AWS."""
    reply: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(reply, "Operation")


def answered(status: str = "SUCCESS", **changes: str) -> dict[str, Any]:
    """An item of the answers table; a change to the empty string leaves the attribute out."""
    item = {
        "status": status,
        "reason": "Ask the owner." if status == "FAILED" else "",
        "physicalResourceId": "grant-1",
        "data": '{"GrantId": "grant-1"}',
        **changes,
    }
    kept = {name: value for name, value in item.items() if value or name == "reason"}
    return {name: {"S": value} for name, value in kept.items()}


@dataclass
class CentreTwin:
    """STS and DynamoDB of the central account, in memory.

    `answer` is what each request gets, `delay` seconds after it was filed. `faults[operation]` are raised first, one
    per call. `calls` are the operations in order with their arguments.
    """

    hours: Hours
    answer: Callable[[Mapping[str, Any]], dict[str, Any] | None] = lambda _item: answered()
    delay: float = 0.0
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    requests: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[float, dict[str, Any]]] = field(default_factory=dict)
    sessions: int = 0
    opened: list[tuple[str, str, str]] = field(default_factory=list)

    def open(self, service: str, region: str, session: Mapping[str, str] | None = None) -> Any:
        """Open a client: this twin is all of them."""
        self.opened.append((service, region, session["SessionToken"] if session else ""))
        return self

    def operations(self) -> list[str]:
        """The names of the calls so far."""
        return [operation for operation, _ in self.calls]

    def assume_role(self, **arguments: Any) -> dict[str, Any]:
        """Give a session of an hour."""
        self._called("assume_role", arguments)
        self.sessions += 1
        ends = datetime.fromtimestamp(self.hours.now + arguments["DurationSeconds"], UTC)
        keys = {"AccessKeyId": "ASIA", "SecretAccessKey": "secret", "SessionToken": f"session-{self.sessions}"}
        return {"Credentials": {**keys, "Expiration": ends}}

    def put_item(self, **arguments: Any) -> None:
        """File a request unless there is one of its key."""
        self._called("put_item", arguments)
        assert arguments["TableName"] == SETTINGS.requests
        assert arguments["ConditionExpression"] == "attribute_not_exists(account)"
        item = {name: value["S"] for name, value in arguments["Item"].items()}
        key = (item["account"], item["request"])
        if key in self.requests:
            raise refusal("ConditionalCheckFailedException")
        self.requests[key] = item
        answer = self.answer(item)
        if answer is not None:
            self.answers[key] = (self.hours.now + self.delay, answer)

    def get_item(self, **arguments: Any) -> dict[str, Any]:
        """Read an answer, once it is there."""
        self._called("get_item", arguments)
        assert arguments["TableName"] == SETTINGS.answers
        assert arguments["ConsistentRead"] is True
        key = (arguments["Key"]["account"]["S"], arguments["Key"]["request"]["S"])
        since, item = self.answers.get(key, (float("inf"), {}))
        return {"Item": item} if since <= self.hours.now else {}

    def _called(self, operation: str, arguments: dict[str, Any]) -> None:
        self.calls.append((operation, arguments))
        faults = self.faults.get(operation)
        if faults:
            raise faults.pop(0)


@dataclass
class ResponseTwin:
    """CloudFormation's end: the documents that it was sent, and faults to raise first."""

    documents: list[bytes] = field(default_factory=list)
    addresses: list[Any] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def __call__(self, address: Any, document: bytes, until: float) -> None:
        """Take a document."""
        if self.faults:
            raise self.faults.pop(0)
        self.addresses.append((address, until))
        self.documents.append(document)
