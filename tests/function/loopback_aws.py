"""A TLS server on loopback that answers for CloudFormation's response host, STS and DynamoDB under their real names.

Only what the provider function calls. Statuses of the response host can be scripted; what it was sent is kept raw.
"""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import trustme
from function_twins import HOST

STS = "sts.us-east-1.amazonaws.com"
DYNAMODB = "dynamodb.us-east-1.amazonaws.com"
TOKEN = "T0pSecretSessionToken"
SECRET = "T0pSecretKey"
_SESSION = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAT0PSECRETID</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{TOKEN}</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


@dataclass
class LoopbackAws:
    """The server's state. `statuses` are the response host's next replies; after them it takes everything (200)."""

    statuses: list[int] = field(default_factory=list)
    hang_up: int = 0
    nonsense: int = 0
    answer: dict[str, Any] | None = None
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    authority: trustme.CA = field(default_factory=trustme.CA)

    @contextmanager
    def serve(self) -> Iterator[int]:
        """Serve on a port of loopback."""
        handler = type("Handler", (_Handler,), {"aws": self})
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(HOST, STS, DYNAMODB).configure_cert(trust)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.socket = trust.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def resolver(self, port: int) -> Any:
        """A getaddrinfo for which every name is this server; it notes the names."""
        real = socket.getaddrinfo

        def resolve(host: str, _port: object, *arguments: Any, **options: Any) -> Any:
            self.names.append(host)
            return real("127.0.0.1", port, *arguments, **options)

        return resolve


class _Handler(BaseHTTPRequestHandler):
    aws: ClassVar[LoopbackAws]
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        """Be the response bucket."""
        body = self._body()
        if self.aws.hang_up:
            self.aws.hang_up -= 1
            self.close_connection = True
            return
        if self.aws.nonsense:
            self.aws.nonsense -= 1
            self.wfile.write(b"nonsense\r\n\r\n")
            self.close_connection = True
            return
        self.aws.bodies.append(body)
        self.aws.headers.append(dict(self.headers.items()))
        self.aws.paths.append(self.path)
        self._reply(self.aws.statuses.pop(0) if self.aws.statuses else 200, b"")

    def do_POST(self) -> None:
        """Be STS or DynamoDB."""
        body = self._body()
        if self.headers["Host"] == STS:
            self.aws.calls.append("AssumeRole")
            self.aws.forms.append(body.decode())
            self._reply(200, _SESSION.encode())
            return
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        self.aws.calls.append(operation)
        assert self.headers["X-Amz-Security-Token"] == TOKEN
        self.aws.requests.append(json.loads(body))
        found = {"Item": self.aws.answer} if operation == "GetItem" and self.aws.answer else {}
        self._reply(200, json.dumps(found).encode())

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base's name
        """Stay quiet."""
