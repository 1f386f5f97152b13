# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Who may call a REST API: the caller's policies, the API's as deployed, an endpoint's, and an authorizer's together."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.api_vpc_endpoints import FORBIDDEN, Arrival, arrival
from provider.localcloud.corrections.iam_enforcement import policies_of
from provider.localcloud.corrections.iam_principals import SILENT
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.rest_api_deployments import deployed_policy, is_private
from provider.localcloud.corrections.rest_api_invocations import INVOKE, Answer, Invocation

_REST = "services.apigateway_v1"
_TEST = "tests/localcloud/test_rest_api_calls.py"
_PRIVATE_TEST = "tests/localcloud/test_rest_api_private.py"
_COGNITO = "COGNITO_USER_POOLS"
_CALL = re.compile(r"arn:aws[\w-]*:execute-api:([^:]+):(\d{12}):([^/]+)/([^/]+)/.*", re.DOTALL)
_SCOPE = re.compile(r"Credential=[^/,]+/\d+/([^/,]*)/([^/,]*)/")

_standing: ContextVar["Standing | None"] = ContextVar("localcloud_standing", default=None)
"""Of the call that is being served; None without a policy."""


def apply() -> None:
    """Decide in AWS's way before a method is served."""
    require("core.iam_evaluator", "AuthError", "evaluate_resource_policy", "resolve_principal", "_query_signed")
    require(_REST, "find_api_scope", "_rest_apis", "_stages_v1", "_gw_error")
    require(_REST, "authentication_error_response", "method_authorization_type")
    require("core.sigv4", "foreign_authorization_failure")
    policies_of["apigateway"] = _policy_of_call
    supplant("app", "_enforce_execute_api", _deciding)
    supplant(_REST, "_anonymous_policy_error", lambda _: lambda *_: None)  # it is decided before
    supplant(_REST, "_evaluate_policy", _with_standing)
    supplant(_REST, "_authorize_request_v1", _then_explicitly_allowed)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the API's policy says of a call that an authorizer decides about too."""

    call: Invocation
    decision: str


def _policy_of_call(arn: str) -> tuple[str, str] | None:
    """The policy that is deployed to the stage in an execute-api ARN, and the API's account."""
    match = _CALL.fullmatch(arn)
    if match is None:
        return None
    region, account, api_id, stage_name = match.groups()
    stages = part(_REST)._stages_v1.get_scoped(account, region, api_id)
    if stages is None:
        return None
    return deployed_policy(api_id, stages.get(stage_name) or {}) or "", account


def _deciding(old: Callable[..., Any]) -> Callable[..., Any]:
    def enforce(api_id: str, stage_name: str, method: str, path: str, *given: Any, **named: Any) -> Any:
        headers, query, *rest = given
        found = part(_REST).find_api_scope(api_id)
        if found is None or {*rest, *named.values()} - {INVOKE}:
            return FORBIDDEN if arrival().endpoint else old(api_id, stage_name, method, path, *given, **named)
        _standing.set(None)
        (account, region), base = found, part(_REST)
        api = base._rest_apis.get_scoped(account, region, api_id)
        if not _comes_in(api, arrival()):
            return FORBIDDEN
        stage = base._stages_v1.get_scoped(account, region, api_id, {}).get(stage_name)
        if stage is None:
            return None  # which the base refuses
        call = Invocation(api, account, region, stage_name, stage, method, path, headers, query, arrival())
        return _decide(call, base.method_authorization_type(api_id, stage_name, method, path))

    return enforce


@behaviour(
    call="execute-api:Invoke",
    expected="a private API is reached through a VPC endpoint that exists, in its Region, of whatever account, and no other "
    "API is; all else is 403 ForbiddenException",
    source="API Gateway Developer Guide, private REST APIs; an API that is not private through an endpoint [?]",
    test=f"{_PRIVATE_TEST}::test_a_private_api_is_reached_through_an_endpoint_alone",
)
def _comes_in(api: Mapping[str, Any], how: Arrival) -> bool:
    return is_private(api) == (how.record is not None) and bool(how.endpoint) == (how.record is not None)


