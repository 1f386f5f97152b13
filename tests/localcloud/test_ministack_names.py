"""Corrections notice when what they replace is gone, and each states what it does."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from provider.localcloud.behaviour import TABLE
from provider.localcloud.corrections import ministack_names

ROOT = Path(__file__).parents[2]


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A stand-in for the base emulator, with one name in one module and used in another."""
    package, here, there = (ModuleType(name) for name in ("ministack", "ministack.here", "ministack.there"))
    here.name = there.alias = lambda: "old"  # type: ignore[attr-defined]
    for module in (package, here, there):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return there


def test_a_name_is_replaced_wherever_it_was_imported(base: ModuleType) -> None:
    """`from here import name` in another module sees the correction too."""
    ministack_names.supplant("here", "name", lambda old: lambda: old() + " mended")
    assert base.alias() == "old mended"


def test_a_moved_name_is_an_error(base: ModuleType) -> None:
    """A correction of what is no longer there says so, by name."""
    with pytest.raises(ministack_names.NameMovedError, match=r"ministack\.here has no moved"):
        ministack_names.supplant("here", "moved", lambda old: old)
    with pytest.raises(ministack_names.NameMovedError, match=r"ministack\.here has no gone"):
        ministack_names.require("here", "name", "gone")


def test_every_row_names_a_test() -> None:
    """Each row of the behaviour table names a test that exists."""
    for path in (ROOT / "provider/localcloud/corrections").glob("*.py"):
        import_module(f"provider.localcloud.corrections.{path.stem}")
    for row in TABLE:
        file, _, name = row.test.partition("::")
        assert row.source, row
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(), row
