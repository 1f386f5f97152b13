"""A pass over a function calls AWS no more than it must."""

import pytest
from centre import CONSUMER, FUNCTION, OWNER, SECOND, Centre, permission, target
from lambda_twin import LambdaTwin, centre_on

LOOK_AT_NONE = ["get_resource_policy", "get_alias", "get_resource_policy"]
"""No policy and no function are answered alike, and the first write needs a revision (docs/aws-behaviour.md §1)."""


class Recorded(LambdaTwin):
    """The same, and what it was asked for."""

    calls: list[str]

    def _happens(self, operation: str) -> None:
        self.calls.append(operation)
        super()._happens(operation)

    def since(self) -> list[str]:
        """The calls since this was asked last."""
        found, self.calls = self.calls, []
        return found


@pytest.fixture
def aws() -> Recorded:
    twin = Recorded()
    twin.calls = []
    twin.create(FUNCTION, SECOND)
    return twin


@pytest.fixture
def centre(aws: Recorded) -> Centre:
    return centre_on(aws)


def test_a_pass_calls_lambda_as_little_as_it_can(centre: Centre, aws: Recorded) -> None:
    assert aws.since() == LOOK_AT_NONE
    first = centre.ask(CONSUMER, permission().event("Create")).physical_id
    assert aws.since() == [*LOOK_AT_NONE, "put_resource_policy", "get_resource_policy"]
    event = {**permission(ApiId="b1b2c3d4e5").event("Create"), "LogicalResourceId": "Second"}
    second = centre.ask(CONSUMER, event).physical_id
    assert aws.since() == ["get_resource_policy", "put_resource_policy", "get_resource_policy"]
    centre.clock.time += 3700
    centre.round()
    assert aws.since() == ["get_resource_policy"]
    centre.ask(CONSUMER, {**event, "RequestType": "Delete", "PhysicalResourceId": second})
    assert aws.since() == ["get_resource_policy", "put_resource_policy", "get_resource_policy"]
    centre.ask(CONSUMER, permission().event("Delete", first))
    assert aws.since() == ["get_resource_policy", "delete_resource_policy", *LOOK_AT_NONE]


def test_fifty_grants_at_once_are_one_write(centre: Centre, aws: Recorded) -> None:
    aws.since()
    keys = [
        centre.file(
            CONSUMER, {**permission(ApiId=f"api{number:07}").event("Create"), "LogicalResourceId": f"P{number}"}
        )
        for number in range(50)
    ]
    centre.handle(*keys)
    assert aws.since() == [*LOOK_AT_NONE, "put_resource_policy", "get_resource_policy"]


def test_a_target_that_moves_is_written_where_it_was_and_where_it_is(centre: Centre, aws: Recorded) -> None:
    """The old function is looked at and keeps its statement; the new one gets one."""
    centre.ask(CONSUMER, permission().event("Create"))
    aws.since()
    assert centre.ask(OWNER, target(FunctionArn=SECOND).event("Create")).status == "SUCCESS"
    found = aws.since()
    assert found.count("put_resource_policy") == 1
    assert len(found) <= 12
