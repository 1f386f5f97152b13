"""A local AWS for demos, tests and trying templates: several accounts, IAM enforced, real Lambda zips run.

It knows nothing of the rest of this project and must stay so: whatever it does, AWS does too.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provider.localcloud.calls import Call
    from provider.localcloud.cloud import LocalCloud
    from provider.localcloud.failures import LocalCloudError

__all__ = ["Call", "LocalCloud", "LocalCloudError"]

_HOMES = {"Call": "calls", "LocalCloud": "cloud", "LocalCloudError": "failures"}


def __getattr__(name: str) -> Any:
    """Import on first use: the part inside the cloud has neither boto3 clients nor certificates to make."""
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module  # noqa: PLC0415 - this is the lazy import

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
