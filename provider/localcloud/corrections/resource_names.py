# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Which resource a request is about: its ARN as policies write it, and its tags."""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from provider.localcloud import settings
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
@behaviour(
    call="events:DescribeRule",
    expected="a rule of the default bus is rule/NAME, without the bus",
    source="Service Authorization Reference, Amazon EventBridge: rule-on-default-event-bus",
    test=f"{_TEST}::test_a_rule_of_the_default_bus_is_known_without_it",
)
@behaviour(
    call="dynamodb:GetResourcePolicy",
    expected="the resource of a call about a policy, or about tags, is its ResourceArn",
    source="Service Authorization Reference, Amazon DynamoDB",
    test=f"{_TEST}::test_a_tables_policy_is_known_by_its_arn",
)
@behaviour(
    call="organizations:DescribeAccount",
    expected="a call about a member is about its ARN in the management account, account/ORGANIZATION/ACCOUNT",
    source="Service Authorization Reference, AWS Organizations: account",
    test=f"{_TEST}::test_a_member_is_known_by_its_arn",
)
@behaviour(
    call="cloudwatch:DescribeAlarms",
    expected="asked about all alarms of the Region, whichever are named",
    source="aws-samples/amazon-cloudwatch-auto-alarms#1: on resource arn:aws:cloudwatch:R:A:alarm:*",
    test=f"{_TEST}::test_describing_alarms_is_about_all_of_them",
)
def _exact(old: Callable[..., str]) -> Callable[..., str]:
    def extract(service: str, method: str, path: str, *given: Any) -> str:
        arn = old(service, method, path, *given)
        exact = _BY_SERVICE.get(service)
        return exact(arn, _Request(path, *given)) if exact else arn

    return extract


class _Request(NamedTuple):
    """What the base knows of a request when it asks for its resource."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, Any]
    region: str
    account: str

    def said(self) -> Mapping[str, Any]:
        """Its JSON; nothing, where it is none."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            found = {}
        return found if isinstance(found, dict) else {}

    def operations(self) -> tuple[str, ...]:
        """Where a protocol of AWS has the operation: at the path's end, in a header, among the parameters."""
        return (
            self.path.rpartition("/")[2],
            self.headers.get("x-amz-target", "").rpartition(".")[2],
            first(self.query, "Action"),
        )


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


def _of_log_stream(arn: str, request: _Request) -> str:
    name = request.said().get("logStreamName") if _OF_ONE_LOG_STREAM.intersection(request.operations()) else None
    return f"{arn}:log-stream:{name}" if name else arn


def _of_identity(arn: str, request: _Request) -> str:
    account = request.account
    kind, _, name = arn.partition(f"arn:aws:iam::{account}:")[2].partition("/")
    iam = part("services.iam")
    store = {"role": iam._roles, "user": iam._users}.get(kind)
    if store is None or "/" in name:
        return arn
    known = store.get_scoped(account, None, name)
    return str(known["Arn"]) if known else f"arn:aws:iam::{account}:{kind}{first(request.query, 'Path') or '/'}{name}"


def _of_function(arn: str, request: _Request) -> str:
    named = FunctionName.of_path(request.path, request.account, request.region, first(request.query, "Qualifier"))
    return named.arn if named else arn


def _of_rule(arn: str, request: _Request) -> str:
    said = request.said()
    if arn == "*" and "Rule" in said:
        bus = said.get("EventBusName") or "default"
        arn = f"arn:aws:events:{request.region}:{request.account}:rule/{bus}/{said['Rule']}"
    return arn.replace(":rule/default/", ":rule/", 1)


def _of_table(arn: str, request: _Request) -> str:
    return str(request.said().get("ResourceArn", arn)) if arn == "*" else arn


def _of_member(arn: str, request: _Request) -> str:
    account, told = request.said().get("AccountId"), settings.current()
    return f"arn:aws:organizations::{told.management_account}:account/{told.organization}/{account}" if account else arn


def _of_alarms(arn: str, request: _Request) -> str:
    is_about_all = "DescribeAlarms" in request.operations()
    return f"arn:aws:cloudwatch:{request.region}:{request.account}:alarm:*" if is_about_all else arn


_BY_SERVICE: Mapping[str, Callable[[str, _Request], str]] = {
    "dynamodb": _of_table,
    "events": _of_rule,
    "iam": _of_identity,
    "lambda": _of_function,
    "logs": _of_log_stream,
    "monitoring": _of_alarms,
    "organizations": _of_member,
}


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
