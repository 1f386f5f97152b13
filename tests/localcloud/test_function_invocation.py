"""Who may invoke a function: accounts, roles, and services on behalf of a resource."""

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from identities import a_name, allow, become, make_role, refused, someone

from provider.localcloud import LocalCloud

SOURCE = (
    "def handler(event, context):\n    print('called', event)\n    return {'function': context.invoked_function_arn}"
)
DENYING = """
def handler(event, context):
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    return {"principalId": "x", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""
PROXY = "def handler(event, context): return {'statusCode': 200, 'body': '{}'}"
AUTHORIZING = "def handler(event, context): return {'isAuthorized': True}"


@pytest.fixture
def function(cloud: LocalCloud, make_function: Callable[..., str]) -> str:
    """A function of the owner with an alias `live`."""
    arn = make_function(SOURCE, "owner")
    cloud.client("lambda", "owner").create_alias(FunctionName=arn, Name="live", FunctionVersion="$LATEST")
    return arn


def permit(cloud: LocalCloud, function: str, **more: Any) -> None:
    """Add a statement to the policy of an owner's function."""
    given = {"StatementId": a_name("s"), "Action": "lambda:InvokeFunction", **more}
    cloud.client("lambda", "owner").add_permission(FunctionName=function, **given)


def invoke(client: Any, function: str, **more: Any) -> Any:
    return client.invoke(FunctionName=function, **more)["StatusCode"]


def test_another_account_needs_both_policies(cloud: LocalCloud, function: str) -> None:
    """The function's policy and the caller's must both allow an invocation across accounts."""
    able = someone(cloud, "consumer", allow("lambda:InvokeFunction")).client("lambda")
    with refused("AccessDeniedException", "no resource-based policy allows the lambda:InvokeFunction"):
        invoke(able, function)
    permit(cloud, function, Principal="111111111111")
    invoke(able, function)
    with refused("AccessDeniedException", "no identity-based policy"):
        invoke(someone(cloud, "consumer").client("lambda"), function)
    with refused("AccessDeniedException"):
        invoke(someone(cloud, "intruder", allow("lambda:*")).client("lambda"), function)


def test_a_role_is_let_in_by_name(cloud: LocalCloud, function: str) -> None:
    """A statement for one role lets no other role of its account in; a condition may say it too."""
    one = make_role(cloud, "consumer", allow("lambda:InvokeFunction"))
    permit(cloud, function, Principal=one)
    invoke(become(cloud, one).client("lambda"), function)
    with refused("AccessDeniedException"):
        invoke(someone(cloud, "consumer", allow("lambda:InvokeFunction")).client("lambda"), function)


def test_a_policy_for_the_function_does_not_allow_its_alias(cloud: LocalCloud, function: str) -> None:
    """The policy that counts is that of exactly the function, version or alias invoked; so with the caller's."""
    permit(cloud, function, Principal="111111111111")
    able = someone(cloud, "consumer", allow("lambda:InvokeFunction")).client("lambda")
    for named in ({"function": f"{function}:live"}, {"function": function, "Qualifier": "live"}):
        with refused("AccessDeniedException", f"on resource: {function}:live"):
            invoke(able, **named)
    permit(cloud, function, Principal="111111111111", Qualifier="live")
    invoke(able, function, Qualifier="live")
    narrow = someone(cloud, "consumer", allow("lambda:InvokeFunction", function)).client("lambda")
    invoke(narrow, function)
    with refused("AccessDeniedException", "no identity-based policy"):
        invoke(narrow, f"{function}:live")


def test_an_organization_is_let_in(cloud: LocalCloud, function: str) -> None:
    """`*` with PrincipalOrgID means the organization's accounts."""
    permit(cloud, function, Principal="*", PrincipalOrgID="o-localcloud")
    invoke(someone(cloud, "intruder", allow("lambda:*")).client("lambda"), function)
    with refused("AccessDeniedException"):
        invoke(someone(cloud, "stranger", allow("lambda:*")).client("lambda"), function)


def calls(cloud: LocalCloud, function: str) -> list[str]:
    return [line for line in cloud.logs(function).splitlines() if "called" in line]


def wait_until_called(cloud: LocalCloud, function: str) -> None:
    end = time.monotonic() + 20
    while not calls(cloud, function):
        assert time.monotonic() < end, "the function was not called"
        time.sleep(0.05)


def test_a_rule_needs_the_functions_permission(cloud: LocalCloud, make_function: Callable[..., str]) -> None:
    """EventBridge invokes what lets the rule in, by its ARN; a silent function and one for another rule stay quiet."""
    events, rule = cloud.client("events", "owner"), a_name("rule")
    source = {"source": [rule]}
    arn = events.put_rule(Name=rule, EventPattern=json.dumps(source))["RuleArn"]
    silent, other, able = (make_function(SOURCE, "owner") for _ in range(3))
    gateway = {"Principal": "events.amazonaws.com"}
    permit(cloud, other, **gateway, SourceArn=f"{arn}x")
    permit(cloud, able, **gateway, SourceArn=arn, SourceAccount="333333333333")
    targets = [{"Id": str(number), "Arn": one} for number, one in enumerate((silent, other, able))]
    events.put_targets(Rule=rule, Targets=targets)
    events.put_events(Entries=[{"Source": rule, "DetailType": "t", "Detail": "{}"}])
    wait_until_called(cloud, able)
    assert not calls(cloud, silent)
    assert not calls(cloud, other)


