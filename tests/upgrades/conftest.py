"""Tests of upgrades use the centre in memory that the controller's tests have."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "controller"))
