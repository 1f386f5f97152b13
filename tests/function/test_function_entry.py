"""Every event gets its own one answer, from whichever side it came and whatever is broken."""

import json
import logging
import threading
from typing import Any

import pytest
from function_twins import (
    ENVIRONMENT,
    HOST,
    NOW,
    REQUEST,
    SIGNATURE,
    STACK,
    CentreTwin,
    Hours,
    LambdaContext,
    ResponseTwin,
    answered,
    direct_event,
    refusal,
    response_url,
    stack_event,
)
from hypothesis import given
from hypothesis import strategies as st

from provider.function.answers import Answer
from provider.function.centre import Centre
from provider.function.entry import Provider
from provider.function.events import Request
from provider.function.failures import (
    AnswerLate,
    AnswerUndelivered,
    EventMalformed,
    RequestFailed,
    ResponseAddressRefused,
    SettingMissing,
    Unexpected,
)
from provider.function.settings import Settings

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def provider_of(twin: CentreTwin, response: ResponseTwin, environment: dict[str, str] | None = None) -> Provider:
    """The function between twins; its way to the centre is kept, as in a warm environment."""
    kept: dict[Any, Centre] = {}

    def connect(settings: Settings, account: Any) -> Centre:
        return kept.setdefault((settings, account), Centre(settings, account, twin.open, twin.hours.clock))

    return Provider(ENVIRONMENT if environment is None else environment, twin.hours.clock, connect, response)


@pytest.fixture
def provider(centre_twin: CentreTwin, response_twin: ResponseTwin) -> Provider:
    """The function between twins."""
    return provider_of(centre_twin, response_twin)


def only(response: ResponseTwin) -> dict[str, Any]:
    """The one document that CloudFormation got."""
    assert len(response.documents) == 1
    return dict(json.loads(response.documents[0]))


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_a_stack_s_event_is_filed_and_its_answer_sent(
    provider: Provider,
    centre_twin: CentreTwin,
    response_twin: ResponseTwin,
    request_type: str,
) -> None:
    """The account is the function's, the time is the URL's, and the URL itself stays here."""
    event = stack_event(request_type)
    centre_twin.hours.now = NOW + 3
    assert provider(event, LambdaContext()) is None
    (item,) = centre_twin.requests.values()
    assert (item["account"], item["request"], item["issuedAt"]) == ("111111111111", REQUEST, "20261121T031800Z")
    assert json.loads(item["event"]) == direct_event(request_type)
    assert only(response_twin)["Status"] == "SUCCESS"
    assert response_twin.addresses[0][0].host == HOST


def test_the_account_is_the_function_s_and_not_the_event_s(provider: Provider, centre_twin: CentreTwin) -> None:
    """A stack id is a claim."""
    provider(stack_event(StackId=STACK.replace("111111111111", "333333333333")), LambdaContext())
    assert [account for account, _ in centre_twin.requests] == ["111111111111"]


def test_a_url_without_a_date_leaves_the_time_to_our_clock(
    provider: Provider,
    centre_twin: CentreTwin,
) -> None:
    """In the same form."""
    event = direct_event()
    url = response_url(event).partition("?")[0] + "?AWSAccessKeyId=x&Expires=1&Signature=y"
    centre_twin.hours.now = NOW + 3
    provider({**event, "ResponseURL": url}, LambdaContext())
    assert [item["issuedAt"] for item in centre_twin.requests.values()] == ["20261121T031803Z"]


def test_a_refusal_of_the_centre_is_sent_as_it_is(
    provider: Provider,
    centre_twin: CentreTwin,
    response_twin: ResponseTwin,
) -> None:
    """Its reason is what a stack event shows."""
    centre_twin.answer = lambda _item: answered("FAILED", reason="Account 111111111111 is not allowed. Ask the owner.")
    assert provider(stack_event(), LambdaContext()) is None
    assert only(response_twin)["Reason"] == "Account 111111111111 is not allowed. Ask the owner."


@pytest.mark.parametrize("missing", list(ENVIRONMENT))
def test_missing_configuration_is_answered_and_does_not_outlive_its_event(
    centre_twin: CentreTwin,
    response_twin: ResponseTwin,
    missing: str,
) -> None:
    """Left to itself, crhelper would fail every later event; a Delete above all."""
    environment = {**ENVIRONMENT, missing: " "}
    provider = provider_of(centre_twin, response_twin, environment)
    provider(stack_event(), LambdaContext())
    document = only(response_twin)
    assert document["Reason"] == str(SettingMissing(missing))
    assert "account-provider.yaml" in document["Reason"]
    environment.update(ENVIRONMENT)
    provider(stack_event("Delete"), LambdaContext())
    assert json.loads(response_twin.documents[1])["Status"] == "SUCCESS"


