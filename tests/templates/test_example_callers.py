"""The examples of callers and of those who are called: each side allows what the other asks, and no more."""

from typing import Any

import pytest
from template_documents import resolved

PROXY, MIGRATING = "examples/token-proxy.yaml", "examples/orders-api-migrating.yaml"
READER, REST_API = "examples/orders-reader.yaml", "examples/orders-rest-api.yaml"
STOCK_READER, STOCK = "examples/stock-reader.yaml", "examples/stock-http-api.yaml"
WEBSOCKET = "examples/orders-websocket-api.yaml"
PROXY_ARN = "arn:aws-test:lambda:us-east-1:222222222222:function:proxy"


def properties(name: str, logical_id: str, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = resolved(name, **given)[logical_id]["Properties"]
    return found


def statements(document: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Effect, action and resource of each statement of a policy."""
    return [(one["Effect"], one["Action"], one["Resource"]) for one in document["Statement"]]


def test_the_proxys_role_and_no_other_invokes_the_token_service() -> None:
    """Both sides: the grant names the role, the role's policy the ARN that the grant was answered."""
    permission = properties(PROXY, "TokenServicePermission")
    assert (permission["GrantType"], permission["Principals"]) == ("InvokeFunction", ["<ProxyFunctionRole.Arn>"])
    own = properties(PROXY, "ProxyInvokesTheTokenService")
    assert own["RoleName"] == "<ProxyFunctionRole>"
    target = "<TokenServicePermission.TargetArn>"
    assert statements(own["PolicyDocument"]) == [("Allow", "lambda:InvokeFunction", target)]
    assert properties(PROXY, "ProxyFunction")["Environment"]["Variables"] == {"TOKEN_SERVICE": target}


@pytest.mark.parametrize(
    ("by", "uri"),
    [
        (
            "Proxy",
            f"arn:aws-test:apigateway:us-east-1:lambda:path/2015-03-31/functions/{PROXY_ARN}/invocations",
        ),
        ("TokenService", "<OrdersAuthorizerPermission.AuthorizerUri>"),
    ],
)
def test_switching_changes_the_authorizer_and_its_deployment_and_never_the_permission(by: str, uri: str) -> None:
    """A deployment is a snapshot, so each way needs one of its own, made after the authorizer has changed."""
    resources = resolved(MIGRATING, AuthorizedBy=by)
    assert resources["OrdersAuthorizer"]["Properties"]["AuthorizerUri"] == uri
    deployments = {key: one for key, one in resources.items() if one["Type"] == "AWS::ApiGateway::Deployment"}
    [(name, deployment)] = deployments.items()
    assert name == f"OrdersDeploymentBy{by}"
    assert set(deployment["DependsOn"]) == {"ListOrdersMethod", "OrdersAuthorizer"}
    assert resources["OrdersStage"]["Properties"]["DeploymentId"] == f"<{name}>"
    other = "TokenService" if by == "Proxy" else "Proxy"
    permission = "OrdersAuthorizerPermission"
    assert resources[permission] == resolved(MIGRATING, AuthorizedBy=other)[permission]


@pytest.mark.parametrize("path", ["/orders", "/orders/*", "/orders/17"])
def test_the_readers_two_sides_say_the_same(path: str) -> None:
    """The API's policy by the permission, the role's by a managed policy: one role, one method, one path."""
    permission = properties(READER, "OrdersPermission", Path=path)
    assert (permission["GrantType"], permission["Principals"]) == ("ExecuteApi", ["<ReaderFunctionRole.Arn>"])
    assert (permission["Methods"], permission["Paths"]) == (["GET"], [path])
    own = properties(READER, "ReadOrders", Path=path)
    assert own["Roles"] == ["<ReaderFunctionRole>"]
    assert statements(own["PolicyDocument"]) == [("Allow", "execute-api:Invoke", f"<Orders.TargetArn>/GET{path}")]


def test_the_reader_needs_nothing_of_its_permission_to_be_made() -> None:
    """So that the how-to page can take the permission out and leave the rest."""
    rest = {key: one for key, one in resolved(READER).items() if key != "OrdersPermission"}
    assert "OrdersPermission" not in str(rest)


def test_the_owner_of_the_rest_api_consents_by_tag_and_lets_it_be_deployed() -> None:
    """It writes no Policy itself, and every method asks for a signature."""
    api, target = properties(REST_API, "OrdersApi"), properties(REST_API, "OrdersTarget")
    assert {"Key": "CrossAccountPermission", "Value": "allowed"} in api["Tags"]
    assert "Policy" not in api
    assert (target["RestApiId"], target["StageName"]) == ("<OrdersApi>", "<OrdersStage>")
    assert (target["RedeployOnChange"], target["AllowedGrantTypes"]) == (True, ["ExecuteApi"])
    methods = [one["Properties"] for one in resolved(REST_API).values() if one["Type"] == "AWS::ApiGateway::Method"]
    assert {one["AuthorizationType"] for one in methods} == {"AWS_IAM"}


def test_the_owner_of_the_http_api_publishes_a_role_that_trusts_nobody_by_itself() -> None:
    """Path and tag are the consent; the role may call one route."""
    role, target = properties(STOCK, "StockReaderRole"), properties(STOCK, "StockTarget")
    assert role["Path"] == "/cross-account/"
    assert {"Key": "CrossAccountPermission", "Value": "allowed"} in role["Tags"]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "none"}}
    route = "arn:aws-test:execute-api:us-east-1:222222222222:<StockApi>/$default/GET/stock"
    [policy] = role["Policies"]
    assert statements(policy["PolicyDocument"]) == [("Allow", "execute-api:Invoke", route)]
    assert (target["RoleArn"], target["AllowedGrantTypes"]) == ("<StockReaderRole.Arn>", ["AssumeRole"])
    routes = [one["Properties"] for one in resolved(STOCK).values() if one["Type"] == "AWS::ApiGatewayV2::Route"]
    assert {one["AuthorizationType"] for one in routes} == {"AWS_IAM"}


def test_the_stock_reader_says_the_external_id_that_it_asks_for() -> None:
    """And may assume that one role."""
    permission = properties(STOCK_READER, "StockPermission", ExternalId="x-1")
    assert (permission["GrantType"], permission["ExternalId"]) == ("AssumeRole", "x-1")
    assert permission["Principals"] == ["<ReaderFunctionRole.Arn>"]
    told = properties(STOCK_READER, "ReaderFunction", ExternalId="x-1")["Environment"]["Variables"]
    assert (told["EXTERNAL_ID"], told["ROLE"]) == ("x-1", "<Stock.RoleArn>")
    policies = {one["PolicyName"]: one for one in properties(STOCK_READER, "ReaderFunctionRole")["Policies"]}
    own = policies["AssumeTheStockRole"]["PolicyDocument"]
    assert statements(own) == [("Allow", "sts:AssumeRole", "<Stock.RoleArn>")]


def test_the_websocket_apis_permission_is_for_its_one_authorizer() -> None:
    """Which takes its URI from the lookup; nobody connects before the permission stands."""
    resources = resolved(WEBSOCKET)
    assert resources["OrdersAuthorizer"]["Properties"]["AuthorizerUri"] == "<TokenService.AuthorizerUri>"
    assert resources["OrdersAuthorizerPermission"]["Properties"]["AuthorizerIds"] == ["<OrdersAuthorizer>"]
    assert resources["ConnectRoute"]["DependsOn"] == "OrdersAuthorizerPermission"
    assert resources["OrdersDeployment1"]["DependsOn"] == "ConnectRoute"
