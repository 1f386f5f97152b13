"""docs/how-to/first-permission.md, followed; what it says of the editor is said by a real language server."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import PAGES, follow
from rolled_out import ROOT, Organization

PAGE = (PAGES / "first-permission.md").read_text("utf-8")
sys.path.append(str(ROOT / "tests" / "editor"))
from language_server import LanguageServer  # noqa: E402 - of another folder's tests


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    with LanguageServer() as running:
        yield running


def test_what_the_editor_underlines_in_the_draft_is_in_the_table(server: LanguageServer) -> None:
    draft = PAGE.split("<<'END'\n", 1)[1].split("\nEND\n", 1)[0] + "\n"
    told = [(int(line), text) for line, text in re.findall(r"^\| (\d+) \| (.+) \|$", PAGE, re.MULTILINE)]
    assert sorted((one.line, one.message) for one in server.findings(draft)) == sorted(told)


def test_a_template_written_with_editor_and_linter_deploys_at_the_first_try(
    org: Organization, tmp_path: Path, server: LanguageServer
) -> None:
    """And at its end there is nothing more that the editor would underline."""
    follow("first-permission.md", org, tmp_path)
    assert server.findings((tmp_path / "orders.yaml").read_text("utf-8")) == []
