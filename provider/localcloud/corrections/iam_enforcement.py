# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""When a request is allowed: identity policies, the resource's policy, both sides across accounts."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.iam_principals import SILENT
from provider.localcloud.corrections.ministack_names import part, require, supplant

_TEST = "tests/localcloud/test_iam_enforcement.py"

ALSO = "localcloud:also"
"""In a request's context: further actions that it needs, on the same resource. No condition reads it."""

PolicyOf: TypeAlias = Callable[[str], tuple[str, str] | None]
"""Given a resource's ARN, its policy (may be empty) and owner account; None when the ARN is not of its kind."""

policies_of: dict[str, PolicyOf] = {}
"""By the base's name of a service: how to find the policies of its resources, in whatever account they are."""


LastWord: TypeAlias = Callable[[str, str, str, str, Mapping[str, Any]], Any]
"""Given access key, action, resource, Region and keys of what everything else allows: a denial, or None."""

last_words: list[LastWord] = []
"""Who is asked at the end, after identity and resource."""

surroundings: list[Callable[[], Mapping[str, Any]]] = []
"""What gives condition keys of the way that the request at hand came."""

OUTSIDE = "no VPC endpoint policy allows it"
"""Why a last word is an implicit deny."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is being asked of IAM now, and how the last one ended."""

    access_key: str = ""
    action: str = ""
    resource: str = ""
    reason: str = ""
    allowed: bool = False


_question: ContextVar[Question | None] = ContextVar("localcloud_question", default=None)


def question() -> Question:
    """The last question that this request asked."""
    return _question.get() or Question()


def apply() -> None:
    """Replace what the base asks of IAM for a request."""
    evaluator = require("core.iam_evaluator", "_POLICY_REQUIRED", "combine_resource_policy")
    evaluator._POLICY_REQUIRED = evaluator._POLICY_REQUIRED | {"sts"}  # a trust policy must allow, even in the account
    supplant("core.iam_evaluator", "_resource_policy", _of_every_account)
    supplant("core.iam_evaluator", "_names_condition_key", lambda _: lambda *_: True)  # always know the resource's tags
    supplant("core.iam_evaluator", "enforce", _enforcing_all)
    supplant("core.iam_actions", "access_denied_response", _with_reason)


@behaviour(
    call="iam:policies",
    expected="across accounts the caller's policy and the resource's must both allow; in one account either does; "
    "an explicit Deny wins",
    source="IAM User Guide, cross-account policy evaluation logic",
    test=f"{_TEST}::test_across_accounts_both_sides_must_allow",
)
def _of_every_account(old: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
    def find(service: str, arn: str) -> Any:
        mine = policies_of.get(service)
        return (mine(arn) if mine else None) or old(service, arn)

    return find


def _enforcing_all(old: Callable[..., Any]) -> Callable[..., Any]:
    def enforce(access_key: str, action: str, service: str, region: str, *rest: Any, **named: Any) -> Any:
        about = dict(zip(("resource_arn", "service_context"), rest, strict=False)) | named
        arn, context = about.get("resource_arn", "*"), dict(about.get("service_context") or {})
        context |= {key: value for keys in surroundings for key, value in keys().items()}
        denied, asked = None, Question()
        for one in [action, *context.pop(ALSO, ())]:
            asked = Question(access_key, one, arn)
            _question.set(asked)
            narrowed = _narrowed(service, one, arn, context)
            denied = old(access_key, one, service, region, arn, narrowed)
            for last in last_words:
                denied = last(access_key, one, arn, region, narrowed) if denied is None else denied
            if denied is not None:
                break
        _question.set(replace(asked, reason=getattr(denied, "reason", ""), allowed=denied is None))
        return denied

    return enforce


narrowing: dict[str, Callable[[str, str, dict[str, Any]], dict[str, Any]]] = {}
"""By service: what makes the context of one action on one resource out of that of the whole request."""


def _narrowed(service: str, action: str, arn: str, context: dict[str, Any]) -> dict[str, Any]:
    narrow = narrowing.get(service)
    return narrow(action, arn, context) if narrow else context


def may(access_key: str, action: str, service: str, region: str, resource_arn: str) -> bool:
    """Whether the one with this access key may do `action`; for what a service does on a caller's behalf."""
    before = _question.get()
    try:
        denied = part("core.iam_evaluator").enforce(access_key, action, service, region, resource_arn)
    finally:
        _question.set(before)
    return denied is None


@behaviour(
    call="iam:policies",
    expected="a refusal names caller, action and resource, and which side did not allow",
    source="IAM User Guide, troubleshoot access denied messages",
    test=f"{_TEST}::test_a_refusal_names_action_and_resource",
)
def _with_reason(old: Callable[..., Any]) -> Callable[..., Any]:
    def respond(service: str, action: str, principal_arn: str, request_id: str, **given: Any) -> Any:
        if not any(given.get(name) for name in ("message", "error_code", "resource_policy_arn")):
            given["message"] = _message(action, principal_arn, given)
        return old(service, action, principal_arn, request_id, **given)

    return respond


def _message(action: str, principal_arn: str, given: Mapping[str, Any]) -> str:
    asked = question()
    action, arn = asked.action or action, asked.resource or given.get("resource_arn", "*")
    start = f"User: {principal_arn} is not authorized to perform: {action} on resource: {arn}"
    if given.get("explicit_deny"):
        return f"{start} with an explicit deny in an identity-based policy"
    if asked.reason == OUTSIDE:
        return f"{start} because no VPC endpoint policy allows the {action} action"
    if action.startswith("sts:"):
        return start
    side = "resource" if asked.reason == SILENT else "identity"
    return f"{start} because no {side}-based policy allows the {action} action"
