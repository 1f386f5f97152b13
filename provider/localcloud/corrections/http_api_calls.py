# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Who may call a route of an HTTP API with AWS_IAM: the API's own account alone, as its policies say."""

from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_APIS = "services.apigateway"
_TEST = "tests/localcloud/test_http_api_calls.py"
_INVOKE = "execute-api:Invoke"

FORBIDDEN = (403, {"Content-Type": "application/json"}, b'{"message":"Forbidden"}')
"""All that an HTTP API says to whom it does not let in."""


def apply() -> None:
    """Decide about calls of HTTP APIs; those of REST APIs are decided by others."""
    require("core.iam_evaluator", "resolve_principal", "enforce", "AuthError")
    require("core.arn", "execute_api_arn")
    require("core.router", "extract_access_key_id")
    require(_APIS, "find_api_scope", "_routes", "_match_route")
    supplant("app", "_enforce_execute_api", _deciding)


def _deciding(old: Callable[..., Any]) -> Callable[..., Any]:
    def enforce(api: str, stage: str, method: str, path: str, *given: Any, **named: Any) -> Any:
        headers, query, *rest = given
        found = part(_APIS).find_api_scope(api)
        if found is None or {*rest, *named.values()} - {_INVOKE}:
            return old(api, stage, method, path, *given, **named)
        (account, region) = found
        if not _asks_iam(account, region, api, method, path):
            return None
        arn = str(part("core.arn").execute_api_arn(region, account, api, stage, method, path))
        return _of_signed(arn, account, region, headers, query)

    return enforce


def _asks_iam(account: str, region: str, api: str, method: str, path: str) -> bool:
    with part("core.responses").request_scope(account, region):
        route = part(_APIS)._match_route(api, method, f"/{path.lstrip('/')}")
    return bool(route) and str(route.get("authorizationType")).upper() == "AWS_IAM"


@behaviour(
    call="execute-api:Invoke",
    expected="a route of an HTTP API with AWS_IAM lets in whom its own account's policies allow the call (…/$default/… on "
    'the default stage). HTTP APIs have no resource policy, so nobody of another account: 403 {"message":"Forbidden"}, as '
    "for an unsigned call",
    source="API Gateway Developer Guide, IAM authorization for HTTP APIs; aws/aws-cdk#21182; the words for a bad signature [?]",
    test=f"{_TEST}::test_a_route_with_iam_is_for_its_own_account",
)
def _of_signed(arn: str, account: str, region: str, headers: Mapping[str, str], query: Mapping[str, Any]) -> Any:
    evaluator = part("core.iam_evaluator")
    key = part("core.router").extract_access_key_id(headers, query)
    if not key:
        return FORBIDDEN
    denied = evaluator.enforce(key, _INVOKE, "apigateway", region, resource_arn=arn)
    principal = evaluator.resolve_principal(key, part("core.responses").get_account_id())
    is_own = not isinstance(principal, evaluator.AuthError) and principal.account == account
    return FORBIDDEN if denied is not None or not is_own else None
