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
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
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
    from hypercorn.asyncio import serve  # noqa: PLC0415 - the base patches it on import, below
    from hypercorn.config import Config  # noqa: PLC0415

    from provider.localcloud.app import build  # noqa: PLC0415 - reads the environment set above
    from provider.localcloud.listeners import enter  # noqa: PLC0415

    application: Any = build()
    config = Config()
    config.insecure_bind = [f"fd://{plain.fileno()}"]
    config.bind = [f"fd://{tls.fileno()}"]
    config.certfile, config.keyfile = told.chain, told.key
    config.alpn_protocols = ["http/1.1"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    ports = {"http": plain.getsockname()[1], "tls": tls.getsockname()[1]}
    enter(**ports)
    application.when_started(lambda: _say(ports))
    await serve(application, config, mode="asgi")


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
