"""WebSocket APIs: who may connect."""

import contextlib
from collections.abc import Callable

import pytest
from identities import a_name

from provider.localcloud import LocalCloud

CONNECTING = "def handler(event, context): return {'statusCode': 200}"
AUTHORIZING = """
def handler(event, context):
    shown = {name.lower(): value for name, value in event["headers"].items()}["x"]
    statement = {"Effect": "Allow" if shown == "known" else "Deny", "Action": "*", "Resource": event["methodArn"]}
    return {"principalId": "x", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


def permit(cloud: LocalCloud, function: str, source: str) -> None:
    """Let API Gateway invoke an owner's function for `source`, a part of a consumer's API."""
    cloud.client("lambda", "owner").add_permission(
        FunctionName=function,
        StatementId=a_name("s"),
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:111111111111:{source}",
    )


def uri(function: str) -> str:
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"


def make_api(cloud: LocalCloud, function: str) -> tuple[str, str]:
    """A consumer's API whose `$connect` is a function's matter; (API, route)."""
    gateway = cloud.client("apigatewayv2", "consumer")
    api = gateway.create_api(Name="a", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    where = {"ApiId": api["ApiId"]}
    made = gateway.create_integration(**where, IntegrationType="AWS_PROXY", IntegrationUri=uri(function))
    target = f"integrations/{made['IntegrationId']}"
    route = gateway.create_route(**where, RouteKey="$connect", Target=target)
    gateway.create_stage(**where, StageName="dev", AutoDeploy=True)
    return api["ApiId"], route["RouteId"]


def connect(cloud: LocalCloud, api: str, **headers: str) -> int:
    """The status of a handshake: 101 where there is a connection."""
    host = f"{api}.execute-api.us-east-1.amazonaws.com"
    asked = {
        "Host": host,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **headers,
    }
    with contextlib.closing(cloud.connect(host)) as client:
        client.request("GET", "/dev", headers=asked)
        return client.getresponse().status


def test_a_websocket_route_needs_its_functions_permission(cloud: LocalCloud, make_function: Callable[..., str]) -> None:
    function = make_function(CONNECTING, "owner")
    api, _ = make_api(cloud, function)
    for source in ("", f"{api}/dev/$default"):
        if source:
            permit(cloud, function, source)
        assert connect(cloud, api) >= 400
    permit(cloud, function, f"{api}/*/$connect")
    assert connect(cloud, api) == 101


@pytest.mark.parametrize(("shown", "status"), [("known", 101), ("other", 403)])
def test_an_authorizer_decides_about_a_connection(
    cloud: LocalCloud, make_function: Callable[..., str], shown: str, status: int
) -> None:
    """Of another account, once its policy lets the authorizer in; until then it is an error."""
    authorizing, function = make_function(AUTHORIZING, "owner"), make_function(CONNECTING, "owner")
    api, route = make_api(cloud, function)
    permit(cloud, function, f"{api}/*/$connect")
    gateway = cloud.client("apigatewayv2", "consumer")
    made = gateway.create_authorizer(
        ApiId=api,
        Name="a",
        AuthorizerType="REQUEST",
        AuthorizerUri=uri(authorizing),
        IdentitySource=["route.request.header.X"],
    )["AuthorizerId"]
    gateway.update_route(ApiId=api, RouteId=route, AuthorizationType="CUSTOM", AuthorizerId=made)
    assert connect(cloud, api, X=shown) == 500
    permit(cloud, authorizing, f"{api}/authorizers/{made}")
    assert connect(cloud, api, X=shown) == status
    assert connect(cloud, api) == 401
