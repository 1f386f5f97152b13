"""The cloud's process: `python -m provider.localcloud.server`, settings on the first line of its input.

It serves plain HTTP for people and TLS for functions, on the loopback interface alone. It says on its
output, in one line of JSON, that it is ready, or why not. It ends with everything it started when its
input ends, so it cannot outlive who started it.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import threading
from typing import Any

from provider.localcloud import settings
from provider.localcloud.settings import Settings


def main() -> None:
    """Serve until the input ends."""
    told = Settings.from_json(sys.stdin.readline())
    settings.enter(told)
    try:
        plain, tls = _listen(told.port), _listen(0)
    except OSError:
        _say({"taken": told.port})
        return
    _surround(plain)
    threading.Thread(target=_end_with_input, args=(told.scratch,), daemon=True).start()
    asyncio.run(_serve(told, plain, tls))


def _listen(port: int) -> socket.socket:
    # With its protocol named, asyncio sets TCP_NODELAY on what it accepts: an answer is written in more than one piece.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    return listener


def _surround(plain: socket.socket) -> None:
    """Set what the base reads from the environment when it is imported."""
    os.environ["GATEWAY_PORT"] = str(plain.getsockname()[1])


def _end_with_input(scratch: str) -> None:
    """Wait for the input's end, then end this process and all it started."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    end(scratch)


def end(scratch: str) -> None:
    """Kill the functions, remove the scratch directory and kill the process group, this process included."""
    from provider.localcloud.sandbox import kill_all  # noqa: PLC0415 - what is not loaded has nothing to kill

    kill_all()
    shutil.rmtree(scratch, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


async def _serve(told: Settings, plain: socket.socket, tls: socket.socket) -> None:
    from uvicorn import Config, Server  # noqa: PLC0415 - the first answer to whoever starts us does not need it

    from provider.localcloud.app import build  # noqa: PLC0415 - reads the environment set above
    from provider.localcloud.listeners import enter  # noqa: PLC0415

    application: Any = build()
    ports = {"http": plain.getsockname()[1], "tls": tls.getsockname()[1]}
    enter(**ports)
    application.when_started(lambda: _say(ports))
    # No header of the server's own, and no log but what goes wrong: what AWS answers is the application's.
    options: dict[str, Any] = {
        "http": "httptools",
        "ws": "wsproto",
        "timeout_keep_alive": 75,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "date_header": False,
        "proxy_headers": False,
    }
    first = Config(application, lifespan="on", **options)
    second = Config(application, lifespan="off", ssl_certfile=told.chain, ssl_keyfile=told.key, **options)
    await asyncio.gather(Server(first).serve([plain]), Server(second).serve([tls]))


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
