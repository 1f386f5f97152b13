"""The examples in SAM, as CloudFormation gets them: translated without a call to AWS."""

import json
from typing import Any

import boto3
import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from template_documents import Resolver, load

PLAIN, OTHER_REGION = "examples/orders-api-sam.yaml", "examples/orders-api-sam-other-region.yaml"


@pytest.fixture(scope="module")
def translated() -> dict[str, Any]:
    """Both examples by name."""
    return {name: translate(name) for name in (PLAIN, OTHER_REGION)}


def translate(name: str) -> dict[str, Any]:
    # The translator takes from the session the Region alone.
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    result: dict[str, Any] = translator.translate(load(name), {"Target": "333333333333/token-service"})
    return result


@pytest.mark.parametrize(("name", "own"), [(PLAIN, [{"Ref": "ListOrdersFunction"}]), (OTHER_REGION, [])])
def test_sam_gives_no_permission_on_the_foreign_function(translated: dict[str, Any], name: str, own: list[Any]) -> None:
    """It could not be applied: the function is another account's. The one on the stack's own function stays."""
    permissions = [
        resource["Properties"]["FunctionName"]
        for resource in translated[name]["Resources"].values()
        if resource["Type"] in {"AWS::Lambda::Permission", "AWS::Lambda::ResourcePolicy"}
    ]
    assert permissions == own


def test_sam_names_the_looked_up_function_as_authorizer(translated: dict[str, Any]) -> None:
    """The API's definition takes the ARN from the lookup, so there is no circle through the permission."""
    resources = translated[PLAIN]["Resources"]
    body = resources["OrdersApi"]["Properties"]["Body"]
    [(name, definition)] = body["securityDefinitions"].items()
    uri = definition["x-amazon-apigateway-authorizer"]["authorizerUri"]
    assert json.dumps(uri).count('["TokenService", "TargetArn"]') == 1
    assert body["paths"]["/orders"]["get"]["security"] == [{name: []}]
    assert resources["OrdersAuthorizerPermission"]["Properties"]["ApiId"] == {"Ref": "OrdersApi"}


@pytest.mark.parametrize("name", [PLAIN, OTHER_REGION])
def test_the_lookup_needs_no_api(name: str) -> None:
    """It comes first."""
    assert "<OrdersApi>" not in json.dumps(Resolver(load(name), {}).resources()["TokenService"])


def test_sam_takes_the_functions_region_from_the_lookup_where_the_definition_is_written_out(
    translated: dict[str, Any],
) -> None:
    """Of a function's ARN it would make a URI with the API's Region, and nobody could be let in."""
    body = translated[OTHER_REGION]["Resources"]["OrdersApi"]["Properties"]["Body"]
    [(name, scheme)] = body["components"]["securitySchemes"].items()
    uri = scheme["x-amazon-apigateway-authorizer"]["authorizerUri"]
    assert uri == {"Fn::GetAtt": ["TokenService", "AuthorizerUri"]}
    assert [one["security"] for path in body["paths"].values() for one in path.values()] == [[{name: []}]]


def test_sam_alone_would_take_the_apis_region(translated: dict[str, Any]) -> None:
    """Which is why the other example is there; should SAM come to do it right, it can go."""
    body = json.dumps(translated[PLAIN]["Resources"]["OrdersApi"]["Properties"]["Body"])
    assert "apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${__FunctionArn__}/invocations" in body
