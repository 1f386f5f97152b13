"""No imitation without a row, no row without a source and a test that exists."""

import ast
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

from provider import localcloud
from provider.localcloud.behaviour import TABLE, Behaviour

ROOT = Path(__file__).parents[2]
MAINS = ("__main__", "sitecustomize")


@pytest.fixture(scope="module", autouse=True)
def _table() -> None:
    for module in pkgutil.walk_packages(localcloud.__path__, f"{localcloud.__name__}."):
        if module.name.rpartition(".")[2] not in MAINS:
            import_module(module.name)


def _tests(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def _missing(row: Behaviour) -> str:
    file, _, function = row.test.partition("[")[0].partition("::")
    if not (ROOT / file).is_file():
        return file
    return "" if function in _tests(ROOT / file) else row.test


def test_every_row_names_a_test_that_exists() -> None:
    """A row whose test is gone claims what nobody shows."""
    assert [missing for row in TABLE if (missing := _missing(row))] == []


def test_every_row_says_call_behaviour_and_source() -> None:
    """A call is `service:Operation` or `*`, and neither the expectation nor its source is empty."""
    assert [row for row in TABLE if not (row.expected and row.source)] == []
    assert [row.call for row in TABLE if ":" not in row.call and row.call != "*"] == []