def test_terraform_s_deletion_is_filed_and_logged_in_cloudformation_s_words(
    provider: Provider, centre_twin: CentreTwin, caplog: pytest.LogCaptureFixture
) -> None:
    """From then on it is an event as any other."""
    caplog.set_level(logging.INFO)
    told = {"action": "delete", "prev_input": {"ResourceProperties": {"Target": "x"}}}
    result = provider(direct_event(RequestType=None, tf=told), LambdaContext())
    assert result is not None
    assert result["Status"] == "SUCCESS"
    (item,) = centre_twin.requests.values()
    assert json.loads(item["event"]) == direct_event("Delete", PhysicalResourceId="untold")
    assert json.loads(caplog.records[-1].message)["requestType"] == "Delete"


def test_a_direct_creation_that_is_refused_beside_what_stands_goes_no_further(
    provider: Provider, centre_twin: CentreTwin
) -> None:
    """So what stood is not given up."""
    centre_twin.answer = lambda _item: answered("FAILED", reason="The policy is full. Ask the owner.")
    with pytest.raises(RequestFailed, match="The policy is full"):
        provider(direct_event(), LambdaContext())
    (item,) = centre_twin.requests.values()
    assert json.loads(item["event"])["RequestType"] == "Update"


def test_a_stack_s_creation_is_one_request(provider: Provider, centre_twin: CentreTwin) -> None:
    """CloudFormation keeps the ids that it is told, and gives up by them."""
    provider(stack_event(), LambdaContext())
    (item,) = centre_twin.requests.values()
    assert json.loads(item["event"])["RequestType"] == "Create"


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.999])
def test_a_direct_deletion_is_over_when_its_second_is(
    provider: Provider, centre_twin: CentreTwin, fraction: float
) -> None:
    """A Create of the same second would be taken for the one that was cancelled, and refused."""
    hours = centre_twin.hours
    hours.now = NOW + fraction
    assert provider(direct_event("Delete"), LambdaContext()) is not None
    (item,) = centre_twin.requests.values()
    assert item["issuedAt"] == "20261121T031800Z"
    assert hours.now == pytest.approx(NOW + 1, rel=0, abs=1e-3)


def test_nobody_waits_for_a_second_that_has_passed_or_without_need(provider: Provider, centre_twin: CentreTwin) -> None:
    centre_twin.delay = 3.0
    provider(direct_event("Delete"), LambdaContext())
    waited = sum(centre_twin.hours.slept)
    centre_twin.hours.slept.clear()
    provider(direct_event("Update", RequestId="another"), LambdaContext())
    assert waited == pytest.approx(sum(centre_twin.hours.slept))


class Broken:
    """A centre whose code is at fault."""

    def ask(self, request: Request, until: float) -> Answer:
        """Raise what quotes the request, and a URL."""
        raise ValueError(request, until, f"https://{SIGNATURE}")


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_a_fault_of_our_own_is_answered_by_type_alone(
    response_twin: ResponseTwin,
    hours: Hours,
    caplog: pytest.LogCaptureFixture,
    request_type: str,
) -> None:
    """Neither answer nor log quotes it; the log says where it was."""
    provider = Provider(ENVIRONMENT, hours.clock, lambda _settings, _account: Broken(), response_twin)
    with caplog.at_level(logging.DEBUG):
        provider(stack_event(request_type), LambdaContext())
    assert only(response_twin)["Reason"] == str(Unexpected(ValueError()))
    assert SIGNATURE not in caplog.text
    assert "ValueError at test_function_entry:" in caplog.text


def test_a_malformed_event_of_a_stack_is_answered(provider: Provider, response_twin: ResponseTwin) -> None:
    """Nobody waits for an hour, and nothing is filed."""
    provider({**stack_event(), "RequestType": "Replace"}, LambdaContext())
    assert "RequestType is 'Replace'" in only(response_twin)["Reason"]


