"""An operator who adopts statements in a centre, and calls that each policy that is written must let in."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Centre, Resource, source, target

from provider.core.adopting import Adoption, Ending
from provider.core.identifiers import AccountId, Arn, Target

sys.path.append(str(Path(__file__).parents[1] / "core"))

from decisions import Access, Call, Caller, access

BY = "arn:aws:iam::222222222222:user/operator"
GATEWAY = Caller(service="apigateway.amazonaws.com")


def by_hand(account: str = CONSUMER, api: str = "a1b2c3d4e5", sid: str | None = None, **changes: Any) -> dict[str, Any]:
    """A statement as `aws lambda add-permission` leaves it (docs/aws-behaviour.md §1)."""
    return {
        "Sid": sid or f"orders{account[:3]}",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
        "Condition": {"ArnLike": {"AWS:SourceArn": source(api, account=account)}},
        **changes,
    }


def by_gateway(account: str = CONSUMER, api: str = "a1b2c3d4e5", authorizer: str = "x1") -> Call:
    return Call(GATEWAY, "lambda:InvokeFunction", FUNCTION, {"aws:SourceArn": source(api, authorizer, account)})


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@dataclass
class Adopting:
    """A centre, an operator who adopts, and the calls that must be let in by each policy that is ever written."""

    centre: Centre
    name: str = "token-service"
    calls: list[tuple[str, Call]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.centre.policies.on_write = self.look

    def look(self) -> None:
        for arn, call in self.calls:
            assert self.allows(arn, call), f"refused meanwhile: {call}"

    def allows(self, arn: str, call: Call) -> bool:
        found = self.centre.policies.document(arn) or document()
        return access(found["Statement"], call, OWNER) is not Access.NONE

    def adopt(self, arn: str = FUNCTION, *sids: str) -> None:
        """Adopt statements by their Sids, all foreign ones unless told, and let the controller look."""
        for statement in (self.centre.policies.document(arn) or document())["Statement"]:
            if not self.centre.id.owns(statement) and (not sids or statement.get("Sid") in sids):
                adoption = Adoption.of(Arn(arn), statement, self.target, BY, self.centre.clock.now())
                self.centre.ledger.adopted[Arn(arn), adoption.id] = adoption
        self.want(arn)

    @property
    def target(self) -> Target:
        return Target(AccountId(OWNER), "default", self.name)

    def want(self, arn: str = FUNCTION) -> None:
        self.centre.ledger.want(Arn(arn), frozenset({self.target}), self.centre.clock.now(), adopting=True)
        self.centre.round()

    def sids(self, arn: str = FUNCTION) -> list[str]:
        """The Sids of foreign statements."""
        found = (self.centre.policies.document(arn) or document())["Statement"]
        return [one.get("Sid", "-") for one in found if not self.centre.id.owns(one)]

    def findings(self, arn: str = FUNCTION) -> dict[str, str]:
        return dict(self.centre.ledger.resources[Arn(arn)].findings)

    def ask(self, resource: Resource) -> str:
        answer = self.centre.ask(resource.account, resource.event("Create"))
        assert answer.status == "SUCCESS", answer.reason
        return answer.physical_id

    def endings(self) -> list[tuple[str, Ending]]:
        return [(str(one.statement.get("Sid", "-")), ending) for one, ending in self.centre.ledger.endings]


def begun(centre: Centre) -> Adopting:
    """Two accounts call the function by statements written by hand; it is published for both."""
    centre.policies.create(FUNCTION, document(by_hand(), by_hand(OTHER), by_hand(OWNER, "owneraaaaa", "Own")))
    one = Adopting(centre, calls=[(FUNCTION, by_gateway(account)) for account in (CONSUMER, OTHER)])
    one.ask(target(AllowedAccounts=[CONSUMER, OTHER]))
    return one


@pytest.fixture
def adopting(centre: Centre) -> Adopting:
    """See `begun`."""
    return begun(centre)
