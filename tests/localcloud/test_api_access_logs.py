"""Who calls a REST API, as its function and its access log are told."""

import json
from collections.abc import Callable
from typing import Any

from identities import allow, someone
from rest_apis import Api, make_api, statement
from stacks import Stack, of
from test_rest_api_private import make_endpoint, through

from provider.localcloud import LocalCloud

PRIVATE = {"endpointConfiguration": {"types": ["PRIVATE"]}}
FORMAT = (
    '{"who": "$context.identity.userArn", "account": "$context.identity.accountId", "user": "$context.identity.user",'
    ' "through": "$context.identity.vpceId", "status": "$context.status", "did": "$context.httpMethod '
    '$context.resourcePath", "why": "$context.error.message", "other": "$context.nothing"}'
)
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
ECHO = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"]["identity"])}
"""


def staged(account: str, api: str, **more: Any) -> dict[str, Any]:
    """A template with a stage of the API that has an access log."""
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"{api}-access"}}
    log = {"DestinationArn": {"Fn::GetAtt": ["Group", "Arn"]}, "Format": FORMAT}
    deployment = {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": api}}
    known = {"RestApiId": api, "StageName": "live", "DeploymentId": {"Ref": "Deployment"}, "AccessLogSetting": log}
    stage = {"Type": "AWS::ApiGateway::Stage", "Properties": known}
    return of(Group=group, Deployment=deployment, Stage={**stage, **more})


def role_for_logs() -> dict[str, Any]:
    """The account's setting and its role."""
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
    setting = {"CloudWatchRoleArn": {"Fn::GetAtt": ["LogRole", "Arn"]}}
    return of(LogRole=role, Account={"Type": "AWS::ApiGateway::Account", "Properties": setting})


def test_an_access_log_needs_the_accounts_role(cloud: LocalCloud) -> None:
    """That of the Region; without it the stage fails."""
    api = make_api(cloud, "intruder")
    api.write(statement())
    stack = Stack(cloud, "intruder")
    assert stack.create(staged("intruder", api.id)) == "ROLLBACK_COMPLETE"
    words = "CloudWatch Logs role ARN must be set in account settings to enable logging"
    assert words in stack.reason("Stage", "CREATE_FAILED")


def test_a_stage_logs_who_called(cloud: LocalCloud) -> None:
    """Every call that reached it, also a refused one; through which endpoint, and why not."""
    api = make_api(cloud, authorization="AWS_IAM", **PRIVATE)
    endpoint = make_endpoint(cloud, "consumer")
    api.write(statement({"AWS": "111111111111"}))
    setting, stack = Stack(cloud, "owner"), Stack(cloud, "owner")
    assert setting.create(role_for_logs()) == "CREATE_COMPLETE"
    assert stack.create(staged("owner", api.id)) == "CREATE_COMPLETE"
    caller = someone(cloud, "consumer", allow("execute-api:Invoke", f"{api.arn}/*"))
    assert through(api, endpoint, who=caller).status == 200
    assert through(api, endpoint, who=someone(cloud, "consumer")).status == 403
    assert through(api, endpoint).status == 403
    assert api.call(caller).status == 403, "it does not reach the stage"
    lines = cloud.client("logs", "owner").filter_log_events(logGroupName=f"{api.id}-access")["events"]
    first, second, third = (json.loads(line["message"]) for line in lines)
    session = caller.client("sts").get_caller_identity()
    assert first == {
        "who": session["Arn"],
        "account": "111111111111",
        "user": session["UserId"],
        "through": endpoint,
        "status": "200",
        "did": "GET /",
        "why": "-",
        "other": "-",
    }
    assert (second["status"], second["account"]) == ("403", "111111111111")
    assert second["why"].endswith("because no identity-based policy allows the execute-api:Invoke action")
    assert (third["who"], third["through"], third["why"]) == ("-", endpoint, "Missing Authentication Token")


def test_a_function_is_told_who_calls_and_through_which_endpoint(
    cloud: LocalCloud, make_function: Callable[..., str]
) -> None:
    """Also one of another account."""
    function = make_function(ECHO, "owner")
    api = with_function(make_api(cloud, authorization="AWS_IAM", **PRIVATE), function)
    api.opened(statement({"AWS": "111111111111"}))
    endpoint = make_endpoint(cloud, "consumer")
    caller = someone(cloud, "consumer", allow("execute-api:Invoke", f"{api.arn}/*"))
    told = through(api, endpoint, who=caller).body
    session = caller.client("sts").get_caller_identity()
    assert {name: told[name] for name in ("accountId", "user", "caller", "userArn", "principalOrgId")} == {
        "accountId": "111111111111",
        "user": session["UserId"],
        "caller": session["UserId"],
        "userArn": session["Arn"],
        "principalOrgId": "o-localcloud",
    }
    assert (told["vpceId"], told["vpcId"]) == (endpoint, "vpc-1")


def with_function(api: Api, function: str) -> Api:
    """With GET / answered by a function, which lets API Gateway invoke it."""
    uri = f"arn:aws:apigateway:{api.region}:lambda:path/2015-03-31/functions/{function}/invocations"
    where = {"restApiId": api.id, "resourceId": api.root, "httpMethod": "GET"}
    api.gateway.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    api.cloud.client("lambda", "owner").add_permission(
        FunctionName=function,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"{api.arn}/*",
    )
    return api
