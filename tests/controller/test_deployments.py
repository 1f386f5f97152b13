"""A REST API's policy takes effect when its stage is deployed: by us where the owner says so, else as the owner does."""

import json
from typing import Any

import pytest
from centre import CONSUMER, OWNER, Centre
from resources import API, BUYER, SELLER, asked, create_all, published

from provider.controller.deployments import PAUSE
from provider.core.errors import ShutOut, WriteUnsettled
from provider.core.identifiers import AccountId
from provider.core.records import GrantRecord

STAGE = f"{API}/prod"


@pytest.fixture
def centre() -> Centre:
    created = Centre()
    create_all(created)
    return created


@pytest.fixture
def redeploying(centre: Centre) -> Centre:
    centre.ask(OWNER, published("api", RedeployOnChange="true").event("Create"))
    return centre


@pytest.fixture
def waiting(centre: Centre) -> Centre:
    """The owner deploys himself."""
    centre.ask(OWNER, published("api").event("Create"))
    return centre


def create(centre: Centre, logical_id: str = "Permission", **given: Any) -> Any:
    return centre.ask(CONSUMER, asked("api", "ExecuteApi", logical_id, **given).event("Create"))


def served(centre: Centre) -> str:
    return json.dumps(centre.policies.served(STAGE))


def deployed(centre: Centre) -> list[bool]:
    return [row.deployed for row in centre.ledger.rows.values() if isinstance(row, GrantRecord)]


def time_passes(centre: Centre, seconds: float = 400) -> None:
    centre.clock.time += seconds
    centre.round()


def test_the_stage_serves_a_grant_when_it_is_answered(redeploying: Centre) -> None:
    answer = create(redeploying, Principals=[BUYER])
    assert answer.data["DeploymentStatus"] == "Deployed"
    assert answer.data["DeploymentReason"] == ""
    assert BUYER in served(redeploying)
    assert deployed(redeploying) == [True]


def test_a_deleted_grant_is_served_no_more_when_its_delete_is_answered(redeploying: Centre) -> None:
    first = create(redeploying, Principals=[BUYER])
    event = asked("api", "ExecuteApi", Principals=[BUYER]).event("Delete", first.physical_id)
    assert redeploying.ask(CONSUMER, event).status == "SUCCESS"
    assert BUYER not in served(redeploying)


def test_a_pass_deploys_once_for_all_that_wait(redeploying: Centre) -> None:
    keys = [
        redeploying.file(CONSUMER, asked("api", "ExecuteApi", f"P{number}", Paths=[f"/{number}"]).event("Create"))
        for number in range(10)
    ]
    redeploying.handle(*keys)
    assert {redeploying.desk.answers[key].data["DeploymentStatus"] for key in keys} == {"Deployed"}
    assert redeploying.policies.deployments == [STAGE]
    assert len(redeploying.policies.writes) == 1


def test_a_pass_that_changes_nothing_deploys_nothing(redeploying: Centre) -> None:
    create(redeploying)
    for _ in range(3):
        time_passes(redeploying, 3700)
    assert len(redeploying.policies.deployments) == 1
    assert len(redeploying.policies.writes) == 1


def test_deployments_of_one_account_are_five_seconds_apart(redeploying: Centre) -> None:
    """The twin refuses earlier ones, as AWS does; nobody sees a refusal."""
    for number in range(4):
        assert create(redeploying, f"P{number}", Paths=[f"/{number}"]).data["DeploymentStatus"] == "Deployed"
    assert len(redeploying.policies.deployments) == 4


@pytest.mark.parametrize("since", [0.0, 0.01, 0.5, 0.99])
def test_a_pass_just_after_a_deployment_waits_for_its_turn_and_deploys(redeploying: Centre, since: float) -> None:
    """Whenever in a second that was: times are kept in whole ones. Else a burst's second pass would leave it to the schedule."""
    redeploying.clock.time = float(int(redeploying.clock.time)) + since
    assert redeploying.ledger.may_deploy(AccountId(OWNER), redeploying.clock.time, PAUSE)
    redeploying.policies.last_deployed[OWNER] = redeploying.clock.time
    key = redeploying.file(CONSUMER, asked("api", "ExecuteApi").event("Create"))
    redeploying.clock.time -= 0.9  # which filing has taken
    began = redeploying.clock.time
    redeploying.controller.take([redeploying.desk.requests[key]], began + 1)
    assert len(redeploying.policies.deployments) == 1
    assert redeploying.desk.answers[key].data["DeploymentStatus"] == "Deployed"
    assert redeploying.clock.time - began <= PAUSE + 2


def test_who_waits_for_another_deployment_of_the_account_is_answered_after_it(redeploying: Centre) -> None:
    """Another controller has just deployed another API of the same account."""
    now = redeploying.clock.now()
    assert redeploying.ledger.may_deploy(OWNER, now, PAUSE)  # type: ignore[arg-type]
    assert create(redeploying).data["DeploymentStatus"] == "Deployed"
    assert redeploying.clock.now() - now >= PAUSE


