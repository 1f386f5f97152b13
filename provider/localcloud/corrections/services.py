"""A service that the base does not offer says so, at once, in a form that clients show to people."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from xml.sax.saxutils import escape

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import require, supplant

CODE = "NotOfferedByLocalCloud"
_Handler = Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]


def apply() -> None:
    """Put an answer where the base has no handler, and take a request's service from its signature alone."""
    app = require("app", "SERVICE_HANDLERS")
    app.SERVICE_HANDLERS = _Offered(app.SERVICE_HANDLERS)
    supplant("core.router", "_is_aws_service_name", lambda _: _whatever)


class _Offered(dict[str, _Handler]):
    """The base's handlers by service, and one that refuses for every other."""

    def get(self, service: str, default: Any = None) -> Any:  # noqa: ARG002 - dict's signature
        return super().get(service) or _refusing(service)


@behaviour(
    call="*",
    expected="a service that is not here is an error that names it",
    source="the local cloud's own: silence would look like success",
    test="tests/localcloud/test_server.py::test_a_service_that_is_not_offered_says_so",
)
def _refusing(service: str) -> _Handler:
    text = f"{service} is not offered by the local cloud."

    async def refuse(*request: Any) -> tuple[int, dict[str, str], bytes]:
        _, _, headers, *_ = request
        if "x-www-form-urlencoded" in headers.get("content-type", ""):
            said = f"<ErrorResponse><Error><Code>{CODE}</Code><Message>{escape(text)}</Message></Error></ErrorResponse>"
            return 400, {"Content-Type": "text/xml"}, said.encode()
        described = {"Content-Type": "application/json", "x-amzn-errortype": CODE}
        return 400, described, json.dumps({"__type": CODE, "message": text}).encode()

    return refuse


def _whatever(name: str) -> bool:  # noqa: ARG001 - the base's signature
    """Take every name in a signature's scope for a service, where the base would read all of botocore to tell."""
    return True
