"""The ports of the running cloud, for those inside it that hand them on."""

_ports: dict[str, int] = {}


def enter(*, http: int, tls: int) -> None:
    """Remember the ports; before the first request."""
    _ports.update(http=http, tls=tls)


def http_port() -> int:
    """The plain port that people use."""
    return _ports["http"]


def tls_port() -> int:
    """The TLS port that functions use."""
    return _ports["tls"]
