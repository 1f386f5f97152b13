"""What an authorizer has answered is kept, until somebody has it forgotten."""

from collections.abc import Callable
from typing import Any

import pytest
from identities import a_name, refused

from provider.localcloud import LocalCloud

AUTHORIZING = """
def handler(event, context):
    print("asked")
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return {"principalId": "x", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


@pytest.fixture
def authorizing(cloud: LocalCloud, make_function: Callable[..., str]) -> str:
    """The ARN of an authorizer that lets all in, and may be asked by every API."""
    function = make_function(AUTHORIZING, "owner")
    cloud.client("lambda", "owner").add_permission(
        FunctionName=function,
        StatementId=a_name(),
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    return function


def rest_api(cloud: LocalCloud, uri: str) -> tuple[str, Callable[..., Any]]:
    """A REST API with that authorizer; its id, and how its stage's cache is emptied."""
    gateway = cloud.client("apigateway", "owner")
    api = gateway.create_rest_api(name="a")
    where = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    given = {"type": "REQUEST", "identitySource": "method.request.header.X", "authorizerUri": uri}
    authorizer = gateway.create_authorizer(restApiId=api["id"], name="a", **given)["id"]
    gateway.put_method(**where, authorizationType="CUSTOM", authorizerId=authorizer)
    gateway.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    gateway.put_method_response(**where, statusCode="200")
    gateway.put_integration_response(**where, statusCode="200", responseTemplates={"application/json": "{}"})
    cloud.forget_deployments()
    gateway.create_deployment(restApiId=api["id"], stageName="dev")
    return api["id"], lambda name: gateway.flush_stage_authorizers_cache(restApiId=api["id"], stageName=name)


def http_api(cloud: LocalCloud, uri: str) -> tuple[str, Callable[..., Any]]:
    """The same as an HTTP API; its integration does not matter."""
    gateway = cloud.client("apigatewayv2", "owner")
    api = gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    given = {"AuthorizerType": "REQUEST", "AuthorizerPayloadFormatVersion": "2.0", "AuthorizerUri": uri}
    source = ["$request.header.X"]
    made = gateway.create_authorizer(ApiId=api, Name="a", IdentitySource=source, **given)["AuthorizerId"]
    gateway.create_route(ApiId=api, RouteKey="GET /", AuthorizationType="CUSTOM", AuthorizerId=made)
    gateway.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)
    return api, lambda name: gateway.reset_authorizers_cache(ApiId=api, StageName=name)


@pytest.mark.parametrize("make", [rest_api, http_api])
def test_an_authorizer_is_asked_anew_after_a_flush(
    cloud: LocalCloud, authorizing: str, make: Callable[..., tuple[str, Callable[..., Any]]]
) -> None:
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{authorizing}/invocations"
    api, flush = make(cloud, uri)

    def asked() -> int:
        """How often the authorizer was asked, after one more call."""
        host = f"{api}.execute-api.us-east-1.amazonaws.com"
        connection = cloud.connect(host)
        connection.request("GET", "/dev/", headers={"Host": host, "X": "x"})
        connection.getresponse().read()
        connection.close()
        return cloud.logs(authorizing).splitlines().count("asked")

    assert [asked(), asked()] == [1, 1]
    flush("dev")
    assert asked() == 2
    with refused("NotFoundException"):
        flush("other")
