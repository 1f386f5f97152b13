"""Lambda's Runtime API for one execution environment: what AWS's own runtime client talks to.

Paths and headers are those of AWS's "Lambda runtime API"; HTTP/1.1 with buffered writes and without
Nagle's algorithm, else a warm call takes 40 ms longer.
"""

import json
import queue
import threading
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_API = "/2018-06-01/runtime"


class Kind(StrEnum):
    """What a runtime says."""

    READY = "ready"
    INIT_ERROR = "init-error"
    RESPONSE = "response"
    ERROR = "error"
    EXIT = "exit"
    """Said for it: its process has ended."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing a runtime said, about which request ("" for none)."""

    kind: Kind
    request: str = ""
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event to hand to the runtime; `deadline` in milliseconds since the epoch."""

    request: str
    event: bytes
    deadline: int
    function: str
    trace: str | None = None

    def headers(self) -> dict[str, str]:
        """The headers that accompany the event."""
        headers = {
            "Lambda-Runtime-Aws-Request-Id": self.request,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline),
            "Lambda-Runtime-Invoked-Function-Arn": self.function,
        }
        return {**headers, "Lambda-Runtime-Trace-Id": self.trace} if self.trace else headers


class RuntimeApi:
    """A server for one runtime. `said` holds what it says; `invoke` hands it an event."""

    def __init__(self) -> None:
        self.said: queue.SimpleQueue[Said] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """For AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def invoke(self, invocation: Invocation) -> None:
        """Let the runtime have `invocation` as its next event."""
        self._events.put(invocation)

    def next(self) -> Invocation | None:
        """Wait for an event; None when the environment has ended."""
        return self._events.get()

    def close(self) -> None:
        """End the server and release who waits on it; returns at once."""
        self._events.put(None)
        threading.Thread(target=self._server.end, daemon=True).start()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)

    def end(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a runtime that was killed leaves its connection as it was."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    @property
    def _api(self) -> RuntimeApi:
        return self.server.api

    def do_GET(self) -> None:
        if self.path != f"{_API}/invocation/next":
            self._answer(404)
            return
        self._api.said.put(Said(Kind.READY))
        invocation = self._api.next()
        if invocation is None:
            self.close_connection = True
            return
        self._answer(200, invocation.event, invocation.headers())

    def do_POST(self) -> None:
        body = self._body()
        said = _said(self.path, body)
        if said is None:
            self._answer(404)
            return
        self._api.said.put(said)
        self._answer(202, b'{"status":"OK"}')

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Log nothing."""


def _said(path: str, body: bytes) -> Said | None:
    """Understand a POST: `invocation/<request>/response|error` or `init/error`."""
    match path.removeprefix(_API).strip("/").split("/"):
        case ["init", "error"]:
            return Said(Kind.INIT_ERROR, payload=body)
        case ["invocation", request, ("response" | "error") as kind]:
            return Said(Kind(kind), request, body)
    return None


def parsed(payload: bytes) -> Any:
    """Read what a runtime answered: JSON, or the text itself where it is none."""
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")
