"""Fixtures of the tests of reliability: one local cloud with the central parts, and a stage on it."""

import gc
import logging
import time
from collections.abc import Iterator

import pytest
from accounts import ACCOUNTS
from central_parts import CentralParts
from controller_process import ControllerProcess
from hours import Hours
from provider_process import ProviderProcess
from stage import Stage

from provider.localcloud import LocalCloud


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CentralParts]:
    """The central parts, two accounts' roles and what the owner has.

    The cloud goes by the machine's clock, and so does not hold deployments to their rate: the scenes do, by theirs.
    """
    directory = tmp_path_factory.mktemp("parts")
    with LocalCloud.start(directory=directory, accounts=ACCOUNTS, seconds_between_deployments=0) as cloud:
        deployed = CentralParts(cloud)
        deployed.deploy()
        yield deployed


@pytest.fixture(scope="session")
def stage(parts: CentralParts) -> Iterator[Stage]:
    """A stage; its time begins with the machine's, which is what IAM's sessions go by."""
    gc.freeze()  # tens of thousands of calls would go through all that was imported, again and again
    opening = float(int(time.time()))
    hours = Hours(opening)
    controller = ControllerProcess(parts.cloud.endpoint, parts.credentials("central", "controller"), hours)
    yield Stage(parts, controller, hours, opening)
    gc.unfreeze()


@pytest.fixture(scope="session")
def provider_process(stage: Stage) -> ProviderProcess:
    """The consumer's provider, in the same time."""
    parts = stage.parts
    return ProviderProcess(parts.cloud.endpoint, parts.credentials("consumer", "provider"), stage.hours)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """The log lines of many hundred processes are nobody's reading."""
    caplog.set_level(logging.CRITICAL, logger="provider")
