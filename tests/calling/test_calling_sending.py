"""A request goes where the profile's endpoint is, under the API's own host name, once; its answer is read whatever it is."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from provider.calling.addresses import ApiAddress
from provider.calling.sending import Reply, Way, send
from provider.calling.signing import ApiRequest

ADDRESS = ApiAddress.of("https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/orders?a=%20b&a=c")


@dataclass
class Gateway:
    """An API on loopback: what it was asked, and what it answers."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    asked: list[dict[str, Any]] = field(default_factory=list)
    waits: bool = False
    over: Event = field(default_factory=Event)

    @property
    def way(self) -> Way:
        return Way(f"http://127.0.0.1:{self.port}/", patience=30)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    twin = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            twin.asked.append({"method": self.command, "target": self.path, "headers": headers, "body": body})
            if twin.waits:
                twin.over.wait(30)
                return
            self.send_response(twin.status)
            for name, value in {**twin.headers, "Content-Length": str(len(twin.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(twin.body)

        do_GET = do_POST = do_HEAD = do_PURGE = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        twin.port = server.server_port
        yield twin
        twin.over.set()
        server.shutdown()


def test_the_endpoint_is_connected_to_and_the_url_is_what_is_asked_for(gateway: Gateway) -> None:
    """Host, path and query as they are: a signature covers them."""
    reply = send(ApiRequest(ADDRESS, "POST", {"X-Of-Mine": "yes"}, b"tea"), gateway.way)
    (asked,) = gateway.asked
    assert (asked["method"], asked["target"], asked["body"]) == ("POST", "/prod/orders?a=%20b&a=c", b"tea")
    assert asked["headers"]["host"] == ADDRESS.host
    assert asked["headers"]["x-of-mine"] == "yes"
    assert (reply.status, reply.succeeded) == (200, True)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PURGE"])
def test_a_request_without_body_has_none(gateway: Gateway, method: str) -> None:
    assert send(ApiRequest(ADDRESS, method), gateway.way).status == 200
    assert gateway.asked[0]["body"] == b""
    assert "transfer-encoding" not in gateway.asked[0]["headers"]


def test_a_redirection_is_not_followed(gateway: Gateway) -> None:
    """The signature is for the first host alone, and nobody else is to get it."""
    gateway.status, gateway.headers = 302, {"Location": f"http://127.0.0.1:{gateway.port}/elsewhere"}
    reply = send(ApiRequest(ADDRESS, "GET"), gateway.way)
    assert (reply.status, reply.succeeded, len(gateway.asked)) == (302, True, 1)


@pytest.mark.parametrize(("status", "succeeded"), [(204, True), (400, False), (403, False), (500, False)])
def test_a_fault_is_an_answer_and_is_not_repeated(gateway: Gateway, status: int, succeeded: bool) -> None:
    gateway.status, gateway.body = status, b"" if status == 204 else b"{}"
    assert send(ApiRequest(ADDRESS, "GET"), gateway.way).succeeded is succeeded
    assert len(gateway.asked) == 1


def test_an_answer_that_does_not_come_ends_the_wait(gateway: Gateway) -> None:
    gateway.waits = True
    with pytest.raises(ReadTimeoutError, match="Read timeout"):
        send(ApiRequest(ADDRESS, "GET"), Way(gateway.way.endpoint, patience=0.2))
    assert len(gateway.asked) == 1


def test_nobody_listening_and_a_connection_that_breaks_are_botocore_s_errors() -> None:
    """Which the command line has sentences for."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def break_off() -> None:
            server.accept()[0].close()

        Thread(target=break_off, daemon=True).start()
        with pytest.raises(ConnectionClosedError):
            send(ApiRequest(ADDRESS, "GET"), Way(f"http://127.0.0.1:{port}", patience=5))
    with pytest.raises(EndpointConnectionError):
        send(ApiRequest(ADDRESS, "GET"), Way(f"http://127.0.0.1:{port}", patience=5))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"message":"Forbidden"}', "Forbidden"),
        (b'{"Message":"User: x is not authorized"}', "User: x is not authorized"),
        (b'{"message":null}', ""),
        (b'{"message":{"a":1}}', ""),
        (b'["Forbidden"]', ""),
        (b"<html>Forbidden</html>", ""),
        (b"\xff\xfe", ""),
        (b"", ""),
    ],
)
def test_a_message_is_read_wherever_there_is_one(body: bytes, message: str) -> None:
    assert Reply(403, {}, body).message == message


def test_what_is_not_text_is_told_by_its_size() -> None:
    assert Reply(200, {"content-type": "image/png"}, b"\x89PNG\xff").text == "(5 bytes of image/png)"
    assert Reply(200, {}, "tée".encode()).text == "tée"


def test_headers_of_an_answer_say_what_it_is_about(gateway: Gateway) -> None:
    """In whatever case, without what AWS appends to the type."""
    gateway.status = 403
    gateway.headers = {"X-Amzn-ErrorType": "AccessDeniedException:http://internal/", "x-amzn-RequestId": "r-1"}
    reply = send(ApiRequest(ADDRESS, "GET"), gateway.way)
    assert (reply.error_type, reply.request_id) == ("AccessDeniedException", "r-1")
    assert json.loads(reply.text) == {}
    assert Reply(404, {"apigw-requestid": "h-1"}, b"").request_id == "h-1"
    assert Reply(404, {}, b"").request_id == ""
