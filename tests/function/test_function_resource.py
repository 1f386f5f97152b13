"""crhelper's known faults, one by one, and that they are mended (`docs/aws-behaviour.md` §5)."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from crhelper import resource_helper
from function_twins import REQUEST, LambdaContext, answered, stack_event

from provider.function.answers import Answer, Status, answer_of
from provider.function.events import RequestId
from provider.function.failures import AnswerLate, AnswerUndelivered, SettingMissing
from provider.function.resource import Resource

NEVER = 3600.0
SUCCESS = Answer(Status.SUCCESS, "", "grant-1", {"GrantId": "grant-1"})


class Sent:
    """What reached CloudFormation."""

    def __init__(self) -> None:
        self.documents: list[bytes] = []
        self.arrived = threading.Event()

    def __call__(self, document: bytes) -> None:
        """Take a document."""
        self.documents.append(document)
        self.arrived.set()

    @property
    def only(self) -> dict[str, Any]:
        """The one document there is."""
        assert len(self.documents) == 1
        return dict(json.loads(self.documents[0]))


@pytest.fixture
def sent() -> Sent:
    """An empty mailbox."""
    return Sent()


def exchanged(
    event: dict[str, Any],
    ask: Callable[[], Answer],
    send: Callable[[bytes], None],
    patience: float = NEVER,
) -> Resource:
    """Exchange one event."""
    resource = Resource(ask, send, patience=patience, late=AnswerLate(REQUEST))
    resource.exchange(event, LambdaContext())
    return resource


def failing(error: Exception) -> Callable[[], Answer]:
    """A question that fails."""

    def ask() -> Answer:
        raise error

    return ask


def test_a_success_is_sent_in_cloudformation_s_words(sent: Sent) -> None:
    """With every key that it wants, and the answer's id and data."""
    event = stack_event()
    assert exchanged(event, lambda: SUCCESS, sent).answered is Status.SUCCESS
    assert sent.only == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "grant-1",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Reason": "",
        "Data": {"GrantId": "grant-1"},
        "NoEcho": False,
    }


def test_no_client_is_built_and_the_environment_is_left_alone(monkeypatch: pytest.MonkeyPatch, sent: Sent) -> None:
    """Left to itself, crhelper builds three clients unless it believes to run under SAM."""
    monkeypatch.delenv("AWS_SAM_LOCAL", raising=False)
    built: list[str] = []
    monkeypatch.setattr(resource_helper, "boto3", SimpleNamespace(client=lambda name, **_options: built.append(name)))
    before = dict(os.environ)
    assert exchanged(stack_event(), lambda: SUCCESS, sent).answered is Status.SUCCESS
    assert (built, dict(os.environ)) == ([], before)


def test_a_delete_does_not_sleep(monkeypatch: pytest.MonkeyPatch, sent: Sent) -> None:
    """Left to itself, crhelper would for two minutes."""
    monkeypatch.setattr("crhelper.resource_helper.sleep", lambda _seconds: pytest.fail("slept"))
    monkeypatch.setattr(time, "sleep", lambda _seconds: pytest.fail("slept"))
    exchanged(stack_event("Delete"), lambda: SUCCESS, sent)
    assert sent.only["Status"] == "SUCCESS"


@pytest.mark.parametrize("keys", [{"CrHelperPoll": True}, {"CrHelperData": {"x": 1}}, {"CrHelperRule": "a:b/c"}])
def test_polling_cannot_be_switched_on_by_an_event(keys: dict[str, Any], sent: Sent) -> None:
    """A forged key would make crhelper succeed without asking."""
    with_keys = {**stack_event(), **keys}
    exchanged(with_keys, failing(SettingMissing("HOME_REGION")), sent)
    assert (sent.only["Status"], sent.only["Data"]) == ("FAILED", {})


@pytest.mark.parametrize(
    ("request_type", "physical_id"),
    [("Create", f"failed-{REQUEST}"), ("Update", "known-id"), ("Delete", "known-id")],
)
def test_a_failure_here_never_has_an_empty_or_a_new_id(request_type: str, physical_id: str, sent: Sent) -> None:
    """An empty id is invalid; a changed one would be deleted."""
    exchanged(stack_event(request_type), failing(SettingMissing("HOME_REGION")), sent)
    assert sent.only["PhysicalResourceId"] == physical_id
    assert sent.only["Reason"] == str(SettingMissing("HOME_REGION"))


@pytest.mark.parametrize(
    ("request_type", "physical_id"),
    [("Create", "grant-1"), ("Update", "known-id"), ("Delete", "known-id")],
)
def test_a_failed_answer_keeps_the_id_that_the_stack_knows(request_type: str, physical_id: str, sent: Sent) -> None:
    """Whatever the centre says; and has no data."""
    answer = answer_of(answered("FAILED"), RequestId(REQUEST))
    exchanged(stack_event(request_type), lambda: answer, sent)
    assert (sent.only["PhysicalResourceId"], sent.only["Data"]) == (physical_id, {})
    assert sent.only["Reason"] == "Ask the owner."


def test_an_update_may_change_the_id(sent: Sent) -> None:
    """A changed specification is another grant."""
    exchanged(stack_event("Update"), lambda: SUCCESS, sent)
    assert sent.only["PhysicalResourceId"] == "grant-1"


