"""REST APIs that a template gives as an OpenAPI document: the parts of an integration that the base leaves out."""

from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_REST = "services.apigateway_v1"
_KEPT = (
    "cacheKeyParameters",
    "connectionType",
    "contentHandling",
    "credentials",
    "httpMethod",
    "passthroughBehavior",
    "requestParameters",
    "requestTemplates",
    "timeoutInMillis",
    "uri",
)


def apply() -> None:
    """Fill in what an operation says of its integration."""
    require(_REST, "_put_integration", "_put_integration_response", "_put_method_response")
    supplant(_REST, "_import_operation", _whole)


@behaviour(
    call="cloudformation:AWS::ApiGateway::RestApi",
    expected="an integration in `Body` brings its templates, parameters and responses too",
    source="API Gateway Developer Guide, x-amazon-apigateway-integration object",
    test="tests/localcloud/test_sam.py::test_a_definition_brings_an_integrations_templates_and_responses",
)
def _whole(old: Callable[..., None]) -> Callable[..., None]:
    def read(api: str, resource: str, method: str, operation: Mapping[str, Any], *rest: Any) -> None:
        old(api, resource, method, operation, *rest)
        for status, said in ((operation or {}).get("responses") or {}).items():
            if str(status).isdigit():
                _rest("_put_method_response", api, resource, method, str(status), said or {})
        told = (operation or {}).get("x-amazon-apigateway-integration")
        if told:
            _fill(api, resource, method, told)

    return read


def _fill(api: str, resource: str, method: str, told: Mapping[str, Any]) -> None:
    given = {name: told[name] for name in _KEPT if name in told}
    _rest("_put_integration", api, resource, method, {**given, "type": str(told.get("type", "")).upper()})
    for pattern, said in (told.get("responses") or {}).items():
        response = {**said, "selectionPattern": "" if pattern == "default" else pattern}
        _rest("_put_integration_response", api, resource, method, str(said.get("statusCode", "200")), response)


def _rest(call: str, *given: Any) -> None:
    getattr(part(_REST), call)(*given)
