"""The shapes of ASGI, and the few things the front door does with its messages."""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def headers(scope: Scope) -> dict[str, str]:
    """A request's headers under lower-case names; of a repeated one, the last."""
    pairs: Iterable[tuple[bytes, bytes]] = scope.get("headers", [])
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}


def access_key(scope: Scope) -> str:
    """The id of the key that a request is signed with; "" for an unsigned one. It may be false."""
    signed = re.search(r"Credential=([^/,]+)/", headers(scope).get("authorization", ""))
    if signed:
        return str(signed[1])
    query: bytes = scope.get("query_string", b"")
    asked = parse_qs(query.decode())
    return asked.get("X-Amz-Credential", [""])[0].partition("/")[0]


async def whole_body(receive: Receive) -> bytes:
    """Read a request's body to its end."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return bytes(body)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Give out a body that has been read already, then what else comes."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


async def answer(send: Send, status: int, body: bytes = b"", kind: str = "application/json") -> None:
    """Send a whole response."""
    described = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": described})
    await send({"type": "http.response.body", "body": body})
