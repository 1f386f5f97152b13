"""The centre as a provider sees it: a table to file a request in, and a table to find the answer in.

Both under the account's own key, which is all that the request role may touch. Knows nothing of CloudFormation, and
nothing of what is asked.
"""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from provider import __version__
from provider.function.answers import Answer, answer_of
from provider.function.clients import OpenClient
from provider.function.clock import Clock
from provider.function.events import Request, RequestId
from provider.function.failures import AnswerLate, CentreUnreachable, Failure, TableMissing, TableRefused
from provider.function.invocation import AccountId
from provider.function.request_role import RequestRole
from provider.function.settings import Settings

# The centre mostly answers within a second; what takes longer waits for a lease or a deployment. Seconds.
_FIRST_PAUSE = 0.15
_LONGEST_PAUSE = 2.0
# How long faults that may pass are borne in a row, beyond botocore's own retries. Seconds.
_PATIENCE = 20.0
_THROTTLED = frozenset({"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"})


class Centre:
    """One account's way to ask. It may be kept between events: it holds a session and nothing of any event."""

    def __init__(self, settings: Settings, account: AccountId, open_client: OpenClient, clock: Clock) -> None:
        self._settings = settings
        self._account = account
        self._clock = clock
        self._role = RequestRole(settings, account, open_client, clock)

    def ask(self, request: Request, until: float) -> Answer:
        """File a request and wait for its answer, until then at most (seconds since the epoch).

        Raises:
            RequestRoleRefused, CentreUnreachable, TableRefused, TableMissing: the way is barred.
            AnswerLate: there was none in time.
            AnswerMalformed: it cannot be read.
        """
        started = self._clock.now()
        self._file(request, until, started)
        for pause in _pauses():
            item = self._find(request.id, until, started)
            if item is not None:
                return answer_of(item, request.id)
            left = until - self._clock.now()
            if left <= 0:
                break
            self._clock.sleep(min(pause, left))
        raise AnswerLate(request.id)

    def _file(self, request: Request, until: float, started: float) -> None:
        item = {
            "account": self._account,
            "request": request.id,
            "event": request.event,
            "issuedAt": request.issued_at,
            "providerVersion": __version__,
        }

        def put(tables: Any) -> None:
            try:
                tables.put_item(
                    TableName=self._settings.requests,
                    Item={name: {"S": value} for name, value in item.items()},
                    ConditionExpression="attribute_not_exists(account)",
                )
            except ClientError as error:
                # Lambda delivers an event more than once at times, and a lost reply makes botocore repeat a write.
                if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise

        self._insist(put, "PutItem", self._settings.requests, until, started)

    def _find(self, request: RequestId, until: float, started: float) -> Any:
        def get(tables: Any) -> Any:
            key = {"account": {"S": self._account}, "request": {"S": request}}
            return tables.get_item(TableName=self._settings.answers, Key=key, ConsistentRead=True).get("Item")

        return self._insist(get, "GetItem", self._settings.answers, until, started)

    def _insist(self, call: Callable[[Any], Any], action: str, table: str, until: float, started: float) -> Any:
        """Make one call, again and again over faults that may pass, and once more with a new session."""
        give_up = min(until, self._clock.now() + _PATIENCE)
        for pause in _pauses():
            failure: Failure
            try:
                return call(self._role.tables(until))
            except CentreUnreachable as unreachable:
                failure = unreachable
            except ClientError as error:
                failure = self._judge(error, action, table)
            except BotoCoreError as error:
                failure = CentreUnreachable("DynamoDB", self._settings.home_region, type(error).__name__)
            if isinstance(failure, TableRefused) and self._role.renew(started):
                continue
            if not isinstance(failure, CentreUnreachable) or self._clock.now() + pause > give_up:
                raise failure from None
            self._clock.sleep(pause)
        raise AssertionError  # pauses do not end

    def _judge(self, error: ClientError, action: str, table: str) -> Failure:
        code = error.response["Error"]["Code"]
        if code == "ResourceNotFoundException":
            return TableMissing(table, self._settings.home_region)
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if code in _THROTTLED or status >= 500:
            return CentreUnreachable("DynamoDB", self._settings.home_region, code)
        return TableRefused(action, table, code)


def _pauses() -> Iterator[float]:
    """Pauses that grow by half from the first to the longest, without end."""
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 1.5, _LONGEST_PAUSE)
