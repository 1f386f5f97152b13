"""The process that `ready_commands` starts: it has loaded a command, and each run of that is a fork of it.

It runs on the Python of the command's own environment, which has nothing of ours.
"""

import importlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def _serve(listener: socket.socket, loaded: Mapping[str, str]) -> bool:
    """Fork for each caller. True in a fork, which is to be the command; False when the input has ended."""
    runs: dict[int, tuple[int, socket.socket]] = {}
    with selectors.DefaultSelector() as watched:
        for one in (listener, sys.stdin):
            watched.register(one, selectors.EVENT_READ)
        while True:
            for key, _ in watched.select():
                if key.fileobj is sys.stdin:
                    return False
                if key.fileobj is listener:
                    way, _ = listener.accept()
                    told, streams = _told(way)
                    child = os.fork()
                    if child == 0:
                        _become(told, streams, loaded)
                        return True
                    for stream in streams:
                        os.close(stream)
                    handle = os.pidfd_open(child)
                    runs[handle] = child, way
                    watched.register(handle, selectors.EVENT_READ)
                    watched.register(way, selectors.EVENT_READ, handle)
                elif key.data is not None:  # the caller is gone: it was ended, and ends its command
                    watched.unregister(key.fileobj)
                    os.kill(runs[key.data][0], signal.SIGTERM)
                else:
                    child, way = runs.pop(key.fd)
                    watched.unregister(key.fd)
                    if way in watched.get_map():
                        watched.unregister(way)
                    _, status = os.waitpid(child, 0)
                    os.close(key.fd)
                    with way:
                        way.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _told(way: socket.socket) -> tuple[bytes, Sequence[int]]:
    size, streams, _, _ = socket.recv_fds(way, 4, 3)
    with way.makefile("rb") as read:
        return read.read(int.from_bytes(size, "big")), streams


def _become(told: bytes, streams: Sequence[int], loaded: Mapping[str, str]) -> None:
    """Take over a caller's streams, arguments, environment and directory; `loaded` is what loading has set."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.argv[:], environment, directory = json.loads(told)
    os.environ.clear()
    os.environ.update(environment | loaded)
    os.chdir(directory)


def _main(address: str, entry: str) -> Any:
    module, _, function = entry.partition(":")
    before = dict(os.environ)
    command: Callable[[], Any] = getattr(importlib.import_module(module), function)
    loaded = dict(os.environ.items() - before.items())
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print(flush=True)
        is_command = _serve(listener, loaded)
    return command() if is_command else None


if __name__ == "__main__":
    del sys.path[0]
    sys.exit(_main(*sys.argv[1:]))
