"""Every mark in the docs has a point, every point a mark, and every test that is to ask AWS exists."""

import ast
import re
from functools import cache
from pathlib import Path

from not_on_aws import LEFT_OUT
from points import POINTS
from selection import rows, table

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
GENERATED = (ROOT / "docs" / "local-cloud.md", ROOT / "docs" / "conformance.md")
_MARK = re.compile(r"(?<![`*])\[(?:[A-Z]/)?[?I](?: ([a-z0-9-]+))?\]")


def marks() -> list[str]:
    """The names of all marks, "" for one without."""
    texts = [page.read_text("utf-8") for page in DOCS if page not in GENERATED]
    return [found or "" for text in texts for found in _MARK.findall(text)]


@cache
def functions_of(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / file
    return path.is_file() and (not name or name in functions_of(path))


def test_every_mark_is_a_point_and_every_point_has_its_mark() -> None:
    assert "" not in marks(), "a mark without a name: write [? name], and a point of that name"
    assert sorted(set(marks())) == sorted(point.name for point in POINTS)
    assert len(marks()) == len(POINTS), "a name stands for one mark"


def test_every_point_is_asked_or_says_why_not_and_what_changes_otherwise() -> None:
    assert [point.name for point in POINTS if bool(point.test) is bool(point.reason)] == []
    assert [point.name for point in POINTS if not (point.assumed and point.otherwise)] == []


def test_what_is_to_be_run_and_what_is_left_out_exists() -> None:
    assert [row.test for row in rows() if row.test and not exists(row.test)] == []
    assert [name for name in LEFT_OUT if not exists(name)] == []


def test_every_imitation_is_in_the_run() -> None:
    """Those of the local cloud's table whose facts are not established among them."""
    assert {row.test for row in table()} <= {row.test for row in rows()}
    assert len({row.name for row in rows()}) >= len({row.test for row in table()}) + len(POINTS)


def test_what_points_say_to_change_is_there() -> None:
    """Files and parameters that `otherwise` names."""
    text = "\n".join(point.otherwise for point in POINTS)
    files = re.findall(r"`((?:templates/|core/|controller/|function/|rollout/)[a-z_/-]+\.(?:py|yaml))`", text)
    found = [file if file.startswith("templates/") else f"provider/{file}" for file in files]
    assert [file for file in found if not (ROOT / file).is_file()] == []
    templates = set(re.findall(r"`([a-z-]+\.yaml)`", text))
    assert [name for name in templates if not (ROOT / "templates" / name).is_file()] == []
    declared = [*(ROOT / "templates").glob("*.yaml"), *(ROOT / "provider" / "core" / "schemas").glob("*.json")]
    statements = "\n".join(path.read_text("utf-8") for path in declared)
    assert [name for name in re.findall(r"`([A-Z][a-z]+[A-Z]\w+)`", text) if name not in statements] == []
