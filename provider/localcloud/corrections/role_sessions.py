# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""AssumeRole: who may, with which tags, for how long, and what the session is then."""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.iam_enforcement import ALSO, policies_of
from provider.localcloud.corrections.iam_keys import role_of
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.request_parameters import first
from provider.localcloud.corrections.role_requests import HOUR, ROLE, RefusedError, Request, check, parameters

_TEST = "tests/localcloud/test_role_sessions.py"


def apply() -> None:
    """Replace AssumeRole and what IAM is asked for it."""
    require("services.sts", "register_session", "_sessions", "_session_policies", "_error", "_xml", "_caller_identity")
    require("services.sts", "_gen_session_access_key", "_gen_secret", "_gen_session_token")
    policies_of["sts"] = _trust_policy
    supplant("core.iam_actions", "request_tag_context", _with_session_keys)
    supplant("services.sts", "handle_request", _assuming)


@behaviour(
    call="sts:AssumeRole",
    expected="a role that trusts everybody under a condition on aws:PrincipalArn (a session's role), aws:PrincipalAccount or "
    "sts:ExternalId lets in, across accounts, exactly whom that holds of; the condition outlives the role it names",
    source="docs/aws-behaviour.md §4, §7",
    test="tests/localcloud/test_trust_conditions.py::test_everybody_is_trusted_under_a_condition_on_who_asks",
)
def _trust_policy(arn: str) -> tuple[str, str] | None:
    match = ROLE.fullmatch(arn)
    role = role_of(arn)
    return (role["AssumeRolePolicyDocument"] if role else "", match[1]) if match else None


@behaviour(
    call="sts:AssumeRole",
    expected="trust policy and caller's policy are evaluated with sts:RoleSessionName, sts:ExternalId, aws:RequestTag, "
    "aws:TagKeys and sts:TransitiveTagKeys; passing tags needs sts:TagSession on both sides",
    source="docs/aws-behaviour.md §7",
    test=f"{_TEST}::test_tags_need_tag_session_on_both_sides",
)
def _with_session_keys(old: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def context(service: str, action: str, body: bytes, query: Mapping[str, Any]) -> dict[str, Any]:
        found = old(service, action, body, query)
        if action != "sts:AssumeRole":
            return found
        asked = Request.read(body, query)
        found |= {f"aws:RequestTag/{key}": value for key, value in asked.tags}
        found["aws:TagKeys"] = [key for key, _ in asked.tags] or None
        found["sts:RoleSessionName"] = asked.session_name or None
        found["sts:ExternalId"] = asked.external_id or None
        found["sts:TransitiveTagKeys"] = list(asked.transitive) or None
        return {**found, ALSO: ["sts:TagSession"] if asked.tags or asked.transitive else []}

    return context


_Handler = Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]


def _assuming(old: _Handler) -> _Handler:
    async def handle(method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any) -> Any:
        operation = headers.get("x-amz-target", "").rpartition(".")[2] or first({**_form(body), **query}, "Action")
        if operation != "AssumeRole":
            return await old(method, path, headers, body, query)
        sts = part("services.sts")
        try:
            return _answer(assume(Request.read(body, query), headers, query, body), body)
        except RefusedError as refused:
            return sts._error(refused.status, refused.code, refused.message, ns="sts")

    return handle


def _form(body: bytes) -> dict[str, Any]:
    return {} if body.startswith(b"{") else parameters(body)


