# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""IAM roles: what a trust policy must be, and that a role's name is its account's alone."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.policy_principals import AbsentPrincipalError, bound, readable
from provider.localcloud.corrections.policy_statements import elements, listed

_TEST = "tests/localcloud/test_roles.py"
_QUOTA = 2048
_ACTIONS = re.compile(r"sts:(\*|AssumeRole\w*|TagSession|SetSourceIdentity|SetContext)", re.IGNORECASE)
_NO_ROLE = re.compile(r"^Role (\S+) not found\.$")
_STATEMENT = {"Sid", "Effect", "Principal", "Action", "Condition"}

_Answer = tuple[int, dict[str, str], bytes]


class RefusedTrustError(Exception):
    """IAM refuses a trust policy."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def apply() -> None:
    """Check trust policies where they are written, through the API and through CloudFormation."""
    require("services.iam", "_roles", "_error", "_IAM_HANDLERS")
    supplant("services.iam", "_error", _in_iams_words)
    _supplant_handler("CreateRole", "_create_role", _checking("AssumeRolePolicyDocument"))
    _supplant_handler("UpdateAssumeRolePolicy", "_update_assume_role_policy", _checking("PolicyDocument"))
    supplant("services.iam", "_role_xml", _readable)
    supplant("services.cloudformation.provisioners", "_validate_iam_role_trust_policy", lambda _: _check_template)
    _supplant_resource("create", "_iam_role_create", _creating)
    _supplant_resource("update", "_iam_role_update", _updating)


@behaviour(
    call="iam:GetRole",
    expected="a role that is not there is NoSuchEntity 404 'The role with name … cannot be found.', as it is for "
    "UpdateAssumeRolePolicy; who may touch roles of a tag alone is denied instead",
    source="docs/aws-behaviour.md §4",
    test="tests/localcloud/test_trust_conditions.py::test_a_role_that_is_not_there_is_no_such_entity",
)
def _in_iams_words(old: Callable[..., _Answer]) -> Callable[..., _Answer]:
    def error(status: int, code: str, message: str, ns: str = "iam") -> _Answer:
        return old(status, code, _NO_ROLE.sub(r"The role with name \1 cannot be found.", message), ns=ns)

    return error


def _supplant_handler(operation: str, name: str, make: Callable[[Any], Any]) -> None:
    supplant("services.iam", name, make)
    iam = part("services.iam")
    iam._IAM_HANDLERS[operation] = getattr(iam, name)


def _supplant_resource(change: str, name: str, make: Callable[[Any], Any]) -> None:
    supplant("services.cloudformation.provisioners", name, make)
    provisioners = require("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
    provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"][change] = getattr(provisioners, name)


@behaviour(
    call="iam:UpdateAssumeRolePolicy",
    expected="over 2048 characters, whitespace not counted: LimitExceeded 409 'Cannot exceed quota for ACLSizePerRole'",
    source="docs/aws-behaviour.md §4",
    test=f"{_TEST}::test_a_trust_policy_has_2048_characters_at_most",
)
@behaviour(
    call="iam:UpdateAssumeRolePolicy",
    expected="what is no trust policy, or names a principal that does not exist, is MalformedPolicyDocument 400",
    source="docs/aws-behaviour.md §4",
    test=f"{_TEST}::test_a_trust_policy_names_principals_that_exist",
)
@behaviour(
    call="iam:GetRole",
    expected="a deleted principal reads back as its unique id, and its namesake is not trusted",
    source="docs/aws-behaviour.md §4",
    test=f"{_TEST}::test_a_deleted_principal_stays_as_its_unique_id",
)
@behaviour(
    call="iam:UpdateAssumeRolePolicy",
    expected="the unique id as which a deleted principal reads back is refused when it is written: Invalid principal in policy",
    source="docs/aws-behaviour.md §4",
    test="tests/localcloud/test_trust_conditions.py::test_an_id_of_one_that_is_gone_cannot_be_written_back",
)
def checked(text: str | Mapping[str, Any]) -> str:
    """Check a trust policy as IAM does and return it as it is stored.

    Raises:
        RefusedTrustError: it is too long, no trust policy, or names a principal that does not exist.
    """
    document = text if isinstance(text, str) else json.dumps(text)
    policy = _parsed(document)
    if len(re.sub(r"\s", "", document)) > _QUOTA:
        raise RefusedTrustError(409, "LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {_QUOTA}")
    try:
        return json.dumps(bound(policy))
    except AbsentPrincipalError as absent:
        kind = absent.kind if absent.kind == "AWS" else absent.kind.upper()
        raise _malformed(f'Invalid principal in policy: "{kind}":"{absent.principal}"') from absent


def _parsed(document: str) -> Mapping[str, Any]:
    try:
        policy = json.loads(document)
    except json.JSONDecodeError:
        raise _malformed("This policy contains invalid Json") from None
    if not isinstance(policy, dict) or not elements(policy) or set(policy) - {"Version", "Id", "Statement"}:
        raise _malformed("Syntax errors in policy.")
    for one in elements(policy):
        _check_statement(one)
    return policy


def _check_statement(one: Mapping[str, Any]) -> None:
    if "NotPrincipal" in one and one.get("Effect") == "Allow":
        raise _malformed("Allow with NotPrincipal is not allowed.")
    if "NotPrincipal" in one:
        raise _malformed("AssumeRole policy must not contain NotPrincipal field.")
    for field in ("Resource", "NotResource"):
        if field in one:
            raise _malformed(f"Has prohibited field {field}")
    for field in ("Effect", "Principal", "Action"):
        if field not in one and f"Not{field}" not in one:
            raise _malformed(f"Missing required field {field}")
    if one["Effect"] not in {"Allow", "Deny"} or set(one) - _STATEMENT - {"NotAction"}:
        raise _malformed("Syntax errors in policy.")
    if not all(_ACTIONS.fullmatch(action) for action in listed(one.get("Action"))):
        raise _malformed("AssumeRole policy may only specify STS AssumeRole actions.")


def _malformed(message: str) -> RefusedTrustError:
    return RefusedTrustError(400, "MalformedPolicyDocument", message)


def _checking(parameter: str) -> Callable[[Callable[[Any], _Answer]], Callable[[Any], _Answer]]:
    def make(old: Callable[[Any], _Answer]) -> Callable[[Any], _Answer]:
        iam = part("services.iam")

        def handle(given: dict[str, Any]) -> _Answer:
            try:
                stored = checked(iam._p(given, parameter))
            except RefusedTrustError as refused:
                text = refused.message.replace("&", "&amp;").replace("<", "&lt;")
                answer: _Answer = iam._error(refused.status, refused.code, text, ns="iam")
                return answer
            return old({**given, parameter: [stored]})

        return handle

    return make


def _readable(old: Callable[..., str]) -> Callable[..., str]:
    """Write a role's XML, in which the policy stands URL-encoded, with principals as ARNs."""
    iam = part("services.iam")

    def xml(name: str, boundary: bool = True) -> str:
        stored = iam._roles[name]["AssumeRolePolicyDocument"]
        shown = json.dumps(readable(json.loads(stored)))
        return old(name, boundary).replace(quote(stored, safe=""), quote(shown, safe=""))

    return xml


