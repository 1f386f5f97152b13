# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Tags of REST APIs: one set, however it is written, and read under a resource of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_REST = "services.apigateway_v1"
_PROVISIONERS = "services.cloudformation.provisioners"
_TEST = "tests/localcloud/test_rest_api_tags.py"

_Made = tuple[str, Mapping[str, Any]]


def apply() -> None:
    """Give an API's record the tags that IAM and GetTags see."""
    require(_REST, "_rest_apis", "_v1_tags", "_rest_api_arn")
    supplant(_REST, "_rest_api_view", _with_tags)
    handlers = require(_PROVISIONERS, "_RESOURCE_HANDLERS")._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]
    handlers["update"] = _retagging(handlers["update"])


@behaviour(
    call="apigateway:GetTags",
    expected="the resource is arn:aws:apigateway:REGION::/tags/ with the URL-encoded ARN, not the API, whose tags it has "
    "not; an API that is gone is NotFoundException 404",
    source="Service Authorization Reference, Amazon API Gateway Management; API Gateway Developer Guide, ARN reference",
    test=f"{_TEST}::test_tags_are_read_under_a_resource_of_their_own",
)
@behaviour(
    call="apigateway:*",
    expected="a call about an API that does not exist has no aws:ResourceTag; who may make it gets NotFoundException 404",
    source="IAM User Guide, aws:ResourceTag",
    test=f"{_TEST}::test_an_api_that_is_gone_has_no_tags",
)
def _with_tags(old: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def view(api: Any) -> Any:
        found = old(api)
        if found is not None:
            rest = part(_REST)
            found = {**found, "tags": dict(rest._v1_tags.get(rest._rest_api_arn(api["id"])) or {})}
        return found

    return view


@behaviour(
    call="cloudformation:AWS::ApiGateway::RestApi",
    expected="changed Tags are the API's tags for GetTags, GetRestApi and IAM alike",
    source="CloudFormation Template Reference, AWS::ApiGateway::RestApi",
    test=f"{_TEST}::test_an_api_has_one_set_of_tags",
)
def _retagging(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def update(physical_id: str, before: Any, properties: Any, stack_name: str, logical_id: Any = None) -> _Made:
        made = old(physical_id, before, properties, stack_name, logical_id)
        rest = part(_REST)
        if made[0] == physical_id:
            asked, had = _pairs(properties), _pairs(before)
            tags = rest._v1_tags.setdefault(rest._rest_api_arn(physical_id), {})
            for gone in set(had) - set(asked):
                tags.pop(gone, None)
            tags.update({name: value for name, value in asked.items() if had.get(name) != value})
        return made

    return update


def _pairs(properties: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}
