"""What the tests of the provider function share."""

import socket
from collections.abc import Iterator

import pytest
from function_twins import CentreTwin, Hours, ResponseTwin
from loopback_aws import LoopbackAws


@pytest.fixture
def hours() -> Hours:
    """Time at a standstill."""
    return Hours()


@pytest.fixture
def centre_twin(hours: Hours) -> CentreTwin:
    """A centre that answers at once."""
    return CentreTwin(hours)


@pytest.fixture
def response_twin() -> ResponseTwin:
    """A CloudFormation that takes every document."""
    return ResponseTwin()


@pytest.fixture
def loopback_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackAws]:
    """A TLS server for AWS's names, to which all names lead."""
    aws = LoopbackAws()
    with aws.serve() as port:
        monkeypatch.setattr(socket, "getaddrinfo", aws.resolver(port))
        yield aws
