"""The way into the central account: a session of the request role, tagged with the account that asks.

IAM proves the account (`docs/aws-behaviour.md` §7); the tag and the session's name only state what the trust policy
checks. Knows nothing of events and tables.
"""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from provider.function.clients import OpenClient
from provider.function.clock import Clock
from provider.function.failures import CentreUnreachable, RequestRoleRefused
from provider.function.invocation import AccountId
from provider.function.settings import Settings

# Role chaining allows no more. Seconds.
_DURATION = 3600
# A session is given up this long before it ends, so that none ends within an event: Lambda's longest run. Seconds.
_SPARE = 900
# IAM tells its Regions of a new role or policy only after a while; so long a refusal may be untrue. Seconds.
_PROPAGATION = 20.0
_PROPAGATING = frozenset({"AccessDenied", "InvalidClientTokenId"})
_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class _Session:
    tables: Any
    since: float
    expires: float


class RequestRole:
    """The request role as one account's provider assumes it; a session is kept while the environment is warm."""

    def __init__(self, settings: Settings, account: AccountId, open_client: OpenClient, clock: Clock) -> None:
        self._settings = settings
        self._account = account
        self._open = open_client
        self._clock = clock
        self._session: _Session | None = None

    def tables(self, until: float) -> Any:
        """Give a DynamoDB client of the role in the home Region, assuming the role where that is due.

        Raises:
            RequestRoleRefused: STS does not let this account in, also after the time that IAM may need.
            CentreUnreachable: STS does not reply.
        """
        session = self._session
        if session is None or session.expires - _SPARE <= self._clock.now():
            session = self._session = self._assume(until)
        return session.tables

    def renew(self, since: float) -> bool:
        """Give up a session that is older than `since`; False if there is none, so that a new one will not help.

        A session outlives the role's permissions and even the role, if both are made anew.
        """
        stale = self._session is not None and self._session.since < since
        if stale:
            self._session = None
        return stale

    def _assume(self, until: float) -> _Session:
        now = self._clock.now()
        credentials = self._credentials(min(until, now + _PROPAGATION))
        tables = self._open("dynamodb", self._settings.home_region, credentials)
        return _Session(tables, now, credentials["Expiration"].timestamp())

    def _credentials(self, patience: float) -> Any:
        try:
            sts = self._open("sts", self._settings.home_region)
            while True:
                try:
                    return self._assumed(sts)
                except ClientError as error:
                    self._judge(error, patience)
                self._clock.sleep(_PAUSE)
        except BotoCoreError as error:
            raise CentreUnreachable("STS", self._settings.home_region, type(error).__name__) from None

    def _assumed(self, sts: Any) -> Any:
        return sts.assume_role(
            RoleArn=self._settings.request_role,
            RoleSessionName=self._account,
            Tags=[{"Key": "account", "Value": self._account}],
            DurationSeconds=_DURATION,
        )["Credentials"]

    def _judge(self, error: ClientError, patience: float) -> None:
        """Return if trying again may help."""
        code = error.response["Error"]["Code"]
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500 or code == "Throttling":
            raise CentreUnreachable("STS", self._settings.home_region, code) from None
        if code not in _PROPAGATING or self._clock.now() + _PAUSE > patience:
            raise RequestRoleRefused(self._settings.request_role, self._account, code) from None
