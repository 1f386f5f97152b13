"""A role that is published on IAM's twin, and what its consumers and time do."""

from typing import Any

from centre import CONSUMER, OTHER, OWNER, Centre
from iam_twin import IamTwin, Role, centre_on_roles
from resources import asked, published

from provider.core.records import GrantRecord, GrantState


def published_on(aws: IamTwin) -> Centre:
    """A centre with the role published for three accounts, its owner's among them."""
    centre = centre_on_roles(aws)
    event = published("role", AllowedAccounts=[CONSUMER, OTHER, OWNER], MaximumPolicySharePerAccount="100").event(
        "Create"
    )
    assert centre.ask(OWNER, event).status == "SUCCESS"
    aws.calls.clear()
    return centre


def create(centre: Centre, logical_id: str = "Permission", account: str = CONSUMER, **given: Any) -> Any:
    return centre.ask(account, asked("role", "AssumeRole", logical_id, account, **given).event("Create"))


def delete(centre: Centre, known: str) -> Any:
    return centre.ask(CONSUMER, asked("role", "AssumeRole").event("Delete", known))


def time_passes(centre: Centre, seconds: float = 3700) -> None:
    centre.clock.time += seconds
    centre.round()


def ours(centre: Centre, role: Role) -> list[dict[str, Any]]:
    return [one for one in role.policy["Statement"] if centre.id.owns(one)]


def states(centre: Centre) -> list[GrantState]:
    return [row.state for row in centre.ledger.rows.values() if isinstance(row, GrantRecord)]
