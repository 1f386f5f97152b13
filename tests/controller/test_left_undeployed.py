"""What has been taken away is served no more, whatever came between a policy's change and its deployment."""

import json
from typing import Any

import pytest
from centre import CONSUMER, OWNER, Centre, Resource
from resources import API, BUYER, asked, create_all, published

from provider.core.errors import WriteUnsettled
from provider.core.records import GrantRecord

PROD, BETA = f"{API}/prod", f"{API}/beta"
DEPLOYS = {"RedeployOnChange": "true"}


@pytest.fixture
def centre() -> Centre:
    create_all(created := Centre())
    return created


def target(logical_id: str = "Target", **changes: Any) -> Resource:
    return Resource(OWNER, "Target", published("api", **changes).properties, logical_id, "owner")


def publish(centre: Centre, logical_id: str = "Target", **changes: Any) -> str:
    answer = centre.ask(OWNER, target(logical_id, **changes).event("Create"))
    assert answer.status == "SUCCESS", answer.reason
    return answer.physical_id


def permit(centre: Centre, **given: Any) -> Any:
    return centre.ask(CONSUMER, asked("api", "ExecuteApi", **given).event("Create"))


def serves_the_consumer(centre: Centre, stage: str = PROD) -> bool:
    return CONSUMER in json.dumps(centre.policies.served(stage))


def minutes_pass(centre: Centre, seconds: float = 400) -> None:
    centre.clock.time += seconds
    centre.round()


def throttled(arn: Any) -> None:
    raise WriteUnsettled(arn, "TooManyRequestsException")


def test_a_target_that_is_deleted_while_its_account_deploys_leaves_nobody_served(centre: Centre) -> None:
    """It alone says that we deploy: it must not be forgotten before we have."""
    known = publish(centre, **DEPLOYS, AllowDeletionWithConsumers="true")
    permit(centre)
    deploy, centre.policies.deploy = centre.policies.deploy, throttled  # type: ignore[method-assign]
    key = centre.file(OWNER, target(**DEPLOYS, AllowDeletionWithConsumers="true").event("Delete", known))
    centre.handle(key)
    for _ in range(3):
        minutes_pass(centre, 30)
    assert centre.desk.answers[key].status == "SUCCESS", "its stack does not wait for ever"
    assert serves_the_consumer(centre)
    centre.policies.deploy = deploy  # type: ignore[method-assign]
    minutes_pass(centre)
    assert not serves_the_consumer(centre)
    assert [row for row in centre.ledger.rows.values() if not isinstance(row, GrantRecord)] == []


def test_so_does_one_that_goes_with_its_last_consumer(centre: Centre) -> None:
    known = publish(centre, **DEPLOYS)
    grant = permit(centre).physical_id
    assert centre.ask(OWNER, target(**DEPLOYS).event("Delete", known)).status == "FAILED"
    deploy, centre.policies.deploy = centre.policies.deploy, throttled  # type: ignore[method-assign]
    centre.handle(centre.file(CONSUMER, asked("api", "ExecuteApi").event("Delete", grant)))
    minutes_pass(centre, 30)
    centre.policies.deploy = deploy  # type: ignore[method-assign]
    minutes_pass(centre)
    assert not serves_the_consumer(centre)
    assert not centre.ledger.rows


def test_what_changed_while_another_api_was_published_is_deployed_when_the_first_one_is_again(centre: Centre) -> None:
    first = publish(centre)
    grant = permit(centre).physical_id
    minutes_pass(centre)
    centre.policies.owner_deploys(PROD)
    minutes_pass(centre)
    other = publish(centre, "Other", RestApiId="privateapi")
    centre.ask(CONSUMER, asked("api", "ExecuteApi").event("Delete", grant))
    minutes_pass(centre)
    assert serves_the_consumer(centre), "nobody has let us deploy"
    centre.ask(OWNER, target(**DEPLOYS).event("Update", first))
    centre.ask(OWNER, target("Other", RestApiId="privateapi").event("Delete", other))
    minutes_pass(centre)
    assert not serves_the_consumer(centre)


def test_the_deployment_of_another_stage_does_not_make_a_published_one_forgotten(centre: Centre) -> None:
    """Of two targets of one name the newer counts; when that goes, the older one's stage serves what stands."""
    publish(centre, **DEPLOYS)
    grant = permit(centre).physical_id
    newer = publish(centre, "Newer", StageName="beta", **DEPLOYS)
    centre.ask(CONSUMER, asked("api", "ExecuteApi").event("Delete", grant))
    assert not serves_the_consumer(centre, BETA)
    assert serves_the_consumer(centre, PROD), "only the stage of the target that counts is deployed"
    centre.ask(OWNER, target("Newer", StageName="beta", **DEPLOYS).event("Delete", newer))
    minutes_pass(centre)
    assert not serves_the_consumer(centre, PROD)


def test_what_the_owner_has_wiped_without_deploying_is_served_no_more_when_it_ends(centre: Centre) -> None:
    """The policy needs no change then, but the stage does."""
    publish(centre, **DEPLOYS)
    grant = permit(centre).physical_id
    centre.policies.put(API, None)  # type: ignore[arg-type]
    assert centre.ask(CONSUMER, asked("api", "ExecuteApi").event("Delete", grant)).status == "SUCCESS"
    assert not serves_the_consumer(centre)
    assert len(centre.policies.deployments) == 2
    for _ in range(3):
        minutes_pass(centre, 3700)
    assert len(centre.policies.deployments) == 2


def test_a_grant_that_opens_on_another_api_is_deployed_as_ever_on_the_one_it_was_told(centre: Centre) -> None:
    """A stack that asks again meanwhile is not answered that it is pending."""
    known = publish(centre, **DEPLOYS)
    first = permit(centre, Principals=[BUYER]).physical_id
    kept: list[GrantRecord] = []
    commit = centre.ledger.commit

    def watching(puts: Any, *others: Any) -> None:
        kept.extend(row for row in puts if isinstance(row, GrantRecord) and row.id == first)
        commit(puts, *others)

    centre.ledger.commit = watching  # type: ignore[method-assign]
    centre.ask(OWNER, target(RestApiId="privateapi").event("Update", known))
    assert (kept[-1].told, len(kept[-1].placed)) == (PROD, 2)
    assert [row.deployed for row in kept] == [True] * len(kept)
