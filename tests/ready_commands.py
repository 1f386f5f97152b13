"""Commands that begin at once: a process has loaded what they import, and each run is a fork of it.

A run has its caller's arguments, environment, directory and streams, and ends as the command does. Starting the AWS CLI is mostly
loading, and the pages start it some hundred times.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from provider.localcloud.environments import Environment, ensure, python

_FORKED = Path(__file__).with_name("forked_commands.py")

_SCRIPT = """#!{python} -IS
import json, os, socket, sys
told = json.dumps([sys.argv, dict(os.environ), os.getcwd()]).encode()
with socket.socket(socket.AF_UNIX) as way:
    way.connect({address!r})
    socket.send_fds(way, [len(told).to_bytes(4, "big")], [0, 1, 2])
    way.sendall(told)
    code = int(way.makefile().read() or 1)
sys.exit(code if code >= 0 else 128 - code)
"""


def aws_cli() -> Path:
    """The AWS CLI, from its own environment."""
    return ready(python(ensure(Environment.AWSCLI)), "awscli.clidriver:main", "aws")


@cache
def ready(interpreter: Path, entry: str, name: str, path: str = "") -> Path:
    """A script that runs a command, for as long as this process lives.

    Args:
        interpreter: the Python that has the command installed.
        entry: `module:function`, as an entry point is written.
        name: the script's.
        path: more places where that interpreter finds modules.
    """
    directory = Path(tempfile.mkdtemp())
    address = str(directory / "socket")
    environment = {"PATH": os.defpath, "HOME": os.devnull, "PYTHONPATH": path, "LANG": "C.UTF-8"}
    command = [str(interpreter), str(_FORKED), address, entry]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    atexit.register(_end, process, directory)
    assert process.stdout is not None
    assert process.stdout.readline(), f"{entry} cannot be loaded"
    script = directory / name
    script.write_text(_SCRIPT.format(python=sys.executable, address=address))
    script.chmod(0o755)
    return script


def _end(process: subprocess.Popen[bytes], directory: Path) -> None:
    process.communicate()
    shutil.rmtree(directory)
