"""A REST API that is published on API Gateway's twin, and what its consumers and time do."""

from typing import Any

from centre import CONSUMER, OTHER, OWNER, Centre
from resources import asked, published
from rest_api_twin import Api, RestApiTwin, centre_on_apis

from provider.core.records import GrantRecord, GrantState


def published_on(aws: RestApiTwin, **given: Any) -> Centre:
    """A centre with the stage prod of `ordersapi0` published for two accounts, each of which may fill its policy."""
    centre = centre_on_apis(aws)
    offer = {"AllowedAccounts": [CONSUMER, OTHER], "MaximumPolicySharePerAccount": "100", **given}
    answer = centre.ask(OWNER, published("api", **offer).event("Create"))
    assert answer.status == "SUCCESS", answer.reason
    return centre


def create(centre: Centre, logical_id: str = "Permission", account: str = CONSUMER, **given: Any) -> Any:
    return centre.ask(account, asked("api", "ExecuteApi", logical_id, account, **given).event("Create"))


def delete(centre: Centre, known: str) -> Any:
    return centre.ask(CONSUMER, asked("api", "ExecuteApi").event("Delete", known))


def time_passes(centre: Centre, seconds: float = 3700) -> None:
    centre.clock.time += seconds
    centre.round()


def statements(api: Api) -> list[dict[str, Any]]:
    return (api.policy or {"Statement": []})["Statement"]  # type: ignore[no-any-return]


def states(centre: Centre) -> list[GrantState]:
    return [row.state for row in centre.ledger.rows.values() if isinstance(row, GrantRecord)]


def publication(centre: Centre) -> str:
    """The id that the owner's stack knows."""
    return next(row.id for row in centre.ledger.rows.values() if row.id.startswith("publication-"))
