# ruff: noqa: SLF001 - reaches into the base's private names as the corrections do; ministack_names guards them
"""What IAM is asked and how it decides, told to whoever keeps the record."""

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeAlias

from provider.localcloud.calls import Decision
from provider.localcloud.corrections.iam_keys import keys_of
from provider.localcloud.corrections.ministack_names import part, require, supplant

Tell: TypeAlias = Callable[[Decision], None]

_asked: ContextVar[list[Any] | None] = ContextVar("localcloud_asked", default=None)
"""Of the decision that is being made: the context in which policies are evaluated."""


_listeners: list[Tell] = []


def listen(tell: Tell) -> None:
    """Tell of every decision from now on, about callers and about what services may; before the corrections."""
    require("core.iam_evaluator", "evaluate", "_resource_policy")
    require("services.sts", "_sessions")
    _listeners.append(tell)
    supplant("core.iam_evaluator", "evaluate", _noting_context)
    supplant("core.iam_evaluator", "enforce", _telling)


def listen_to_services() -> None:
    """Tell of what resources' policies decide about AWS services too; after the corrections."""
    supplant("core.iam_evaluator", "evaluate_resource_policy", _telling_of_services)


def tell_of(context: Any, *, allowed: bool) -> None:
    """Tell of what was decided for a service that acts as a role, whose policies alone count."""
    _tell(_decision(context, "", (), allowed))


def _tell(decision: Decision) -> None:
    for tell in _listeners:
        tell(decision)


def _noting_context(old: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate(context: Any, *given: Any) -> Any:
        noted = _asked.get()
        if noted is not None:
            noted.append(context)
        return old(context, *given)

    return evaluate


def _telling(old: Callable[..., Any]) -> Callable[..., Any]:
    def enforce(access_key: str, action: str, service: str, *rest: Any, **named: Any) -> Any:
        noted: list[Any] = []
        token = _asked.set(noted)
        try:
            denied = old(access_key, action, service, *rest, **named)
        finally:
            _asked.reset(token)
        if noted:
            policy = _policy(service, noted[0].resource_arn)
            _tell(_decision(noted[0], policy, _narrowing(access_key), denied is None))
        return denied

    return enforce


def _telling_of_services(old: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate(text: Any, context: Any, service: str | None = None, *rest: Any, **named: Any) -> Any:
        result = old(text, context, service, *rest, **named)
        if service:
            policy = text if isinstance(text, str) else json.dumps(text)
            _tell(_decision(context, policy, (), result.decision == "Allow", service))
        return result

    return evaluate


def _decision(context: Any, policy: str, narrowing: tuple[str, ...], allowed: bool, service: str = "") -> Decision:
    return Decision(
        principal=service or context.principal_arn,
        action=context.action,
        resource=context.resource_arn,
        keys=_shared(json.dumps(keys_of(context), sort_keys=True)),
        session_policies=narrowing,
        resource_policy=policy,
        allowed=allowed,
    )


@lru_cache(maxsize=4096)
def _shared(keys: str) -> Mapping[str, Any]:
    """Equal keys are one object: whoever waits asks the same again and again."""
    found: dict[str, Any] = json.loads(keys)
    return found


def _policy(service: str, arn: str) -> str:
    found = part("core.iam_evaluator")._resource_policy(service, arn)
    if found is None or not found[0]:
        return ""
    return found[0] if isinstance(found[0], str) else json.dumps(found[0])


def _narrowing(access_key: str) -> tuple[str, ...]:
    """The documents of the session policies that the caller's session was given."""
    session = part("services.sts")._sessions.get(access_key) or {}
    passed = session.get("SessionPolicies") or {}
    texts = [passed["Policy"]] if passed.get("Policy") else []
    resolve = part("core.iam_evaluator")._resolve_managed_policy_document
    texts += [resolve(arn, session.get("AccountId", "")) for arn in passed.get("PolicyArns") or []]
    return tuple(text if isinstance(text, str) else json.dumps(text) for text in texts if text)
