"""Points are asked by what tests of the local cloud are made of, found by name, as are the modules of the run."""

import sys
from pathlib import Path

from made_functions import invoke, make_function, zipped

__all__ = ["invoke", "make_function", "zipped"]

sys.path.append(str(Path(__file__).parents[1] / "localcloud"))
