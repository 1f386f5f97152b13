"""What tests of several folders share: one local cloud for a whole run, and one with everything rolled out."""

import os
import secrets
from collections.abc import Iterator

import pytest
from accounts import ACCOUNTS, OUTSIDE
from rolled_out import REGIONS, Organization

from provider.cli.organization import organization
from provider.localcloud import LocalCloud


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[LocalCloud]:
    """A cloud with four accounts in the organization and one outside it; three sandbox accounts where `make conformance` has some."""
    if sandboxes := pytestconfig.pluginmanager.get_plugin("sandboxes"):
        yield sandboxes.cloud
        return
    directory = tmp_path_factory.mktemp("cloud")
    with LocalCloud.start(directory=directory, accounts=ACCOUNTS, outside=OUTSIDE) as running:
        yield running


@pytest.fixture(scope="session")
def org(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Organization]:
    """Everything rolled out in two Regions, and one account outside the organization."""
    if sandboxes := pytestconfig.pluginmanager.get_plugin("sandboxes"):
        sandboxes.roll_out()
        yield Organization(sandboxes.cloud)
        return
    with organization(tmp_path_factory.mktemp("organization"), outside=OUTSIDE, regions=REGIONS) as cloud:
        yield Organization(cloud)


@pytest.fixture
def stack() -> str:
    """A stack name that no other test uses."""
    return f"s-{secrets.token_hex(4)}"


@pytest.hookimpl(optionalhook=True)  # some runs are without xdist
def pytest_xdist_auto_num_workers() -> int:
    """Two workers a core: tests on the local cloud wait more than they compute, for processes and for deployments."""
    return 2 * (os.process_cpu_count() if hasattr(os, "process_cpu_count") else len(os.sched_getaffinity(0)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have recorded as `summary`; with workers as well, whose own output nobody sees."""
    lines = [
        text
        for report in terminalreporter.stats.get("passed", [])
        for name, text in report.user_properties
        if name == "summary"
    ]
    for line in lines:
        terminalreporter.write_line(str(line))
