# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""What authorizers have answered is forgotten when somebody says so; the base keeps it until its time is over."""

from collections.abc import Awaitable, Callable
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_REST, _HTTP = "services.apigateway_v1", "services.apigateway"
_TEST = "tests/localcloud/test_authorizer_caches.py"
_Handler = Callable[..., Awaitable[Any]]


def apply() -> None:
    """Serve the two calls before the base says that it knows no such path."""
    require(_REST, "_authorizer_cache", "_stages_v1", "_v1_error")
    require(_HTTP, "_authorizer_cache", "_stages", "_apigw_error")
    supplant(_HTTP, "handle_request", _forgetting)


@behaviour(
    call="apigateway:FlushStageAuthorizersCache",
    expected="the stage's authorizers are asked anew, 202; a stage that is not there is NotFoundException 404",
    source="API Gateway API Reference, FlushStageAuthorizersCache",
    test=f"{_TEST}::test_an_authorizer_is_asked_anew_after_a_flush",
)
@behaviour(
    call="apigatewayv2:ResetAuthorizersCache",
    expected="the authorizers of a stage of an HTTP API are asked anew, 204; without that stage NotFoundException 404",
    source="API Gateway v2 API Reference, ResetAuthorizersCache",
    test=f"{_TEST}::test_an_authorizer_is_asked_anew_after_a_flush",
)
def _forgetting(old: _Handler) -> _Handler:
    async def handle(method: str, path: str, *request: Any) -> Any:
        match (method, [step for step in path.split("/") if step]):
            case "DELETE", ["restapis", api, "stages", stage, "cache", "authorizers"]:
                there = stage in part(_REST)._stages_v1.get(api, {})
                return _forget(_REST, api, stage, 202) if there else part(_REST)._v1_error(*_MISSING)
            case "DELETE", ["v2", "apis", api, "stages", stage, "cache", "authorizers"]:
                stage = stage.replace("%24", "$")
                there = stage in part(_HTTP)._stages.get(api, {})
                return _forget(_HTTP, api, stage, 204) if there else part(_HTTP)._apigw_error(*_MISSING)
        return await old(method, path, *request)

    return handle


_MISSING = ("NotFoundException", "Invalid stage identifier specified", 404)


def _forget(module: str, api: str, stage: str, status: int) -> tuple[int, dict[str, str], bytes]:
    cache: dict[tuple[Any, ...], Any] = part(module)._authorizer_cache
    for key in [key for key in cache if (key[2], key[4]) == (api, stage)]:
        del cache[key]
    return status, {}, b""
