"""Where an API is called: what its URL says of API, Region, stage and VPC endpoint (docs/aws-behaviour.md §3)."""

import re
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import SplitResult, urlsplit

from provider.calling.errors import NoApiForEndpoint, NoApiUrl

API_ID_HEADER = "x-apigw-api-id"
"""Says which API is meant under a VPC endpoint's own name."""

_DOMAIN = r"(?:amazonaws\.com(?:\.cn)?|api\.aws)"
_REGION = r"(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9])"
_BY_API = re.compile(
    rf"(?P<api>[a-z0-9]{{5,30}})(?:-(?P<endpoint>vpce-[0-9a-f]+))?\.execute-api(?:-fips)?\.{_REGION}\.{_DOMAIN}"
)
_BY_ENDPOINT = re.compile(rf"(?P<endpoint>vpce-[0-9a-f]+)(?:-[a-z0-9-]+)?\.execute-api\.{_REGION}\.vpce\.{_DOMAIN}")
_SENDABLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class ApiAddress:
    """A URL taken apart. `api`, `region` and `endpoint` are empty where the host does not say them, as a domain of one's own."""

    host: str
    target: str
    api: str = ""
    region: str = ""
    endpoint: str = ""

    @classmethod
    def of(cls, url: str) -> Self:
        """Take a URL apart.

        Raises:
            NoApiUrl: no API can be called there.
        """
        if not _SENDABLE.fullmatch(url):
            raise NoApiUrl("is empty, or has a space or another character that must be written as %20 and the like")
        parts = _split(url)
        if parts.scheme != "https":
            raise NoApiUrl("does not begin with https://, and an API answers to nothing else")
        if not parts.hostname or "@" in parts.netloc:
            raise NoApiUrl("has no host, or a user in front of it")
        host = parts.netloc.lower().removesuffix(":443")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(host, target, **_said_by(parts.hostname))

    @property
    def url(self) -> str:
        """The whole URL."""
        return f"https://{self.host}{self.target}"

    @property
    def stage(self) -> str:
        """The first step of the path, which under AWS's own host names is the stage."""
        return self._steps[0] if self.api else ""

    @property
    def path(self) -> str:
        """What follows the stage, as policies name it; `/` where nothing does."""
        return f"/{self._steps[1]}"

    @property
    def _steps(self) -> tuple[str, str]:
        stage, _, rest = self.target.partition("?")[0].lstrip("/").partition("/")
        return stage, rest

    def through(self, host: str) -> tuple[Self, dict[str, str]]:
        """The same API under the own DNS name of a VPC endpoint, and the headers that say which API is meant.

        Raises:
            NoApiUrl: that is no host.
            NoApiForEndpoint: this address does not say which API it is.
        """
        if not self.api:
            raise NoApiForEndpoint(self.host)
        other = self.of(f"https://{host}{self.target}")
        if other.host != host.lower():
            raise NoApiUrl(f"would have the host {host}")
        region = other.region or self.region
        return replace(other, api=self.api, region=region), {API_ID_HEADER: self.api}


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # which is read only now
    except ValueError as error:
        raise NoApiUrl("cannot be read") from error
    return parts


def _said_by(host: str) -> dict[str, str]:
    match = _BY_API.fullmatch(host) or _BY_ENDPOINT.fullmatch(host)
    return {name: value or "" for name, value in match.groupdict().items()} if match else {}
