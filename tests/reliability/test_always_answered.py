"""Every event of CloudFormation's is answered within its time, whichever part is broken, and a rollback then works."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deployed_names import REQUESTS
from effects import Answered
from left import open_ends
from obstacles import OBSTACLES, Obstacle, no_controller, silence_of_the_owners
from operations import MINUTE, Operation
from operations_on_apis import CREATE_ON_API
from operations_on_functions import CREATE_GRANT, CREATE_INVOCATION, LOOKUP, UPDATE_GRANT
from operations_on_roles import CREATE_ON_ROLE
from provider_process import ProviderProcess, with_response_url
from scenes import Scene
from stage import Stage

from provider.function.failures import AnswerUndelivered

LAMBDA_S_TIME = 120.0
SERVICE_TIMEOUT = 30


class Stack:
    """A stack with one resource: it sends events about it and hears answers, while stream and schedule work."""

    def __init__(self, stage: Stage, process: ProviderProcess, operation: Operation) -> None:
        self.stage, self.process = stage, process
        process.meanwhile = self._meanwhile
        process.host.clear()
        self.scene = Scene.of(stage, operation, filed=False)
        self.scene.begin()
        self.event = self.scene.event
        self.next_round = stage.hours.time + MINUTE

    def send(self, **changes: Any) -> dict[str, Any]:
        """Send the event; the one answer, which comes in time."""
        sent_at = self.stage.hours.time
        assert self.process.invoke(with_response_url({**self.event, **changes}, sent_at))
        (document,) = self.process.host.documents
        (taken_at,) = self.process.host.taken_at
        timeout = float({**self.event, **changes}["ResourceProperties"].get("ServiceTimeout", LAMBDA_S_TIME))
        assert taken_at - sent_at <= min(timeout, LAMBDA_S_TIME)
        assert document["PhysicalResourceId"]
        assert len(document["Reason"]) <= 256
        self.process.host.clear()
        return document

    def roll_back(self, failed: dict[str, Any]) -> dict[str, Any]:
        """What CloudFormation sends after a failure: a Delete of what failed to be, or the old properties."""
        self.stage.hours.time += 1
        known = {"PhysicalResourceId": failed["PhysicalResourceId"], "RequestId": "rollback"}
        if self.event["RequestType"] == "Create":
            return self.send(RequestType="Delete", **known)
        old = {name: one for name, one in self.event["ResourceProperties"].items() if name != "AuthorizerIds"}
        return self.send(ResourceProperties=old, **known)

    def assert_as_before(self) -> None:
        """When the schedule has looked again, whoever might call before may call, and nothing waits."""
        for _ in range(2):
            self.stage.hours.time += 2 * MINUTE
            self.stage.controller.round()
        state = self.stage.look()
        assert list(open_ends(state)) == []
        assert self.scene.callers(state) == self.scene.callers(self.scene.before)

    def _meanwhile(self) -> None:
        """The stream brings what is new at once; every minute the schedule looks. A broken controller fails."""
        with suppress(ClientError):
            self.stage.deliver()
            if self.stage.hours.time >= self.next_round:
                self.next_round += MINUTE
                self.stage.controller.round()


def with_timeout(operation: Operation) -> Operation:
    """The same with a ServiceTimeout."""
    assert operation.event is not None
    properties = {**operation.event.properties, "ServiceTimeout": str(SERVICE_TIMEOUT)}
    return replace(operation, event=replace(operation.event, properties=properties))


@pytest.mark.parametrize("operation", [CREATE_GRANT, with_timeout(UPDATE_GRANT)], ids=["create", "update in 30 s"])
@pytest.mark.parametrize("obstacle", OBSTACLES, ids=lambda obstacle: obstacle.name)
def test_whatever_is_broken_an_event_is_answered_in_time_and_can_be_rolled_back(
    stage: Stage, provider_process: ProviderProcess, obstacle: Obstacle, operation: Operation
) -> None:
    """The reason says what is broken and who can mend it; when it is mended, the rollback leaves what was before."""
    stack = Stack(stage, provider_process, operation)
    with obstacle.breaks(stage, provider_process):
        failed = stack.send()
    assert failed["Status"] == "FAILED"
    late = "has not answered" in failed["Reason"]  # where the time was over before the fault was sure
    assert late or [one for one in obstacle.says if one not in failed["Reason"]] == []
    known = stack.event.get("PhysicalResourceId")
    assert failed["PhysicalResourceId"] == (known or "failed-asked")
    assert stack.roll_back(failed)["Status"] == "SUCCESS"
    stack.assert_as_before()


SILENT = [
    (CREATE_GRANT, "lambda."),
    (CREATE_INVOCATION, "sts."),
    (CREATE_ON_API, "api-gateway."),
    (CREATE_ON_ROLE, "iam."),
]


@pytest.mark.parametrize("operation, calls", SILENT, ids=[f"{operation.name}, {calls}" for operation, calls in SILENT])
def test_whichever_of_the_owners_services_is_silent_an_event_is_answered_in_time_and_can_be_rolled_back(
    stage: Stage, provider_process: ProviderProcess, operation: Operation, calls: str
) -> None:
    """Of every grant type."""
    stack = Stack(stage, provider_process, operation)
    with silence_of_the_owners(calls, stage):
        failed = stack.send()
    assert failed["Status"] == "FAILED"
    assert "ReadTimeoutError" in failed["Reason"]
    assert stack.roll_back(failed)["Status"] == "SUCCESS"
    stack.assert_as_before()


def test_a_permission_whose_deployment_hangs_is_answered_in_time_as_pending_and_deployed_when_it_can_be(
    stage: Stage, provider_process: ProviderProcess
) -> None:
    stack = Stack(stage, provider_process, CREATE_ON_API)
    with silence_of_the_owners("api-gateway.CreateDeployment", stage):
        answer = stack.send()
    assert (answer["Status"], answer["Data"]["DeploymentStatus"]) == ("SUCCESS", "PendingDeployment")
    assert "ReadTimeoutError" in answer["Data"]["DeploymentReason"]
    stage.hours.time += MINUTE
    stage.controller.round()
    assert list(stack.scene.wrongly_open(stage.look(), CREATE_ON_API.opens)) == []


@pytest.mark.parametrize("latest_first", [False, True], ids=["in order", "latest first"])
def test_what_was_answered_too_late_and_its_rollback_may_be_taken_in_any_order(
    stage: Stage, provider_process: ProviderProcess, *, latest_first: bool
) -> None:
    """The controller comes back when both lie there."""
    stack = Stack(stage, provider_process, CREATE_GRANT)
    with no_controller(stage, provider_process):
        failed = stack.send()
        stack.roll_back(failed)
    items = stage.parts.table(REQUESTS)
    assert sorted(request for _, request in items) == ["asked", "rollback"]
    stage.controller.take(*(items[key] for key in sorted(items, reverse=latest_first)))
    stack.assert_as_before()


def test_a_warm_environment_is_not_poisoned_by_a_fault_in_any_of_its_calls(
    stage: Stage, provider_process: ProviderProcess
) -> None:
    """Whatever is raised there: the event is answered, or repeated by Lambda, and the next one succeeds."""
    stack = Stack(stage, provider_process, CREATE_GRANT)
    stack.send()
    calls = len(provider_process.wire.calls)
    assert LOOKUP is not None
    for broken in range(calls):
        stack.scene.begin()
        environment = provider_process.provider()
        provider_process.wire.fault = lambda number, _name, broken=broken: (
            KeyError("poison") if number == broken else None
        )
        asked = with_response_url(stack.event, stage.hours.time)
        with suppress(AnswerUndelivered):
            provider_process.invoke(asked, warm=environment)
            assert provider_process.host.documents
        provider_process.wire.fault = lambda _number, _name: None
        provider_process.host.clear()
        after = with_response_url(LOOKUP.event("after", {}, []), stage.hours.time)
        provider_process.invoke(after, warm=environment)
        assert [document["Status"] for document in provider_process.host.documents] == ["SUCCESS"]
        provider_process.host.clear()


@pytest.mark.parametrize(
    "faults",
    [[500, 503, 429], [TimeoutError()] * 4, [ConnectionRefusedError()] * 4],
    ids=["5xx", "hangs", "refused"],
)
def test_a_response_host_that_comes_back_in_time_gets_the_answer(
    stage: Stage, provider_process: ProviderProcess, faults: list[int | Exception]
) -> None:
    """Lambda need not deliver the event again."""
    stack = Stack(stage, provider_process, CREATE_GRANT)
    provider_process.host.faults += faults
    assert stack.send()["Status"] == "SUCCESS"
    assert provider_process.host.faults == []


@pytest.mark.parametrize("fault", [500, TimeoutError(), ConnectionRefusedError()], ids=["5xx", "hangs", "refused"])
def test_a_response_host_that_stays_away_gets_the_same_answer_when_lambda_delivers_the_event_again(
    stage: Stage, provider_process: ProviderProcess, fault: int | Exception
) -> None:
    """The invocation fails before Lambda ends it. The request is not carried out twice."""
    stack = Stack(stage, provider_process, CREATE_GRANT)
    event = with_response_url(stack.event, stage.hours.time)
    began = stage.hours.time
    provider_process.host.faults += [fault] * 99
    with pytest.raises(AnswerUndelivered):
        provider_process.invoke(event)
    assert stage.hours.time - began < LAMBDA_S_TIME
    provider_process.host.faults.clear()
    stage.hours.time += MINUTE
    assert provider_process.invoke(event)
    assert [document["Status"] for document in provider_process.host.documents] == ["SUCCESS"]
    assert stage.controller.wire.effects.count(Answered("asked")) == 1
