# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Where the resource policy of a REST API is written and read: CreateRestApi, UpdateRestApi, AWS::ApiGateway::RestApi."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.rest_api_documents import RefusedError, checked, normalised, shown

_REST = "services.apigateway_v1"
_PROVISIONERS = "services.cloudformation.provisioners"
_TYPE = "AWS::ApiGateway::RestApi"
_TEST = "tests/localcloud/test_rest_api_policies.py"
_IN_BODY = "x-amazon-apigateway-policy"

_Answer = tuple[int, dict[str, str], bytes]
_Made = tuple[str, Mapping[str, Any]]


def apply() -> None:
    """Check and normalise policies where they are written, and show them as AWS does."""
    require(_REST, "_rest_apis", "_v1_response", "_v1_error")
    supplant(_REST, "_rest_api_view", _showing)
    supplant(_REST, "_create_rest_api", _creating)
    supplant(_REST, "_update_rest_api", _updating)
    handlers = require(_PROVISIONERS, "_RESOURCE_HANDLERS")._RESOURCE_HANDLERS[_TYPE]
    handlers["create"] = _from_template(handlers["create"])
    handlers["update"] = _from_changed_template(handlers["update"])


def _showing(old: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def view(api: Any) -> Any:
        found = old(api)
        if found is None:
            return found
        found.pop("policy", None)
        return {**found, "policy": shown(api["policy"])} if api.get("policy") else found

    return view


def _creating(old: Callable[[Any], _Answer]) -> Callable[[Any], _Answer]:
    def create(given: Mapping[str, Any]) -> _Answer:
        policy = given.get("policy")
        asked = {**given, "policy": None, "endpointConfiguration": _lower(given.get("endpointConfiguration"))}
        try:
            stored = checked(policy) if policy else None
        except RefusedError as refused:
            return refused.answer()
        status, headers, body = old(asked)
        rest = part(_REST)
        if status >= 400 or stored is None:
            return status, headers, body
        api = rest._rest_apis[json.loads(body)["id"]]
        write(api, stored)
        answer: _Answer = rest._v1_response(rest._rest_api_view(api), status)
        return answer

    return create


def _lower(configuration: Any) -> Any:
    """An EndpointConfiguration, which a template writes with capitals, as the API has it."""
    if not isinstance(configuration, Mapping):
        return {"types": ["REGIONAL"]}
    return {name[0].lower() + name[1:]: value for name, value in configuration.items()}


def write(api: dict[str, Any], policy: Mapping[str, Any] | None) -> None:
    """Make a checked policy that of an API of the account and Region at hand; None removes it."""
    responses = part("core.responses")
    arn = f"arn:aws:execute-api:{responses.get_region()}:{responses.get_account_id()}:{api['id']}"
    api["policy"] = json.dumps(normalised(policy, arn)) if policy else None


@behaviour(
    call="apigateway:UpdateRestApi",
    expected="replace (or add) of /policy with a document writes it as a whole, with '' or by remove takes it away; a "
    "refused one changes nothing",
    source="docs/aws-behaviour.md §3; that add and remove do the same [?]",
    test=f"{_TEST}::test_a_policy_is_written_and_removed_by_patches",
)
def _updating(old: Callable[[str, Any], _Answer]) -> Callable[[str, Any], _Answer]:
    def update(api_id: str, given: Mapping[str, Any]) -> _Answer:
        rest = part(_REST)
        api = rest._rest_apis.get(api_id)
        patches = given.get("patchOperations") or []
        about_policy = [patch for patch in patches if patch.get("path") == "/policy"]
        try:
            policies = [_patched(patch) for patch in about_policy] if api else []
        except RefusedError as refused:
            return refused.answer()
        others = [_of_endpoint(one) for one in patches if one not in about_policy]
        answer = old(api_id, {**given, "patchOperations": others})
        if answer[0] >= 400:
            return answer
        api["endpointConfiguration"] = _lower(api["endpointConfiguration"])
        if policies:
            write(api, policies[-1])
        answered: _Answer = rest._v1_response(rest._rest_api_view(api))
        return answered

    return update


@behaviour(
    call="apigateway:UpdateRestApi",
    expected="replace of /endpointConfiguration/types/REGIONAL changes the API's one type",
    source="API Gateway Developer Guide, change a public or private API endpoint type",
    test="tests/localcloud/test_rest_api_private.py::test_a_private_api_without_policy_refuses_all",
)
def _of_endpoint(patch: Mapping[str, Any]) -> dict[str, Any]:
    if not str(patch.get("path")).startswith("/endpointConfiguration/types/"):
        return dict(patch)
    return {**patch, "path": "/endpointConfiguration/types", "value": [patch.get("value")]}


def _patched(patch: Mapping[str, Any]) -> dict[str, Any] | None:
    value = patch.get("value")
    return checked(value) if value and patch.get("op") != "remove" else None


@behaviour(
    call="cloudformation:AWS::ApiGateway::RestApi",
    expected="Policy (or a Body's x-amazon-apigateway-policy) is the API's resource policy, checked as by CreateRestApi",
    source="CloudFormation Template Reference, AWS::ApiGateway::RestApi; API Gateway Developer Guide, "
    "x-amazon-apigateway-policy",
    test=f"{_TEST}::test_a_template_writes_the_policy",
)
def _from_template(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def create(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> _Made:
        policy = properties.get("Policy") or _of_body(properties)
        _check(policy)
        made = old(logical_id, properties, stack_name)
        if policy:
            write(part(_REST)._rest_apis[made[0]], checked(policy))
        return made

    return create


def _of_body(properties: Mapping[str, Any]) -> Any:
    body = properties.get("Body")
    return body.get(_IN_BODY) if isinstance(body, Mapping) else None


def _check(policy: Any) -> None:
    """Refuse a template's policy by a `ValueError`, which the base makes the resource's reason."""
    try:
        if policy:
            checked(policy)
    except RefusedError as refused:
        raise ValueError(f"{refused.message} (Service: ApiGateway, Status Code: {refused.status})") from refused


@behaviour(
    call="cloudformation:AWS::ApiGateway::RestApi",
    expected="a Policy that is taken out of the template stays on the API",
    source="docs/aws-behaviour.md §3",
    test=f"{_TEST}::test_a_policy_taken_out_of_a_template_stays",
)
def _from_changed_template(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def update(physical_id: str, before: Any, properties: Any, stack_name: str, logical_id: Any = None) -> _Made:
        policy = properties.get("Policy") or _of_body(properties)
        _check(policy)
        unchanged = properties if "Policy" in properties else {**properties, "Policy": before.get("Policy")}
        anew = properties.get("Body") != before.get("Body")
        made = old(physical_id, before, properties if anew else unchanged, stack_name, logical_id)
        if policy and made[0] != physical_id:
            write(part(_REST)._rest_apis[made[0]], checked(policy))
        return made

    return update
