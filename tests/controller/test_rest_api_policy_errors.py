"""The errors that API Gateway really returns for policies, through the whole controller (docs/aws-behaviour.md §3)."""

from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from centre import CONSUMER, OTHER, OWNER, Centre
from lambda_twin import Error, error
from published_api import create, delete, publication, published_on, statements, states, time_passes
from resources import API, BUYER, asked, published
from rest_api_twin import BROKEN, CONCURRENT, THROTTLED, TOO_LONG, Api, RestApiTwin

from provider.core.records import GrantState

URL = "https://apigateway.us-east-1.amazonaws.com/"
FOREIGN = {
    "Sid": "theirs",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "execute-api:Invoke",
    "Resource": f"{API}/*",
    "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
}
PASSING = {
    "a concurrent modification": error(CONCURRENT, "UpdateRestApi"),
    "throttling": error(THROTTLED, "UpdateRestApi"),
    "a fault of the service": error(BROKEN, "UpdateRestApi"),
    "no connection": EndpointConnectionError(endpoint_url=URL),
    "a connection that takes too long": ConnectTimeoutError(endpoint_url=URL),
    "an answer that never comes": ReadTimeoutError(endpoint_url=URL),
}


@pytest.fixture
def aws() -> RestApiTwin:
    twin = RestApiTwin()
    twin.create("ordersapi0", "prod", "beta")
    return twin


@pytest.fixture
def api(aws: RestApiTwin) -> Api:
    return aws.apis["ordersapi0"]


@pytest.fixture
def centre(aws: RestApiTwin) -> Centre:
    return published_on(aws)


@pytest.mark.parametrize("operation", ["get_rest_api", "get_resources", "update_rest_api"])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_what_may_pass_is_tried_again_within_seconds(
    centre: Centre, aws: RestApiTwin, api: Api, fault: Exception, operation: str
) -> None:
    aws.faults[operation] = [fault, fault]
    asked_at = centre.clock.now()
    assert create(centre).status == "SUCCESS"
    assert centre.clock.now() - asked_at < 2.5
    assert len(statements(api)) == 1
    assert not aws.faults[operation]


def test_what_does_not_pass_in_time_is_answered_with_its_reason_and_leaves_nothing(
    centre: Centre, aws: RestApiTwin, api: Api
) -> None:
    aws.faults["update_rest_api"] = [error(THROTTLED, "UpdateRestApi")] * 10_000
    key = centre.file(CONSUMER, asked("api", "ExecuteApi").event("Create"))
    centre.handle(key)
    for _ in range(5):
        time_passes(centre, 21)
    answer = centre.desk.answers[key]
    assert (answer.status, "TooManyRequestsException" in answer.reason) == ("FAILED", True)
    aws.faults.clear()
    time_passes(centre, 21)
    assert (api.policy, states(centre)) == (None, [])


def test_a_write_that_went_through_without_an_answer_is_seen_when_it_is_read_again(
    centre: Centre, aws: RestApiTwin
) -> None:
    update = aws.update_rest_api

    def update_rest_api(**arguments: Any) -> None:
        update(**arguments)
        raise ReadTimeoutError(endpoint_url=URL)

    aws.update_rest_api = update_rest_api  # type: ignore[assignment]
    assert create(centre).status == "SUCCESS"
    assert aws.count("update_rest_api") == 1


def test_whoever_overwrites_ours_at_once_is_noticed_and_keeps_his_own(
    centre: Centre, aws: RestApiTwin, api: Api
) -> None:
    """A policy has no revision: the last writer wins, and the read-back tells."""

    def theirs_alone() -> None:
        api.policy = {"Version": "2012-10-17", "Statement": [FOREIGN]}

    aws.before["update_rest_api"] = lambda: aws.before.update(get_rest_api=theirs_alone)
    assert create(centre).status == "SUCCESS"
    assert statements(api)[0] == FOREIGN
    assert len(statements(api)) == 2
    assert aws.count("update_rest_api") == 2


def test_a_lost_write_is_written_again(centre: Centre, aws: RestApiTwin, api: Api) -> None:
    aws.loses_writes = 2
    assert create(centre).status == "SUCCESS"
    assert (len(statements(api)), aws.count("update_rest_api")) == (1, 3)


# --- what AWS refuses ------------------------------------------------------------------------------

DEAD = {**FOREIGN, "Sid": "dead", "Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLE1234567890"}}


