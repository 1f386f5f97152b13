"""What may be a function's whole resource policy: its form, its principals, and that it is not public."""

import json
import re
from collections.abc import Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.function_policies import RefusedError, bad_principal
from provider.localcloud.corrections.policy_conditions import is_known
from provider.localcloud.corrections.policy_principals import AbsentPrincipalError, bound
from provider.localcloud.corrections.policy_statements import elements, listed

_TEST = "tests/localcloud/test_function_resource_policies.py"
_VERSIONS = {"2012-10-17", "2008-10-17"}
_FIELDS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
_ACTION = re.compile(r"lambda:[a-zA-Z*?]+|\*")
_SID = re.compile(r"[a-zA-Z0-9-_]{1,100}")
_NARROWING = {
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceip",
    "aws:userid",
}
_NARROWING_OPERATORS = re.compile(
    r"(foranyvalue:)?(stringequals(ignorecase)?|stringlike|arnequals|arnlike|ipaddress)", re.IGNORECASE
)


def checked(text: str, arn: str) -> dict[str, Any]:
    """Check the policy `text` for the function, version or alias `arn`; return it as it is stored.

    Raises:
        RefusedError: it is malformed, about something else, names a principal that does not exist, or is public.
    """
    policy = _parsed(text)
    for one in elements(policy):
        _check_statement(one, arn)
    sids = [one["Sid"] for one in elements(policy) if "Sid" in one]
    if len(set(sids)) < len(sids):
        raise _malformed("Statement IDs (SID) in a single policy must be unique.")
    try:
        stored = bound(policy)
    except AbsentPrincipalError as absent:
        raise bad_principal() from absent
    if any(_is_public(one) for one in elements(policy)):
        message = (
            "The resource-based policy you tried to add to the Lambda resource would grant public access to it, which "
            "isn't allowed."
        )
        raise RefusedError(400, "PublicPolicyException", message)
    return {**stored, "Statement": elements(stored)}


@behaviour(
    call="lambda:PutResourcePolicy",
    expected="a document that is no policy is InvalidParameterValueException, as is a Resource that is not exactly the "
    "ARN, or a principal that does not exist",
    source="docs/aws-behaviour.md §1; the words are a choice of this cloud [?]",
    test=f"{_TEST}::test_what_put_resource_policy_refuses",
)
def _parsed(text: str) -> Mapping[str, Any]:
    try:
        policy = json.loads(text)
    except json.JSONDecodeError:
        raise _malformed("The policy is not valid JSON.") from None
    if not isinstance(policy, dict) or set(policy) - {"Version", "Id", "Statement"}:
        raise _malformed("The policy is not an object of Version, Id and Statement.")
    if policy.get("Version", "2008-10-17") not in _VERSIONS:
        raise _malformed(f"The policy's Version is not one of {', '.join(sorted(_VERSIONS))}.")
    written = policy.get("Statement")
    if not written or len(elements(policy)) != (len(written) if isinstance(written, list) else 1):
        raise _malformed("The policy has no statement.")
    return policy


def _check_statement(one: Mapping[str, Any], arn: str) -> None:
    if set(one) - _FIELDS:
        raise _malformed(f"A statement has an unknown element {min(set(one) - _FIELDS)}.")
    if one.get("Effect") not in {"Allow", "Deny"}:
        raise _malformed("A statement's Effect is neither Allow nor Deny.")
    for field in ("Principal", "Action"):
        if (field in one) == (f"Not{field}" in one):
            raise _malformed(f"A statement must have either {field} or Not{field}.")
    if not re.fullmatch(_SID, str(one.get("Sid", "none"))):
        raise _malformed(f"The statement id {one['Sid']} is not of letters, digits, - and _.")
    if not all(_ACTION.fullmatch(action) for action in listed(one.get("Action", one.get("NotAction")))):
        raise _malformed("A statement has an action that is not of Lambda.")
    if listed(one.get("Resource")) != [arn]:
        raise _malformed(f"A statement's Resource is not {arn}.")
    _check_condition(one.get("Condition", {}))


def _check_condition(condition: Any) -> None:
    if not isinstance(condition, dict) or not all(isinstance(keys, dict) for keys in condition.values()):
        raise _malformed("A statement's Condition is not an object of operators and keys.")
    for operator in condition:
        if not is_known(operator):
            raise _malformed(f"A statement's Condition has an unknown operator {operator}.")


def _malformed(message: str) -> RefusedError:
    return RefusedError(400, "InvalidParameterValueException", message)


@behaviour(
    call="lambda:PutResourcePolicy",
    expected="an Allow for everyone without a condition that narrows to known callers is PublicPolicyException",
    source="docs/aws-behaviour.md §1; what narrows is a choice of this cloud [?]",
    test=f"{_TEST}::test_a_public_policy_is_refused",
)
def _is_public(one: Mapping[str, Any]) -> bool:
    principal = one.get("Principal")
    everyone = principal == "*" or (isinstance(principal, dict) and "*" in listed(principal.get("AWS")))
    if one["Effect"] != "Allow" or not (everyone or "NotPrincipal" in one):
        return False
    return not any(
        _NARROWING_OPERATORS.fullmatch(operator) and key.lower() in _NARROWING and "*" not in listed(value)
        for operator, keys in (one.get("Condition") or {}).items()
        for key, value in keys.items()
    )