@behaviour(
    call="sts:AssumeRole",
    expected="the session's tags are aws:PrincipalTag, over the role's; transitive ones pass on to chained sessions "
    "and cannot be set again; a role is found by its whole ARN; sessions live in the role's account",
    source="IAM User Guide, pass session tags in AWS STS",
    test=f"{_TEST}::test_transitive_tags_pass_on",
)
def assume(asked: Request, headers: Mapping[str, str], query: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """Make a session of a role that IAM lets the caller assume.

    Raises:
        RefusedError: something about the request is not as STS demands it.
    """
    sts = part("services.sts")
    caller = sts._caller_identity(headers, query)
    role = role_of(asked.role_arn)
    _check(asked, role, caller)
    assert role is not None  # or it was refused
    before = sts._sessions.get(caller["accessKey"]) or {}
    match = ROLE.fullmatch(asked.role_arn)
    policies, refusal = sts._session_policies({**parameters(body), **query}, match[1] if match else "")
    if refusal is not None:
        status, _, text = refusal
        raise RefusedError(status, _code(text), _text(text))
    session = {
        **_identity(asked, role, sts),
        "SourceAccessKeyId": caller["accessKey"],
        "SourcePrincipalArn": caller["userArn"],
        "SessionPolicies": policies if any(policies.values()) else None,
        **_session_tags(asked, before),
    }
    sts.register_session(session["AccessKeyId"], session)
    return session


def _identity(asked: Request, role: Mapping[str, Any], sts: Any) -> dict[str, Any]:
    account = role["Arn"].split(":")[4]
    return {
        "AccessKeyId": sts._gen_session_access_key(),
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role['RoleName']}/{asked.session_name}",
        "UserId": f"{role['RoleId']}:{asked.session_name}",
        "SecretAccessKey": sts._gen_secret(),
        "SessionToken": sts._gen_session_token(),
        "Expiration": time.time() + asked.seconds,
        "AccountId": account,
        "PrincipalType": "AssumedRole",
    }


def _session_tags(asked: Request, before: Mapping[str, Any]) -> dict[str, Any]:
    passed_on = {tag["Key"].lower() for tag in before.get("SessionTags") or []} & {
        key.lower() for key in before.get("TransitiveTagKeys") or []
    }
    if passed_on & {key.lower() for key, _ in asked.tags}:
        message = (
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session."
        )
        raise RefusedError(400, "InvalidParameterValue", message)
    inherited = [tag for tag in before.get("SessionTags") or [] if tag["Key"].lower() in passed_on]
    return {
        "SessionTags": inherited + [{"Key": key, "Value": value} for key, value in asked.tags],
        "TransitiveTagKeys": [tag["Key"] for tag in inherited] + list(asked.transitive),
    }


@behaviour(
    call="sts:AssumeRole",
    expected="a role that is not there is refused in the same words as one that may not be assumed; a chained session "
    "over one hour is a ValidationError, as is one over the role's MaxSessionDuration",
    source="docs/aws-behaviour.md §7; STS API Reference, AssumeRole",
    test=f"{_TEST}::test_a_chained_session_lasts_an_hour_at_most",
)
def _check(asked: Request, role: Mapping[str, Any] | None, caller: Any) -> None:
    check(asked)
    if not isinstance(caller, Mapping):
        raise RefusedError(403, "InvalidClientTokenId", caller.message)
    if role is None:
        message = (
            f"User: {caller['userArn']} is not authorized to perform: sts:AssumeRole on resource: {asked.role_arn}"
        )
        raise RefusedError(403, "AccessDenied", message)
    if caller["principalType"] == "AssumedRole" and asked.seconds > HOUR:
        message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        raise RefusedError(400, "ValidationError", message)
    if asked.seconds > int(role.get("MaxSessionDuration") or HOUR):
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise RefusedError(400, "ValidationError", message)


def _code(text: bytes) -> str:
    match = re.search(rb"<Code>(.*?)</Code>", text)
    return match[1].decode() if match else "ValidationError"


def _text(text: bytes) -> str:
    match = re.search(rb"<Message>(.*?)</Message>", text, re.DOTALL)
    return match[1].decode() if match else ""


def _answer(session: Mapping[str, Any], body: bytes) -> Any:
    sts = part("services.sts")
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(session["Expiration"]))
    credentials = {name: session[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
    user = {"AssumedRoleId": session["UserId"], "Arn": session["Arn"]}
    if body.startswith(b"{"):
        credentials["Expiration"] = int(session["Expiration"])
        return part("core.responses").json_response({"Credentials": credentials, "AssumedRoleUser": user})
    inner = _xml("Credentials", credentials | {"Expiration": expires}) + _xml("AssumedRoleUser", user)
    result = f"<AssumeRoleResult>{inner}<PackedPolicySize>0</PackedPolicySize></AssumeRoleResult>"
    return sts._xml(200, "AssumeRoleResponse", result, ns="sts")


def _xml(name: str, values: Mapping[str, str]) -> str:
    return f"<{name}>{''.join(f'<{one}>{value}</{one}>' for one, value in values.items())}</{name}>"