def test_who_cannot_be_deployed_in_time_is_answered_that_it_is_pending_and_deployed_later(redeploying: Centre) -> None:
    """The owner's own deployments take every turn; patience ends before CloudFormation's does."""
    deploy = redeploying.policies.deploy
    redeploying.policies.deploy = _throttled  # type: ignore[method-assign]
    key = redeploying.file(CONSUMER, asked("api", "ExecuteApi").event("Create"))
    redeploying.handle(key)
    for _ in range(3):
        time_passes(redeploying, 30)
    answer = redeploying.desk.answers[key]
    assert (answer.status, answer.data["DeploymentStatus"]) == ("SUCCESS", "PendingDeployment")
    assert "could not be deployed" in answer.data["DeploymentReason"]
    redeploying.policies.deploy = deploy  # type: ignore[method-assign]
    time_passes(redeploying)
    assert deployed(redeploying) == [True]
    assert CONSUMER in served(redeploying)


def _throttled(arn: Any) -> None:
    raise WriteUnsettled(arn, "TooManyRequestsException")


def test_a_stage_with_a_canary_is_not_deployed_until_the_canary_is_gone(redeploying: Centre) -> None:
    redeploying.policies.apis[API].canaries.add("prod")  # type: ignore[index]
    answer = create(redeploying)
    assert (answer.status, answer.data["DeploymentStatus"]) == ("SUCCESS", "PendingDeployment")
    assert "canary" in answer.data["DeploymentReason"]
    assert redeploying.policies.deployments == []
    redeploying.policies.apis[API].canaries.clear()  # type: ignore[index]
    time_passes(redeploying)
    assert redeploying.policies.deployments == [STAGE]
    assert deployed(redeploying) == [True]


def test_an_account_that_lets_nobody_deploy_is_no_reason_to_wait(redeploying: Centre) -> None:
    redeploying.policies.deploy = _shut  # type: ignore[method-assign]
    answer = create(redeploying)
    assert answer.data["DeploymentStatus"] == "PendingDeployment"
    assert "is refused by its account" in answer.data["DeploymentReason"]


def _shut(arn: Any) -> None:
    raise ShutOut(arn, "apigateway:CreateDeployment")


def test_without_the_owners_word_a_grant_is_pending_until_the_owner_deploys(waiting: Centre) -> None:
    answer = create(waiting)
    assert (answer.status, answer.data["DeploymentStatus"]) == ("SUCCESS", "PendingDeployment")
    time_passes(waiting)
    assert deployed(waiting) == [False]
    waiting.policies.owner_deploys(STAGE)
    time_passes(waiting)
    assert deployed(waiting) == [True]
    assert waiting.policies.deployments == []


def test_a_deployment_before_the_grant_was_written_does_not_carry_it(waiting: Centre) -> None:
    waiting.policies.owner_deploys(STAGE)
    assert create(waiting).data["DeploymentStatus"] == "PendingDeployment"
    time_passes(waiting)
    assert deployed(waiting) == [False]


def test_a_grant_that_is_deployed_stays_so_when_another_one_is_pending(waiting: Centre) -> None:
    first = create(waiting, Principals=[BUYER])
    waiting.clock.time += 5
    waiting.policies.owner_deploys(STAGE)
    time_passes(waiting)
    second = create(waiting, "Second", Principals=[SELLER])
    assert second.data["DeploymentStatus"] == "PendingDeployment"
    again = asked("api", "ExecuteApi", Principals=[BUYER]).event("Update", first.physical_id)
    assert waiting.ask(CONSUMER, again).data["DeploymentStatus"] == "Deployed"


def test_what_was_wiped_and_is_written_again_has_yet_to_be_deployed(waiting: Centre) -> None:
    """The owner imports the API anew, which wipes its policy (docs/aws-behaviour.md §3)."""
    create(waiting)
    waiting.clock.time += 5
    waiting.policies.owner_deploys(STAGE)
    time_passes(waiting)
    assert deployed(waiting) == [True]
    waiting.policies.put(API, None)  # type: ignore[arg-type]
    time_passes(waiting, 3700)
    assert CONSUMER in json.dumps(waiting.policies.document(API))
    assert deployed(waiting) == [False]


def test_a_controller_that_dies_after_its_write_leaves_a_deployment_to_be_made(redeploying: Centre) -> None:
    """Nobody knows then when the write was: it is deployed whatever the stage's last deployment was."""
    policies, deploy = redeploying.policies, redeploying.policies.deploy
    key = redeploying.file(CONSUMER, asked("api", "ExecuteApi").event("Create"))

    def die(_arn: Any) -> None:
        raise KeyboardInterrupt

    policies.deploy = die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        redeploying.handle(key)
    policies.deploy = deploy  # type: ignore[method-assign]
    time_passes(redeploying, 120)
    assert redeploying.desk.answers[key].data["DeploymentStatus"] == "Deployed"
    assert CONSUMER in served(redeploying)


def test_a_stage_that_does_not_exist_is_not_published(centre: Centre) -> None:
    answer = centre.ask(OWNER, published("api", StageName="gamma").event("Create"))
    assert answer.status == "FAILED"
    assert "has no stage 'gamma'" in answer.reason
    assert not centre.ledger.rows