def _decide(call: Invocation, authorization: str | None) -> Answer | None:
    policy = deployed_policy(call.api["id"], call.stage)
    if policy is None:
        return FORBIDDEN  # no deployment: AWS has no such stage
    if authorization is None:
        return None  # no such method, which the base refuses
    if authorization == "AWS_IAM":
        return _of_signed(call, closed=is_private(call.api) and not policy)
    return _of_anybody(call, policy, authorization)


@behaviour(
    call="execute-api:Invoke",
    expected="a method without authorization needs an explicit allow once there is a policy, signed or not; the caller is "
    "anonymous",
    source="docs/aws-behaviour.md §3",
    test=f"{_TEST}::test_an_open_method_needs_an_allow_once_there_is_a_policy",
)
@behaviour(
    call="execute-api:Invoke",
    expected="a private API without a policy refuses all calls",
    source="docs/aws-behaviour.md §3",
    test=f"{_PRIVATE_TEST}::test_a_private_api_without_policy_refuses_all",
)
@behaviour(
    call="execute-api:Invoke",
    expected="the endpoint's policy must allow the call too",
    source="API Gateway Developer Guide, use VPC endpoint policies for private APIs",
    test=f"{_PRIVATE_TEST}::test_an_endpoints_policy_is_asked_too",
)
def _of_anybody(call: Invocation, policy: str, authorization: str) -> Answer | None:
    evaluate = part("core.iam_evaluator").evaluate_resource_policy
    context = call.context()
    if policy or is_private(call.api):
        decision = str(evaluate(policy, context).decision)
        _standing.set(Standing(call, decision))
        needed = authorization == "NONE" or not policy
        if authorization != _COGNITO and (decision == "Deny" or (needed and decision != "Allow")):
            return call.denied("anonymous", decision, "resource-based policy")
    return _through_endpoint(call, context, "anonymous")


def _through_endpoint(call: Invocation, context: Any, who: str) -> Answer | None:
    if call.arrival.record is None:
        return None
    decision = part("core.iam_evaluator").evaluate_resource_policy(call.arrival.policy, context).decision
    return None if decision == "Allow" else call.denied(who, str(decision), "VPC endpoint policy")


@behaviour(
    call="execute-api:Invoke",
    expected="a method with AWS_IAM: in the API's account the caller's policy or the API's must allow, from another both; an "
    "explicit deny wins",
    source="docs/aws-behaviour.md §3",
    test=f"{_TEST}::test_a_signed_call_is_decided_by_both_sides",
)
@behaviour(
    call="execute-api:Invoke",
    expected="the deployed policy sees aws:PrincipalArn (a session's role), aws:PrincipalAccount, aws:PrincipalOrgID and "
    "aws:SourceIp",
    source="API Gateway Developer Guide, AWS condition keys that can be used in API Gateway resource policies",
    test=f"{_TEST}::test_conditions_of_a_policy_are_decided",
)
def _of_signed(call: Invocation, *, closed: bool) -> Answer | None:
    """Decide about a call that must be signed; an unsigned one is left to the base, which refuses it."""
    evaluator, base = part("core.iam_evaluator"), part(_REST)
    refused = _of_form(call)
    if refused is not None or not _is_signed(call):
        return refused
    denied = evaluator.enforce(
        call.access_key, INVOKE, "apigateway", call.region, resource_arn=call.arn, service_context=call.arrival.keys
    )
    if isinstance(denied, evaluator.AuthError):
        where = (call.api["id"], call.stage_name)
        answer: Answer = base.authentication_error_response(*where, denied, call.headers, call.query)
        return answer
    principal = evaluator.resolve_principal(call.access_key, part("core.responses").get_account_id())
    if denied is not None:
        by_resource = denied.resource_policy_arn or denied.reason == SILENT
        side = "resource" if by_resource else "identity"
        return call.denied(principal.arn, denied.decision, f"{side}-based policy")
    if closed:
        return call.denied(principal.arn, "ImplicitDeny", "resource-based policy")
    return _through_endpoint(call, call.context(principal), principal.arn)


