"""The benchmarks' code, and what it shares with other tests, is found by name."""

import sys
from pathlib import Path

_TESTS = Path(__file__).parents[1]
sys.path += [str(_TESTS / folder) for folder in ("core", "controller", "reliability")]
