"""An answer is sent until CloudFormation takes it or the time is over; over real TLS, under the real name."""

import ssl

import pytest
from function_twins import HOST, NOW, SIGNATURE, Hours, response_url, stack_event
from loopback_aws import LoopbackAws

from provider.function.addresses import ResponseAddress, address_of
from provider.function.failures import AnswerUndelivered
from provider.function.sending import Sender

UNTIL = NOW + 60


@pytest.fixture
def address() -> ResponseAddress:
    """A checked address."""
    return address_of(stack_event(), "us-east-1")


@pytest.fixture
def sender(loopback_aws: LoopbackAws, hours: Hours) -> Sender:
    """A sender that trusts the server's certificates, and whose time passes only in its pauses."""

    def trust() -> ssl.SSLContext:
        context = ssl.create_default_context()
        loopback_aws.authority.configure_trust(context)
        return context

    return Sender(hours.clock, trust)


def test_the_document_arrives_by_put_with_an_empty_content_type(
    sender: Sender,
    loopback_aws: LoopbackAws,
    address: ResponseAddress,
) -> None:
    """The signed URL covers an empty one, the path and the query to the letter."""
    sender(address, "é{}".encode(), UNTIL)
    assert loopback_aws.bodies == ["é{}".encode()]
    assert loopback_aws.headers[0]["Content-Type"] == ""
    assert loopback_aws.headers[0]["Content-Length"] == "4"
    assert loopback_aws.headers[0]["Host"] == HOST
    assert f"https://{HOST}{loopback_aws.paths[0]}" == response_url(stack_event())
    assert loopback_aws.names == [HOST]


@pytest.mark.parametrize("statuses", [[500], [503, 503, 503], [429, 408, 502]])
def test_passing_faults_are_outlasted(
    sender: Sender,
    loopback_aws: LoopbackAws,
    address: ResponseAddress,
    statuses: list[int],
) -> None:
    """The answer must not be lost while time remains."""
    loopback_aws.statuses = list(statuses)
    sender(address, b"{}", UNTIL)
    assert len(loopback_aws.bodies) == len(statuses) + 1


def test_a_lost_connection_is_made_again(
    sender: Sender,
    loopback_aws: LoopbackAws,
    address: ResponseAddress,
) -> None:
    """Also when the server had read the whole document."""
    loopback_aws.hang_up = 2
    sender(address, b"{}", UNTIL)
    assert loopback_aws.bodies == [b"{}"]


def test_nonsense_instead_of_a_status_is_outlasted(
    sender: Sender,
    loopback_aws: LoopbackAws,
    address: ResponseAddress,
) -> None:
    """It says nothing about whether the document was taken."""
    loopback_aws.nonsense = 1
    sender(address, b"{}", UNTIL)
    assert loopback_aws.bodies == [b"{}"]


@pytest.mark.parametrize("status", [400, 403, 404, 301, 307])
def test_a_refusal_or_a_redirection_is_final(
    sender: Sender,
    loopback_aws: LoopbackAws,
    address: ResponseAddress,
    hours: Hours,
    status: int,
) -> None:
    """The URL has expired, or is none: no repetition mends that, and no other place is gone to."""
    loopback_aws.statuses = [status]
    with pytest.raises(AnswerUndelivered, match=f"HTTP {status}") as failure:
        sender(address, b"{}", UNTIL)
    assert len(loopback_aws.bodies) == 1
    assert hours.slept == []
    assert SIGNATURE not in str(failure.value)


def test_an_endpoint_that_stays_broken_is_given_up_in_time(
    sender: Sender,
    loopback_aws: LoopbackAws,
    address: ResponseAddress,
    hours: Hours,
) -> None:
    """Bounded by the time that is left, and never a hang."""
    loopback_aws.statuses = [500] * 99
    with pytest.raises(AnswerUndelivered, match="HTTP 500"):
        sender(address, b"{}", UNTIL)
    assert NOW + 50 < hours.now <= UNTIL
    assert len(loopback_aws.bodies) < 15


def test_the_number_of_attempts_is_bounded_whatever_the_time(
    sender: Sender,
    loopback_aws: LoopbackAws,
    address: ResponseAddress,
) -> None:
    """Also with a quarter of an hour left."""
    loopback_aws.statuses = [500] * 99
    with pytest.raises(AnswerUndelivered):
        sender(address, b"{}", NOW + 900)
    assert len(loopback_aws.bodies) == 23


def test_one_attempt_is_made_when_the_time_is_already_over(
    sender: Sender,
    loopback_aws: LoopbackAws,
    address: ResponseAddress,
) -> None:
    """It may still arrive."""
    sender(address, b"{}", NOW - 1)
    assert loopback_aws.bodies == [b"{}"]


def test_nothing_is_sent_to_a_server_without_a_trusted_certificate(
    loopback_aws: LoopbackAws,
    address: ResponseAddress,
    hours: Hours,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever sits in between learns nothing, and the failure names the fault."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(AnswerUndelivered, match="SSLCertVerificationError"):
        Sender(hours.clock)(address, b"{}", NOW + 1)
    assert loopback_aws.bodies == []
