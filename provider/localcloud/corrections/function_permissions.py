"""AddPermission, RemovePermission, GetPolicy."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.function_names import FunctionName
from provider.localcloud.corrections.function_policies import (
    PolicyPlace,
    RefusedError,
    bad_principal,
    latest,
    no_policy,
    not_found,
)
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.policy_principals import AbsentPrincipalError, bound, readable
from provider.localcloud.corrections.request_parameters import first

_TEST = "tests/localcloud/test_function_permissions.py"
_PATTERNS: Mapping[str, str] = {
    "StatementId": r"([a-zA-Z0-9-_]+)",
    "Action": r"(lambda:[*]|lambda:[a-zA-Z]+|[*])",
    "Principal": r"[^\s]+",
    "SourceAccount": r"\d{12}",
    "SourceArn": r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)",
    "PrincipalOrgID": r"o-[a-z0-9]{10,32}",
    "EventSourceToken": r"[a-zA-Z0-9._\-]+",
}
_LONGEST_SID = 100
_CONDITIONS: Mapping[str, tuple[str, str]] = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}

_Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Replace the three operations, which CloudFormation's AWS::Lambda::Permission calls too."""
    require("core.responses", "json_response", "get_account_id", "get_region")
    supplant("services.lambda_svc", "_add_permission", lambda _: _answering(_add))
    supplant("services.lambda_svc", "_remove_permission", lambda _: _answering(_remove))
    supplant("services.lambda_svc", "_get_policy", lambda _: _answering(_get))


def _answering(operation: Callable[..., _Answer]) -> Callable[..., _Answer]:
    def answer(*given: Any, **named: Any) -> _Answer:
        try:
            return operation(*given, **named)
        except RefusedError as refused:
            return refused.answer()

    return answer


def _named(name: str, query: Mapping[str, Any] | None, path_qualifier: str | None) -> FunctionName:
    responses = part("core.responses")
    qualifier = path_qualifier or first(query or {}, "Qualifier")
    here = responses.get_account_id(), responses.get_region()
    return FunctionName.read(name, *here, qualifier) or FunctionName(*here, name, qualifier)


@behaviour(
    call="lambda:AddPermission",
    expected="a duplicate Sid is ResourceConflictException 409; no function, version or alias is 404 'Function not found'; "
    "$LATEST is InvalidParameterValueException",
    source="docs/aws-behaviour.md §1",
    test=f"{_TEST}::test_what_add_permission_refuses",
)
@behaviour(
    call="lambda:AddPermission",
    expected="a bad StatementId, Action, SourceArn, SourceAccount or PrincipalOrgID is ValidationException",
    source="docs/aws-behaviour.md §1; botocore's model of Lambda",
    test=f"{_TEST}::test_parameters_are_validated",
)
def _add(
    function: str, data: Mapping[str, Any], query: Mapping[str, Any] | None = None, path_qualifier: str | None = None
) -> _Answer:
    name = _named(function, query, path_qualifier)
    _validate(data)
    if name.qualifier == "$LATEST":
        raise latest()
    place = PolicyPlace.find(name)
    if place is None:
        raise not_found(name)
    place.check_revision(data.get("RevisionId"))
    policy = dict(place.stored or {"Version": "2012-10-17", "Id": "default", "Statement": []})
    _check_unique(data["StatementId"], policy["Statement"])
    statement = _statement(data, name)
    policy["Statement"] = [*policy["Statement"], _bound(statement, readable(policy)["Statement"])]
    place.check_size(len(json.dumps(readable(policy), separators=(",", ":"))))
    place.write(policy)
    shown = json.dumps(readable({"Statement": [policy["Statement"][-1]]})["Statement"][0])
    answer: _Answer = part("core.responses").json_response({"Statement": shown}, 201)
    return answer


def _validate(data: Mapping[str, Any]) -> None:
    for name, pattern in _PATTERNS.items():
        value = data.get(name)
        if value is None and name in {"StatementId", "Action", "Principal"}:
            raise _invalid(f"Value null at '{_member(name)}' failed to satisfy constraint: Member must not be null")
        if value is not None and not re.fullmatch(pattern, str(value)):
            raise _invalid(
                f"Value '{value}' at '{_member(name)}' failed to satisfy constraint: Member must satisfy regular "
                f"expression pattern: {pattern}"
            )
    if len(data["StatementId"]) > _LONGEST_SID:
        raise _invalid(
            f"Value '{data['StatementId']}' at 'statementId' failed to satisfy constraint: Member must have length less "
            f"than or equal to {_LONGEST_SID}"
        )


