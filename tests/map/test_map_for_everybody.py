"""The page of the map for everybody: by screen reader, in light and dark, large, narrow, still, and on paper."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from bank import IDENTITY, SHOP, Bank
from browsing import Chromium, Opened, chromium, opened

from provider.cli.mapping import PermissionMap

# A link here says what to show, and no place on the page: axe takes some for links that skip.
RULES = {
    "rules": {"skip-link": {"enabled": False}},
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def drawn(bank: Bank) -> PermissionMap:
    return bank.seen()


@pytest.fixture(scope="module")
def checked(browser: Chromium, drawn: PermissionMap, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """The bank's page; its policy lets axe in, which writes markup to try the colours of things."""
    with opened(browser, drawn, tmp_path_factory.mktemp("map"), bypass_csp=True) as one:
        yield one


def violations(at: Opened, within: str = "html") -> list[Any]:
    """What axe finds against WCAG 2.2 A and AA, and its own best practices: rule, and what it is about."""
    found = Axe().run(at.page, within, RULES).response["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]


LIGHT_AND_DARK = pytest.mark.parametrize("scheme", ["light", "dark"])


@LIGHT_AND_DARK
def test_the_page_has_no_fault_that_axe_finds(checked: Opened, scheme: Any) -> None:
    checked.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    checked.show("#all=")
    assert violations(checked) == []


def test_a_page_on_which_nothing_is_found_has_none(checked: Opened) -> None:
    checked.show("#q=nothing+at+all")
    assert violations(checked) == []


@LIGHT_AND_DARK
@pytest.mark.parametrize("state", ["In force", "Suspended"])
def test_details_have_no_fault_that_axe_finds(checked: Opened, state: str, scheme: Any) -> None:
    """Of a statement that stands and is shared, and of one that does not stand."""
    checked.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    checked.show("#all=")
    checked.choose(checked.page.locator("#grants tr", has_text=state).locator("a").first)
    assert checked.page.locator("dialog pre").is_visible()
    assert violations(checked, "dialog") == []


def test_a_target_has_no_fault_that_axe_finds(checked: Opened) -> None:
    checked.show(f"#show=target+{IDENTITY}/sessions")
    assert violations(checked, "dialog") == []


@pytest.fixture(scope="module")
def phone(browser: Chromium, drawn: PermissionMap, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """As narrow as WCAG 2.2 wants a page to go, which a laptop's is at 400 % as well."""
    folder = tmp_path_factory.mktemp("map")
    with opened(browser, drawn, folder, viewport={"width": 320, "height": 640}, bypass_csp=True) as one:
        yield one


@pytest.mark.parametrize("shown", ["", f"#show=target+{IDENTITY}/token-service"])
def test_a_narrow_page_is_read_without_moving_it_sideways(phone: Opened, shown: str) -> None:
    phone.show(shown or "#all=")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert (
        phone.page.evaluate(
            "[...document.querySelectorAll('td, th, dd, .node')].filter(one => one.getBoundingClientRect().right > 320).length"
        )
        == 0
    )
    assert not phone.page.locator("#owners").is_visible(), "whom a target is of stands in the table"
    assert violations(phone, "dialog" if shown else "html") == []


def test_a_screen_reader_is_told_what_is_where(laptop: Opened) -> None:
    """Landmarks, headings, what fields are for, how much is found, and the graph in a sentence."""
    told = laptop.page.locator("body").aria_snapshot()
    for words in (
        "- banner",
        "- main",
        "- contentinfo",
        '- search "Grants"',
        '- heading "Permission map" [level=1]',
        '- heading "Who may use what" [level=2]',
        '- heading "Consumers" [level=3]',
        '- searchbox "Search"',
        '- combobox "Account"',
        '- combobox "Target"',
        '- combobox "In force for"',
        '- group "State"',
        '- checkbox "In force 18"',
        "- status: 23 grants on 8 targets",
        '- table "Grants"',
        '- table "Targets and their policies"',
        '- columnheader "Consumer"',
        f'- rowheader "{SHOP} SessionsPermission, sessions-api"',
        '- img "8 accounts hold 23 grants on 8 targets of 3 owners. The tables have each of them."',
    ):
        assert words in told, words
    assert "91 % of its policy is full" in told


@pytest.fixture(scope="module")
def laptop(browser: Chromium, drawn: PermissionMap, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(browser, drawn, tmp_path_factory.mktemp("map")) as one:
        yield one


def paper(at: Opened) -> tuple[int, ...]:
    found = at.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return tuple(int(one) for one in found.removeprefix("rgb(").removesuffix(")").split(","))


def test_whoever_reads_chooses_light_or_dark(laptop: Opened) -> None:
    """Unless told it is as the system is; what was told is kept."""
    laptop.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    laptop.show("#all=")
    choice = laptop.page.get_by_label("Colours")
    assert min(paper(laptop)) > 200
    choice.select_option("dark")
    assert max(paper(laptop)) < 60
    laptop.page.reload()
    assert max(paper(laptop)) < 60
    choice.select_option("as the system")
    laptop.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert max(paper(laptop)) < 60
    laptop.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert min(paper(laptop)) > 200


def test_nothing_moves_for_who_wants_that(laptop: Opened) -> None:
    script = "[...document.querySelectorAll('*')].filter(one => parseFloat(getComputedStyle(one).transitionDuration) > 0).length"
    assert laptop.page.evaluate(script) == 0
    laptop.page.emulate_media(reduced_motion="no-preference")
    assert laptop.page.evaluate(script) > 0
    laptop.page.emulate_media(reduced_motion="reduce")


@pytest.mark.parametrize("width", [560, 700, 900, 1100, 1360, 1900])
def test_a_column_has_room_for_its_words_at_any_width(laptop: Opened, width: int) -> None:
    """Or it is not shown: what it says is in the details."""
    try:
        laptop.page.set_viewport_size({"width": width, "height": 800})
        laptop.show("#all=")
        assert broken_words(laptop) == []
    finally:
        laptop.page.set_viewport_size({"width": 1440, "height": 900})


def broken_words(at: Opened) -> list[str]:
    """Words of cells and headings that stand on two lines, or over an edge."""
    found: list[str] = at.page.evaluate(
        """() => [...document.querySelectorAll("main td *, main th *, main td, main th")].flatMap((one) => [...one.childNodes])
          .filter((one) => one.nodeType === Node.TEXT_NODE && one.parentElement.offsetWidth)
          .flatMap((one) => [...one.data.matchAll(/[\\w:]+/g)].map((word) => {
            const range = document.createRange();
            range.setStart(one, word.index);
            range.setEnd(one, word.index + word[0].length);
            const [box, cell] = [range.getBoundingClientRect(), one.parentElement.closest("td, th").getBoundingClientRect()];
            return range.getClientRects().length > 1 || box.right > cell.right + 1 ? word[0] : "";
          })).filter(Boolean)"""
    )
    return found


def test_on_paper_are_all_rows_and_no_fields(laptop: Opened) -> None:
    """Of many pages as well; the graph comes first, in dark ink."""
    laptop.show("#all=")
    laptop.page.evaluate("tables.grants.size = 10; go({ page: '2' })")
    assert len(laptop.rows()) == 10
    laptop.page.emulate_media(media="print", color_scheme="dark")
    laptop.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(laptop.rows()) == 23
    assert paper(laptop) == (255, 255, 255)
    assert not laptop.page.get_by_role("search").is_visible()
    assert laptop.page.locator("#grants th.until").is_visible()
    assert broken_words(laptop) == []
    laptop.page.evaluate("dispatchEvent(new Event('afterprint'))")
    laptop.page.emulate_media(media="screen", color_scheme="light")
    assert len(laptop.rows()) == 10


def test_the_count_is_told_again_only_when_it_changes(laptop: Opened) -> None:
    """Else a screen reader would repeat it with each page that is turned."""
    laptop.show("#all=")
    laptop.page.evaluate(
        "window.told = 0; new MutationObserver(() => told++).observe(found, { childList: true, characterData: true })"
    )
    laptop.page.get_by_role("columnheader", name="Type").get_by_role("button").click()
    assert laptop.page.evaluate("told") == 0
    laptop.search("q", "token")
    assert laptop.page.evaluate("told") == 1
