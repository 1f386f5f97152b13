"""A request is filed once under the account's own key, and its answer awaited, however the centre behaves."""

from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError
from function_twins import NOW, REQUEST, SETTINGS, CentreTwin, Hours, answered, refusal

from provider import __version__
from provider.function.answers import Answer, Status
from provider.function.centre import Centre
from provider.function.events import Request, RequestId
from provider.function.failures import (
    AnswerLate,
    AnswerMalformed,
    CentreUnreachable,
    Failure,
    RequestRoleRefused,
    TableMissing,
    TableRefused,
)
from provider.function.invocation import AccountId

ASKED = Request(RequestId(REQUEST), '{"RequestType":"Create"}', "20261121T031800Z")
UNTIL = NOW + 112


@pytest.fixture
def centre(centre_twin: CentreTwin, hours: Hours) -> Centre:
    """The consumer's way to the twin."""
    return Centre(SETTINGS, AccountId("111111111111"), centre_twin.open, hours.clock)


def unreachable() -> Exception:
    """What botocore raises after its own retries."""
    return ConnectTimeoutError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com")


def test_a_request_is_filed_as_one_item_and_its_answer_returned(centre: Centre, centre_twin: CentreTwin) -> None:
    """The item is exactly what the controller reads; three calls are all it takes."""
    assert centre.ask(ASKED, UNTIL) == Answer(Status.SUCCESS, "", "grant-1", {"GrantId": "grant-1"})
    assert list(centre_twin.requests.values()) == [
        {
            "account": "111111111111",
            "request": REQUEST,
            "event": ASKED.event,
            "issuedAt": "20261121T031800Z",
            "providerVersion": __version__,
        },
    ]
    assert centre_twin.operations() == ["assume_role", "put_item", "get_item"]


def test_the_role_is_assumed_in_the_home_region_as_the_account_and_tagged_with_it(
    centre: Centre,
    centre_twin: CentreTwin,
) -> None:
    """Exactly what the trust policy compares with the caller's proven account; the tables are used as that session."""
    centre.ask(ASKED, UNTIL)
    assert centre_twin.calls[0] == (
        "assume_role",
        {
            "RoleArn": SETTINGS.request_role,
            "RoleSessionName": "111111111111",
            "Tags": [{"Key": "account", "Value": "111111111111"}],
            "DurationSeconds": 3600,
        },
    )
    assert centre_twin.opened == [("sts", "us-east-1", ""), ("dynamodb", "us-east-1", "session-1")]


def test_a_warm_environment_keeps_the_session_until_shortly_before_it_ends(
    centre: Centre,
    centre_twin: CentreTwin,
    hours: Hours,
) -> None:
    """Two calls per event then; no session ends within an event."""
    centre.ask(ASKED, UNTIL)
    hours.now += 2600
    centre.ask(ASKED, hours.now + 112)
    assert centre_twin.sessions == 1
    hours.now += 101
    centre.ask(ASKED, hours.now + 112)
    assert centre_twin.sessions == 2


def test_our_own_duplicate_waits_for_the_same_answer(centre: Centre, centre_twin: CentreTwin) -> None:
    """Lambda delivers an event more than once at times."""
    first = centre.ask(ASKED, UNTIL)
    assert centre.ask(ASKED, UNTIL) == first
    assert len(centre_twin.requests) == 1


def test_pauses_grow_to_two_seconds(centre: Centre, centre_twin: CentreTwin, hours: Hours) -> None:
    """Quick answers are seen quickly, and slow ones cost few reads."""
    centre_twin.delay = 30
    centre.ask(ASKED, UNTIL)
    assert hours.slept[0] == 0.15
    assert hours.slept == sorted(hours.slept)
    assert max(hours.slept) == 2.0
    assert hours.now - NOW < 32
    assert centre_twin.operations().count("get_item") < 24


