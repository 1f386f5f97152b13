"""What the attacks share: a centre on twins that is as strict as DynamoDB, and accounts of the local cloud in bad hands."""

import sys
from pathlib import Path

import pytest
from rolled_out import Organization

sys.path.append(str(Path(__file__).parents[1] / "controller"))  # where the twins and the events of CloudFormation are

from bad_hands import Attacker
from strict_centre import StrictCentre, prepared


@pytest.fixture
def centre() -> StrictCentre:
    """A centre where one of each kind is published for the consumer alone; see `strict_centre.prepared`."""
    return prepared()


@pytest.fixture(scope="session")
def victim(org: Organization) -> Attacker:
    """The consumer; also what it could do, were it in bad hands."""
    return Attacker(org, "consumer")


@pytest.fixture(scope="session")
def intruder(org: Organization) -> Attacker:
    """An account of the organization in bad hands; no target allows it."""
    return Attacker(org, "intruder")


@pytest.fixture(scope="session")
def owner(org: Organization) -> Attacker:
    """The owner, who publishes by invoking its provider function."""
    return Attacker(org, "owner")


@pytest.fixture
def function(org: Organization) -> str:
    """A tagged function of the owner's with an alias; the alias's ARN."""
    return org.function()


@pytest.fixture
def target(owner: Attacker, function: str) -> str:
    """That alias, published for the consumer; its full name."""
    answer = owner.publish(FunctionArn=function, AllowedGrantTypes=["Authorizer", "InvokeFunction"])
    assert answer.succeeded, answer.reason
    return str(answer.data["Name"])
