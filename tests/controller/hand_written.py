"""Statements that an owner has written by hand, as `crossaccount adopt` finds them in a centre on twins."""

from types import SimpleNamespace
from typing import Any

import pytest
from adopting import by_hand, document
from centre import FUNCTION, OTHER, OWNER, target
from reading import ReadCentre, read

from provider.core.identifiers import Arn

__all__ = ["read", "theirs"]
NAME = f"{OWNER}/token-service"
THEIRS = ["--owner-profile", "owner"]
ALL = ["adopt", NAME, *THEIRS, "--all"]
DENY = {**by_hand(sid="No"), "Effect": "Deny", "Principal": "*"}


@pytest.fixture
def theirs(read: ReadCentre, monkeypatch: pytest.MonkeyPatch) -> ReadCentre:
    """Three statements of the owner's on a published function: for the consumer, for somebody who is not allowed, and a Deny."""
    read.centre.policies.put(Arn(FUNCTION), document(by_hand(), by_hand(OTHER), DENY))
    read.ask(OWNER, target().event("Create"))

    def session(profile_name: str | None = None, **_: Any) -> Any:
        if profile_name != "owner":
            return read
        owner = SimpleNamespace(get_caller_identity=lambda: {"Account": OWNER})
        return SimpleNamespace(client=lambda *_, **__: owner, region_name="us-east-1")

    monkeypatch.setattr("boto3.Session", session)
    monkeypatch.setattr("provider.cli.live_policies.Policies", lambda _: read.centre.policies)
    monkeypatch.setattr("provider.cli.adopt.time", SimpleNamespace(time=read.centre.clock.now))
    return read


def sids(centre: ReadCentre) -> list[str]:
    return [one["Sid"] for one in centre.centre.policies.document(FUNCTION)["Statement"] if "Sid" in one]