def test_no_answer_in_time_is_a_failure_at_the_deadline_and_not_after(
    centre: Centre,
    centre_twin: CentreTwin,
    hours: Hours,
) -> None:
    """The request stays filed, and the failure says where to look."""
    centre_twin.answer = lambda _item: None
    with pytest.raises(AnswerLate, match="stays filed"):
        centre.ask(ASKED, UNTIL)
    assert hours.now - NOW == pytest.approx(112)
    assert len(centre_twin.requests) == 1


def test_an_answer_of_the_last_moment_is_taken(centre: Centre, centre_twin: CentreTwin) -> None:
    """The table is read once more when the time is over."""
    centre_twin.delay = 112
    assert centre.ask(ASKED, UNTIL).status is Status.SUCCESS


def test_an_event_whose_time_is_over_is_filed_and_looked_up_once(centre: Centre, centre_twin: CentreTwin) -> None:
    """A Delete that comes late is still wanted."""
    centre_twin.answer = lambda _item: None
    with pytest.raises(AnswerLate):
        centre.ask(ASKED, NOW - 60)
    assert centre_twin.operations() == ["assume_role", "put_item", "get_item"]


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidClientTokenId"])
def test_a_refusal_of_a_role_just_made_is_borne_for_a_while(centre: Centre, centre_twin: CentreTwin, code: str) -> None:
    """IAM propagates; a stack that makes the roles and asks at once works."""
    centre_twin.faults["assume_role"] = [refusal(code, 403) for _ in range(5)]
    assert centre.ask(ASKED, UNTIL).status is Status.SUCCESS


def test_a_lasting_refusal_fails_after_twenty_seconds(centre: Centre, centre_twin: CentreTwin, hours: Hours) -> None:
    """The failure names the account, the role and AWS's code, and nothing was filed."""
    centre_twin.faults["assume_role"] = [refusal("AccessDenied", 403) for _ in range(99)]
    with pytest.raises(RequestRoleRefused, match=r"111111111111 .*request \(AccessDenied\)"):
        centre.ask(ASKED, UNTIL)
    assert 15 <= hours.now - NOW <= 20
    assert not centre_twin.requests


def test_a_refusal_does_not_outlast_the_event(centre: Centre, centre_twin: CentreTwin, hours: Hours) -> None:
    """With five seconds left there is no patience for twenty."""
    centre_twin.faults["assume_role"] = [refusal("AccessDenied", 403) for _ in range(99)]
    with pytest.raises(RequestRoleRefused):
        centre.ask(ASKED, NOW + 5)
    assert hours.now <= NOW + 5


def test_any_other_refusal_of_sts_fails_at_once(centre: Centre, centre_twin: CentreTwin, hours: Hours) -> None:
    """Time does not switch a Region on."""
    centre_twin.faults["assume_role"] = [refusal("RegionDisabledException", 403)]
    with pytest.raises(RequestRoleRefused, match="RegionDisabledException"):
        centre.ask(ASKED, UNTIL)
    assert hours.slept == []


@pytest.mark.parametrize("operation", ["assume_role", "put_item", "get_item"])
@pytest.mark.parametrize(
    "fault",
    [
        unreachable(),
        EndpointConnectionError(endpoint_url="https://x"),
        refusal("InternalServerError", 500),
        refusal("ServiceUnavailable", 503),
        refusal("ThrottlingException"),
    ],
    ids=["timeout", "connection", "500", "503", "throttled"],
)
def test_faults_that_may_pass_are_borne(
    centre: Centre,
    centre_twin: CentreTwin,
    operation: str,
    fault: Exception,
) -> None:
    """Whichever call they strike."""
    if operation == "assume_role" and "Throttling" in str(fault):
        fault = refusal("Throttling")
    centre_twin.faults[operation] = [fault] * 4
    assert centre.ask(ASKED, UNTIL).status is Status.SUCCESS
    assert len(centre_twin.requests) == 1


