"""What the cloud's process is told at its start: which accounts there are, where things lie."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Settings:
    """`accounts` and `outside` map a name to a 12-digit id; those outside belong to no organization.

    `administrators` maps an account's id to its administrator's access key and secret. `port` 0 means
    any free one. `authority`, `chain` and `key` are files of certificates, `runtime` is the interpreter
    that runs functions, `scratch` a directory that ends with the process, `token` what the cloud's own
    paths ask for. `seconds_between_deployments` is API Gateway's limit per account; 0 for none.
    """

    accounts: Mapping[str, str]
    outside: Mapping[str, str]
    administrators: Mapping[str, tuple[str, str]]
    organization: str
    region: str
    port: int
    authority: str
    chain: str
    key: str
    runtime: str
    scratch: str
    token: str
    seconds_between_deployments: float = 5.0

    def to_json(self) -> str:
        """Write on one line, for a pipe."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read what `to_json` wrote."""
        return cls(**json.loads(line))

    @property
    def management_account(self) -> str:
        """The organization's management account: the first that was named."""
        return next(iter(self.accounts.values()))


_current: list[Settings] = []


def enter(settings: Settings) -> None:
    """Make `settings` those of this process; before anything asks for them."""
    _current[:] = [settings]


def current() -> Settings:
    """The settings of the process that serves the cloud."""
    return _current[0]
