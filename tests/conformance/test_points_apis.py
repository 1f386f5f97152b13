"""Points of API Gateway: its policies, and how it asks authorizers."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError
from identities import a_name
from rest_apis import Api, make_api, statement, whole

from provider.controller.rest_api_policies import _explained
from provider.core.errors import PolicyFull
from provider.core.identifiers import Arn
from provider.localcloud import LocalCloud

LETS_IN = """
def handler(event, context):
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return {"principalId": "x", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""
RAISES = """
def handler(event, context):
    raise Exception("Unauthorized")
"""
ASKED = {"x": "somebody"}


def uri(function: str) -> str:
    region = function.split(":")[3]
    return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations"


def authorized(cloud: LocalCloud, function: str, ttl: int = 0, region: str = "us-east-1") -> Api:
    """A REST API of the consumer's, deployed, that asks this function."""
    given = {"type": "REQUEST", "identitySource": "method.request.header.x", "authorizerResultTtlInSeconds": ttl}
    api = make_api(cloud, "consumer", "CUSTOM", region, authorizer={**given, "authorizerUri": uri(function)})
    api.deploy()
    return api


def permit(cloud: LocalCloud, function: str, api: Api, **more: Any) -> None:
    cloud.client("lambda", "owner", function.split(":")[3]).add_permission(
        FunctionName=function,
        StatementId="asked",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"{api.arn}/authorizers/*",
        **more,
    )


@pytest.fixture
def lets_in(make_function: Callable[..., str]) -> str:
    """An authorizer of the owner's that lets all in."""
    return make_function(LETS_IN, "owner")


def test_an_authorizer_asked_with_the_source_account(
    cloud: LocalCloud, lets_in: str, record_property: Callable[[str, object], None]
) -> None:
    """Nothing depends on it: it is noted."""
    api = authorized(cloud, lets_in)
    permit(cloud, lets_in, api, SourceAccount="111111111111")
    status = api.call(headers=ASKED).status
    assert status in {200, 500}
    record_property("seen", f"API Gateway {'tells' if status == 200 else 'does not tell'} aws:SourceAccount")


def test_an_authorizer_of_another_region_is_asked(cloud: LocalCloud, lets_in: str) -> None:
    api = authorized(cloud, lets_in, region="eu-west-1")
    assert api.call(headers=ASKED).status == 500
    permit(cloud, lets_in, api)
    assert api.call(headers=ASKED).status == 200


def test_an_authorizer_of_an_http_api_that_raises_lets_nobody_in(
    cloud: LocalCloud, make_function: Callable[..., str], record_property: Callable[[str, object], None]
) -> None:
    function, gateway = make_function(RAISES, "consumer"), cloud.client("apigatewayv2", "consumer")
    cloud.client("lambda", "consumer").add_permission(
        FunctionName=function, StatementId="a", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    api = gateway.create_api(Name=a_name("raises"), ProtocolType="HTTP")["ApiId"]
    given = {"AuthorizerType": "REQUEST", "AuthorizerPayloadFormatVersion": "2.0", "AuthorizerUri": uri(function)}
    made = gateway.create_authorizer(ApiId=api, Name="a", IdentitySource=["$request.header.x"], **given)
    served = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )
    target = f"integrations/{served['IntegrationId']}"
    who = {"AuthorizationType": "CUSTOM", "AuthorizerId": made["AuthorizerId"]}
    gateway.create_route(ApiId=api, RouteKey="GET /", Target=target, **who)
    gateway.create_stage(ApiId=api, StageName="live", AutoDeploy=True)
    host = f"{api}.execute-api.us-east-1.amazonaws.com"
    with closing(cloud.connect(host)) as connection:
        connection.request("GET", "/live/", headers={"Host": host, **ASKED})
        status = connection.getresponse().status
    assert status >= 400
    record_property("seen", f"status {status}")


def test_a_cached_answer_outlives_the_permission(cloud: LocalCloud, lets_in: str) -> None:
    api = authorized(cloud, lets_in, ttl=300)
    permit(cloud, lets_in, api)
    assert api.call(headers=ASKED).status == 200
    cloud.client("lambda", "owner").remove_permission(FunctionName=lets_in, StatementId="asked")
    assert api.call(headers=ASKED).status == 200
    assert api.call(headers={"x": "somebody-else"}).status == 500


def test_the_last_writer_of_an_api_policy_wins(cloud: LocalCloud) -> None:
    api = make_api(cloud)
    api.write(statement(Sid="first"))
    read = (api.policy() or {})["Statement"]
    api.write(*read, statement(Sid="between"))
    api.write(*read, statement(Sid="last"))
    assert [one["Sid"] for one in (api.policy() or {})["Statement"]] == ["first", "last"]


def test_the_controller_knows_the_refusal_of_a_policy_that_is_too_long(
    cloud: LocalCloud, record_property: Callable[[str, object], None]
) -> None:
    """By AWS's words; whether the text as sent or as kept counts, in which resources are whole ARNs, is noted."""
    api = make_api(cloud)
    with pytest.raises(ClientError) as found:
        api.write(statement(Sid="x" * 8192))
    error = found.value.response["Error"]
    assert isinstance(_explained(Arn(api.arn), error["Code"], error["Message"]), PolicyFull)
    short = [f"execute-api:/live/GET/{number:04}" for number in range(200)]
    assert len(whole(statement(resource=short))) < 8192 < 200 * len(f"{api.arn}/live/GET/0000")
    try:
        api.write(statement(resource=short))
    except ClientError:
        record_property("seen", "the text as kept counts")
    else:
        record_property("seen", "the text as sent counts")
