"""A process that has loaded all libraries and nothing of ours, and runs tests in forks of itself: each begins at once.

Run by `test_mutants`. A line on stdin is a task: the directory whose package is to be tested, and pytest's arguments. A line on stdout
is what came of it: pytest's exit code, -1 where it took too long, and what it has printed.
"""

import json
import os
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import botocore.session
import hypothesis
import jsonschema
import pytest

LOADED = (botocore.session, hypothesis, jsonschema)
"""What takes its time to load."""
_LOOK = 0.02


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Run pytest in a fork, against the package of a directory."""
    with tempfile.TemporaryFile("w+") as printed:
        child = os.fork()
        if child == 0:
            for stream in (sys.stdout, sys.stderr):
                os.dup2(printed.fileno(), stream.fileno())
            os.chdir(task["directory"])
            sys.path.insert(0, task["directory"])
            code = pytest.main(task["arguments"])
            sys.stdout.flush()
            os._exit(code)
        code = _ended(child, task["patience"])
        printed.seek(0)
        return {"code": code, "printed": printed.read()}


def _ended(child: int, patience: float) -> int:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_LOOK)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


if __name__ == "__main__":
    assert "provider" not in sys.modules
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != Path(__file__).parent]
    with suppress(BrokenPipeError):
        for line in sys.stdin:
            print(json.dumps(run(json.loads(line))), flush=True)
