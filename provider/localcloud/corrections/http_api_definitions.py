"""HTTP APIs that a template gives as an OpenAPI document (`Body`), as SAM always does; the base knows none."""

# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require

_PROVISIONERS = "services.cloudformation.provisioners"
_APIS = "services.apigateway"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method")
_ANY = "x-amazon-apigateway-any-method"
_Made = tuple[str, Mapping[str, Any]]
_Document = Mapping[str, Any]


class DefinitionError(ValueError):
    """The document asks for what an HTTP API has not, or the base does not do."""


def apply() -> None:
    """Read the document when an API is made or changed."""
    base = require(_PROVISIONERS, "_RESOURCE_HANDLERS")
    require(_APIS, "_apis", "_routes", "_integrations", "_authorizers")
    require(_APIS, "_create_route", "_create_integration", "_create_authorizer")
    handlers = base._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    handlers["create"] = _importing(handlers["create"])
    handlers["update"] = _reimporting(handlers["update"])


@behaviour(
    call="cloudformation:AWS::ApiGatewayV2::Api",
    expected="`Body` brings the API's routes, integrations and authorizers, title, tags and CORS",
    source="Amazon API Gateway Developer Guide, working with OpenAPI definitions for HTTP APIs",
    test="tests/localcloud/test_sam.py::test_a_sam_http_api_with_a_lambda_authorizer_answers",
)
def _importing(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def create(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> _Made:
        body = properties.get("Body")
        if not body:
            return old(logical_id, properties, stack_name)
        made = old(logical_id, _with_what_the_body_says(properties, body), stack_name)
        _fill(made[0], body)
        return made

    return create


def _reimporting(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def update(physical_id: str, before: Any, properties: Mapping[str, Any], *given: Any, **named: Any) -> _Made:
        body = properties.get("Body")
        if not body:
            return old(physical_id, before, properties, *given, **named)
        made = old(physical_id, before, _with_what_the_body_says(properties, body), *given, **named)
        for store in ("_routes", "_integrations", "_authorizers"):
            getattr(part(_APIS), store)[made[0]] = {}
        _fill(made[0], body)
        return made

    return update


def _with_what_the_body_says(properties: Mapping[str, Any], body: _Document) -> dict[str, Any]:
    """Name, protocol, tags and CORS from the document, where the template does not say otherwise."""
    if not str(body.get("openapi", "")).startswith("3."):
        raise DefinitionError("The Body of an HTTP API must be a document of OpenAPI 3.")
    info = body.get("info") or {}
    tags = {tag["name"]: tag.get("x-amazon-apigateway-tag-value", "") for tag in body.get("tags") or []}
    said = {"Name": info.get("title"), "Version": info.get("version"), "Description": info.get("description")}
    cors = body.get("x-amazon-apigateway-cors")
    told = {name: value for name, value in properties.items() if name != "Body"}
    return {
        "ProtocolType": "HTTP",
        **{name: value for name, value in said.items() if value is not None},
        **({"CorsConfiguration": _capitalised(cors)} if cors else {}),
        **told,
        "Tags": {**tags, **(told.get("Tags") or {})},
    }


def _capitalised(cors: Mapping[str, Any]) -> dict[str, Any]:
    return {name[0].upper() + name[1:]: value for name, value in cors.items()}


def _fill(api: str, body: _Document) -> None:
    apis = part(_APIS)
    schemes = (body.get("components") or {}).get("securitySchemes") or {}
    authorizers = {name: _authorizer(api, name, scheme) for name, scheme in schemes.items()}
    for path, method, operation in _operations(body):
        integration = operation.get("x-amazon-apigateway-integration")
        if integration is None:
            raise DefinitionError(f"{method.upper()} {path} has no x-amazon-apigateway-integration.")
        made = _made(apis._create_integration(api, _integration(integration)))["integrationId"]
        verb = "ANY" if method == _ANY else method.upper()
        route = {"routeKey": path if path == "$default" else f"{verb} {path}", "target": f"integrations/{made}"}
        security = operation.get("security", body.get("security")) or []
        for required in security[:1]:
            for name, scopes in required.items():
                route |= _authorization(schemes.get(name) or {}, authorizers.get(name), scopes)
        _made(apis._create_route(api, route))


def _operations(body: _Document) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in (body.get("paths") or {}).items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _authorizer(api: str, name: str, scheme: Mapping[str, Any]) -> str | None:
    told = scheme.get("x-amazon-apigateway-authorizer")
    if told is None:
        return None
    source = told.get("identitySource") or []
    wanted = {
        "name": name,
        "authorizerType": str(told.get("type", "")).upper(),
        "identitySource": source if isinstance(source, list) else source.split(","),
        "jwtConfiguration": told.get("jwtConfiguration"),
        "authorizerUri": told.get("authorizerUri"),
        "authorizerCredentialsArn": told.get("authorizerCredentials"),
        "authorizerPayloadFormatVersion": told.get("authorizerPayloadFormatVersion"),
        "authorizerResultTtlInSeconds": told.get("authorizerResultTtlInSeconds"),
        "enableSimpleResponses": told.get("enableSimpleResponses"),
    }
    said = {key: value for key, value in wanted.items() if value is not None}
    return str(_made(part(_APIS)._create_authorizer(api, said))["authorizerId"])


def _authorization(scheme: Mapping[str, Any], authorizer: str | None, scopes: list[str]) -> dict[str, Any]:
    if authorizer is None:
        if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
            return {"authorizationType": "AWS_IAM"}
        raise DefinitionError("A route's security names a scheme without x-amazon-apigateway-authorizer.")
    is_jwt = (scheme.get("x-amazon-apigateway-authorizer") or {}).get("type") == "jwt"
    kind = {"authorizationType": "JWT" if is_jwt else "CUSTOM", "authorizerId": authorizer}
    return {**kind, "authorizationScopes": scopes} if scopes else kind


def _integration(told: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {
        "integrationType": str(told.get("type", "")).upper(),
        "integrationUri": told.get("uri"),
        "integrationMethod": told.get("httpMethod"),
        "payloadFormatVersion": str(told.get("payloadFormatVersion", "1.0")),
        "timeoutInMillis": told.get("timeoutInMillis"),
        "connectionType": told.get("connectionType"),
        "credentialsArn": told.get("credentials"),
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _made(answer: tuple[int, Any, bytes]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(answer[2])
    if answer[0] >= 400:  # HTTP's errors
        raise DefinitionError(str(said.get("message")))
    return said
