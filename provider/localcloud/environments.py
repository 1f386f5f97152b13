"""Virtual environments for what cannot live together: the cloud, the function runtime, the AWS CLI.

Each pins its own botocore. They are built on first use from complete pinned lists and named by the
list's hash, so a changed list is another environment and the same list is never built twice.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from provider.localcloud.failures import EnvironmentBuildError

ROOT_VARIABLE = "CROSSACCOUNT_VENVS"
_STAMP = "complete"
_LAYOUT = "2"
"""Of what is done besides the list; another one is another environment."""

_TOOLS = ("pip", "setuptools")
"""What venv brings and Lambda's runtime has not: a function must not find it here either."""


class Environment(StrEnum):
    """One requirements list in `provider/localcloud/requirements/`."""

    LOCALCLOUD = "localcloud"
    RUNTIME = "runtime"
    AWSCLI = "awscli"


def root() -> Path:
    """Where environments are kept: `CROSSACCOUNT_VENVS`, else `.venvs` in the working directory."""
    return Path(os.environ.get(ROOT_VARIABLE) or ".venvs").absolute()


def ensure(environment: Environment, under: Path | None = None) -> Path:
    """Build the environment unless it stands, and return its directory.

    Raises:
        EnvironmentBuildError: pip or venv failed; names the log.
    """
    home = (under or root()) / f"{environment}-{_identity(environment)}"
    if (home / _STAMP).exists():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(home.with_suffix(".lock")):
        if not (home / _STAMP).exists():
            _build(environment, home)
    return home


def python(home: Path) -> Path:
    """The environment's interpreter."""
    return home / "bin" / "python"


def _requirements(environment: Environment) -> str:
    return files("provider.localcloud").joinpath("requirements", f"{environment}.txt").read_text()


def _identity(environment: Environment) -> str:
    """What a built environment depends on: the list, the interpreter and the machine's kind."""
    parts = (_LAYOUT, _requirements(environment), platform.python_version(), sysconfig.get_platform(), sys.base_prefix)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(environment: Environment, home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)  # what an interrupted build left
    log = home.with_suffix(".log")
    listing = home.with_suffix(".txt")
    listing.write_text(_requirements(environment))
    with log.open("w") as output:
        for command in _commands(environment, home, listing):
            result = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)  # noqa: S603 - ours
            if result.returncode != 0:
                raise EnvironmentBuildError(environment, log)
    (home / _STAMP).touch()


def _commands(environment: Environment, home: Path, listing: Path) -> list[list[str]]:
    pip = [str(python(home)), "-m", "pip", "--no-input", "--disable-pip-version-check"]
    commands = [
        [sys.executable, "-m", "venv", str(home)],
        [*pip, "install", "--no-deps", "-r", str(listing)],
    ]
    return [*commands, [*pip, "uninstall", "--yes", *_TOOLS]] if environment is Environment.RUNTIME else commands
