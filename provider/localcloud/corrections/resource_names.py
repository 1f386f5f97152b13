# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Which resource a request is about: its ARN as policies write it, and its tags."""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.function_names import FunctionName
from provider.localcloud.corrections.iam_keys import account_of_resource
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.request_parameters import first

_TEST = "tests/localcloud/test_resource_names.py"


def apply() -> None:
    """Replace the ARNs that the base makes for roles and functions, and the tags it finds."""
    require("core.responses", "request_scope", "get_region")
    require("services.apigateway_v1", "_v1_tags")
    require("services.apigateway", "_api_tags")
    supplant("core.iam_actions", "extract_resource_arn", _exact)
    supplant("services.tagging", "resource_tags", _of_every_kind)
    supplant("services.lambda_svc", "_resolve_request_scoped_name_and_qualifier", _with_partial_arns)


@behaviour(
    call="iam:UpdateAssumeRolePolicy",
    expected="the resource of a call about a role is its ARN with its path",
    source="Service Authorization Reference, AWS Identity and Access Management",
    test=f"{_TEST}::test_a_role_is_known_by_its_path",
)
@behaviour(
    call="iam:UpdateAssumeRolePolicy",
    expected="aws:ResourceTag is the role's tag, for GetRole too; a role that is not there has none",
    source="Service Authorization Reference, AWS Identity and Access Management",
    test="tests/localcloud/test_trust_conditions.py::test_a_trust_policy_is_read_and_changed_by_tag",
)
@behaviour(
    call="lambda:InvokeFunction",
    expected="a Qualifier is part of the resource's ARN",
    source="Lambda Developer Guide, resources and conditions for Lambda actions",
    test="tests/localcloud/test_function_invocation.py::test_a_policy_for_the_function_does_not_allow_its_alias",
)
@behaviour(
    call="logs:PutLogEvents",
    expected="what is done to one log stream is about its ARN, log-group:GROUP:log-stream:STREAM",
    source="Service Authorization Reference, Amazon CloudWatch Logs",
    test=f"{_TEST}::test_a_log_stream_is_known_by_its_group_and_name",
)
def _exact(old: Callable[..., str]) -> Callable[..., str]:
    def extract(service: str, method: str, path: str, *given: Any) -> str:
        headers, body, query, region, account = given
        arn = old(service, method, path, *given)
        if service == "logs" and headers.get("x-amz-target", "").rpartition(".")[2] in _OF_ONE_LOG_STREAM:
            return _of_log_stream(arn, body)
        if service == "iam":
            return _of_identity(arn, query, account)
        if service == "lambda":
            named = FunctionName.of_path(path, account, region, first(query, "Qualifier"))
            return named.arn if named else arn
        return arn

    return extract


@behaviour(
    call="lambda:*",
    expected="a function is called by name, partial ARN (`111111111111:function:name`) or ARN",
    source="Lambda API Reference, FunctionName",
    test=f"{_TEST}::test_a_function_is_known_however_it_is_called",
)
def _with_partial_arns(old: Callable[[str], Any]) -> Callable[[str], Any]:
    responses = part("core.responses")

    def resolve(reference: str) -> Any:
        here = responses.get_account_id(), responses.get_region()
        named = FunctionName.read(reference, *here)
        if named is None or (named.account, named.region) != here:
            return old(reference)
        return named.name, named.qualifier or None

    return resolve


_OF_ONE_LOG_STREAM = {"CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"}


def _of_log_stream(arn: str, body: bytes) -> str:
    try:
        name = json.loads(body or b"{}").get("logStreamName")
    except (ValueError, AttributeError):
        name = None
    return f"{arn}:log-stream:{name}" if name else arn


def _of_identity(arn: str, query: Mapping[str, Any], account: str) -> str:
    kind, _, name = arn.partition(f"arn:aws:iam::{account}:")[2].partition("/")
    iam = part("services.iam")
    store = {"role": iam._roles, "user": iam._users}.get(kind)
    if store is None or "/" in name:
        return arn
    known = store.get_scoped(account, None, name)
    return str(known["Arn"]) if known else f"arn:aws:iam::{account}:{kind}{first(query, 'Path') or '/'}{name}"


@behaviour(
    call="lambda:*",
    expected="a function's tags are aws:ResourceTag of its versions and aliases too "
    "(LOCALCLOUD_ALIAS_TAGS=none: of the function's own ARN alone)",
    source="docs/aws-behaviour.md §1 [?]",
    test=f"{_TEST}::test_an_alias_has_its_functions_tags",
)
@behaviour(
    call="apigateway:*",
    expected="an API's tags are aws:ResourceTag of the API, of a REST API's also of everything below it",
    source="docs/aws-behaviour.md §1",
    test="tests/localcloud/test_rest_api_control.py::test_an_apis_tags_count_for_what_is_below_it",
)
def _of_every_kind(old: Callable[[str], Any]) -> Callable[[str], Any]:
    responses = part("core.responses")

    def tags(arn: str) -> Any:
        pieces = arn.split(":", 5)
        if len(pieces) > 5 and pieces[2] == "apigateway":
            return _of_rest_api(pieces[3], pieces[5]) or dict(part("services.apigateway")._api_tags.get(arn) or {})
        named = FunctionName.of_arn(arn)
        if named and named.qualifier and os.environ.get("LOCALCLOUD_ALIAS_TAGS", "function") == "none":
            return {}
        owner = account_of_resource(arn) or responses.get_account_id()
        with responses.request_scope(owner, pieces[3] if len(pieces) > 3 and pieces[3] else responses.get_region()):
            return old(named.function if named else arn)

    return tags


def _of_rest_api(region: str, resource: str) -> dict[str, str]:
    steps = resource.strip("/").split("/")
    store = part("services.apigateway_v1")._v1_tags
    arns = [
        f"arn:aws:apigateway:{region}::/{'/'.join(steps[:length])}" for length in (2, 4) if steps[:1] == ["restapis"]
    ]
    return {name: value for arn in arns for name, value in (store.get(arn) or {}).items()}
