"""Who deploys: the one with whose credentials a service reads what it is pointed to, such as a function's code.

Set for each request by the front door; a task or thread that the request starts inherits it.
"""

from contextvars import ContextVar

_access_key: ContextVar[str] = ContextVar("deployer", default="")


def enter(access_key: str) -> None:
    """Make the holder of this access key the deployer, for the rest of this context."""
    _access_key.set(access_key)


def access_key() -> str:
    """The deployer's access key id; "" outside any request."""
    return _access_key.get()
