"""AWS clients, made when they are first needed and with every wait bounded.

botocore alone, not boto3: an event needs two clients and no resources. Knows nothing of what they are used for.
"""

import functools
from collections.abc import Mapping
from typing import Any, Protocol

import botocore.session
from botocore.config import Config

_BOUNDED = Config(
    connect_timeout=3,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
)


class OpenClient(Protocol):
    """A way to get a client of a service in a Region, as the function's own role or as a session's."""

    def __call__(self, service: str, region: str, session: Mapping[str, str] | None = None) -> Any:
        """Make a client; `session` is the `Credentials` of an STS answer."""


def open_client(service: str, region: str, session: Mapping[str, str] | None = None) -> Any:
    """Make a botocore client on the service's endpoint in that Region, STS's too."""
    keys = session or {}
    return _library().create_client(
        service,
        region_name=region,
        config=_BOUNDED,
        aws_access_key_id=keys.get("AccessKeyId"),
        aws_secret_access_key=keys.get("SecretAccessKey"),
        aws_session_token=keys.get("SessionToken"),
    )


@functools.cache
def _library() -> Any:
    session = botocore.session.Session()
    # Older runtimes still send STS calls to one global endpoint, whose tokens are not valid in every Region.
    session.set_config_variable("sts_regional_endpoints", "regional")
    return session
