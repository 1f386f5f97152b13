"""The page of the map in a browser: what it finds, shows and links to; by mouse, by keyboard, and without scripts."""

import contextlib
import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bank import BRANCH, DATA, FRAUD, IDENTITY, OLD, SHOP, TRADING, Bank
from browsing import Chromium, Opened, chromium, opened
from playwright.sync_api import expect
from thousand import few, many

from provider.cli.listings import GrantLine, TargetLine
from provider.cli.mapping import PermissionMap
from provider.cli.policies import PolicyLine, StatementLine


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def drawn(bank: Bank) -> PermissionMap:
    return bank.seen()


@pytest.fixture(scope="module")
def laptop(browser: Chromium, drawn: PermissionMap, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(browser, drawn, tmp_path_factory.mktemp("map")) as one:
        yield one


@pytest.fixture
def at(laptop: Opened) -> Iterator[Opened]:
    """The bank's page, showing all."""
    laptop.show("#all=")
    yield laptop
    laptop.assert_calm()


@pytest.mark.parametrize(("is_ci", "ends"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_without_a_browser_ci_fails_and_others_are_told(
    monkeypatch: pytest.MonkeyPatch, is_ci: str, ends: type[Exception]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", is_ci)
    with pytest.raises(ends, match="Install it"), chromium():
        pass  # pragma: no cover - there is none


def test_all_grants_and_targets_are_shown_at_first(at: Opened, drawn: PermissionMap) -> None:
    assert at.found == "23 grants on 8 targets"
    assert len(at.rows()) == len(drawn.grants) == 23
    assert len(at.rows("targets")) == len(drawn.targets) == 8
    owner, name = drawn.grants[0].target.split("/")
    assert [owner in at.rows()[0][2], name in at.rows()[0][2]] == [True, True]


Filter = Callable[[GrantLine], bool]


@pytest.mark.parametrize(
    ("name", "text", "is_meant"),
    [
        ("q", "checkout", lambda one: "checkout" in one.stack),
        ("q", "TOKEN 1212", lambda one: "token-service" in one.target and "1212" in one.account),
        ("q", "external nothing", lambda _: False),
        ("account", SHOP, lambda one: one.account == SHOP),
        ("account", DATA, lambda one: one.target.startswith(DATA)),
        ("account", "1212", lambda one: one.account == BRANCH),
        ("target", f"{TRADING}/orders", lambda one: one.target == f"{TRADING}/orders"),
        ("target", "token", lambda one: "token-service" in one.target),
    ],
)
def test_what_is_typed_is_what_is_found(
    at: Opened, drawn: PermissionMap, name: str, text: str, is_meant: Filter
) -> None:
    """In any case, all words, whole ids or parts of them; and how much that is, is said."""
    meant = [one for one in drawn.grants if is_meant(one)]
    at.search(name, text)
    assert len(at.rows()) == len(meant)
    assert at.found.startswith(f"{len(meant)} of 23 grants, on ")
    assert at.page.locator("#consumers li").count() == len({one.account for one in meant})
    at.choose(at.page.get_by_role("button", name="Clear filters"))
    assert at.found == "23 grants on 8 targets"


def test_states_and_types_are_chosen_together(at: Opened, drawn: PermissionMap) -> None:
    """Several states widen, a type besides narrows."""
    at.page.get_by_role("checkbox", name="Suspended").check()
    at.page.get_by_role("checkbox", name="Orphaned").check()
    states = {row[3].split("\n")[0] for row in at.rows()}
    assert states == {"Suspended", "Orphaned"}
    at.page.get_by_role("checkbox", name="AssumeRole").check()
    assert [row[1] for row in at.rows()] == ["AssumeRole"]
    at.choose(at.page.get_by_role("link", name="5", exact=True))
    assert len(at.rows()) == sum(one.state != "InForce" for one in drawn.grants) == 5
    assert not at.page.get_by_role("checkbox", name="AssumeRole").is_checked()


@pytest.mark.parametrize(
    ("age", "number"), [("day", 0), ("week", 4), ("month", 5), ("quarter", 9), ("year", 0), ("never", 3)]
)
def test_grants_are_found_by_how_long_they_are_in_force(at: Opened, age: str, number: int) -> None:
    """Counted from when the map was drawn."""
    at.page.locator("[name=age]").select_option(age)
    assert at.found.startswith(f"{number} of 23 grants")


def test_rows_are_in_the_order_that_is_asked_for(at: Opened) -> None:
    head = at.page.get_by_role("columnheader", name="In force since")
    assert head.get_attribute("aria-sort") is None
    for order, turn in (("ascending", sorted), ("descending", lambda found: sorted(found, reverse=True))):
        at.choose(head.get_by_role("button"))
        assert head.get_attribute("aria-sort") == order
        times = [row[4] for row in at.rows() if row[4]]
        assert times == turn(times)


# --- the graph -----------------------------------------------------------------------------------------


def test_a_line_joins_each_consumer_and_target_between_which_grants_are(at: Opened, drawn: PermissionMap) -> None:
    """From one to the other, coloured and dashed by the gravest state."""
    lines = at.page.locator(".edges .edge:not(.owned)")
    assert lines.count() == len({(one.account, one.target) for one in drawn.grants})
    assert at.page.locator(".edges .fails").count() == 2
    ends = at.page.evaluate(
        """() => lines.map(({ from, to, path }) => {
          const box = (id) => [...document.querySelectorAll(".node")].find((one) => one.dataset.id === id).getBoundingClientRect();
          const at = (length) => { const point = path.getPointAtLength(length); const origin = document.querySelector(".graph").getBoundingClientRect();
            return [point.x + origin.left, point.y + origin.top]; };
          const [start, end] = [at(0), at(path.getTotalLength())];
          return Math.abs(start[0] - box(from).right) < 1 && Math.abs(end[0] - box(to).left) < 1
            && start[1] > box(from).top && start[1] < box(from).bottom && end[1] > box(to).top && end[1] < box(to).bottom;
        })"""
    )
    assert len(ends) == lines.count() + len(drawn.targets)
    assert all(ends)


def test_lines_do_not_cross_where_they_meet(at: Opened) -> None:
    """They end on a node in the order of where they come from."""
    ends: list[list[list[float]]] = at.page.evaluate(
        """() => [...new Set(lines.map(one => one.to))].map(to => lines.filter(one => one.to === to).map(({ path }) =>
          [path.getPointAtLength(0).y, path.getPointAtLength(path.getTotalLength()).y]))"""
    )
    assert max(map(len, ends)) == 8
    for met in ends:
        heights = [end for _, end in sorted(met)]
        assert heights == sorted(set(heights))


def test_the_same_map_is_drawn_the_same(at: Opened) -> None:
    drawings = []
    for _ in range(2):
        at.page.reload()
        drawings.append(at.page.locator(".edges path").evaluate_all("all => all.map(one => one.outerHTML)"))
    assert drawings[0] == drawings[1]


def test_an_account_or_target_that_is_chosen_is_seen_alone(at: Opened) -> None:
    """And choosing it again shows all; the focus stays where it was."""
    at.choose(at.page.locator("#consumers").get_by_role("link", name=FRAUD))
    assert {row[0].split("\n")[0] for row in at.rows()} == {FRAUD}
    assert at.focused().startswith(FRAUD)
    at.choose(at.page.locator("#targets-drawn").get_by_role("link", name="reports"))
    assert len(at.rows()) == 1
    at.choose(at.page.locator("#consumers").get_by_role("link", name=FRAUD))
    at.choose(at.page.locator("#targets-drawn").get_by_role("link", name="reports"))
    assert at.found == "23 grants on 8 targets"


def test_who_points_at_a_node_sees_its_lines(at: Opened) -> None:
    at.page.locator("#consumers").get_by_role("link", name=SHOP).hover()
    assert at.page.locator(".edges .on").count() == 2


# --- details ---------------------------------------------------------------------------------------------


def test_details_show_the_statement_and_the_stack(at: Opened, bank: Bank, drawn: PermissionMap) -> None:
    """As it stands in the policy, with what this grant has named marked."""
    at.search("q", "checkout")
    at.choose(at.page.locator("#grants tbody a"))
    dialog = at.page.get_by_role("dialog", name=f"Authorizer on {IDENTITY}/token-service")
    text = dialog.inner_text()
    [grant] = [one for one in drawn.grants if "checkout" in one.stack]
    assert all(words in text for words in (grant.stack, grant.resource, grant.id, grant.arn, "3 days ago"))
    document = bank.centre.policies.document(grant.arn)
    [statement] = [one for one in document["Statement"] if bank.centre.id.owns(one)]
    shown = at.page.evaluate("JSON.parse(document.querySelector('pre').textContent)")
    assert shown == statement
    own = f'"arn:aws:execute-api:us-east-1:{SHOP}:checkout00/authorizers/a1b2c3"'
    assert dialog.locator("mark").all_inner_texts() == [own]
    assert "One statement for this and 7 other grants" in text


def test_details_lead_on_to_the_target_and_say_it_first(at: Opened) -> None:
    """A reader of the screen is at the new title."""
    at.choose(at.page.locator("#grants tbody a").first)
    at.choose(at.page.get_by_role("dialog").get_by_role("link", name=f"{IDENTITY}/sessions"))
    assert at.focused() == f"{IDENTITY}/sessions"
    assert at.page.get_by_role("dialog", name=f"{IDENTITY}/sessions").is_visible()


def test_details_of_what_does_not_stand_say_so(at: Opened) -> None:
    at.search("q", f"{OLD} token")
    at.choose(at.page.locator("#grants tbody a"))
    text = at.page.get_by_role("dialog").inner_text()
    assert f"Account {OLD} is not allowed by target {IDENTITY}/token-service." in text
    assert "this is what it would hold" in text


def test_a_target_tells_for_whom_it_is_and_how_full_its_policy_is(at: Opened) -> None:
    """By a number and a unit, and in words where little room is left."""
    [row] = [row for row in at.rows("targets") if row[0].startswith("orders")]
    assert row[4] == "7,430 of 8,192 characters, 91 % Nearly full."
    at.choose(at.page.locator("#targets").get_by_role("link", name="orders"))
    text = at.page.get_by_role("dialog", name=f"{TRADING}/orders").inner_text()
    assert "7,430 of 8,192 characters, 91 %" in text
    assert "The limit is AWS's default" in text
    assert all(words in text for words in (SHOP, "ExecuteApi", "stack orders of account"))
    at.choose(at.page.get_by_role("link", name="Show them"))
    expect(at.page.get_by_role("dialog")).to_have_count(0)
    assert len(at.rows()) == 4


# --- links ---------------------------------------------------------------------------------------------


def test_a_link_shows_the_same_to_who_gets_it(at: Opened) -> None:
    """Filters, order and what is open; the way back leads back."""
    at.search("q", "token")
    at.page.get_by_role("checkbox", name="In force").check()
    at.choose(at.page.get_by_role("columnheader", name="Type").get_by_role("button"))
    at.choose(at.page.locator("#grants tbody a").first)
    before, title, link = at.rows(), at.page.locator("#details-title").inner_text(), at.page.url
    at.page.goto("about:blank")
    at.page.goto(link)
    assert (at.rows(), at.page.locator("#details-title").inner_text()) == (before, title)
    assert at.page.locator("[name=q]").input_value() == "token"
    at.choose(at.page.get_by_role("button", name="Close"))
    assert "show=" not in at.page.url
    at.choose(at.page.locator("#grants tbody a").first)
    at.page.go_back()
    at.settle()
    expect(at.page.get_by_role("dialog")).to_have_count(0)


def test_a_link_to_what_is_not_there_shows_what_is(at: Opened) -> None:
    """However it came to be wrong."""
    at.show("#page=99&sheet=-1&sort=a%0Ab&order=__proto__&age=constructor&state=InForce&show=grant+gone&%E0=%ZZ")
    assert at.found.startswith("18 of 23")
    assert len(at.rows()) == 18
    expect(at.page.get_by_role("dialog")).to_have_count(0)


# --- keyboards -------------------------------------------------------------------------------------------


def test_all_of_it_is_done_by_keyboard(at: Opened) -> None:
    """From the skip link into the grants, through them, into details and back to where one was."""
    at.page.reload()
    press = at.page.keyboard.press
    press("Tab")
    assert at.focused() == "Skip to the grants"
    assert at.page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]
    press("Enter")
    for _ in range(7):
        press("Tab")
    first = at.page.evaluate("document.activeElement.getAttribute('href')")
    assert first.startswith("#show=grant")
    outline = at.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    press("ArrowDown")
    press("ArrowDown")
    press("ArrowUp")
    second = at.page.evaluate("document.activeElement.getAttribute('href')")
    assert second != first
    press("Enter")
    at.settle()
    assert at.page.get_by_role("dialog").is_visible()
    assert at.page.evaluate("document.activeElement.id") == "details-title"
    press("Tab")
    assert at.focused() == "Close"
    press("Escape")
    expect(at.page.get_by_role("dialog")).to_have_count(0)
    assert at.page.evaluate("document.activeElement.getAttribute('href')") == second
    at.wait("!location.hash.includes('show=')")


# --- few and many ----------------------------------------------------------------------------------------


def test_few_grants_are_a_small_page(browser: Chromium, tmp_path: Path) -> None:
    """No pages to turn, nothing left out."""
    with opened(browser, few(), tmp_path) as at:
        assert at.found == "5 grants on 4 targets"
        assert at.page.get_by_role("navigation").count() == 0
        assert at.page.locator(".rest").count() == 0
        assert at.page.locator("*").count() < 600


def test_a_thousand_grants_are_no_more_to_the_browser_than_a_page_of_them(browser: Chromium, tmp_path: Path) -> None:
    """Elements do not grow with grants; all are reached, by pages and by what stands for the rest."""
    with opened(browser, many(), tmp_path) as at:
        assert at.page.locator("*").count() < 2_000
        assert at.found == "1,000 grants on 40 targets"
        assert len(at.rows()) == 50
        assert at.page.locator(".node").count() < 50
        at.choose(at.page.get_by_role("button", name="Next page of grants"))
        assert "51 to 100 of 1,000" in at.page.locator("#grants .said").inner_text()
        rest = at.page.locator("#consumers").get_by_role("button")
        assert re.fullmatch(r"\d+ more accounts", rest.inner_text())
        rest.click()
        assert at.page.locator("#consumers li").count() == 48
        at.search("q", "team-1")
        assert at.page.locator("#grants .said").inner_text().startswith("1 to 50 of "), "what is searched begins anew"
        at.search("q", "permission999")
        assert len(at.rows()) == 1


def test_an_empty_ledger_says_so(browser: Chromium, tmp_path: Path) -> None:
    with opened(browser, PermissionMap.of([], []), tmp_path) as at:
        assert at.found == "0 grants on 0 targets"
        assert "Nothing is granted." in at.page.locator("#grants").inner_text()
        assert "Nothing is published." in at.page.locator("#targets").inner_text()


def test_a_consumers_page_says_what_is_not_shown_to_it(browser: Chromium, bank: Bank, tmp_path: Path) -> None:
    with opened(browser, bank.seen(SHOP), tmp_path) as at:
        assert {row[2] for row in at.rows("targets")} == {"not shown"}
        assert {row[4] for row in at.rows("targets")} == {"not shown to this account"}
        at.choose(at.page.locator("#grants tbody a").first)
        assert (
            "What others have named in it is not shown to this account." in at.page.get_by_role("dialog").inner_text()
        )


# --- hostile names ---------------------------------------------------------------------------------------

HOSTILE = "</script>\u2028\u202e</noscript><img src=x onerror=alert(1)><svg onload=alert(2)>javascript:alert(3)\"'&<i>"


def test_hostile_names_are_text_everywhere(browser: Chromium, tmp_path: Path) -> None:
    """In the tables, the graph, the fields, the details and the page's address."""
    owner = "333333333333"
    grant = GrantLine(
        f"{owner}/{HOSTILE}", HOSTILE, HOSTILE, "Authorizer", "Suspended", HOSTILE, "", HOSTILE, HOSTILE, (HOSTILE,), f"a:b:c:d:{HOSTILE}/{HOSTILE}", HOSTILE, HOSTILE,
    )  # fmt: skip
    target = TargetLine(
        f"{owner}/{HOSTILE}", HOSTILE, owner, HOSTILE, HOSTILE, (HOSTILE,), (HOSTILE,), (HOSTILE,), 1, 1, HOSTILE, HOSTILE, HOSTILE
    )  # fmt: skip
    document = {"Sid": HOSTILE, HOSTILE: [HOSTILE]}
    statement = StatementLine(HOSTILE, HOSTILE, True, document, {HOSTILE: (HOSTILE,)})  # noqa: FBT003 - it stands
    policy = PolicyLine(HOSTILE, (HOSTILE,), 1, 2, raisable=True)
    with opened(browser, PermissionMap.of([target], [grant], [statement], [policy]), tmp_path) as at:
        at.search("q", HOSTILE)
        at.search("target", f"{owner}/{HOSTILE} ({HOSTILE})")
        assert len(at.rows()) == 1
        at.page.locator("#targets-drawn a").hover()
        for section in ("grants", "targets"):
            at.choose(at.page.locator(f"#{section} tbody a"))
            assert HOSTILE in str(at.page.get_by_role("dialog").text_content())
            said = at.page.locator("pre").all_text_contents()
            assert [json.loads(one) for one in said] == ([document] if section == "grants" else [])
            at.page.keyboard.press("Escape")
            expect(at.page.get_by_role("dialog")).to_have_count(0)
        assert at.page.locator("img").count() == 0
        assert at.page.locator("[onerror], [onload]").count() == 0
        assert at.page.locator("i").count() == 0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody on this machine who would take a call."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        one.settimeout(0)
        yield one


def heard(listener: socket.socket) -> list[bytes]:
    """What callers have said. Chromium may connect for a frame before it asks the page's policy, and then says nothing."""
    said = []
    with contextlib.suppress(BlockingIOError):
        while True:
            caller, _ = listener.accept()
            with caller, contextlib.suppress(TimeoutError):
                caller.settimeout(0.2)
                said.append(caller.recv(100))
    return [one for one in said if one]


@pytest.fixture
def broken(browser: Chromium, tmp_path: Path) -> Iterator[Opened]:
    """A page in which somebody does what he likes."""
    with opened(browser, few(), tmp_path, calmly=False) as one:
        yield one


def test_even_a_page_that_was_broken_into_reaches_nothing(broken: Opened, listener: socket.socket) -> None:
    """Its policy refuses markup, scripts, handlers, pictures and requests, whoever puts them there."""
    broken.page.evaluate(
        """async (address) => {
          const tried = [
            () => { document.body.innerHTML += "<p>"; },
            () => { const one = document.createElement("script"); one.append("document.title = 'owned'"); document.body.append(one); },
            () => { document.body.setAttribute("onclick", "document.title = 'owned'"); document.body.click(); },
            () => { const one = document.createElement("img"); one.src = address; document.body.append(one); },
            () => { const one = document.createElement("iframe"); one.src = address; document.body.append(one); },
            () => fetch(address),
            () => navigator.sendBeacon(address),
            () => setTimeout("document.title = 'owned'"),
          ];
          for (const one of tried) { try { await one(); } catch { /* refused */ } }
        }""",
        f"http://127.0.0.1:{listener.getsockname()[1]}/",
    )
    assert broken.page.title() != "owned"
    assert heard(listener) == []
    assert broken.refused("img-src", "connect-src", "frame-src", "require-trusted-types-for")


def test_a_script_that_is_in_the_page_but_not_of_it_does_not_run(broken: Opened, tmp_path: Path) -> None:
    """Nor a handler, nor a style: as if a name had become markup."""
    markup = "<script>document.title = 'owned'</script><p id=in onclick=\"document.title = 'owned'\" style='color: red'>in</p>"
    file = tmp_path / "other.html"
    file.write_text(broken.file.read_text("utf-8").replace("<main", f"{markup}<main", 1), "utf-8")
    broken.page.goto(file.as_uri())
    broken.page.locator("#in").click()
    assert broken.page.title().startswith("Permission map")
    assert broken.page.evaluate("getComputedStyle(document.getElementById('in')).color") != "rgb(255, 0, 0)"
    kinds = {"script-src-elem", "script-src-attr", "style-src-attr"}
    assert broken.refused(*kinds) == kinds


# --- without scripts -----------------------------------------------------------------------------------------


def test_without_scripts_all_grants_are_in_a_plain_table(
    browser: Chromium, drawn: PermissionMap, tmp_path: Path
) -> None:
    """With headings for rows and columns; what needs scripts is not there."""
    with opened(browser, drawn, tmp_path, java_script_enabled=False) as at:
        assert at.page.locator("noscript tbody th[scope=row]").count() == len(drawn.grants)
        assert at.page.locator("noscript table").is_visible()
        assert not at.page.locator("main").is_visible()
        assert not at.page.locator(".scheme").is_visible()
