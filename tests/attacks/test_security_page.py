"""docs/security.md names every attack that is tried here, and none that is not."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "security.md").read_text("utf-8")


def tables() -> dict[str, list[str]]:
    """The rows of the attack table, by the file of tests that its section names."""
    sections = re.split(
        r"^### .*?: `(test_\w+\.py)`$", PAGE.partition("## What is not defended")[0], flags=re.MULTILINE
    )
    return {
        file: re.findall(r"^\| (?!attack |law |---).*\|$", text, re.MULTILINE)
        for file, text in zip(sections[1::2], sections[2::2], strict=True)
    }


def tried(file: Path) -> set[str]:
    """The tests of a file."""
    found = ast.walk(ast.parse(file.read_text("utf-8")))
    return {one.name for one in found if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")}


def test_the_table_has_a_section_for_every_file_of_attacks() -> None:
    assert set(tables()) == {file.name for file in HERE.glob("test_*.py")} - {Path(__file__).name}


def test_the_table_names_every_attack_and_no_other() -> None:
    for file, rows in tables().items():
        named = re.findall(r"`(test_\w+)`", "\n".join(rows))
        assert sorted(named) == sorted(tried(HERE / file)), file


def test_each_line_says_what_is_tried_what_stops_it_and_where_that_is_tested() -> None:
    for file, rows in tables().items():
        for row in rows:
            attack, stopped_by, test = (cell.strip() for cell in row.strip("|").split(" |"))
            assert attack, file
            assert stopped_by or attack.startswith("what the laws"), row
            assert test.startswith("`test_"), row


def test_every_file_that_the_page_names_is_there() -> None:
    root = HERE.parents[1]
    paths = re.findall(r"`((?:provider|tests|templates)/[\w/.-]+)`", PAGE)
    assert paths
    assert [path for path in paths if not (root / path).exists()] == []
