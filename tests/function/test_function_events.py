"""An event becomes a request as it came, less its ResponseURL; what is no event is refused in one clear sentence."""

import json
import uuid
from typing import Any

import pytest
from function_twins import REQUEST, SIGNATURE, direct_event, stack_event
from hypothesis import given
from hypothesis import strategies as st

from provider.function.events import LIMIT, in_cloudformation_s_words, request_of, service_timeout, steps_of
from provider.function.failures import EventMalformed, EventTooLarge, Failure

ISSUED = "20261121T031800Z"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_the_event_is_filed_as_it_came_without_its_url(request_type: str) -> None:
    """Keys that nobody here knows are the centre's to judge."""
    event = stack_event(request_type, OldResourceProperties={"Target": "x"}, New=["thing", 1, None])
    request = request_of(event, ISSUED)
    assert json.loads(request.event) == {key: value for key, value in event.items() if key != "ResponseURL"}
    assert SIGNATURE not in request.event
    assert (request.id, request.issued_at) == (REQUEST, ISSUED)


def test_a_direct_caller_gets_a_request_id_of_its_own_and_the_event_stays_as_it_was() -> None:
    """Two invocations without RequestId are two requests."""
    event = direct_event(RequestId=None)
    first, second = request_of(event, ISSUED), request_of(event, ISSUED)
    assert uuid.UUID(first.id).version == 4
    assert first.id != second.id
    assert json.loads(first.event) == event


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"RequestType": "Replace"}, "RequestType is 'Replace'"),
        ({"RequestType": None}, "RequestType is None"),
        ({"RequestType": ["Create"]}, "RequestType is ['Create']"),
        ({"StackId": None}, "StackId is None"),
        ({"StackId": "a b"}, "StackId is 'a b'"),
        ({"StackId": "x" * 513}, "StackId is 'xxx"),
        ({"LogicalResourceId": 5}, "LogicalResourceId is 5"),
        ({"RequestId": ""}, "RequestId is ''"),
        ({"ResourceType": "Custom::é"}, "ResourceType is 'Custom::\\xe9'"),
        ({"ResourceProperties": None}, "ResourceProperties is None"),
        ({"ResourceProperties": "{}"}, "ResourceProperties is '{}'"),
        ({"ResourceProperties": {"Ratio": float("nan")}}, "number is 'NaN or Infinity'"),
        ({"RequestType": "Update"}, "PhysicalResourceId is None"),
        ({"RequestType": "Delete", "PhysicalResourceId": ""}, "PhysicalResourceId is ''"),
    ],
)
def test_a_malformed_event_is_named_with_key_value_and_remedy(changes: dict[str, Any], said: str) -> None:
    """The sentence says which key, what it is, and what to do."""
    with pytest.raises(EventMalformed) as failure:
        request_of(direct_event(**changes), ISSUED)
    assert said in str(failure.value)
    assert str(failure.value).endswith("Correct it and send the event again.")


@pytest.mark.parametrize("event", [None, [], "Create", 3])
def test_what_is_no_object_is_no_event(event: Any) -> None:
    """A direct caller may send any JSON."""
    with pytest.raises(EventMalformed, match="body"):
        request_of(event, ISSUED)


def test_an_event_of_64_kib_passes_and_a_byte_more_does_not() -> None:
    """The failure names the size."""
    room = LIMIT - len(request_of(direct_event(Padding=""), ISSUED).event)
    assert len(request_of(direct_event(Padding="x" * room), ISSUED).event) == LIMIT
    with pytest.raises(EventTooLarge, match=str(LIMIT + 1)):
        request_of(direct_event(Padding="x" * (room + 1)), ISSUED)


@given(JSON)
def test_any_properties_are_filed_unchanged_as_ascii_or_refused(value: Any) -> None:
    """Lone surrogates and all: DynamoDB can store what is filed, and it means what it meant."""
    try:
        request = request_of(direct_event(ResourceProperties={"Value": value}), ISSUED)
    except Failure:
        return
    assert request.event.isascii()
    assert json.loads(request.event)["ResourceProperties"] == {"Value": value}


@given(st.dictionaries(st.sampled_from(list(stack_event("Update"))), JSON))
def test_no_event_fails_in_any_other_way(changes: dict[str, Any]) -> None:
    """Whatever stands under the known keys, it is a request or a Failure of at most 256 characters."""
    said = "filed"
    try:
        request_of({**stack_event("Update"), **changes}, ISSUED)
    except Failure as failure:
        said = str(failure)
    assert 0 < len(said) <= 256


