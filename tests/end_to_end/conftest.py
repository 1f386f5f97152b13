"""Fixtures of the whole system's tests."""

import secrets
from collections.abc import Iterator

import pytest
from accounts import OUTSIDE
from rolled_out import REGIONS, Organization

from provider.cli.organization import organization


@pytest.fixture(scope="session")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organization]:
    """Everything rolled out in two Regions, and one account outside the organization."""
    with organization(tmp_path_factory.mktemp("cloud"), outside=OUTSIDE, regions=REGIONS) as cloud:
        yield Organization(cloud)


@pytest.fixture
def stack() -> str:
    """A stack name that no other test uses."""
    return f"s-{secrets.token_hex(4)}"
