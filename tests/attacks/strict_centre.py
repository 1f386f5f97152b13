"""A centre on twins that refuses what DynamoDB refuses, and in whose world every resource exists.

So an event that cannot be answered stays unanswered here too, and a policy that must not be written would be written.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from centre import CONSUMER, OWNER, Centre, Resource
from resources import ALIASES, OWN_TRUST, ROLE, create_all
from twins import Api, MemoryDesk, MemoryLedger, MemoryPolicies

from provider.controller import codec
from provider.core.answers import Answer, Status
from provider.core.identifiers import Arn, RestApiArn, RoleArn, target_arn
from provider.core.records import OriginRecord, PublicationRecord, Row
from provider.core.requests import RequestKey

ITEM_LIMIT = 400 * 1024


def held(item: Mapping[str, Any]) -> None:
    """Refuse what is no item of DynamoDB's: half a character has no UTF-8, and an item has 400 KB at most.

    Raises:
        UnicodeEncodeError, ValueError: it is none.
    """
    size = len(json.dumps(codec.to_wire(item), ensure_ascii=False).encode())
    if size > ITEM_LIMIT:
        raise ValueError(f"an item of {size} bytes")


@dataclass
class StrictDesk(MemoryDesk):
    """See `held`."""

    def answer(self, key: RequestKey, answer: Answer) -> None:
        held({"account": key.account, "request": key.request_id, **_texts(answer)})
        super().answer(key, answer)


def _texts(answer: Answer) -> dict[str, str]:
    return {"physicalResourceId": answer.physical_id, "reason": answer.reason, "data": answer.data_text}


@dataclass
class StrictLedger(MemoryLedger):
    """See `held`."""

    def commit(
        self,
        puts: Sequence[OriginRecord | Row],
        deletes: Sequence[Row],
        now: float,
        checks: Sequence[PublicationRecord] = (),
    ) -> None:
        for record in puts:
            held(codec.origin_item(record) if isinstance(record, OriginRecord) else codec.row_item(record))
        super().commit(puts, deletes, now, checks)


@dataclass
class EverythingExists(MemoryPolicies):
    """Whatever is asked for is there, tagged, and takes every document that is short enough."""

    def _check(self, arn: Arn) -> None:
        if arn not in self.policies:
            found = target_arn(arn)
            self.create(
                arn, {"Version": "2012-10-17", "Statement": [OWN_TRUST]} if isinstance(found, RoleArn) else None
            )
            if isinstance(found, RestApiArn):
                self.apis[arn] = Api(deployed_at=_EveryStage())
        super()._check(arn)


class _EveryStage(dict[str, float]):
    """Any stage there may be, deployed long ago."""

    def __contains__(self, stage: object) -> bool:
        return True

    def __missing__(self, stage: str) -> float:
        return 0.0


@dataclass
class StrictCentre(Centre):
    """See the module."""

    ledger: MemoryLedger = field(default_factory=StrictLedger)
    desk: MemoryDesk = field(default_factory=StrictDesk)
    policies: MemoryPolicies = field(default_factory=EverythingExists)

    def row(self, account: str, **written: Any) -> RequestKey:
        """A request as its account writes it into the table by itself."""
        key = self.file(account, {})
        self.desk.requests[key] = {**self.desk.requests[key], **written}
        return key

    def answered(self, *keys: RequestKey, minutes: int = 8) -> list[Answer]:
        """The answers, after the stream and so many rounds of the schedule."""
        self.handle(*keys)
        for _ in range(minutes):
            if all(key in self.desk.answers for key in keys):
                break
            self.clock.time += 60
            self.round()
        return [self.desk.answers[key] for key in keys]

    def documents(self) -> dict[str, Any]:
        """All policies as they stand."""
        return {arn: self.policies.document(arn) for arn in self.policies.policies}


PUBLISHED: dict[str, dict[str, Any]] = {
    "function": {"FunctionArn": f"{ALIASES}:blue", "AllowedGrantTypes": ["Authorizer", "InvokeFunction"]},
    "aliases": {
        "FunctionArn": ALIASES,
        "Qualifiers": ["blue", "green"],
        "AllowedGrantTypes": ["Authorizer", "InvokeFunction"],
    },
    "api": {"RestApiId": "ordersapi0", "StageName": "prod", "AllowedGrantTypes": ["ExecuteApi"]},
    "private": {"RestApiId": "privateapi", "StageName": "prod", "AllowedGrantTypes": ["ExecuteApi"]},
    "role": {"RoleArn": ROLE, "AllowedGrantTypes": ["AssumeRole"]},
}
"""What the owner has published, each under the name of its kind."""

ON = {"Authorizer": "function", "InvokeFunction": "function", "ExecuteApi": "api", "AssumeRole": "role"}
FITTING: dict[str, dict[str, Any]] = {
    "Authorizer": {"ApiId": "a1b2c3d4e5"},
    "InvokeFunction": {},
    "ExecuteApi": {},
    "AssumeRole": {},
}
"""The properties that a permission of a type cannot do without."""


def prepared(*allowed: str) -> StrictCentre:
    """A centre whose owner has published one of each kind for these accounts; for the consumer, where none is named."""
    centre = StrictCentre()
    create_all(centre)
    for kind, offer in PUBLISHED.items():
        properties = {"Name": kind, "AllowedAccounts": list(allowed or (CONSUMER,)), **offer}
        one = Resource(OWNER, "Target", properties, f"Target{kind}", "owner")
        answer = centre.ask(OWNER, one.event("Create"))
        assert answer.status is Status.SUCCESS, answer.reason
    return centre


def wish(grant_type: str, account: str = CONSUMER, logical_id: str = "Wish", **given: Any) -> Resource:
    """A permission of a type on what the owner has published for it; a property given as None is left out."""
    properties = {"Target": f"{OWNER}/{ON[grant_type]}", "GrantType": grant_type, **FITTING[grant_type], **given}
    return Resource(account, "Permission", properties, logical_id)
