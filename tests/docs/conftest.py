"""What the tests of the docs import from elsewhere: the generator's modules, and the twins of the controller's tests."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT / "docs"), str(ROOT / "tests" / "controller")]