def terraform_event(action: Any, **changes: Any) -> dict[str, Any]:
    """What `aws_lambda_invocation` sends: its author's input and Terraform's key beside it."""
    told = {"action": action, "prev_input": {"LogicalResourceId": "Before"}}
    return direct_event(RequestType=None, RequestId=None, tf=told, **changes)


@pytest.mark.parametrize(
    ("action", "request_type", "known"),
    [("create", "Create", {}), ("update", "Create", {}), ("delete", "Delete", {"PhysicalResourceId": "untold"})],
)
def test_terraform_s_creation_and_change_ask_and_its_deletion_gives_all_up(
    action: str, request_type: str, known: dict[str, str]
) -> None:
    """Terraform knows no id: what its resource asks is all that its origin shall have. Nothing of Terraform's own is filed."""
    event = terraform_event(action)
    before = json.dumps(event)
    filed = json.loads(request_of(in_cloudformation_s_words(event), ISSUED).event)
    assert filed == {**direct_event(RequestId=None), "RequestType": request_type, **known}
    assert json.dumps(event) == before


def test_the_id_of_a_terraform_event_is_never_one_that_somebody_was_told() -> None:
    """Its author may have written one into the input; a deletion of that one alone would leave the others."""
    event = terraform_event("delete", PhysicalResourceId="grant-0123456789abcdef0123456789abcdef")
    assert in_cloudformation_s_words(event)["PhysicalResourceId"] == "untold"
    assert "PhysicalResourceId" not in in_cloudformation_s_words({**event, "tf": {"action": "update"}})


@pytest.mark.parametrize(
    "event",
    [
        stack_event(tf={"action": "delete"}),
        direct_event(tf={"action": "read"}),
        direct_event(tf={"action": ["delete"]}),
        direct_event(tf="delete"),
        direct_event(),
        None,
        [],
    ],
)
def test_any_other_event_stays_as_it_is(event: Any) -> None:
    """Above all CloudFormation's, whatever stands in it."""
    assert in_cloudformation_s_words(event) == event


def test_a_direct_creation_is_asked_beside_what_stands_first_and_then_by_itself() -> None:
    """The same properties under the same origin; the first as an Update of an id that nobody was told."""
    event = direct_event()
    beside, itself = steps_of(event)
    assert itself == event
    assert beside == {
        **event,
        "RequestType": "Update",
        "PhysicalResourceId": "untold",
        "RequestId": beside["RequestId"],
    }
    assert beside["RequestId"] != REQUEST
    assert beside["RequestId"] == steps_of(event)[0]["RequestId"], "a repeated event must not ask anew"


def test_without_a_request_id_each_step_gets_its_own() -> None:
    first, second = (request_of(step, ISSUED) for step in steps_of(direct_event(RequestId=None)))
    assert first.id != second.id


@pytest.mark.parametrize(
    "event", [direct_event("Update"), direct_event("Delete"), direct_event("Replace"), None, [], {}]
)
def test_any_other_event_is_one_step(event: Any) -> None:
    assert steps_of(event) == (event,)


@pytest.mark.parametrize("request_id", ["", 5, ["x"], "a b"])
def test_a_request_id_that_is_none_is_refused_before_anything_is_asked(request_id: Any) -> None:
    with pytest.raises(EventMalformed, match="RequestId"):
        request_of(steps_of(direct_event(RequestId=request_id))[0], ISSUED)


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [("60", 60), (60, 60), ("3600", 3600), ("x", None), ("", None), ("-5", None), (None, None), ("9" * 9, None)],
)
def test_service_timeout_arrives_as_text_and_anything_odd_is_none(stated: Any, seconds: int | None) -> None:
    """CloudFormation sends numbers as strings (`docs/aws-behaviour.md` §5)."""
    assert service_timeout({"ResourceProperties": {"ServiceTimeout": stated}}) == seconds


@pytest.mark.parametrize("properties", [None, "x", []])
def test_service_timeout_of_a_malformed_event_is_none(properties: Any) -> None:
    """It is read before the event is checked."""
    assert service_timeout({"ResourceProperties": properties}) is None
