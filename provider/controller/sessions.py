"""Sessions in the owners' accounts: the grantor role, narrowed to the one resource at hand."""

from collections import OrderedDict
from collections.abc import Callable, Container
from functools import cached_property
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from provider.controller.ports import Clock
from provider.core.errors import ShutOut, WriteUnsettled
from provider.core.identifiers import Arn, resource_of, target_arn

MODELS = Path(__file__).parent / "models"
"""Service models that the runtime's own AWS library may be too old for; only the packaged zip has them."""

# One call takes at most half a minute, whatever hangs: a write that begins in time ends within the lease (`LAST_WRITE`).
_CONFIG = Config(connect_timeout=3, read_timeout=6, retries={"mode": "standard", "total_max_attempts": 3})
_DURATION = 900
_MARGIN = 120.0
_KEPT = 32  # clients, of a megabyte or two each; a scheduled round meets every resource


def new_session() -> botocore.session.Session:
    """A botocore session that knows the packaged models and the regional STS endpoints."""
    session = botocore.session.Session()
    session.set_config_variable("sts_regional_endpoints", "regional")
    if MODELS.is_dir():
        session.get_component("data_loader").search_paths.insert(0, str(MODELS))
    return session


def new_client(session: botocore.session.Session, service: str, region: str | None = None, **credentials: str) -> Any:
    """A client with bounded waiting; `credentials` are botocore's `aws_access_key_id` and its two siblings."""
    return session.create_client(service, region_name=region, config=_CONFIG, **credentials)


def assumed(  # noqa: PLR0913, PLR0917 - whose session, by whom, and what it is to reach
    session: botocore.session.Session, sts: Any, role: str, policy: str, service: str, region: str
) -> Any:
    """A client of a role's session of a quarter of an hour, which a session policy narrows.

    Args:
        session: where its client comes from.
        sts: an STS client of ours.
        role: the role's ARN.
        policy: the session policy, JSON.
        service: as `botocore` names it.
        region: the client's Region; where it is empty, that of `sts`.

    Raises:
        ClientError, BotoCoreError: STS gives none.
    """
    answer = sts.assume_role(
        RoleArn=role, RoleSessionName="cross-account-permission", DurationSeconds=_DURATION, Policy=policy
    )
    keys = answer["Credentials"]
    return new_client(
        session,
        service,
        region or sts.meta.region_name,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


class Regions(Container[str]):
    """The Regions of a partition that the AWS library knows; it reads their list when somebody asks."""

    def __init__(self, session: botocore.session.Session, partition: str) -> None:
        self._session = session
        self._partition = partition

    def __contains__(self, region: object) -> bool:
        return region in self._session.get_available_regions("lambda", self._partition)


class LateClient:
    """A client that `make` makes when it is first used: loading what a service is like takes most of that."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def _client(self) -> Any:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class GrantorSessions:
    """Clients of the owners' accounts, one session per resource, kept while they are fresh.

    `power_over` gives, for an ARN, the service that has its policy, and the session policy (JSON) that leaves of the grantor
    role's power what this one resource needs.
    """

    def __init__(
        self,
        session: botocore.session.Session,
        role: str,
        power_over: Callable[[Arn], tuple[str, str]],
        clock: Clock,
        sts: Any,
    ) -> None:
        self._session = session
        self._role = role
        self._power_over = power_over
        self._clock = clock
        self._sts = sts
        self._clients: OrderedDict[Arn, tuple[float, Any]] = OrderedDict()

    def client_for(self, arn: Arn) -> Any:
        """A client that may change the policy of this one ARN's resource, and nothing else.

        Raises:
            ShutOut: the owner's account has no grantor role that trusts this controller.
            WriteUnsettled: STS does not answer.
        """
        arn = resource_of(arn)
        until, client = self._clients.get(arn, (0.0, None))
        if client is None or self._clock.now() >= until:
            client = self._assume(arn)
            self._clients[arn] = (self._clock.now() + _DURATION - _MARGIN, client)
        self._clients.move_to_end(arn)
        while len(self._clients) > _KEPT:
            self._clients.popitem(last=False)
        return client

    def _assume(self, arn: Arn) -> Any:
        parts = target_arn(arn)
        service, policy = self._power_over(arn)
        role = f"arn:{parts.partition}:iam::{parts.account}:role/{self._role}"
        try:
            return assumed(self._session, self._sts, role, policy, service, parts.region)
        except ClientError as error:
            if error.response["Error"]["Code"] == "AccessDenied":
                raise ShutOut(arn, "Assuming the grantor role for a change") from error
            raise WriteUnsettled(arn, error.response["Error"]["Code"]) from error
        except BotoCoreError as error:
            raise WriteUnsettled(arn, type(error).__name__) from error
