"""Three real accounts in the place of the local cloud: what tests ask of `provider.localcloud.LocalCloud`, as far as AWS has it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from every_call import Wire
from not_on_aws import NotOnAws

REGION = "us-east-1"
"""Where everything happens: the tests that are run name it."""
_CLIENTS = Config(
    retries={"mode": "standard", "total_max_attempts": 12}, read_timeout=900
)  # AWS throttles, the local cloud does not
_BETWEEN_DEPLOYMENTS = 5.5  # seconds: docs/aws-behaviour.md §3
_LOGS = 12  # seconds after which CloudWatch Logs shows what a function has printed


@dataclass(slots=True)
class Sandboxes:
    """`profiles` and `accounts` map names to AWS profiles and stand-ins; `endpoint` is for accounts of a local cloud."""

    profiles: Mapping[str, str]
    accounts: Mapping[str, str]
    wire: Wire
    endpoint: str | None = None
    region: str = REGION
    _sessions: dict[str, Any] = field(default_factory=dict)
    _clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def client(self, service: str, account: str, region: str | None = None) -> Any:
        """A client of an account's administrator, by the account's name or stand-in; made once.

        Raises:
            NotOnAws: it is none of those that are given.
        """
        name = next((name for name, id_ in self.accounts.items() if account in {name, id_}), None)
        if name is None:
            raise NotOnAws(f"needs another account, {account!r}")
        key = (service, name, region or self.region)
        if key not in self._clients:
            if name not in self._sessions:
                self._sessions[name] = boto3.Session(profile_name=self.profiles[name])
            self._clients[key] = self._sessions[name].client(service, region_name=key[2], config=_CLIENTS)
        return self._clients[key]

    def whose(self, credentials: Any) -> str:
        """The name of the account whose administrator's these credentials are, "" of others."""
        found = (name for name, one in self._sessions.items() if one.get_credentials() is credentials)
        return next(found, "")

    def connect(self, host: str) -> HTTPConnection:
        """A connection on which `host` answers, once what was changed is in force."""
        self.wire.settled()
        if self.endpoint:
            return HTTPConnection(self.endpoint.removeprefix("http://"), timeout=30)
        return HTTPSConnection(host, timeout=30)

    def logs(self, function: str) -> str:
        """What a function (its ARN) has printed, its role letting it."""
        if self.wire.pause:
            time.sleep(_LOGS)
        client = self.client("logs", function.split(":")[4], function.split(":")[3])
        try:
            pages = list(
                client.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function.split(':')[6]}")
            )
        except ClientError:  # it has printed nothing yet
            return ""
        events = sorted((one for page in pages for one in page["events"]), key=lambda one: one["timestamp"])
        lines = (one["message"].rstrip("\n") for one in events)
        return "".join(f"{line}\n" for line in lines)

    def forget_deployments(self) -> None:
        """Wait until every account may deploy a REST API again."""
        if self.wire.pause:
            time.sleep(_BETWEEN_DEPLOYMENTS)

    def __getattr__(self, name: str) -> Any:
        """Whatever else the local cloud has, AWS has not."""
        raise NotOnAws(f"looks into the local cloud ({name}), as one cannot look into AWS")
