"""pytest with sandbox accounts in the place of the local cloud; what becomes of each test is kept."""

from collections.abc import Callable, Generator
from typing import Any

import pytest
from not_on_aws import ELSEWHERE, NO_CALL, NotOnAws, reason
from outcomes import Case, Outcome, of_error
from sandboxes import Sandboxes

from provider.localcloud import LocalCloud

NAME = "sandboxes"
"""Under which tests/conftest.py looks for this plugin, and takes its cloud."""
_FIXTURES = {"cloud", "org"}
_SKIPPED = pytest.skip.Exception


class SandboxPlugin:
    """The accounts, the roll-out that is made when a test first wants it, and the cases so far."""

    def __init__(self, cloud: Sandboxes, roll_out: Callable[[], None], tell: Callable[[str], None]) -> None:
        self.__name__ = NAME
        self.cloud = cloud
        self.roll_out = roll_out
        self.cases: list[Case] = []
        self.interrupted = False
        self._tell = tell
        self._number = 0

    def interrupt(self) -> None:
        """Somebody has interrupted the run: no other test begins, even if the one at work swallows the exception."""
        self.interrupted = True

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what says nothing of AWS."""
        self._number = len(items)
        for item in items:
            if not _FIXTURES & set(getattr(item, "fixturenames", ())):
                item.add_marker(pytest.mark.skip(reason(item.nodeid) or NO_CALL))
            elif why := reason(item.nodeid):
                item.add_marker(pytest.mark.skip(why))

    @pytest.fixture(autouse=True)
    def _no_local_cloud(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refused(*_: object, **__: object) -> None:
            raise NotOnAws(ELSEWHERE)

        monkeypatch.setattr(LocalCloud, "start", refused)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Keep what became of the test: its call's outcome, or that of what should have prepared it."""
        report = yield
        if self.interrupted:
            item.session.shouldstop = "interrupted"
            return report
        error = call.excinfo.value if call.excinfo else None
        if error is None and call.when != "call":
            return report
        seen = "; ".join(str(value) for name, value in item.user_properties if name == "seen")
        if error is None:
            outcome, detail = Outcome.SAME, ""
        elif isinstance(error, _SKIPPED):
            outcome, detail = Outcome.UNCHECKED, str(error.msg)
        else:
            outcome, detail = of_error(error)
        if call.when == "setup" and outcome is Outcome.DIFFERS:
            outcome = Outcome.BROKE  # nothing was asked of it yet
        self.cases.append(Case(item.nodeid, outcome, detail, seen))
        self._tell(f"{len(self.cases)}/{self._number} {outcome}: {item.nodeid.rpartition('::')[2]}")
        return report
