"""AWS services invoke a function only if its resource policy lets them: API Gateway, EventBridge, SNS."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.function_names import FunctionName
from provider.localcloud.corrections.function_policies import PolicyPlace
from provider.localcloud.corrections.ministack_names import part, require, supplant

_TEST = "tests/localcloud/test_function_invocation.py"
_log = logging.getLogger("localcloud.invocation")


@dataclass(frozen=True, slots=True)
class Invoker:
    """An AWS service on behalf of a resource; `source_account` is empty for a service that does not tell it."""

    service: str
    source_arn: str
    source_account: str = ""


_invoker: ContextVar[Invoker | None] = ContextVar("localcloud_invoker", default=None)


def apply() -> None:
    """Let services ask before they invoke."""
    require("core.iam_evaluator", "EvalContext", "evaluate_resource_policy")
    supplant("services.lambda_svc", "_get_func_record_for_ref", _asking)
    supplant("services.eventbridge", "_invoke_target", _for_rule)
    supplant("services.sns", "_deliver_to_lambda", _for_topic)
    supplant("services.apigateway_v1", "_call_lambda_raw", _for_method)
    supplant("services.apigateway_v1", "_invoke_authorizer_lambda", _for_authorizer)
    supplant("services.apigateway", "_invoke_request_authorizer_lambda", _for_authorizer)
    supplant("services.apigateway", "_invoke_lambda_proxy", _for_route)


@behaviour(
    call="lambda:InvokeFunction",
    expected="a service needs a statement for its principal, with aws:SourceArn and aws:SourceAccount of who caused it, in "
    "the policy of exactly the function, version or alias that it invokes; API Gateway tells no account",
    source="docs/aws-behaviour.md §1, §2",
    test=f"{_TEST}::test_a_rule_needs_the_functions_permission",
)
def service_may_invoke(arn: str, service: str, source_arn: str, source_account: str = "") -> bool:
    """Whether an AWS service may invoke the function, version or alias with the ARN `arn`.

    `service` is its principal (`events.amazonaws.com`), `source_arn` the resource that causes it to.
    """
    name = FunctionName.of_arn(arn)
    place = PolicyPlace.find(name) if name else None
    if name is None or place is None:
        return False
    evaluator = part("core.iam_evaluator")
    keys = {"aws:sourcearn": source_arn, "aws:sourceaccount": source_account or None}
    context = evaluator.EvalContext("", "Service", "", "lambda:InvokeFunction", arn, name.region, service_context=keys)
    decision = evaluator.evaluate_resource_policy(place.stored, context, service=service).decision
    return bool(decision == "Allow")


@contextmanager
def on_behalf(invoker: Invoker) -> Iterator[None]:
    """Look functions up for a service; those that it may not invoke are not found."""
    token = _invoker.set(invoker)
    try:
        yield
    finally:
        _invoker.reset(token)


def _asking(old: Callable[[str], Any]) -> Callable[[str], Any]:
    responses = part("core.responses")

    def find(reference: str) -> Any:
        invoker = _invoker.get()
        name = FunctionName.read(reference, responses.get_account_id(), responses.get_region()) if invoker else None
        if invoker is None or name is None:
            return old(reference)
        if not service_may_invoke(name.arn, invoker.service, invoker.source_arn, invoker.source_account):
            _log.warning("%s may not invoke %s for %s", invoker.service, name.arn, invoker.source_arn)
            return None, None, name.name
        with responses.request_scope(name.account, name.region):
            return old(name.arn)

    return find


def _for_rule(old: Callable[..., Any]) -> Callable[..., Any]:
    def invoke(target: Mapping[str, Any], event: Any, rule: Mapping[str, Any], *rest: Any) -> Any:
        arn = str(rule.get("Arn", ""))
        with on_behalf(Invoker("events.amazonaws.com", arn, _account(arn))):
            return old(target, event, rule, *rest)

    return invoke


def _account(arn: str) -> str:
    return (arn.split(":") + [""] * 5)[4]


def _for_topic(old: Callable[..., Any]) -> Callable[..., Any]:
    def deliver(endpoint: str, envelope: str, topic: str, *rest: Any) -> Any:
        with on_behalf(Invoker("sns.amazonaws.com", topic, _account(topic))):
            return old(endpoint, envelope, topic, *rest)

    return deliver


def _of_api(source: str) -> Invoker:
    return Invoker("apigateway.amazonaws.com", source)


def _for_method(old: Callable[..., Any]) -> Callable[..., Any]:
    async def call(reference: str, event: Any, *, account_id: Any = None, region: Any = None) -> Any:
        asked = event.get("requestContext", {})
        path = f"{asked.get('stage')}/{asked.get('httpMethod')}{asked.get('resourcePath')}"
        with on_behalf(_of_api(_execute_api(account_id, region, f"{asked.get('apiId')}/{path}"))):
            return await old(reference, event, account_id=account_id, region=region)

    return call


def _execute_api(account: str | None, region: str | None, rest: str) -> str:
    responses = part("core.responses")
    return f"arn:aws:execute-api:{region or responses.get_region()}:{account or responses.get_account_id()}:{rest}"


@behaviour(
    call="apigateway:authorizers",
    expected="a Lambda authorizer, of whatever account, is called if its function's policy allows "
    "…:API_ID/authorizers/AUTHORIZER_ID; else the caller gets 500",
    source="docs/aws-behaviour.md §2",
    test=f"{_TEST}::test_an_authorizer_of_another_account_needs_its_permission",
)
def _for_authorizer(old: Callable[..., Any]) -> Callable[..., Any]:
    async def call(authorizer: Mapping[str, Any], event: Mapping[str, Any], account: str, region: str) -> Any:
        method = str(event.get("methodArn") or event.get("routeArn") or "")
        api = method.rpartition(":")[2].partition("/")[0]
        own = authorizer.get("id") or authorizer.get("authorizerId")
        with on_behalf(_of_api(_execute_api(account, region, f"{api}/authorizers/{own}"))):
            return await old(authorizer, event, account, region)

    return call


def _for_route(old: Callable[..., Any]) -> Callable[..., Any]:
    async def invoke(integration: Any, api: str, stage: str, *given: Any, **named: Any) -> Any:
        route = given[5] if len(given) > 5 else named.get("route_key", "$default")
        source = f"{api}/{stage}/{str(route).replace(' ', '')}"
        arn = _execute_api(named.get("owner_account_id"), named.get("owner_region"), source)
        with on_behalf(_of_api(arn)):
            return await old(integration, api, stage, *given, **named)

    return invoke
