"""Chromium over a page of the map, and what the page did there that it should not have done."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from provider.cli.mapping import PermissionMap
from provider.cli.page.rendering import rendered

_LISTEN = """
window.refused = [];
addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
"""


_PATIENCE = 60_000
"""Milliseconds: a machine that runs all tests at once is slow."""
expect.set_options(timeout=_PATIENCE)


@dataclass
class Chromium:
    """A browser; its users take a while to make, so that most windows are of the usual one."""

    browser: Browser

    def __post_init__(self) -> None:
        self.usual = self.user()

    def user(self, **how: Any) -> BrowserContext:
        """Somebody with settings of his own."""
        return self.browser.new_context(
            **{"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **how}
        )


@contextmanager
def chromium() -> Iterator[Chromium]:
    """The machine's Chromium, without a window; on CI it must be there."""
    path = shutil.which("chromium")
    if path is None:
        reason = "Chromium is not on the PATH. Install it (Debian: apt-get install chromium) to run the tests of the map's page."
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-gpu"], timeout=_PATIENCE)
        yield Chromium(browser)
        browser.close()


@dataclass
class Opened:
    """A page in a browser; `requests` are those beside the page itself, `faults` errors of scripts, of the policy, and boxes."""

    page: Page
    file: Path
    has_scripts: bool = True
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        page = self.page
        page.add_init_script(_LISTEN)
        page.on("request", lambda one: self.requests.append(one.url) if not one.is_navigation_request() else None)
        page.on("pageerror", lambda one: self.faults.append(str(one)))
        page.on("console", lambda one: self.faults.append(one.text) if one.type in ("error", "warning") else None)
        page.on("dialog", lambda one: (self.faults.append(one.message), one.dismiss()))
        self.show("")

    def show(self, fragment: str) -> None:
        """Open the page by a link to what is shown."""
        self.page.goto(f"{self.file.as_uri()}{fragment}")
        self.settle()

    def choose(self, what: Locator) -> None:
        """Click on it, and wait for what that shows."""
        what.click()
        self.settle()

    def settle(self) -> None:
        """Wait until what the page's address says is what it shows: browsers tell it of a changed one a moment later."""
        if self.has_scripts:
            self.wait("fragmentOf(current) === fragmentOf(shownBy(location.hash))")

    def wait(self, condition: str, *given: Any) -> None:
        """Wait until a condition of `given` holds; not by `wait_for_function`, which the page's policy refuses to try again."""
        frame = "new Promise((done) => requestAnimationFrame(done))"
        self.page.evaluate(f"async (given) => {{ while (!({condition})) await {frame}; }}", given)

    def rows(self, section: str = "grants") -> list[list[str]]:
        """The cells of a table's rows, as they read; nothing where it says that there are none."""
        script = (
            "rows => rows.filter(row => row.querySelector('a')).map(row => [...row.cells].map(cell => cell.innerText))"
        )
        found: list[list[str]] = self.page.locator(f"#{section} tbody tr").evaluate_all(script)
        return found

    @property
    def found(self) -> str:
        """What is said of how much is found."""
        return self.page.locator("#found").inner_text()

    def search(self, name: str, text: str) -> None:
        """Type into a field, and wait until it is searched for."""
        self.page.locator(f"[name={name}]").fill(text)
        self.wait("current[given[0]] === given[1]", name, text)

    def refused(self, *expected: str) -> set[str]:
        """The rules of the page's policy by which something was refused, once these are among them."""
        self.wait("given.every(one => refused.includes(one))", *expected)
        return set(self.page.evaluate("refused"))

    def focused(self) -> str:
        """The text of what has the focus."""
        return str(self.page.evaluate("document.activeElement.innerText"))

    def assert_calm(self) -> None:
        """Nothing has gone out of the page, and nothing has failed in it or was refused."""
        assert self.requests + self.faults == []


@contextmanager
def opened(
    browser: Chromium, drawn: PermissionMap, folder: Path, *, calmly: bool = True, **how: Any
) -> Iterator[Opened]:
    """A map's page in a window as large as a laptop's; unless told, nothing may go out of it, and nothing fail."""
    file = folder / "map.html"
    file.write_text(rendered(drawn), "utf-8")
    context = browser.user(**how) if how else browser.usual
    page = context.new_page()
    page.set_default_timeout(_PATIENCE)
    one = Opened(page, file, has_scripts=how.get("java_script_enabled", True))
    yield one
    if calmly:
        one.assert_calm()
    page.close()
