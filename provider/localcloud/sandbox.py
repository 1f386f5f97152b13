"""One execution environment of a function: a process of AWS's runtime client, kept warm, one event at a time."""

import contextlib
import os
import queue
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provider.localcloud.runtime_api import Invocation, Kind, RuntimeApi, Said, parsed

_INIT_LIMIT = 10.0
"""Seconds that AWS grants the init phase before it counts against the function's timeout."""

_RESPONSE_LIMIT = 6 * 1024 * 1024 + 100
"""Bytes of a synchronous response; AWS's error names the number 6291556."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a process is started with. `timeout` in seconds, `environment` is all the process gets."""

    interpreter: str
    handler: str
    code: Path
    environment: Mapping[str, str]
    timeout: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation came to: its payload (JSON), whether that is an error, and the log's lines."""

    payload: Any
    failed: bool
    log: str


_children: set[subprocess.Popen[bytes]] = set()


def kill_all() -> None:
    """Kill every function's process, for the end of all."""
    for child in list(_children):
        child.kill()
    for child in list(_children):
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.5)


class Sandbox:
    """A process that serves one function. `print_line` is told every line it writes."""

    def __init__(self, plan: Plan, print_line: Callable[[str], None]) -> None:
        self._plan = plan
        self._print = print_line
        self._lines: list[str] = []
        self._rest = b""
        self._reading = threading.Lock()
        self._own = tempfile.mkdtemp(prefix="function-")
        self._api = RuntimeApi()
        self._ready = False
        self._child, self._output = self._start()
        threading.Thread(target=self._pump, daemon=True).start()

    @property
    def usable(self) -> bool:
        """Whether the process is there to serve another event."""
        return self._child.poll() is None

    def invoke(self, event: bytes, request: str, function: str, trace: str | None) -> Outcome:
        """Run one invocation to its end: an answer, an error, the process's death or the timeout."""
        self._lines.clear()
        if not self._ready:
            broken = self._await_init(request)
            if broken is not None:
                return self._ended(broken, failed=True)
        deadline = time.time() + self._plan.timeout
        self._api.invoke(Invocation(request, event, int(deadline * 1000), function, trace))
        said = self._await(deadline, lambda said: said.request == request or said.kind is Kind.EXIT)
        return self._judge(said, request)

    def close(self) -> None:
        """Kill the process and remove what it left; again is harmless."""
        with contextlib.suppress(ProcessLookupError):
            self._child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(2)
        _children.discard(self._child)
        self._api.close()
        shutil.rmtree(self._own, ignore_errors=True)

    def _start(self) -> tuple[subprocess.Popen[bytes], int]:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        try:
            child = subprocess.Popen(  # noqa: S603 - the function's code is meant to run
                [self._plan.interpreter, "-m", "awslambdaric", self._plan.handler],
                cwd=self._plan.code,
                env={**self._plan.environment, **self._surroundings()},
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
            )
        finally:
            os.close(writer)
        _children.add(child)
        return child, reader

    def _surroundings(self) -> dict[str, str]:
        return {"AWS_LAMBDA_RUNTIME_API": self._api.address, "TMPDIR": self._own, "HOME": self._own}

    def _await_init(self, request: str) -> Any:
        """Wait for the first poll for an event; return the error's payload if it does not come."""
        said = self._await(time.time() + _INIT_LIMIT + self._plan.timeout, lambda _: True)
        if said is not None and said.kind is Kind.READY:
            self._ready = True
            return None
        self.close()
        if said is not None and said.kind is Kind.INIT_ERROR:
            return parsed(said.payload)
        return self._timed_out(request) if said is None else self._exited(request)

    def _await(self, deadline: float, wanted: Callable[[Said], bool]) -> Said | None:
        """Take what the runtime says until it is what is wanted; None at the deadline (epoch seconds)."""
        while True:
            try:
                said = self._api.said.get(timeout=max(0.0, min(0.5, deadline - time.time())))
            except queue.Empty:
                if self._child.poll() is not None:
                    return Said(Kind.EXIT)  # its output may be held open by a process of its own
                if time.time() >= deadline:
                    return None
            else:
                if wanted(said):
                    return said

    def _judge(self, said: Said | None, request: str) -> Outcome:
        if said is None:
            self.close()
            return self._ended(self._timed_out(request), failed=True)
        if said.kind is Kind.EXIT:
            payload = self._exited(request)
            self.close()
            return self._ended(payload, failed=True)
        if len(said.payload) > _RESPONSE_LIMIT:
            return self._ended(_too_large(len(said.payload)), failed=True)
        return self._ended(parsed(said.payload), failed=said.kind is Kind.ERROR)

    def _timed_out(self, request: str) -> dict[str, str]:
        text = f"Task timed out after {self._plan.timeout:.2f} seconds"
        self._line(f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())}.000Z {request} {text}")
        return {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {request} Error: {text}"}

    def _exited(self, request: str) -> dict[str, str]:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(2)
        text = _epitaph(self._child.returncode)
        return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request} Error: {text}"}

    def _ended(self, payload: Any, *, failed: bool) -> Outcome:
        self._read()
        return Outcome(payload, failed, "\n".join(self._lines))

    def _pump(self) -> None:
        """Read what the process writes while nobody invokes it, and tell when it is over."""
        while True:
            select.select([self._output], [], [])
            if not self._read():
                break
        with self._reading:
            os.close(self._output)
            self._output = -1
        self._api.said.put(Said(Kind.EXIT))

    def _read(self) -> bool:
        """Take what has been written; False at the end of the output."""
        with self._reading:
            try:
                while chunk := os.read(self._output, 65536):
                    *lines, self._rest = (self._rest + chunk).split(b"\n")
                    for line in lines:
                        self._line(line.decode(errors="replace").replace("\r", "\n"))
            except BlockingIOError:
                return True
            except OSError:  # closed
                return False
            return False

    def _line(self, line: str) -> None:
        self._lines.append(line)
        self._print(line)


def _epitaph(code: int | None) -> str:
    if code is None or code == 0:
        return "Runtime exited without providing a reason"
    if code < 0:
        return f"Runtime exited with error: signal: {(signal.strsignal(-code) or str(-code)).lower()}"
    return f"Runtime exited with error: exit status {code}"


def _too_large(size: int) -> dict[str, str]:
    text = f"Response payload size ({size} bytes) exceeded maximum allowed payload size (6291556 bytes)."
    return {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": text}
