"""What is generated in the docs is what the code says, and what they point to exists."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from provider.controller.drift import KINDS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_parts_are_as_make_docs_writes_them() -> None:
    one = generator()
    stale = [page for page in one.PARTS if one.generated(page) != (ROOT / "docs" / page).read_text("utf-8")]
    assert stale == [], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_and_files_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_page_on_drift_names_every_kind_of_finding_once() -> None:
    """And no other."""
    page = (ROOT / "docs" / "drift.md").read_text("utf-8")
    assert sorted(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == sorted(KINDS)


def test_the_glossary_has_each_word_once_and_in_order() -> None:
    rows = re.findall(r"^\| (\*\*.+?) \|", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE)
    words = [re.findall(r"\*\*([^*]+)\*\*", row) for row in rows]
    firsts = [names[0].lower() for names in words]
    assert firsts == sorted(firsts)
    everything = [name for names in words for name in names]
    assert len(everything) == len(set(everything))
