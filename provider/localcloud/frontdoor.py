"""What stands before the base emulator: internal paths, answers of custom resources, the record, the waiting."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from urllib.parse import parse_qs

from provider.localcloud import deployer, printed, records, response_urls, schedules
from provider.localcloud.asgi import (
    Application,
    Message,
    Receive,
    Scope,
    Send,
    access_key,
    answer,
    headers,
    replayed,
    whole_body,
)
from provider.localcloud.corrections import function_networks, rest_api_deployments, settling

OWN = "/_local/"
_BASE_OWN = ("/_ministack/", "/_localstack/", "/_aws/")
_BASE_OPEN = ("/_ministack/cfn-signal/", "/_aws/execute-api/")
"""Of the base's own paths, those that stand for something of AWS; the others would reset or reveal the cloud."""


class FrontDoor:
    """An ASGI application around the base's. `token` is asked of those who want the cloud's own paths."""

    def __init__(self, base: Application, token: str) -> None:
        self._base = base
        self._token = token
        self._started: Callable[[], None] = lambda: None

    def when_started(self, say: Callable[[], None]) -> None:
        """Call `say` once the base has started."""
        self._started = say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, connection or the process's lifespan."""
        if scope["type"] == "lifespan":
            await self._base(scope, receive, self._announcing(send))
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await self._base(scope, receive, send)

    def _announcing(self, send: Send) -> Send:
        async def announce(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self._started()

        return announce

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, host = scope["path"], headers(scope).get("host", "")
        if path.startswith(OWN):
            await self._own(scope, send)
        elif path.startswith(_BASE_OWN) and not path.startswith(_BASE_OPEN):
            await answer(send, 404, b'{"message":"Not found"}')
        elif scope["method"] == "PUT" and response_urls.is_response_host(host):
            query = scope.get("query_string", b"").decode()
            raw = scope["raw_path"].decode("latin-1")
            await answer(send, response_urls.put(host, raw, query, await whole_body(receive)))
        else:
            await self._aws(scope, receive, send)

    async def _aws(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the base serve a call of AWS: recorded, and held back while a stack is busy with it."""
        deployer.enter(access_key(scope))
        function_networks.arrive(scope.get("client"))
        with records.recording(scope) as record:
            operation = None
            if settling.may_concern(scope):
                body = await whole_body(receive)
                operation = settling.operation(body)
                receive = replayed(body, receive)
            held: list[Message] = []

            async def passing(message: Message) -> None:
                record.see(message)
                if operation is None:
                    await send(message)
                else:
                    held.append(message)

            await self._base(scope, receive, passing)
            if operation is not None and record.status == 200:
                await settling.settled(operation)
        for message in held:
            await send(message)

    async def _own(self, scope: Scope, send: Send) -> None:
        """Answer the cloud's keeper: what was called, what was printed."""
        if headers(scope).get("x-local-token") != self._token:
            await answer(send, 403)
            return
        asked = parse_qs(scope.get("query_string", b"").decode())
        match scope["path"].removeprefix(OWN):
            case "health":
                await answer(send, 200, b'{"status":"ready"}')
            case "calls":
                since = float(asked.get("since", ["0"])[0])
                await answer(send, 200, json.dumps([asdict(call) for call in records.calls(since)]).encode())
            case "calls/forget":
                records.forget()
                await answer(send, 200, b"{}")
            case "deployments/forget":
                rest_api_deployments.forget()
                await answer(send, 200, b"{}")
            case "schedules/fire":
                await asyncio.to_thread(schedules.fire)
                await answer(send, 200, b"{}")
            case "logs":
                function = asked.get("function", [None])[0]
                await answer(send, 200, json.dumps([asdict(line) for line in printed.lines(function)]).encode())
            case _:
                await answer(send, 404)
