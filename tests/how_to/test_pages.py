"""Of the how-to pages as a whole: each is found, followed by a test, and leads on to what is there."""

import ast
import re
from pathlib import Path

import pytest
from pages import PAGES, pieces
from rolled_out import ROOT

NAMES = sorted(page.name for page in PAGES.glob("*.md") if page.name != "README.md")
TESTS = Path(__file__).parent


def links(page: Path) -> list[str]:
    """The relative links of a page, without the place in the other."""
    return re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))


def followed(test: Path) -> set[str]:
    """The pages that a test file has `follow` follow."""
    calls = [node for node in ast.walk(ast.parse(test.read_text("utf-8"))) if isinstance(node, ast.Call)]
    named = [one for one in calls if isinstance(one.func, ast.Name) and one.func.id == "follow" and one.args]
    return {str(one.args[0].value) for one in named if isinstance(one.args[0], ast.Constant)}


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_followed_by_a_test_of_its_name(name: str) -> None:
    """What nobody follows is wrong sooner or later."""
    assert name in followed(TESTS / f"test_{name.removesuffix('.md').replace('-', '_')}.py")


def test_every_page_is_found_by_its_scenario() -> None:
    """Once, in the table."""
    rows = [line for line in (PAGES / "README.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    told = [name for row in rows for name in re.findall(r"\]\(([^)]+)\)", row)]
    assert sorted(told) == NAMES


def test_the_front_page_leads_here() -> None:
    assert "](docs/how-to/README.md)" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", [*NAMES, "README.md"])
def test_the_links_of_a_page_lead_somewhere(name: str) -> None:
    assert [link for link in links(PAGES / name) if not (PAGES / link).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_what_its_reader_has_and_wants_and_takes_all_away_again(name: str) -> None:
    text = (PAGES / name).read_text("utf-8")
    assert text.index("**You have**") < text.index("**You want**") < text.index("```console")
    assert re.search(r"delete-stack|destroy|withdraw", pieces(text)[-1].shell), "the last piece takes nothing away"
