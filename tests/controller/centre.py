"""A whole centre in memory, and the events that CloudFormation would send it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from twins import (
    ManualClock,
    MemoryDesk,
    MemoryJournal,
    MemoryLedger,
    MemoryMembers,
    MemoryMeter,
    MemoryPolicies,
    MemoryStacks,
)

from provider.controller.controller import Controller
from provider.controller.intake import Intake, Reach
from provider.controller.metering import MeteredJournal
from provider.controller.observing import Observer
from provider.controller.reconciling import Reconciler
from provider.core.answers import Answer
from provider.core.identifiers import AccountId, RequestId
from provider.core.requests import RequestKey
from provider.core.statements import CentreId

OWNER, CONSUMER, OTHER = "333333333333", "111111111111", "444444444444"
FUNCTION = f"arn:aws:lambda:eu-west-1:{OWNER}:function:token:live"
SECOND = f"arn:aws:lambda:eu-west-1:{OWNER}:function:token2:live"

REACH = Reach("aws", frozenset({"eu-west-1", "us-east-1"}))


@dataclass
class Centre:
    """The controller on twins; each method is one event, handled to its end."""

    clock: ManualClock = field(default_factory=ManualClock)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    desk: MemoryDesk = field(default_factory=MemoryDesk)
    policies: MemoryPolicies = field(default_factory=MemoryPolicies)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    meter: MemoryMeter = field(default_factory=MemoryMeter)
    stacks: MemoryStacks = field(default_factory=MemoryStacks)
    members: MemoryMembers = field(default_factory=MemoryMembers)
    requests: int = 0

    def __post_init__(self) -> None:
        self.policies.clock = self.clock
        self.id = CentreId.of(AccountId("222222222222"), "us-east-1")
        self.controller = self.new_controller()

    def new_controller(self) -> Controller:
        journal = MeteredJournal(self.journal, self.meter)
        reconciler = Reconciler(self.ledger, self.desk, self.policies, journal, self.meter, self.clock, self.id)
        intake = Intake(self.ledger, self.desk, journal, self.clock, REACH, self.members)
        self.observer = Observer(self.ledger, self.stacks, self.members, journal, self.clock)
        return Controller(
            self.ledger, self.desk, intake, reconciler.reconcile, self.observer.look_around, self.meter, self.clock
        )

    def file(self, account: str, event: Mapping[str, Any], issued_at: str | None = None) -> RequestKey:
        self.requests += 1
        request_id = f"request-{self.requests}"
        issued_at = issued_at or datetime.fromtimestamp(self.clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        item = {"account": account, "request": request_id, "event": json.dumps(event), "issuedAt": issued_at}
        key = RequestKey(AccountId(account), RequestId(request_id))
        self.desk.requests[key] = item
        self.clock.time += 1
        return key

    def handle(self, *keys: RequestKey) -> None:
        items = [self.desk.requests[key] for key in keys if key in self.desk.requests]
        self.controller.take(items, self.clock.now() + 60)

    def ask(self, account: str, event: Mapping[str, Any]) -> Answer:
        key = self.file(account, event)
        self.handle(key)
        return self.desk.answers[key]

    def round(self) -> None:
        self.controller.round(self.clock.now() + 60)

    def sources(self, arn: str = FUNCTION) -> list[str]:
        """The API Gateway sources that our statements let invoke the function."""
        statements = (self.policies.document(arn) or {"Statement": []})["Statement"]
        ours = [one for one in statements if self.id.owns(one)]
        return sorted(source for one in ours for source in one["Condition"]["ArnLike"]["AWS:SourceArn"])


@dataclass(frozen=True)
class Resource:
    """A resource in a stack: makes the events that CloudFormation sends about it."""

    account: str
    type: str
    properties: Mapping[str, Any]
    logical_id: str = "Permission"
    stack: str = "orders"

    def event(self, request_type: str, physical_id: str | None = None, **changes: Any) -> dict[str, Any]:
        properties = {"ServiceToken": "arn:token", **self.properties, **changes}
        known = {"PhysicalResourceId": physical_id} if physical_id else {}
        return {
            "RequestType": request_type,
            "StackId": f"arn:aws:cloudformation:us-east-1:{self.account}:stack/{self.stack}/0d1c",
            "LogicalResourceId": self.logical_id,
            "ResourceType": f"Custom::CrossAccount{self.type}",
            "ResourceProperties": {name: value for name, value in properties.items() if value is not None},
            **known,
        }


def target(**changes: Any) -> Resource:
    properties = {
        "Name": "token-service",
        "FunctionArn": FUNCTION,
        "AllowedGrantTypes": ["Authorizer"],
        "AllowedAccounts": [CONSUMER],
    }
    return Resource(OWNER, "Target", {**properties, **changes}, "TokenServiceTarget", "token-service")


def permission(account: str = CONSUMER, **changes: Any) -> Resource:
    properties = {"Target": f"{OWNER}/token-service", "GrantType": "Authorizer", "ApiId": "a1b2c3d4e5"}
    return Resource(account, "Permission", {**properties, **changes})


def source(api: str = "a1b2c3d4e5", authorizer: str = "*", account: str = CONSUMER) -> str:
    return f"arn:aws:execute-api:us-east-1:{account}:{api}/authorizers/{authorizer}"