@pytest.mark.parametrize(("request_type", "physical_id"), [("Create", "grant-1"), ("Update", "known-id")])
def test_an_answer_over_4096_bytes_fails_by_size_and_keeps_the_id(
    request_type: str,
    physical_id: str,
    sent: Sent,
) -> None:
    """The Delete that follows a failed Create then names what there is to delete."""
    long = Answer(Status.SUCCESS, "", "grant-1", {"SourceArns": ["é" * 2048]})
    assert exchanged(stack_event(request_type), lambda: long, sent).answered is Status.FAILED
    assert len(sent.documents[0]) <= 4096
    assert sent.only["PhysicalResourceId"] == physical_id
    assert "CloudFormation takes 4096" in sent.only["Reason"]


@pytest.mark.parametrize("request_type", [None, "Replace", ["Create"], {"lower": 1}])
def test_a_request_type_that_crhelper_does_not_know_is_asked_about_like_any_other(
    request_type: Any,
    sent: Sent,
) -> None:
    """So that it gets an answer with a sentence."""
    exchanged({**stack_event(), "RequestType": request_type}, failing(SettingMissing("HOME_REGION")), sent)
    assert sent.only["Reason"] == str(SettingMissing("HOME_REGION"))


@pytest.mark.parametrize(
    ("request_type", "physical_id"),
    [("Create", f"failed-{REQUEST}"), ("Update", "known-id"), ("Delete", "known-id")],
)
def test_a_call_that_does_not_return_is_answered_by_the_timer_and_only_by_it(
    request_type: str,
    physical_id: str,
    sent: Sent,
) -> None:
    """With a proper id, which crhelper's timer leaves empty; the late success is not sent any more."""

    def hanging() -> Answer:
        assert sent.arrived.wait(timeout=10)
        return SUCCESS

    assert exchanged(stack_event(request_type), hanging, sent, patience=0.01).answered is Status.FAILED
    assert sent.only["PhysicalResourceId"] == physical_id
    assert sent.only["Reason"] == str(AnswerLate(REQUEST))


def test_the_exchange_does_not_return_while_the_timer_is_sending(sent: Sent) -> None:
    """Lambda would freeze the environment in the middle of it."""
    sending, returned = threading.Event(), threading.Event()

    def slowly(document: bytes) -> None:
        sending.set()
        assert returned.wait(timeout=10)
        sent(document)

    def hanging() -> Answer:
        assert sending.wait(timeout=10)
        returned.set()
        return SUCCESS

    exchanged(stack_event(), hanging, slowly, patience=0.01)
    assert sent.only["Status"] == "FAILED"


@pytest.mark.parametrize("ask", [lambda: SUCCESS, failing(SettingMissing("X")), failing(KeyError("x"))])
def test_no_timer_is_left_behind(ask: Callable[[], Answer], sent: Sent) -> None:
    """It would answer for this event while the environment serves another."""
    before = threading.active_count()
    exchanged(stack_event(), ask, sent)
    assert threading.active_count() == before


def test_an_answer_that_cannot_be_delivered_is_kept_as_such() -> None:
    """Left to itself, crhelper sends for ever; here `send` alone tries, and its failure is reported."""
    attempts: list[bytes] = []

    def refusing(document: bytes) -> None:
        attempts.append(document)
        raise AnswerUndelivered("HTTP 403")

    resource = exchanged(stack_event(), lambda: SUCCESS, refusing)
    assert resource.answered is None
    assert "HTTP 403" in str(resource.undelivered)
    assert len(attempts) == 1


def test_crhelper_never_sees_properties_or_the_response_url(sent: Sent) -> None:
    """What it does not have it can neither log nor misdirect."""
    seen: list[Any] = []

    class Watching(Resource):
        def _answer(self, event: Any, context: object) -> str:
            seen.append((event, self._response_url))  # type: ignore[attr-defined]
            return super()._answer(event, context)

    Watching(lambda: SUCCESS, sent, patience=NEVER, late=AnswerLate(REQUEST)).exchange(stack_event(), LambdaContext())
    assert "ResourceProperties" not in seen[0][0]
    assert "https://" not in str(seen)


def test_the_root_logger_s_level_is_left_as_it_is(sent: Sent) -> None:
    """Left to itself, crhelper sets it, to DEBUG unless told otherwise."""
    before = logging.root.level
    logging.root.setLevel(35)
    try:
        exchanged(stack_event(), lambda: SUCCESS, sent)
        assert logging.root.level == 35
    finally:
        logging.root.setLevel(before)


def test_a_long_refusal_with_much_data_keeps_its_own_reason(sent: Sent) -> None:
    """A failure has no data, so that its size is no matter."""
    refused = Answer(Status.FAILED, "Not allowed. Ask the owner.", "grant-1", {"x": "y" * 5000})
    exchanged(stack_event(), lambda: refused, sent)
    assert sent.only["Reason"] == "Not allowed. Ask the owner."


def test_a_fault_of_crhelper_s_own_is_answered_too(monkeypatch: pytest.MonkeyPatch, sent: Sent) -> None:
    """With an id and within the limits, cut in the middle."""

    def broken(_self: Resource) -> None:
        raise RuntimeError("no thread " + "x" * 300 + " left.")

    monkeypatch.setattr(Resource, "_set_timeout", broken)
    exchanged(stack_event(), lambda: SUCCESS, sent)
    assert (sent.only["Status"], sent.only["PhysicalResourceId"]) == ("FAILED", f"failed-{REQUEST}")
    assert sent.only["Reason"].startswith("no thread ")
    assert sent.only["Reason"].endswith(" left.")
