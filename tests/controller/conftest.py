"""Fixtures of the controller's tests."""

import pytest
from centre import FUNCTION, OWNER, SECOND, Centre, target


@pytest.fixture
def centre() -> Centre:
    """A centre whose owner has the two functions, without policies."""
    one = Centre()
    one.policies.create(FUNCTION)
    one.policies.create(SECOND)
    return one


@pytest.fixture
def published(centre: Centre) -> Centre:
    """The same with the first function published as `token-service` for the consumer."""
    answer = centre.ask(OWNER, target().event("Create"))
    assert answer.status == "SUCCESS", answer.reason
    return centre