@pytest.mark.parametrize(
    ("operation", "service"),
    [("assume_role", "STS"), ("put_item", "DynamoDB"), ("get_item", "DynamoDB")],
)
def test_a_centre_that_stays_away_fails_within_tens_of_seconds(
    centre: Centre,
    centre_twin: CentreTwin,
    hours: Hours,
    operation: str,
    service: str,
) -> None:
    """Never a hang; the failure names service and Region."""
    centre_twin.faults[operation] = [unreachable() for _ in range(99)]
    with pytest.raises(CentreUnreachable, match=rf"{service} .* us-east-1 .*ConnectTimeoutError"):
        centre.ask(ASKED, UNTIL)
    assert hours.now - NOW <= 20


def test_a_function_without_credentials_says_so(centre: Centre, centre_twin: CentreTwin) -> None:
    """By the type of botocore's exception."""
    centre_twin.faults["assume_role"] = [NoCredentialsError() for _ in range(99)]
    with pytest.raises(CentreUnreachable, match="NoCredentialsError"):
        centre.ask(ASKED, UNTIL)


@pytest.mark.parametrize(
    ("operation", "code", "failure"),
    [
        ("put_item", "AccessDeniedException", TableRefused("PutItem", SETTINGS.requests, "AccessDeniedException")),
        ("get_item", "AccessDeniedException", TableRefused("GetItem", SETTINGS.answers, "AccessDeniedException")),
        ("put_item", "ValidationException", TableRefused("PutItem", SETTINGS.requests, "ValidationException")),
        ("put_item", "ResourceNotFoundException", TableMissing(SETTINGS.requests, "us-east-1")),
        ("get_item", "ResourceNotFoundException", TableMissing(SETTINGS.answers, "us-east-1")),
    ],
)
def test_a_table_that_refuses_or_is_missing_fails_at_once_by_name(
    centre: Centre,
    centre_twin: CentreTwin,
    operation: str,
    code: str,
    failure: Failure,
) -> None:
    """With a session just assumed, a new one would not help."""
    centre_twin.faults[operation] = [refusal(code)] * 2
    with pytest.raises(type(failure)) as raised:
        centre.ask(ASKED, UNTIL)
    assert str(raised.value) == str(failure)
    assert centre_twin.hours.slept == []
    assert centre_twin.sessions == 1


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException", "UnrecognizedClientException"])
def test_a_kept_session_that_is_refused_is_replaced_once(
    centre: Centre,
    centre_twin: CentreTwin,
    hours: Hours,
    code: str,
) -> None:
    """A request role that was made anew does not poison a warm environment."""
    centre.ask(ASKED, UNTIL)
    hours.now += 60
    centre_twin.faults["put_item"] = [refusal(code)]
    assert centre.ask(ASKED, hours.now + 112).status is Status.SUCCESS
    assert centre_twin.sessions == 2
    hours.now += 60
    centre_twin.faults["put_item"] = [refusal(code)] * 2
    with pytest.raises(TableRefused):
        centre.ask(ASKED, hours.now + 112)
    assert centre_twin.sessions == 3


def test_a_failed_event_does_not_poison_the_next(centre: Centre, centre_twin: CentreTwin) -> None:
    """Whatever broke, the next event starts afresh."""
    for operation, fault in (("assume_role", refusal("X")), ("put_item", refusal("X")), ("get_item", refusal("X"))):
        centre_twin.faults[operation] = [fault]
        with pytest.raises(Failure):
            centre.ask(ASKED, UNTIL)
        assert centre.ask(ASKED, UNTIL).status is Status.SUCCESS


def test_an_answer_that_cannot_be_read_is_a_failure(centre: Centre, centre_twin: CentreTwin) -> None:
    """Not a success, and not a wait for a better one."""
    broken: dict[str, Any] = answered(data="")
    broken["data"] = {"S": "no JSON"}
    centre_twin.answer = lambda _item: broken
    with pytest.raises(AnswerMalformed, match="data"):
        centre.ask(ASKED, UNTIL)
