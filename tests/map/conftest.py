"""Tests of the map use the centre in memory that the controller's tests have."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "controller"))


@pytest.fixture(scope="session")
def bank() -> Any:
    """A filled ledger, which no test changes."""
    from bank import Bank  # noqa: PLC0415 - found by the path above

    return Bank()
