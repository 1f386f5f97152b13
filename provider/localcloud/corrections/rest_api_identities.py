"""Who calls a REST API, as its integration and its access log are told: whichever account is asking, and by which endpoint."""

from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.api_vpc_endpoints import arrival
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.organizations import organization_of

_REST = "services.apigateway_v1"
_TEST = "tests/localcloud/test_api_access_logs.py"
_Identity = dict[str, Any]


def apply() -> None:
    """Tell of callers of other accounts, and of endpoints."""
    require("core.iam_evaluator", "resolve_principal", "find_iam_access_key_account", "AuthError")
    require("core.router", "extract_access_key_id")
    supplant(_REST, "_iam_caller_identity", _of_every_account)
    supplant(_REST, "_build_lambda_event_v1", _with_endpoint)


@behaviour(
    call="execute-api:Invoke",
    expected="with AWS_IAM, requestContext.identity of a Lambda integration's event tells accountId, caller, user, userArn and "
    "principalOrgId of the caller, of whatever account",
    source="API Gateway Developer Guide, context variables for data models, authorizers, mapping templates, and access logging",
    test=f"{_TEST}::test_a_function_is_told_who_calls_and_through_which_endpoint",
)
def _of_every_account(old: Callable[..., _Identity | None]) -> Callable[..., _Identity | None]:
    def identity(headers: Mapping[str, str], query: Mapping[str, Any]) -> _Identity | None:
        known = caller(headers, query)
        return {**(old(headers, query) or {}), **known} if known else None

    return identity


def caller(headers: Mapping[str, str], query: Mapping[str, Any]) -> _Identity:
    """Who signed a request; empty for nobody known."""
    key = part("core.router").extract_access_key_id(headers, query)
    if not key:
        return {}
    evaluator = part("core.iam_evaluator")
    account = evaluator.find_iam_access_key_account(key) or part("core.responses").get_account_id()
    found = evaluator.resolve_principal(key, account)
    if isinstance(found, evaluator.AuthError):
        return {}
    own = found.keys.get("aws:userid") or found.account
    who = {"accessKey": key, "accountId": found.account, "caller": own, "user": own, "userArn": found.arn}
    return {**who, "principalOrgId": organization_of(found.account)}


@behaviour(
    call="execute-api:Invoke",
    expected="of a private API, it tells vpceId and vpcId as well",
    source="API Gateway Developer Guide, context variables for data models, authorizers, mapping templates, and access logging",
    test=f"{_TEST}::test_a_function_is_told_who_calls_and_through_which_endpoint",
)
def _with_endpoint(old: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def build(*given: Any, **named: Any) -> dict[str, Any]:
        event = old(*given, **named)
        event["requestContext"]["identity"].update(endpoint())
        return event

    return build


def endpoint() -> _Identity:
    """The endpoint that the call at hand came through, and its VPC; empty for none."""
    found = arrival()
    return {"vpceId": found.endpoint, "vpcId": found.record["VpcId"]} if found.record else {}
