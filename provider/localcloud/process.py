"""Start and stop the cloud's process, from outside."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from select import select

import provider
from provider.localcloud.failures import PortTakenError, StartError
from provider.localcloud.settings import Settings

_PATIENCE = 30.0
"""Seconds within which the process must say that it is ready."""

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")
_BASE: Mapping[str, str] = {
    "AUTH": "true",
    "BIND_HOST": "127.0.0.1",
    "LAMBDA_EXECUTOR": "local",
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "DOCKER_HOST": "unix:///nonexistent",  # the base would clean up, and run, containers of the machine
    "LOG_LEVEL": "WARNING",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(slots=True)
class CloudProcess:
    """The running process; `http_port` and `tls_port` are on 127.0.0.1."""

    child: subprocess.Popen[str]
    http_port: int
    tls_port: int
    scratch: Path

    def stop(self) -> None:
        """End the process, all that it started and its scratch directory; again is harmless."""
        if self.child.stdin is not None:
            with contextlib.suppress(OSError):
                self.child.stdin.close()  # at which the process ends itself
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(2)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait(5)
        if self.child.stdout is not None:
            self.child.stdout.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


def start(interpreter: Path, settings: Settings, log: Path) -> CloudProcess:
    """Start the cloud's process and wait until it serves.

    Raises:
        PortTakenError: the port that was asked for is not free.
        StartError: the process ended, or did not become ready in time.
    """
    scratch = Path(settings.scratch)
    with log.open("w") as errors:
        child = subprocess.Popen(  # noqa: S603 - our own server
            [str(interpreter), "-m", "provider.localcloud.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_surroundings(settings, scratch),
            cwd=scratch,
            text=True,
            start_new_session=True,
        )
    process = CloudProcess(child, 0, 0, scratch)
    try:
        ports = _handshake(child, settings, log)
    except BaseException:
        process.stop()
        raise
    process.http_port, process.tls_port = ports["http"], ports["tls"]
    return process


def _surroundings(settings: Settings, scratch: Path) -> dict[str, str]:
    """The child's whole environment: nothing of the machine's AWS or certificate settings reaches it."""
    imports = scratch / "import"
    imports.mkdir()
    (imports / "provider").symlink_to(Path(provider.__file__).parent)  # this package, but none beside it
    return {
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        **_BASE,
        "PYTHONPATH": str(imports),
        "TMPDIR": str(scratch),
        "MINISTACK_REGION": settings.region,
        "MINISTACK_ACCOUNT_ID": settings.management_account,
    }


def _handshake(child: subprocess.Popen[str], settings: Settings, log: Path) -> dict[str, int]:
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(settings.to_json() + "\n")
        child.stdin.flush()
    readable, _, _ = select([child.stdout], [], [], _PATIENCE)
    if not readable:
        raise StartError(f"it was not ready within {_PATIENCE:.0f} seconds", log)
    line = child.stdout.readline()
    if not line:
        raise StartError("its process ended", log)
    said: dict[str, int] = json.loads(line)
    if "taken" in said:
        raise PortTakenError(said["taken"])
    return said
