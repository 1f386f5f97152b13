"""The errors that API Gateway really returns for stages and deployments, through the whole controller (docs/aws-behaviour.md §3)."""

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from centre import CONSUMER, OWNER, Centre
from lambda_twin import error
from published_api import create, delete, publication, published_on, statements, states, time_passes
from resources import API, asked, published
from rest_api_twin import (
    BROKEN,
    CANARY,
    CONCURRENT,
    DENIED,
    NO_STAGE,
    THROTTLED,
    WITHOUT_POLICY,
    Api,
    RestApiTwin,
)

from provider.core.errors import DeploymentRefused, ResourceGone, ShutOut, StageNotFound, WriteUnsettled
from provider.core.identifiers import Arn
from provider.core.records import GrantRecord, GrantState

STAGE = Arn(f"{API}/prod")
TIMEOUT = ReadTimeoutError(endpoint_url="https://apigateway.us-east-1.amazonaws.com/")
PASSING = {
    "too many deployments": error(THROTTLED, "CreateDeployment"),
    "a concurrent modification": error(CONCURRENT, "CreateDeployment"),
    "a fault of the service": error(BROKEN, "CreateDeployment"),
    "an answer that never comes": TIMEOUT,
}


@pytest.fixture
def aws() -> RestApiTwin:
    twin = RestApiTwin()
    twin.create("ordersapi0", "prod")
    return twin


@pytest.fixture
def api(aws: RestApiTwin) -> Api:
    return aws.apis["ordersapi0"]


@pytest.fixture
def centre(aws: RestApiTwin) -> Centre:
    return published_on(aws, RedeployOnChange="true")


def in_time(centre: Centre, rounds: int = 3) -> Any:
    """The answer to a Create that the schedule sees to, twenty seconds apart."""
    key = centre.file(CONSUMER, asked("api", "ExecuteApi").event("Create"))
    centre.handle(key)
    for _ in range(rounds):
        if key not in centre.desk.answers:
            time_passes(centre, 21)
    return centre.desk.answers[key]


def told(answer: Any) -> tuple[str, str, str]:
    return answer.status, answer.data["DeploymentStatus"], answer.data["DeploymentReason"]


def deployed(centre: Centre) -> list[bool]:
    return [row.deployed for row in centre.ledger.rows.values() if isinstance(row, GrantRecord)]


@pytest.mark.parametrize("operation", ["create_deployment", "get_stage", "get_deployment"])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_what_may_pass_is_waited_for(
    centre: Centre, aws: RestApiTwin, api: Api, fault: Exception, operation: str
) -> None:
    aws.faults[operation] = [fault]
    asked_at = centre.clock.now()
    assert told(in_time(centre)) == ("SUCCESS", "Deployed", "")
    assert centre.clock.now() - asked_at < 45
    assert api.stages["prod"].served == api.policy
    assert aws.count("update_rest_api") == 1


def test_a_deployment_that_went_through_without_an_answer_is_seen_and_made_only_once(
    centre: Centre, aws: RestApiTwin, api: Api
) -> None:
    deploy = aws.create_deployment

    def create_deployment(**arguments: Any) -> None:
        deploy(**arguments)
        raise TIMEOUT

    aws.create_deployment = create_deployment  # type: ignore[assignment]
    aws.before["get_stage"] = lambda: centre.clock.sleep(2)  # one of the write's very second counts as older
    assert told(in_time(centre)) == ("SUCCESS", "Deployed", "")
    assert len(api.deployments) == 2


def test_the_turn_of_an_account_keeps_its_deployments_apart_so_that_aws_refuses_none(
    centre: Centre, aws: RestApiTwin
) -> None:
    aws.create("otherapi00", "prod")
    event = published("api", Name="other", RestApiId="otherapi00", RedeployOnChange="true").event("Create")
    assert centre.ask(OWNER, {**event, "LogicalResourceId": "Other"}).status == "SUCCESS"
    keys = [
        centre.file(
            CONSUMER,
            {**asked("api", "ExecuteApi").event("Create", Target=f"{OWNER}/{name}"), "LogicalResourceId": name},
        )
        for name in ("api", "other")
    ]
    centre.handle(*keys)
    assert {told(centre.desk.answers[key]) for key in keys} == {("SUCCESS", "Deployed", "")}
    assert aws.count("create_deployment") == 2


def test_an_owner_who_takes_every_turn_delays_no_answer_for_ever(centre: Centre, aws: RestApiTwin, api: Api) -> None:
    aws.faults["create_deployment"] = [error(THROTTLED, "CreateDeployment")] * 1000
    status, deployment, reason = told(in_time(centre))
    assert (status, deployment) == ("SUCCESS", "PendingDeployment")
    assert "could not be deployed: " in reason
    assert "TooManyRequestsException" in reason
    aws.faults.clear()
    time_passes(centre, 21)
    assert (deployed(centre), api.stages["prod"].served) == ([True], api.policy)


def test_a_delete_waits_for_no_deployment_that_does_not_come(centre: Centre, aws: RestApiTwin, api: Api) -> None:
    first = in_time(centre).physical_id
    aws.faults["create_deployment"] = [error(THROTTLED, "CreateDeployment")] * 1000
    key = centre.file(CONSUMER, asked("api", "ExecuteApi").event("Delete", first))
    centre.handle(key)
    for _ in range(3):
        time_passes(centre, 21)
    assert centre.desk.answers[key].status == "SUCCESS"
    assert (statements(api), states(centre)) == ([], [])
    assert api.stages["prod"].served is not None
    aws.faults.clear()
    time_passes(centre, 21)
    assert api.stages["prod"].served is None