def _is_signed(call: Invocation) -> bool:
    signed = part("core.iam_evaluator")._query_signed(call.query)
    return bool(call.headers.get("authorization") or (signed and call.access_key))


@behaviour(
    call="execute-api:Invoke",
    expected="an unsigned call of a method with AWS_IAM is 403 MissingAuthenticationTokenException 'Missing Authentication "
    "Token', one of an unknown key UnrecognizedClientException, one scoped to another Region or service "
    "InvalidSignatureException 'Credential should be scoped to a valid region. '",
    source="the base's measurements; Kong/insomnia#713 for both scopes at once; that the text names the wrong Region no "
    "more [?]",
    test=f"{_TEST}::test_a_signature_must_be_right",
)
def _of_form(call: Invocation) -> Answer | None:
    header = call.headers.get("authorization", "")
    if header and not header.startswith("AWS4-HMAC-SHA256"):
        failure = part("core.sigv4").foreign_authorization_failure(call.headers)
        error = part("core.iam_evaluator").AuthError(*failure) if failure else None
        where = (call.api["id"], call.stage_name)
        return part(_REST).authentication_error_response(*where, error, call.headers, call.query) if error else None
    match = _SCOPE.search(header) or _SCOPE.search(f"Credential={_first(call.query, 'X-Amz-Credential')}")
    wrong = [words for ok, words in _scopes(call, match) if not ok]
    return call.error("INVALID_SIGNATURE", "".join(wrong), "InvalidSignatureException") if wrong else None


def _scopes(call: Invocation, scope: re.Match[str] | None) -> list[tuple[bool, str]]:
    region, service = scope.groups() if scope else (call.region, "execute-api")
    return [
        (region == call.region, "Credential should be scoped to a valid region. "),
        (service == "execute-api", "Credential should be scoped to correct service: 'execute-api'. "),
    ]


def _first(query: Mapping[str, Any], name: str) -> str:
    found = query.get(name) or [""]
    return str(found[0] if isinstance(found, list) else found)


@behaviour(
    call="execute-api:Invoke",
    expected="with a Lambda authorizer, an explicit deny of the API's policy comes first, unasked; then the authorizer's "
    "policy or the API's must allow, and neither deny",
    source="API Gateway Developer Guide, how resource policies affect authorization workflow",
    test=f"{_TEST}::test_an_authorizer_and_the_policy_decide_together",
)
def _with_standing(old: Callable[[Any, str], str]) -> Callable[[Any, str], str]:
    def evaluate(policy: Any, arn: str) -> str:
        decision, standing = old(policy, arn), _standing.get()
        return "Allow" if decision == "NoMatch" and standing and standing.decision == "Allow" else decision

    return evaluate


@behaviour(
    call="execute-api:Invoke",
    expected="a Cognito user is authenticated first, and needs an explicit allow besides once there is a policy",
    source="docs/aws-behaviour.md §3",
    test=f"{_TEST}::test_a_cognito_user_needs_an_allow_once_there_is_a_policy",
)
def _then_explicitly_allowed(old: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def authorize(api_id: str, stage_name: str, method: Mapping[str, Any], *rest: Any) -> Any:
        error, context = await old(api_id, stage_name, method, *rest)
        standing = _standing.get()
        is_cognito = str(method.get("authorizationType")).upper() == _COGNITO
        if error is None and is_cognito and standing and standing.decision != "Allow":
            words = standing.call.words("anonymous", standing.decision, "resource-based policy")
            return part(_REST)._gw_error("ACCESS_DENIED", words), None
        return error, context

    return authorize
