"""The twins of the controller's tests, for pages that say what the controller returns."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "controller"))
