"""docs/how-to/calling.md, followed; its table has every cause that `call` knows."""

import re
from pathlib import Path

from pages import PAGES, follow
from rolled_out import Organization

from provider.calling.causes import WORDS


def test_a_call_is_told_whose_turn_it_is_until_it_is_served(org: Organization, tmp_path: Path) -> None:
    follow("calling.md", org, tmp_path)


def test_the_page_has_each_cause_in_its_own_words() -> None:
    """In the order in which they are grouped, and no other."""
    section = (PAGES / "calling.md").read_text("utf-8").split("## All causes\n")[1].split("\n## ")[0]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in section.splitlines() if line]
    place = re.compile(r"\{\w+\}")
    assert rows[2:] == [(place.sub("…", fact), place.sub("…", remedy)) for fact, remedy in WORDS.values()]