@pytest.mark.parametrize("request_type", ["Create", "Delete"])
def test_service_timeout_bounds_the_wait_from_cloudformation_s_own_time(
    provider: Provider,
    centre_twin: CentreTwin,
    response_twin: ResponseTwin,
    hours: Hours,
    request_type: str,
) -> None:
    """The answer is sent before CloudFormation gives up, less the time on the way here."""
    centre_twin.answer = lambda _item: None
    hours.now = NOW + 5
    provider(stack_event(request_type, ResourceProperties={"ServiceTimeout": "30"}), LambdaContext())
    assert hours.now - NOW == pytest.approx(22)
    assert "has not answered" in only(response_twin)["Reason"]


def test_a_short_service_timeout_keeps_half_for_the_answer(
    provider: Provider,
    centre_twin: CentreTwin,
    hours: Hours,
) -> None:
    """Six seconds are three to wait, not none."""
    centre_twin.answer = lambda _item: None
    provider(stack_event(ResourceProperties={"ServiceTimeout": "6"}), LambdaContext())
    assert hours.now - NOW == pytest.approx(3)


def test_lambda_s_end_bounds_the_wait_and_leaves_eight_seconds_to_send(
    provider: Provider,
    centre_twin: CentreTwin,
    response_twin: ResponseTwin,
    hours: Hours,
) -> None:
    """Also where ServiceTimeout is longer."""
    centre_twin.answer = lambda _item: None
    provider(stack_event(ResourceProperties={"ServiceTimeout": "3600"}), LambdaContext(remaining=60))
    assert hours.now - NOW == pytest.approx(52)
    assert response_twin.addresses[0][1] == NOW + 59.5


class Hanging:
    """A centre whose call returns only after CloudFormation has its answer, or far too late."""

    def __init__(self) -> None:
        self.answered = threading.Event()

    def ask(self, request: Request, until: float) -> Answer:
        """Hang."""
        assert self.answered.wait(timeout=10)
        raise ValueError(request, until)


def test_a_call_that_hangs_is_answered_three_seconds_after_the_wait_is_over(hours: Hours) -> None:
    """Five before Lambda ends it, which leaves time to send."""
    centre, documents = Hanging(), []

    def send(_address: object, document: bytes, _until: float) -> None:
        documents.append(json.loads(document))
        centre.answered.set()

    provider = Provider(ENVIRONMENT, hours.clock, lambda _settings, _account: centre, send)
    provider(stack_event("Update"), LambdaContext(remaining=5.05))
    assert [(document["Status"], document["PhysicalResourceId"]) for document in documents] == [("FAILED", "known-id")]
    assert documents[0]["Reason"] == str(AnswerLate(REQUEST))


def test_an_answer_that_is_not_taken_fails_the_invocation_so_that_lambda_repeats_it(
    provider: Provider,
    centre_twin: CentreTwin,
    response_twin: ResponseTwin,
) -> None:
    """And the repetition, finding the request filed, sends the kept answer."""
    response_twin.faults = [AnswerUndelivered("HTTP 500")]
    with pytest.raises(AnswerUndelivered, match="HTTP 500"):
        provider(stack_event(), LambdaContext())
    provider(stack_event(), LambdaContext())
    assert only(response_twin)["Status"] == "SUCCESS"
    assert len(centre_twin.requests) == 1


def test_a_fault_in_sending_fails_the_invocation_too(provider: Provider, response_twin: ResponseTwin) -> None:
    """Left to itself, crhelper would swallow it, and the stack wait for an hour."""
    response_twin.faults = [MemoryError("hidden")]
    with pytest.raises(AnswerUndelivered) as failure:
        provider(stack_event(), LambdaContext())
    assert "hidden" not in str(failure.value)


@pytest.mark.parametrize("url", ["https://evil.example/x?X-Amz-Signature=s", "http://" + HOST, None, ""])
def test_a_refused_event_reaches_nobody(
    provider: Provider,
    centre_twin: CentreTwin,
    response_twin: ResponseTwin,
    caplog: pytest.LogCaptureFixture,
    url: Any,
) -> None:
    """Nothing is connected to, nothing filed; the log has no URL."""
    with caplog.at_level(logging.DEBUG), pytest.raises(ResponseAddressRefused):
        provider({**direct_event(), "ResponseURL": url}, LambdaContext())
    assert (centre_twin.opened, response_twin.documents) == ([], [])
    assert '"outcome": "REFUSED"' in caplog.text
    assert not url or url not in caplog.text