def test_a_document_that_aws_refuses_is_answered_at_once_and_names_the_suspect(
    centre: Centre, aws: RestApiTwin, api: Api
) -> None:
    api.policy = {"Version": "2012-10-17", "Statement": [FOREIGN, DEAD]}
    aws.refuses = lambda document: "AROA" in str(document)
    answer = create(centre)
    assert answer.status == "FAILED"
    assert "Invalid policy document" in answer.reason
    assert answer.reason.endswith("Have its owner remove statement dead, whose principal was deleted.")
    assert statements(api) == [FOREIGN, DEAD]
    assert states(centre) == []


def test_a_delete_that_aws_refuses_says_why_and_is_done_when_its_owner_has_mended_it(
    centre: Centre, aws: RestApiTwin, api: Api
) -> None:
    first = create(centre).physical_id
    statements(api).append(DEAD)
    aws.refuses = lambda document: "AROA" in str(document)
    answer = delete(centre, first)
    assert (answer.status, answer.physical_id) == ("FAILED", first)
    assert "remove statement dead" in answer.reason
    statements(api).remove(DEAD)
    time_passes(centre)
    assert (api.policy, states(centre)) == (None, [])


def test_where_no_principal_was_deleted_the_owner_is_to_look_for_one(centre: Centre, aws: RestApiTwin) -> None:
    aws.refuses = lambda _document: True
    assert create(centre).reason.endswith("Have its owner look for a statement with a deleted principal and remove it.")


def sixty(beginning: str, account: str = CONSUMER) -> list[str]:
    return [f"arn:aws:iam::{account}:role/{beginning}-{number:02}" for number in range(60)]


def four_at_once(centre: Centre) -> list[Any]:
    """Each takes some 2,700 characters, so that three have room in 8,192."""
    keys = [
        centre.file(CONSUMER, asked("api", "ExecuteApi", f"P{number}", Principals=sixty(f"r{number}")).event("Create"))
        for number in range(4)
    ]
    centre.handle(*keys)
    return [centre.desk.answers[key] for key in keys]


@pytest.mark.parametrize("words", TOO_LONG, ids=[one[2] for one in TOO_LONG])
@pytest.mark.parametrize(("limit", "room", "writes"), [(8_192, 3, 2), (4_000, 1, 7), (16_384, 4, 1)])
def test_what_is_too_long_is_refused_by_its_length_and_holds_back_nobody_else(
    centre: Centre, aws: RestApiTwin, api: Api, words: Error, limit: int, room: int, writes: int
) -> None:
    """Be the quota raised, or AWS count another text than what is sent."""
    aws.limit, aws.too_long = limit, words
    answers = four_at_once(centre)
    assert sum(answer.status == "SUCCESS" for answer in answers) == room
    refused = [answer.reason for answer in answers if answer.status == "FAILED"]
    assert all(" of 8192 characters long. Have its owner" in reason for reason in refused)
    (ours,) = statements(api)
    assert len(ours["Condition"]["ArnEquals"]["aws:PrincipalArn"]) == 60 * room
    assert aws.count("update_rest_api") == writes
    assert create(centre, "Small", OTHER).status == "SUCCESS"


def test_a_full_policy_keeps_what_stands_and_takes_the_smaller(centre: Centre, aws: RestApiTwin, api: Api) -> None:
    four_at_once(centre)
    before = [set(one["Condition"]["ArnEquals"]["aws:PrincipalArn"]) for one in statements(api)]
    assert create(centre, "Late", Principals=sixty("late")).status == "FAILED"
    assert create(centre, "Small", Principals=[BUYER]).status == "SUCCESS"
    after = [set(one["Condition"]["ArnEquals"]["aws:PrincipalArn"]) for one in statements(api)]
    assert after == [before[0] | {BUYER}]


def test_a_target_that_moves_to_another_stage_of_a_full_api_interrupts_nobody(
    centre: Centre, aws: RestApiTwin, api: Api
) -> None:
    """Its grants would need a statement for both stages; what their stacks were told is what counts."""
    four_at_once(centre)
    told = statements(api)
    moved = published("api", AllowedAccounts=[CONSUMER, OTHER], StageName="beta").event("Update", publication(centre))
    assert centre.ask(OWNER, moved).status == "SUCCESS"
    for _ in range(2):
        time_passes(centre)
        assert [one for one in statements(api) if "/prod/" in one["Resource"]] == told
    assert set(states(centre)) == {GrantState.IN_FORCE}
