"""What an attack is: a real call that AWS must refuse, or a request that no client can send here."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from attackers import Scene, our_role
from botocore.exceptions import ClientError
from deployed_policies import PREFIX

from provider.localcloud.calls import Decision

REFUSALS = {"AccessDenied", "AccessDeniedException"}
REQUESTS, ANSWERS, GRANTS = (f"{PREFIX}-{name}" for name in ("requests", "answers", "grants"))

Arguments = Callable[[Mapping[str, str]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Attack:
    """One call that must be refused: `arguments` makes those of `operation` out of the scene's things."""

    what: str
    who: str
    service: str
    operation: str
    arguments: Arguments

    def attempt(self, scene: Scene) -> list[Decision]:
        """Make the call and return what IAM decided for it; fails unless AWS's refusal is the answer."""
        since, who = time.time(), scene.arn(self.who)
        call = getattr(scene.client(self.who, self.service), self.operation)
        try:
            call(**self.arguments(scene.things))
        except ClientError as error:
            refusal = error
        else:
            pytest.fail(f"{self.what} ({self.who}) is let through")
        assert refusal.response["Error"]["Code"] in REFUSALS, f"{self.what}: {refusal}"
        asked = [one for call in scene.org.cloud.calls(since) for one in call.decisions if one.principal == who]
        assert any(not one.allowed for one in asked), f"{self.what}: IAM was not asked"
        return asked


@dataclass(frozen=True, slots=True)
class Variation:
    """A request that no client can send to the local cloud: the first recorded one that is `like` this, `changed`."""

    what: str
    like: Callable[[Decision], bool]
    changed: Callable[[Decision], Decision]

    def made_of(self, recorded: Sequence[Decision]) -> Decision:
        """The request, which is to be refused."""
        found = next((one for one in recorded if self.like(one)), None)
        assert found is not None, f"{self.what}: nothing like it was recorded"
        return replace(self.changed(found), allowed=False)


def constantly(**arguments: Any) -> Arguments:
    """The same arguments whatever the scene."""
    return lambda _: arguments


def naming(key: str, thing: str, **more: Any) -> Arguments:
    """What an operation calls `key` is one of the scene's things."""
    return lambda things: {key: things[thing], **more}


def tag(key: str, value: str) -> dict[str, str]:
    """A tag as IAM writes it."""
    return {"Key": key, "Value": value}


def assuming(account: str, name: str) -> Arguments:
    """Assume one of our roles."""
    return constantly(RoleArn=our_role(account, name), RoleSessionName="someone")


def items(operation: str, table: str, what: str, who: str, **arguments: Any) -> Attack:
    """An attack on a table; `table` is one of ours, or of the scene's things."""
    given: Arguments = lambda things: {"TableName": things.get(table, table), **arguments}  # noqa: E731
    return Attack(what, who, "dynamodb", operation, given)