def test_an_event_of_another_region_is_refused(provider: Provider) -> None:
    """The function's Region decides, not the event's."""
    with pytest.raises(ResponseAddressRefused, match="eu-west-1"):
        provider(stack_event(), LambdaContext(region="eu-west-1"))


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_a_direct_caller_gets_the_answer_as_the_result(
    provider: Provider,
    centre_twin: CentreTwin,
    response_twin: ResponseTwin,
    request_type: str,
) -> None:
    """In CloudFormation's words; the time is ours; nothing is sent anywhere."""
    assert provider(direct_event(request_type), LambdaContext()) == {
        "Status": "SUCCESS",
        "Reason": "",
        "PhysicalResourceId": "grant-1",
        "Data": {"GrantId": "grant-1"},
    }
    assert {item["issuedAt"] for item in centre_twin.requests.values()} == {"20261121T031800Z"}
    assert response_twin.documents == []


def test_a_direct_caller_without_a_request_id_gets_one(provider: Provider, centre_twin: CentreTwin) -> None:
    """Each invocation is then a request of its own."""
    for _ in range(2):
        provider(direct_event(RequestId=None), LambdaContext())
    assert len(centre_twin.requests) == 4  # each in two steps


def test_a_direct_caller_s_refusal_is_a_function_error(provider: Provider, centre_twin: CentreTwin) -> None:
    """Whose message is the reason: a pipeline fails and says why."""
    centre_twin.answer = lambda _item: answered("FAILED", reason="Not allowed. Ask the owner.")
    with pytest.raises(RequestFailed) as failure:
        provider(direct_event(), LambdaContext())
    assert str(failure.value) == "Not allowed. Ask the owner."


@pytest.mark.parametrize("event", [None, [], "x", {}, {"RequestType": "Create"}])
def test_a_direct_caller_s_malformed_event_is_one_sentence(provider: Provider, event: Any) -> None:
    """Also where it is no object at all."""
    with pytest.raises(EventMalformed):
        provider(event, LambdaContext())


def test_nothing_of_one_event_shows_in_the_next(
    provider: Provider,
    centre_twin: CentreTwin,
    response_twin: ResponseTwin,
) -> None:
    """A warm environment's failures, ids and data stay with their events."""
    centre_twin.faults["put_item"] = [refusal("AccessDeniedException")]
    second = stack_event("Delete", RequestId="r-2", PhysicalResourceId="other-id", LogicalResourceId="Other")
    provider(stack_event(), LambdaContext())
    centre_twin.answer = lambda _item: answered(physicalResourceId="other-id", data="{}")
    provider(second, LambdaContext())
    documents = [json.loads(document) for document in response_twin.documents]
    assert [document["Status"] for document in documents] == ["FAILED", "SUCCESS"]
    assert documents[1] == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "other-id",
        "StackId": STACK,
        "RequestId": "r-2",
        "LogicalResourceId": "Other",
        "Reason": "",
        "Data": {},
        "NoEcho": False,
    }


def test_each_event_leaves_one_line(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    """JSON, at INFO, with names and the outcome, and no property."""
    with caplog.at_level(logging.DEBUG):
        provider(stack_event(), LambdaContext())
        with pytest.raises(EventMalformed):
            provider(direct_event("Replace"), LambdaContext())
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO"]
    first, second = (json.loads(record.getMessage()) for record in caplog.records)
    assert first == {
        "request": REQUEST,
        "stack": STACK,
        "logicalId": "OrdersAuthorizerPermission",
        "resourceType": "Custom::CrossAccountPermission",
        "requestType": "Create",
        "outcome": "SUCCESS",
        "milliseconds": 0,
    }
    assert (second["outcome"], second["failure"]) == ("FAILED", "EventMalformed")


@given(st.dictionaries(st.sampled_from(list(stack_event("Update"))), JSON))
def test_any_event_is_answered_once_or_refused(changes: dict[str, Any]) -> None:
    """Whatever stands under the known keys: one document within the limits, or an exception with a sentence."""
    response = ResponseTwin()
    provider = provider_of(CentreTwin(Hours()), response)
    event = {**stack_event("Update"), **changes}
    try:
        provider(event, LambdaContext())
    except ResponseAddressRefused:
        assert response.documents == []
    else:
        document = only(response)
        assert document["PhysicalResourceId"]
        assert len(document["Reason"]) <= 256
        assert len(response.documents[0]) <= 4096
