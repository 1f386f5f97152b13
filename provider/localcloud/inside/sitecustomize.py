"""Stands in for DNS and for the wire in every function's process: AWS is here, and there is nothing else.

Python imports this file at start, before any code of the function. AWS's host names lead to the local
cloud's ports on the loopback interface; every other name and address is unreachable. The function's
code sees AWS's real host names, in its requests and in the certificates.
"""

import errno
import ipaddress
import os
import socket
import sys
from typing import Any

_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws")
_PORTS = {443: int(os.environ["LOCAL_CLOUD_TLS_PORT"]), 80: int(os.environ["LOCAL_CLOUD_HTTP_PORT"])}

_getaddrinfo = socket.getaddrinfo


def _resolve(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
    """Answer like `socket.getaddrinfo`, from the names that exist here."""
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or _is_loopback(name):
        return _getaddrinfo(host, port, *arguments, **named)
    if name.rstrip(".").lower().endswith(_AWS):
        return _getaddrinfo("127.0.0.1", _ports(port), *arguments, **named)
    raise socket.gaierror(socket.EAI_NONAME, f"Name or service not known: {name} (the local cloud knows AWS alone)")


def _ports(port: Any) -> Any:
    number = {"https": 443, "http": 80}.get(port, port)
    return _PORTS.get(int(number), number) if number is not None else None


def _is_loopback(name: str) -> bool:
    if name in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _stay_here(event: str, arguments: Any) -> None:
    """Refuse to leave the loopback interface, whatever way an address was come by."""
    if event not in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        return
    address = arguments[1]
    if isinstance(address, tuple) and not _is_loopback(str(address[0])):
        raise OSError(errno.ENETUNREACH, f"Network is unreachable: {address[0]} (the local cloud knows AWS alone)")


socket.getaddrinfo = _resolve
sys.addaudithook(_stay_here)