def _member(name: str) -> str:
    return name[0].lower() + name[1:]


def _invalid(what: str) -> RefusedError:
    return RefusedError(400, "ValidationException", f"1 validation error detected: {what}")


def _check_unique(sid: str, statements: list[Mapping[str, Any]]) -> None:
    if any(one.get("Sid") == sid for one in statements):
        message = (
            f"The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the existing "
            "statement."
        )
        raise RefusedError(409, "ResourceConflictException", message)


@behaviour(
    call="lambda:AddPermission",
    expected="SourceArn is ArnLike AWS:SourceArn; SourceAccount and PrincipalOrgID share one StringEquals; an account id "
    "is its root's ARN; `*` stays `*`",
    source="docs/aws-behaviour.md §1",
    test=f"{_TEST}::test_the_shape_of_a_statement",
)
def _statement(data: Mapping[str, Any], name: FunctionName) -> dict[str, Any]:
    condition: dict[str, dict[str, str]] = {}
    for parameter, (operator, key) in _CONDITIONS.items():
        if parameter in data:
            value = data[parameter]
            condition.setdefault(operator, {})[key] = str(value).lower() if isinstance(value, bool) else str(value)
    statement = {
        "Sid": data["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(data["Principal"]),
        "Action": data["Action"],
        "Resource": name.arn,
    }
    return statement | ({"Condition": condition} if condition else {})


def _principal(principal: str) -> Any:
    if principal == "*":
        return "*"
    return {"AWS" if principal.isdigit() or principal.startswith("arn:") else "Service": principal}


@behaviour(
    call="lambda:AddPermission",
    expected="a principal that does not exist, or one already in the policy that exists no more, is "
    "InvalidParameterValueException 'The provided principal was invalid…'",
    source="docs/aws-behaviour.md §1",
    test=f"{_TEST}::test_a_dead_principal_makes_every_addition_fail",
)
def _bound(statement: Mapping[str, Any], others: list[Mapping[str, Any]]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = bound({"Statement": [*others, statement]})["Statement"][-1]
    except AbsentPrincipalError as absent:
        raise bad_principal() from absent
    return found


@behaviour(
    call="lambda:RemovePermission",
    expected="a missing Sid is 404 'Statement … is not found in resource policy.', without any policy 404 'No policy is "
    "associated with the given resource.'",
    source="docs/aws-behaviour.md §1",
    test=f"{_TEST}::test_what_remove_permission_refuses",
)
def _remove(
    function: str, sid: str, query: Mapping[str, Any] | None = None, path_qualifier: str | None = None
) -> _Answer:
    name = _named(function, query, path_qualifier)
    place = PolicyPlace.find(name)
    if place is None:
        raise not_found(name)
    if place.stored is None:
        raise RefusedError(404, "ResourceNotFoundException", "No policy is associated with the given resource.")
    kept = [one for one in place.stored["Statement"] if one.get("Sid") != sid]
    if len(kept) == len(place.stored["Statement"]):
        raise RefusedError(404, "ResourceNotFoundException", f"Statement {sid} is not found in resource policy.")
    place.check_revision(first(query or {}, "RevisionId"))
    place.write({**place.stored, "Statement": kept} if kept else None)
    return 204, {}, b""


@behaviour(
    call="lambda:GetPolicy",
    expected="without policy, without function, and after the last statement went: 404 'The resource you requested does "
    "not exist.'",
    source="docs/aws-behaviour.md §1",
    test=f"{_TEST}::test_no_policy_and_no_function_look_alike",
)
def _get(function: str, query: Mapping[str, Any] | None = None, path_qualifier: str | None = None) -> _Answer:
    place = PolicyPlace.find(_named(function, query, path_qualifier))
    if place is None or place.policy is None:
        raise no_policy()
    answer: _Answer = part("core.responses").json_response(
        {"Policy": json.dumps(place.policy, separators=(",", ":")), "RevisionId": place.revision}
    )
    return answer
