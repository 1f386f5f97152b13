"""The record of one AWS call, as the front door saw it, and of what IAM decided for it. It never holds a credential."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Decision:
    """One question to IAM and its answer: may `principal` do `action` on `resource`?

    `principal` is the caller's ARN, or an AWS service's name where a service asks for itself. `keys` are all condition
    keys that the request has, by their names in lower case; the time is the call's. `session_policies` are the
    documents that narrow the caller's session, `resource_policy` is the resource's own ("" for none).
    """

    principal: str
    action: str
    resource: str
    keys: Mapping[str, str | list[str]]
    session_policies: tuple[str, ...]
    resource_policy: str
    allowed: bool

    @property
    def role(self) -> str:
        """The ARN of the role whose session asks; "" for anybody else."""
        who = self.keys.get("aws:principalarn")
        return who if isinstance(who, str) and ":role/" in who else ""

    @property
    def owner(self) -> str:
        """The account that the resource belongs to."""
        return str(self.keys.get("aws:resourceaccount") or "")

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Read what was written as JSON."""
        return cls(**{**told, "session_policies": tuple(told["session_policies"])})


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who (`principal`, an ARN), in which account and Region, what, on what, and how it ended.

    `at` is seconds since the epoch, `status` the HTTP status, `error` AWS's error code or "".
    `account` is the caller's account; what was not known is "". `decisions` are IAM's, in their order: several where
    a call needs several actions, or where a service acts for the caller. What a service does by itself is a call
    with the status 0.
    """

    at: float
    account: str
    principal: str
    service: str
    action: str
    region: str
    resource: str
    status: int
    error: str
    decisions: tuple[Decision, ...] = ()

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Read what was written as JSON."""
        return cls(**{**told, "decisions": tuple(Decision.of(one) for one in told["decisions"])})