def _check_template(properties: Mapping[str, Any]) -> None:
    """Refuse a template's trust policy by a `ValueError`, which the base makes the resource's reason."""
    try:
        checked(properties.get("AssumeRolePolicyDocument") or "")
    except RefusedTrustError as refused:
        raise ValueError(f"{refused.message} (Service: Iam, Status Code: {refused.status})") from refused


@behaviour(
    call="cloudformation:AWS::IAM::Role",
    expected="PermissionsBoundary binds the role; its trust policy is checked as by CreateRole",
    source="CloudFormation Template Reference, AWS::IAM::Role",
    test=f"{_TEST}::test_a_boundary_in_a_template_binds",
)
def _creating(old: Callable[..., Any]) -> Callable[..., Any]:
    def create(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> Any:
        made = old(logical_id, properties, stack_name)
        _finish(made[0], properties)
        return made

    return create


def _updating(old: Callable[..., Any]) -> Callable[..., Any]:
    def update(physical_id: str, before: Any, properties: Any, stack_name: str, logical_id: Any = None) -> Any:
        made = old(physical_id, before, properties, stack_name, logical_id)
        _finish(made[0], properties)
        return made

    return update


def _finish(name: str, properties: Mapping[str, Any]) -> None:
    role = part("services.iam")._roles[name]
    role["AssumeRolePolicyDocument"] = checked(properties["AssumeRolePolicyDocument"])
    role["PermissionsBoundary"] = properties.get("PermissionsBoundary") or ""