# --- stages that are not to be deployed --------------------------------------------------------------


def test_a_stage_with_a_canary_is_left_alone_until_the_canary_is_gone(
    centre: Centre, aws: RestApiTwin, api: Api
) -> None:
    api.stages["prod"].canary = True
    status, deployment, reason = told(create(centre))
    assert (status, deployment) == ("SUCCESS", "PendingDeployment")
    assert "canary" in reason
    assert aws.count("create_deployment") == 0
    api.stages["prod"].canary = False
    time_passes(centre, 301)
    assert (deployed(centre), api.stages["prod"].served) == ([True], api.policy)


def test_a_canary_that_comes_between_our_look_and_our_deployment_is_said_in_awss_words(
    centre: Centre, aws: RestApiTwin, api: Api
) -> None:
    aws.before["create_deployment"] = lambda: setattr(api.stages["prod"], "canary", True)
    status, deployment, reason = told(create(centre))
    assert (status, deployment) == ("SUCCESS", "PendingDeployment")
    assert reason.startswith("its API could not be deployed: AWS refuses a deployment to arn:aws:execute-api:")
    assert "Non canary deployment not supported on stage prod" in reason
    api.stages["prod"].canary = False
    time_passes(centre, 301)
    assert deployed(centre) == [True]


@pytest.mark.parametrize("refusal", [CANARY, WITHOUT_POLICY], ids=["canary", "no policy"])
def test_a_refused_deployment_is_no_refused_policy(centre: Centre, aws: RestApiTwin, refusal: Any) -> None:
    aws.faults["create_deployment"] = [error(refusal, "CreateDeployment")]
    with pytest.raises(DeploymentRefused, match="AWS refuses a deployment"):
        centre.policies.deploy(STAGE)


def test_a_stage_that_has_vanished_is_told_and_fails_nobody(centre: Centre, aws: RestApiTwin, api: Api) -> None:
    first = in_time(centre).physical_id
    del api.stages["prod"]
    answer = create(centre, "Second", Methods=["GET"])
    assert told(answer)[:2] == ("SUCCESS", "PendingDeployment")
    assert told(answer)[2] == "its API has no such stage any more"
    assert delete(centre, first).status == "SUCCESS"
    assert aws.count("create_deployment") == 1
    aws.owner_deploys("ordersapi0", "prod")
    time_passes(centre, 301)
    assert deployed(centre) == [True]


def test_a_stage_that_is_not_there_is_not_published(centre: Centre, api: Api) -> None:
    answer = centre.ask(OWNER, published("api", StageName="nowhere").event("Update", publication(centre)))
    assert (answer.status, answer.physical_id) == ("FAILED", publication(centre))
    assert "has no stage 'nowhere'" in answer.reason
    with pytest.raises(StageNotFound):
        centre.policies.stage(Arn(f"{API}/nowhere"))


# --- looks at a stage --------------------------------------------------------------------------------


def test_a_deployment_that_is_replaced_while_we_look_is_no_api_that_is_gone(
    centre: Centre, aws: RestApiTwin, api: Api
) -> None:
    """A target that is being published looks at its stage; whoever is granted meanwhile must lose nothing."""
    in_time(centre)
    gone = error(("NotFoundException", 404, "Invalid Deployment identifier specified"), "GetDeployment")
    aws.faults["get_deployment"] = [gone] * 2
    with pytest.raises(WriteUnsettled):
        centre.policies.stage(STAGE)
    moved = published("api", RedeployOnChange="true", AllowDeletionWithConsumers="true")
    key = centre.file(OWNER, moved.event("Update", publication(centre)))
    centre.handle(key)
    assert set(states(centre)) == {GrantState.IN_FORCE}
    time_passes(centre, 21)
    assert centre.desk.answers[key].status == "SUCCESS"
    assert len(statements(api)) == 1


@pytest.mark.parametrize(("gone", "expected"), [(True, ResourceGone), (False, ShutOut)])
def test_a_stage_of_an_api_that_is_gone_is_told_from_one_of_an_untagged_api(
    centre: Centre, aws: RestApiTwin, api: Api, gone: bool, expected: type[Exception]
) -> None:
    api.tagged = False
    if gone:
        del aws.apis["ordersapi0"]
    with pytest.raises(expected):
        centre.policies.stage(STAGE)


def test_an_account_that_lets_us_write_but_not_deploy_is_said_so(centre: Centre, aws: RestApiTwin) -> None:
    aws.faults["create_deployment"] = [error(DENIED, "CreateDeployment")]
    status, deployment, reason = told(create(centre))
    assert (status, deployment) == ("SUCCESS", "PendingDeployment")
    assert "apigateway:CreateDeployment" in reason
    time_passes(centre, 301)
    assert deployed(centre) == [True]


def test_a_stage_that_says_it_is_missing_in_awss_words_is_missing(centre: Centre, aws: RestApiTwin) -> None:
    aws.faults["get_stage"] = [error(NO_STAGE, "GetStage")]
    with pytest.raises(StageNotFound):
        centre.policies.stage(STAGE)