def test_a_topic_needs_the_functions_permission(cloud: LocalCloud, make_function: Callable[..., str]) -> None:
    """SNS delivers to what lets the topic in; a silent function stays quiet."""
    sns = cloud.client("sns", "owner")
    topic = sns.create_topic(Name=a_name("topic"))["TopicArn"]
    silent, able = (make_function(SOURCE, "owner") for _ in range(2))
    permit(cloud, able, Principal="sns.amazonaws.com", SourceArn=topic)
    for function in (silent, able):
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    sns.publish(TopicArn=topic, Message="m")
    wait_until_called(cloud, able)
    assert not calls(cloud, silent)


def test_an_authorizer_of_another_account_needs_its_permission(
    cloud: LocalCloud, make_function: Callable[..., str]
) -> None:
    """API Gateway calls the owner's alias for the consumer's API once the alias's policy lets that authorizer in."""
    function = make_function(DENYING, "owner")
    cloud.client("lambda", "owner").create_alias(FunctionName=function, Name="live", FunctionVersion="$LATEST")
    api, authorizer = _api_with_authorizer(cloud, f"{function}:live")
    assert _get(cloud, api) == 500
    source = f"arn:aws:execute-api:us-east-1:111111111111:{api}/authorizers/{authorizer}"
    gateway = {"Principal": "apigateway.amazonaws.com", "Qualifier": "live"}
    permit(cloud, function, **gateway, SourceArn=f"{source}x")
    assert _get(cloud, api) == 500
    permit(cloud, function, **gateway, SourceArn=source)
    assert _get(cloud, api) == 403  # the authorizer was asked, and denies


def _api_with_authorizer(cloud: LocalCloud, function: str) -> tuple[str, str]:
    gateway = cloud.client("apigateway", "consumer")
    api = gateway.create_rest_api(name="orders")["id"]
    uri = _uri(function)
    authorizer = gateway.create_authorizer(
        restApiId=api,
        name="a",
        type="REQUEST",
        authorizerUri=uri,
        identitySource="method.request.header.X",
        authorizerResultTtlInSeconds=0,
    )["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="CUSTOM", authorizerId=authorizer)
    gateway.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    cloud.forget_deployments()
    gateway.create_deployment(restApiId=api, stageName="dev")
    return api, authorizer


@pytest.mark.parametrize("kind", ["AWS_PROXY", "AWS"])
def test_a_method_needs_the_functions_permission(
    cloud: LocalCloud, make_function: Callable[..., str], kind: str
) -> None:
    """A REST API's integration is called if the function's policy allows stage, method and path."""
    function = make_function(PROXY, "owner")
    gateway = cloud.client("apigateway", "consumer")
    api = gateway.create_rest_api(name="orders")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    gateway.put_integration(**method, type=kind, integrationHttpMethod="POST", uri=_uri(function))
    cloud.forget_deployments()
    gateway.create_deployment(restApiId=api, stageName="dev")
    source = f"arn:aws:execute-api:us-east-1:111111111111:{api}"
    _opens_by(cloud, api, function, f"{source}/*/POST/", f"{source}/dev/GET/")


def _opens_by(cloud: LocalCloud, api: str, function: str, wrong: str, right: str) -> None:
    for source in ("", wrong):
        if source:
            permit(cloud, function, Principal="apigateway.amazonaws.com", SourceArn=source)
        assert _get(cloud, api) in {500, 502, 504}
    permit(cloud, function, Principal="apigateway.amazonaws.com", SourceArn=right)
    assert _get(cloud, api) == 200


def test_a_route_needs_the_functions_permission(cloud: LocalCloud, make_function: Callable[..., str]) -> None:
    """An HTTP API's integration is called if the function's policy allows stage and route."""
    function = make_function(PROXY, "owner")
    api = _http_api(cloud, function)
    source = f"arn:aws:execute-api:us-east-1:111111111111:{api}"
    _opens_by(cloud, api, function, f"{source}/*/POST/", f"{source}/*/GET/")


def test_an_http_apis_authorizer_needs_its_permission(cloud: LocalCloud, make_function: Callable[..., str]) -> None:
    """An HTTP API's authorizer is asked if its function's policy allows that authorizer."""
    authorizing, function = make_function(AUTHORIZING, "owner"), make_function(PROXY, "owner")
    api = _http_api(cloud, function)
    permit(cloud, function, Principal="apigateway.amazonaws.com")
    gateway = cloud.client("apigatewayv2", "consumer")
    made = gateway.create_authorizer(
        ApiId=api,
        Name="a",
        AuthorizerType="REQUEST",
        AuthorizerUri=_uri(authorizing),
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
        IdentitySource=["$request.header.X"],
        AuthorizerResultTtlInSeconds=0,
    )["AuthorizerId"]
    route = gateway.get_routes(ApiId=api)["Items"][0]["RouteId"]
    gateway.update_route(ApiId=api, RouteId=route, AuthorizationType="CUSTOM", AuthorizerId=made)
    source = f"arn:aws:execute-api:us-east-1:111111111111:{api}/authorizers/"
    for arn, open_ in (("", False), (f"{source}other", False), (f"{source}{made}", True)):
        if arn:
            permit(cloud, authorizing, Principal="apigateway.amazonaws.com", SourceArn=arn)
        assert (_get(cloud, api) == 200) is open_


def _http_api(cloud: LocalCloud, function: str) -> str:
    gateway = cloud.client("apigatewayv2", "consumer")
    api = str(gateway.create_api(Name="orders", ProtocolType="HTTP")["ApiId"])
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="GET /", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)
    return api


def _uri(function: str) -> str:
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"


def _get(cloud: LocalCloud, api: str) -> int:
    host = f"{api}.execute-api.us-east-1.amazonaws.com"
    with contextlib.closing(cloud.connect(host)) as connection:
        connection.request("GET", "/dev/", headers={"Host": host, "X": "x"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
