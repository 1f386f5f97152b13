"""The wire out of a VPC: a port of its own for functions that have their network interfaces there.

What a connection asks for is the host name at the beginning of TLS, which a VPC's name server would have been asked for. Where
the VPC has a way to it, the connection is carried to the cloud, which is told by that way that it came; else nothing ever answers.
"""

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_Way = TypeVar("_Way")
_PIECE = 65536


class Wires(Generic[_Way]):
    """The wires of all networks. `tls_port` gives the cloud's port for TLS, once there is a wire to carry on."""

    def __init__(self, tls_port: Callable[[], int]) -> None:
        self._tls_port = tls_port
        self._ports: dict[Hashable, int] = {}
        self._ways: dict[int, _Way] = {}
        self._opening = threading.Lock()

    def port(self, network: Hashable, decide: Callable[[str], _Way | None]) -> int:
        """The port for what stands in `network`, opened on first use; `decide` says by which way a host is reached, if any."""
        with self._opening:
            if network not in self._ports:
                listener = socket.create_server(("127.0.0.1", 0))
                self._ports[network] = listener.getsockname()[1]
                threading.Thread(target=self._accept, args=(listener, decide), daemon=True).start()
            return self._ports[network]

    def way(self, port: int) -> _Way | None:
        """By which way a connection came that the cloud sees coming from `port`; None if by no wire."""
        return self._ways.get(port)

    def _accept(self, listener: socket.socket, decide: Callable[[str], _Way | None]) -> None:
        while True:
            inner, _ = listener.accept()
            threading.Thread(target=self._serve, args=(inner, decide), daemon=True).start()

    def _serve(self, inner: socket.socket, decide: Callable[[str], _Way | None]) -> None:
        with inner, contextlib.suppress(OSError):  # whoever hung up
            said, host = asked_for(inner)
            way = decide(host) if host else None
            if way is None:
                while inner.recv(_PIECE):  # as packets go that no route leads anywhere
                    pass
                return
            with socket.create_connection(("127.0.0.1", self._tls_port())) as outer:
                port = outer.getsockname()[1]
                self._ways[port] = way
                try:
                    outer.sendall(said)
                    _carry(inner, outer)
                finally:
                    self._ways.pop(port, None)


def asked_for(connection: socket.socket) -> tuple[bytes, str]:
    """Read the beginning of TLS: what was read, and the host name in it ("" for none, or if it is no TLS)."""
    said, found, read, written = b"", [], ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _socket, name, _context: found.append(name or "")
    server = context.wrap_bio(read, written, server_side=True)
    while piece := connection.recv(_PIECE):
        said += piece
        read.write(piece)
        try:
            server.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLError:  # it has no certificate to go on with
            break
    return said, found[0] if found else ""


def _carry(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    ends = {one: other, other: one}
    while True:
        readable, _, _ = select.select([one, other], [], [])
        for end in readable:
            piece = end.recv(_PIECE)
            if not piece:
                return
            ends[end].sendall(piece)
