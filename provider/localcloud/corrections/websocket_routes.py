# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Routes of WebSocket APIs ask before they invoke, as those of all other APIs do."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.function_invocation import Invoker, on_behalf
from provider.localcloud.corrections.ministack_names import part, require, supplant

_APIS = "services.apigateway"
_TEST = "tests/localcloud/test_websocket_apis.py"
_Invoke = Callable[..., Awaitable[Any]]


def apply() -> None:
    """Let routes ask."""
    require(_APIS, "_integrations")
    supplant(_APIS, "_invoke_ws_lambda", _asking)


@behaviour(
    call="apigatewayv2:routes",
    expected="a route of a WebSocket API invokes its function if that function's policy allows …:API_ID/STAGE/ROUTE_KEY; "
    "else no connection comes about",
    source="docs/aws-behaviour.md §2; API Gateway Developer Guide, WebSocket APIs; the status [?]",
    test=f"{_TEST}::test_a_websocket_route_needs_its_functions_permission",
)
def _asking(old: _Invoke) -> _Invoke:
    async def invoke(
        api: str, account: str, region: str, route: Mapping[str, Any], stage: str, *rest: Any, **named: Any
    ) -> Any:
        arn = f"arn:aws:execute-api:{region}:{account}:{api}/{stage}/{route.get('routeKey', '$default')}"
        with on_behalf(Invoker("apigateway.amazonaws.com", arn)):
            answer = await old(api, account, region, route, stage, *rest, **named)
        return {"statusCode": 500} if answer is None and _has_integration(api, route) else answer

    return invoke


def _has_integration(api: str, route: Mapping[str, Any]) -> bool:
    """Whether there is anything that could have answered."""
    return str(route.get("target", "")).rpartition("/")[2] in part(_APIS)._integrations.get(api, {})
