"""`make conformance`: ask three real sandbox accounts what docs/aws-behaviour.md does not know and what the local cloud imitates."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from command import command

from provider.cli.errors import guarded

if __name__ == "__main__":
    sys.exit(guarded(lambda: command.main(prog_name="python tests/conformance/run.py", standalone_mode=False)))
