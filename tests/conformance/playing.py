"""Playing the chosen tests in the sandbox accounts, with the product rolled out there when a test first wants it."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from cleaning import TAG
from every_call import Wire
from journal import Journal
from outcomes import Case
from plugin import SandboxPlugin
from refusals import Confirmed, endpoint_of
from sandboxes import REGION, Sandboxes
from stand_ins import ACCOUNTS, ORGANIZATION, StandIns

from provider.cli.organization import architecture
from provider.packaging import build
from provider.packaging.artifact import Architecture
from provider.packaging.contents import Checkout
from provider.rollout.plan import Plan
from provider.rollout.sequence import roll_out

ROOT = Path(__file__).parents[2]
OTHER_REGION = "eu-west-1"
"""The second Region, for tests that look at two; the product is rolled out in the first alone."""
_PYTEST = (
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-p",
    "no:terminal",
    "--capture=sys",
    "-o",
    "addopts=",
    "-o",
    "timeout=3600",
)


@dataclass(frozen=True, slots=True)
class Play:
    """A run: its name, whose accounts, and the caller's parameters for the product's templates."""

    name: str
    profiles: Mapping[str, str]
    accounts: Confirmed
    journal: Journal
    tell: Callable[[str], None]
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, tests: Sequence[str]) -> tuple[list[Case], bool]:
        """Run the tests (node ids); their cases, and whether somebody interrupted them."""
        endpoint = endpoint_of(self.profiles["central"])
        real = {ACCOUNTS[name]: id_ for name, id_ in self.accounts.ids.items()}
        wire = Wire(
            StandIns({**real, ORGANIZATION: self.accounts.organization}),
            self.journal,
            self.accounts.client_for,
            lambda credentials: self.accounts.ids.get(cloud.whose(credentials), ""),
            waits=endpoint is None,  # a local cloud has all in force at once
        )
        cloud = Sandboxes(self.profiles, {name: ACCOUNTS[name] for name in self.accounts.ids}, wire, endpoint)
        plugin = SandboxPlugin(cloud, lambda: self._roll_out(cloud), self.tell)
        arguments = [*_PYTEST, "-W", "default", "--rootdir", str(ROOT), *(str(ROOT / test) for test in tests)]
        with wire.tapped(), signals_to(plugin.interrupt):
            if tests:
                pytest.main(arguments, plugins=[plugin])
        return plugin.cases, plugin.interrupted

    def _roll_out(self, cloud: Sandboxes) -> None:
        self.tell("roll out the product")
        plan = Plan(
            organization=ORGANIZATION,
            central=ACCOUNTS["central"],
            accounts=tuple(cloud.accounts.values()),
            regions=(REGION,),
            architecture=architecture() if cloud.endpoint else Architecture.ARM64,
            artifacts=build(ROOT / "dist"),
            templates=Checkout.here().templates(),
            parameters=self.parameters,
            tags={TAG: self.name},
        )
        for step in roll_out(plan, cloud.client):
            self.tell(str(step))


@contextmanager
def signals_to(act: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the tests alike: what was made is taken away afterwards."""

    def handle(_: int, __: FrameType | None) -> Any:
        act()
        raise KeyboardInterrupt

    before = {one: signal.signal(one, handle) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
