"""APIs have AWS's endpoints: `<api>.execute-api.<region>.amazonaws.com`, which functions of the cloud can reach."""

# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
import re
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_PROVISIONERS = "services.cloudformation.provisioners"
_Made = tuple[str, Mapping[str, Any]]
_Answer = tuple[int, Any, bytes]


def apply() -> None:
    """Know requests by AWS's hosts, and tell them of HTTP and WebSocket APIs."""
    supplant("app", "_EXECUTE_API_RE", _with_aws_hosts)
    require("services.apigateway", "_apis")
    supplant("services.apigateway", "_create_api", _telling)
    base = require(_PROVISIONERS, "_RESOURCE_HANDLERS")
    for change in ("create", "update"):
        handlers = base._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
        handlers[change] = _having(handlers[change])


def _with_aws_hosts(old: re.Pattern[str]) -> re.Pattern[str]:
    known = old.pattern.removeprefix("^([a-f0-9]{8})").removesuffix("$")
    aws = r"\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?::\d+)?"
    return re.compile(rf"^([a-z0-9]{{8,10}})(?:{known}|{aws})$")


def endpoint(api: Mapping[str, Any]) -> str:
    """The URL of an HTTP or WebSocket API of the Region at hand."""
    scheme = "wss" if api["protocolType"] == "WEBSOCKET" else "https"
    return f"{scheme}://{api['apiId']}.execute-api.{part('core.responses').get_region()}.amazonaws.com"


@behaviour(
    call="apigatewayv2:CreateApi",
    expected="ApiEndpoint is https (or wss) on `<api>.execute-api.<region>.amazonaws.com`",
    source="Amazon API Gateway API Reference, Api",
    test="tests/localcloud/test_public_templates.py::test_a_public_template_lives_a_whole_life",
)
def _having(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def change(*arguments: Any, **named: Any) -> _Made:
        api_id, attributes = old(*arguments, **named)
        api = part("services.apigateway")._apis[api_id]
        api["apiEndpoint"] = endpoint(api)
        return api_id, {**attributes, "ApiEndpoint": api["apiEndpoint"]}

    return change


def _telling(old: Callable[..., _Answer]) -> Callable[..., _Answer]:
    def create(*arguments: Any, **named: Any) -> _Answer:
        status, headers, body = old(*arguments, **named)
        for api in part("services.apigateway")._apis.values():
            local = api.get("apiEndpoint", "")
            if local and local.encode() in body:
                api["apiEndpoint"] = endpoint(api)
                body = body.replace(local.encode(), api["apiEndpoint"].encode())
        return status, headers, body

    return create
