"""A local AWS as its users hold it: start it, get clients, look at what happened, stop it."""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from boto3.session import Session
from botocore.config import Config

from provider.localcloud import certificates, environments, guards, process, profiles
from provider.localcloud.calls import Call
from provider.localcloud.environments import Environment
from provider.localcloud.settings import Settings

_FOREIGN = ("AWS_", "SSL_CERT", "REQUESTS_CA", "CURL_CA")
"""Beginnings of variables that would lead a client elsewhere than to the local cloud."""

_CLIENTS = Config(
    retries={"mode": "standard", "total_max_attempts": 1},  # what is refused once is seen at once
    read_timeout=900,
    max_pool_connections=100,
)


@dataclass(slots=True)
class LocalCloud:
    """A running local AWS. Use as a context manager, or call `stop`."""

    directory: Path
    settings: Settings
    _process: process.CloudProcess
    _clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    @classmethod
    def start(  # noqa: PLR0913 - each is a setting of its own
        cls,
        directory: Path,
        accounts: Mapping[str, str],
        *,
        outside: Mapping[str, str] | None = None,
        port: int = 0,
        organization: str = "o-localcloud",
        region: str = "us-east-1",
        seconds_between_deployments: float = 5.0,
    ) -> Self:
        """Start a cloud whose files lie in `directory`; `accounts` and `outside` map names to 12-digit ids.

        `accounts` belong to the organization, the first is its management account; `outside` do not.
        `port` 0 takes any free one. `region` is that of the profiles; all Regions are served. AWS takes one
        CreateDeployment of a REST API per account in five seconds; with `seconds_between_deployments` 0, any number.

        Raises:
            LocalCloudError: it could not be built or started, or it would let through what AWS refuses.
        """
        directory = directory.absolute()
        directory.mkdir(parents=True, exist_ok=True)
        interpreter = environments.python(environments.ensure(Environment.LOCALCLOUD))
        made = certificates.write(directory)
        outside = outside or {}
        settings = Settings(
            accounts=accounts,
            outside=outside,
            administrators=profiles.keys([*accounts.values(), *outside.values(), guards.ACCOUNT]),
            organization=organization,
            region=region,
            port=port,
            authority=str(made.authority),
            chain=str(made.chain),
            key=str(made.key),
            runtime=str(environments.python(environments.ensure(Environment.RUNTIME))),
            scratch=tempfile.mkdtemp(prefix="run-", dir=directory),
            token=secrets.token_urlsafe(),
            seconds_between_deployments=seconds_between_deployments,
        )
        cloud = cls(directory, settings, process.start(interpreter, settings, directory / "cloud.log"))
        try:
            cloud._open()
        except BaseException:
            cloud.stop()
            raise
        return cloud

    def _open(self) -> None:
        """Make sure that nothing fails open, forget the trial, and give out the keys."""
        guards.check(self._process.http_port, self.settings.administrators[guards.ACCOUNT])
        self._own("calls/forget")
        profiles.write(self.directory, self.accounts, self.settings.administrators, self.region, self.endpoint)
        profiles.write_curl(self.directory, self.settings.authority, self._process.tls_port)

    @property
    def endpoint(self) -> str:
        """The URL for the AWS CLI, boto3 and people."""
        return f"http://127.0.0.1:{self._process.http_port}"

    @property
    def accounts(self) -> Mapping[str, str]:
        """All accounts, name to 12-digit id, also those outside the organization."""
        return {**self.settings.accounts, **self.settings.outside}

    @property
    def region(self) -> str:
        """The Region of the profiles."""
        return self.settings.region

    @property
    def config_file(self) -> Path:
        """For AWS_CONFIG_FILE: a profile per account, with the endpoint in it."""
        return self.directory / profiles.CONFIG

    @property
    def credentials_file(self) -> Path:
        """For AWS_SHARED_CREDENTIALS_FILE: the keys of each account's administrator."""
        return self.directory / profiles.CREDENTIALS

    def client(self, service: str, account: str, region: str | None = None) -> Any:
        """A boto3 client of `service` as the administrator of `account` (its name or id); made once."""
        key = (service, self.accounts.get(account, account), region or self.region)
        if key not in self._clients:
            self._clients[key] = self._new_client(*key)
        return self._clients[key]

    def _new_client(self, service: str, account: str, region: str) -> Any:
        access_key, secret = self.settings.administrators[account]
        session = Session(aws_access_key_id=access_key, aws_secret_access_key=secret, region_name=region)
        return session.client(service, endpoint_url=self.endpoint, config=_CLIENTS)

    def connect(self, host: str) -> HTTPConnection:  # noqa: ARG002 - every host leads here; a caller cannot know that
        """A connection on which the API of this host name answers, if its requests name it as `Host`."""
        return HTTPConnection("127.0.0.1", self._process.http_port, timeout=30)

    def environment(self, profile: str) -> dict[str, str]:
        """The whole environment of a child process (the AWS CLI or curl, say) that talks to this cloud as `profile`."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)},
            "AWS_CONFIG_FILE": str(self.config_file),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials_file),
            "AWS_PROFILE": profile,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "CURL_HOME": str(self.directory),
            "NO_PROXY": "127.0.0.1",
        }

    def calls(self, since: float = 0.0) -> list[Call]:
        """The calls of AWS that began not before `since` (seconds since the epoch), oldest first.

        Those of people, of functions, and of services by themselves, each with what IAM decided for it.
        """
        return [Call.of(call) for call in self._own(f"calls?{urlencode({'since': since})}")]

    def logs(self, function: str | None = None) -> str:
        """All that functions have printed, or one function (its unqualified ARN), as text."""
        query = urlencode({"function": function}) if function else ""
        return "".join(f"{line['text']}\n" for line in self._own(f"logs?{query}"))

    def forget_deployments(self) -> None:
        """Let every account deploy a REST API at once, as if five seconds had passed."""
        self._own("deployments/forget")

    def fire_schedules(self) -> None:
        """Let every `rate(…)` rule of EventBridge fire now, as if its time had come."""
        self._own("schedules/fire")

    def _own(self, path: str) -> Any:
        """Ask the cloud itself."""
        connection = HTTPConnection("127.0.0.1", self._process.http_port, timeout=10)
        try:
            connection.request("GET", f"/_local/{path}", headers={"x-local-token": self.settings.token})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def wait(self) -> None:
        """Wait until the cloud ends by itself, which it does not unless something goes wrong."""
        self._process.child.wait()

    def stop(self) -> None:
        """End the cloud and everything it started, within three seconds; again is harmless."""
        self._process.stop()
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
