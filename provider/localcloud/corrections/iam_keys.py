"""The keys that a request has for conditions and policy variables: who asks, of which resource, how."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.organizations import organization_of

_TEST = "tests/localcloud/test_iam_keys.py"
_PRINCIPAL_TYPES = {"Root": "Account"}
_ARN_PARTS = 6
_ACCOUNT_DIGITS = 12


def apply() -> None:
    """Replace how the base finds the value of a condition key."""
    require("core.responses", "get_account_id")
    require("services.iam", "_roles")
    supplant("core.iam_evaluator", "_resolve_condition_key", lambda _: value_of)
    supplant("core.iam_evaluator", "pin_request_origin", _counting_plain_http)
    supplant("core.iam_evaluator", "_principal_keys", _with_unique_id)


def value_of(key: str, context: Any) -> Any:
    """Find the value of a condition key, whose name has no case; None when the request has no such key."""
    name = key.lower()
    find = _OF_EVERY_REQUEST.get(name)
    if find is not None:
        return find(context)
    if name in context.principal_keys:
        return context.principal_keys[name]
    if name in context.service_context:
        return context.service_context[name]
    return _of_request_tags(name, context)


def keys_of(context: Any) -> dict[str, str | list[str]]:
    """All condition keys that a request has, by their names in lower case; those that tell the time are left out."""
    tags = {f"aws:requesttag/{tag.lower()}": value for tag, value in context.request_tags.items()}
    names = {"aws:tagkeys", *tags, *context.service_context, *context.principal_keys, *_OF_EVERY_REQUEST} - _OF_TIME
    found = {name: value_of(name, context) for name in sorted(names) if not name.startswith("localcloud:")}
    return {
        name: [str(one) for one in value] if isinstance(value, list | tuple) else str(value)
        for name, value in found.items()
        if value is not None and value != []
    }


_OF_TIME = {"aws:currenttime", "aws:epochtime", "aws:tokenissuetime"}


def _of_request_tags(name: str, context: Any) -> Any:
    if name == "aws:tagkeys":
        return context.tag_keys or None
    if name.startswith("aws:requesttag/"):
        wanted = name.removeprefix("aws:requesttag/")
        return next((value for tag, value in context.request_tags.items() if tag.lower() == wanted), None)
    return None


@behaviour(
    call="iam:policies",
    expected="aws:PrincipalArn of a role's session is the role's ARN, with its path",
    source="docs/aws-behaviour.md §7",
    test=f"{_TEST}::test_the_principal_of_a_session_is_its_role",
)
def principal_arn(context: Any) -> str | None:
    """Find `aws:PrincipalArn`."""
    role = role_of(context.principal_arn)
    if role is not None:
        return str(role["Arn"])
    pieces = context.principal_arn.split(":", _ARN_PARTS - 1)
    if len(pieces) == _ARN_PARTS and pieces[2] == "sts" and pieces[5].startswith("assumed-role/"):
        return f"arn:{pieces[1]}:iam::{pieces[4]}:role/{pieces[5].split('/')[1]}"  # its role is gone
    return None if context.principal_arn == "*" else str(context.principal_arn)


def role_of(arn: str) -> Mapping[str, Any] | None:
    """The stored role of a role session's ARN or of a role's ARN; None when there is no such role."""
    pieces = arn.split(":", _ARN_PARTS - 1)
    if len(pieces) != _ARN_PARTS:
        return None
    kind, _, rest = pieces[5].partition("/")
    roles = part("services.iam")._roles  # noqa: SLF001 - the base's store of roles
    if pieces[2] == "sts" and kind == "assumed-role":
        found: Mapping[str, Any] | None = roles.get_scoped(pieces[4], None, rest.split("/")[0])
        return found
    if pieces[2] == "iam" and kind == "role":
        found = roles.get_scoped(pieces[4], None, rest.rsplit("/", 1)[-1])
        return found if found is not None and found["Arn"] == arn else None
    return None


def resource_account(context: Any) -> str:
    """Find `aws:ResourceAccount`: the account in the resource's ARN, the bucket's owner, or the request's."""
    return account_of_resource(context.resource_arn) or str(part("core.responses").get_account_id())


def account_of_resource(arn: str) -> str | None:
    """The account that owns what an ARN names; None when the ARN does not tell."""
    pieces = arn.split(":", _ARN_PARTS - 1)
    if len(pieces) != _ARN_PARTS:
        return None
    if pieces[2] == "s3" and not pieces[4]:
        owner: str | None = part("services.s3")._bucket_owner_account(pieces[5].split("/")[0])  # noqa: SLF001
        return owner
    return pieces[4] if pieces[4].isdigit() and len(pieces[4]) == _ACCOUNT_DIGITS else None


@behaviour(
    call="iam:policies",
    expected="aws:PrincipalOrgID is the caller's organization, aws:ResourceOrgID the resource's; absent outside",
    source="docs/aws-behaviour.md §7; IAM User Guide, global condition keys",
    test=f"{_TEST}::test_an_account_outside_has_no_organization",
)
def _organization_of_principal(context: Any) -> str | None:
    return organization_of(context.principal_account)


def _organization_paths(context: Any) -> list[str] | None:
    organization = organization_of(context.principal_account)
    return [f"{organization}/r-root/"] if organization else None


_OF_EVERY_REQUEST: Mapping[str, Callable[[Any], Any]] = {
    "aws:principalarn": principal_arn,
    "aws:principalaccount": lambda context: context.principal_account or None,
    "aws:principaltype": lambda context: _PRINCIPAL_TYPES.get(context.principal_type, context.principal_type),
    "aws:principalorgid": _organization_of_principal,
    "aws:principalorgpaths": _organization_paths,
    "aws:principalisawsservice": lambda context: str(context.principal_type == "Service").lower(),
    "aws:viaawsservice": lambda _: "false",
    "aws:resourceaccount": resource_account,
    "s3:resourceaccount": resource_account,
    "aws:resourceorgid": lambda context: organization_of(resource_account(context)),
    "aws:requestedregion": lambda context: context.region or None,
    "aws:securetransport": lambda context: str(context.secure_transport).lower(),
    "aws:sourceip": lambda context: context.source_ip or None,
    "aws:currenttime": lambda _: datetime.now(UTC).isoformat(),
    "aws:epochtime": lambda _: str(int(datetime.now(UTC).timestamp())),
}


@behaviour(
    call="iam:policies",
    expected="plain HTTP counts as aws:SecureTransport, for the cloud is on the loopback interface alone and people "
    "reach it so; LOCALCLOUD_PLAIN_HTTP=insecure makes it count as what it is",
    source="a choice of this cloud",
    test=f"{_TEST}::test_a_policy_may_demand_tls",
)
def _counting_plain_http(old: Callable[[str, bool], None]) -> Callable[[str, bool], None]:
    def pin(source: str, secure: bool) -> None:
        old(source, secure or os.environ.get("LOCALCLOUD_PLAIN_HTTP", "secure") != "insecure")

    return pin


@behaviour(
    call="iam:policies",
    expected="aws:userid of a session is its role's unique id and the session's name",
    source="IAM User Guide, policy variables: principal key values",
    test=f"{_TEST}::test_a_session_is_known_by_its_roles_unique_id",
)
def _with_unique_id(old: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    def keys(credential: Any) -> dict[str, Any]:
        found = old(credential)
        role = role_of(credential.principal_arn)
        if role is not None and credential.principal_type == "AssumedRole":
            found["aws:userid"] = f"{role['RoleId']}:{credential.principal_arn.rsplit('/', 1)[-1]}"
        return found

    return keys
