"""The errors that IAM really returns for trust policies, through the whole controller (docs/aws-behaviour.md §4)."""

from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from centre import CONSUMER, OTHER, Centre
from iam_twin import BROKEN, THROTTLED, IamTwin, Role
from lambda_twin import error
from published_role import create, delete, ours, published_on, states, time_passes
from resources import BUYER, OWN_TRUST, ROLE, asked

URL = "https://iam.amazonaws.com/"
PASSING = {
    "throttling": error(THROTTLED, "UpdateAssumeRolePolicy"),
    "a fault of the service": error(BROKEN, "UpdateAssumeRolePolicy"),
    "no connection": EndpointConnectionError(endpoint_url=URL),
    "a connection that takes too long": ConnectTimeoutError(endpoint_url=URL),
    "an answer that never comes": ReadTimeoutError(endpoint_url=URL),
}
DEAD = {**OWN_TRUST, "Sid": "dead", "Principal": {"AWS": "AROAEXAMPLE1234567890"}}


@pytest.fixture
def aws() -> IamTwin:
    return IamTwin()


@pytest.fixture
def role(aws: IamTwin) -> Role:
    return aws.create(ROLE, OWN_TRUST)


@pytest.fixture
def centre(aws: IamTwin, role: Role) -> Centre:
    return published_on(aws)


@pytest.mark.parametrize("operation", ["get_role", "update_assume_role_policy"])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_what_may_pass_is_tried_again_within_seconds(
    centre: Centre, aws: IamTwin, role: Role, fault: Exception, operation: str
) -> None:
    aws.faults[operation] = [fault, fault]
    asked_at = centre.clock.now()
    assert create(centre).status == "SUCCESS"
    assert centre.clock.now() - asked_at < 2.5
    assert len(ours(centre, role)) == 1
    assert not aws.faults[operation]


def test_what_does_not_pass_in_time_is_answered_with_its_reason_and_leaves_nothing(
    centre: Centre, aws: IamTwin, role: Role
) -> None:
    aws.faults["get_role"] = [error(THROTTLED, "GetRole")] * 10_000
    key = centre.file(CONSUMER, asked("role", "AssumeRole").event("Create"))
    centre.handle(key)
    for _ in range(5):
        time_passes(centre, 21)
    answer = centre.desk.answers[key]
    assert (answer.status, "could not be written for now: Throttling" in answer.reason) == ("FAILED", True)
    aws.faults.clear()
    time_passes(centre, 21)
    assert (role.policy["Statement"], states(centre)) == ([OWN_TRUST], [])


def test_a_write_that_went_through_without_an_answer_is_seen_when_it_is_read_again(
    centre: Centre, aws: IamTwin
) -> None:
    update = aws.update_assume_role_policy

    def update_assume_role_policy(**arguments: Any) -> None:
        update(**arguments)
        raise ReadTimeoutError(endpoint_url=URL)

    aws.update_assume_role_policy = update_assume_role_policy  # type: ignore[assignment]
    assert create(centre).status == "SUCCESS"
    assert aws.count("update_assume_role_policy") == 1


def test_whoever_overwrites_ours_at_once_is_noticed_and_keeps_his_own(centre: Centre, aws: IamTwin, role: Role) -> None:
    """A trust policy has no revision: the last writer wins, and the read-back tells."""
    theirs = {**OWN_TRUST, "Sid": "Theirs"}

    def theirs_alone() -> None:
        role.policy = {"Version": "2012-10-17", "Statement": [theirs]}

    aws.before["update_assume_role_policy"] = lambda: aws.before.update(get_role=theirs_alone)
    assert create(centre).status == "SUCCESS"
    assert role.policy["Statement"][0] == theirs
    assert len(ours(centre, role)) == 1
    assert aws.count("update_assume_role_policy") == 2


def test_a_lost_write_is_written_again(centre: Centre, aws: IamTwin, role: Role) -> None:
    """IAM is eventually consistent: what is read may be older than what was written."""
    aws.loses_writes = 2
    assert create(centre).status == "SUCCESS"
    assert (len(ours(centre, role)), aws.count("update_assume_role_policy")) == (1, 3)


# --- what AWS refuses ------------------------------------------------------------------------------


def test_a_deleted_principal_of_another_statement_is_named_to_whom_asks(centre: Centre, role: Role) -> None:
    role.policy["Statement"].append(DEAD)
    answer = create(centre)
    assert answer.status == "FAILED"
    assert 'Invalid principal in policy: "AWS":"AROAEXAMPLE1234567890"' in answer.reason
    assert answer.reason.endswith("Have its owner remove statement dead, whose principal was deleted.")
    assert role.policy["Statement"] == [OWN_TRUST, DEAD]
    assert states(centre) == []


def test_a_delete_that_iam_refuses_says_why_and_is_done_when_its_owner_has_mended_it(
    centre: Centre, role: Role
) -> None:
    first = create(centre).physical_id
    role.policy["Statement"].append(DEAD)
    answer = delete(centre, first)
    assert (answer.status, answer.physical_id) == ("FAILED", first)
    assert "remove statement dead" in answer.reason
    role.policy["Statement"].remove(DEAD)
    time_passes(centre)
    assert (role.policy["Statement"], states(centre)) == ([OWN_TRUST], [])


def test_a_role_that_is_deleted_and_recreated_keeps_the_access_that_it_was_granted(centre: Centre, role: Role) -> None:
    """It is named by a condition, whose value IAM does not turn into an id; so it poisons nothing either."""
    create(centre, Principals=[BUYER])
    assert ours(centre, role)[0]["Principal"] == {"AWS": "*"}
    assert create(centre, "Another", OTHER).status == "SUCCESS"


def twenty(beginning: str) -> list[str]:
    """Some 860 characters, so that two have room in 2,048 beside the role's own trust."""
    return [f"arn:aws:iam::{CONSUMER}:role/{beginning}-{number:02}" for number in range(20)]


def five_at_once(centre: Centre) -> list[Any]:
    keys = [
        centre.file(
            CONSUMER, asked("role", "AssumeRole", f"P{number}", Principals=twenty(f"r{number}")).event("Create")
        )
        for number in range(5)
    ]
    centre.handle(*keys)
    return [centre.desk.answers[key] for key in keys]


@pytest.mark.parametrize(("limit", "room"), [(2_048, 2), (3_000, 3), (4_096, 4), (8_192, 5)])
def test_iam_teaches_its_limit_and_what_is_over_it_is_refused_by_its_length(
    centre: Centre, aws: IamTwin, role: Role, limit: int, room: int
) -> None:
    aws.limit = limit
    answers = five_at_once(centre)
    assert [answer.status for answer in answers] == ["SUCCESS"] * room + ["FAILED"] * (5 - room)
    assert all(f" of {limit} characters long. Have its owner" in one.reason for one in answers[room:])
    (statement,) = ours(centre, role)
    assert len(statement["Condition"]["ArnEquals"]["aws:PrincipalArn"]) == 20 * room
    assert aws.count("update_assume_role_policy") == (1 if room == 5 else 2)


def test_a_full_policy_keeps_what_stands_and_takes_the_smaller(centre: Centre, role: Role) -> None:
    five_at_once(centre)
    (before,) = ours(centre, role)
    assert create(centre, "Late", Principals=twenty("late")).status == "FAILED"
    assert create(centre, "Small", Principals=[BUYER]).status == "SUCCESS"
    (after,) = ours(centre, role)
    names = [one["Condition"]["ArnEquals"]["aws:PrincipalArn"] for one in (before, after)]
    assert set(names[1]) == {*names[0], BUYER}
