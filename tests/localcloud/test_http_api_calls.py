"""HTTP APIs with AWS_IAM: nobody but their own account's, for they have no policy that could let others in."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from identities import Someone, allow, someone
from rest_apis import Reply, send

from provider.localcloud import LocalCloud

ANSWERING = "def handler(event, context): return {'statusCode': 200, 'body': '{}'}"


@pytest.fixture(params=["dev", "$default"])
def stage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def api(cloud: LocalCloud, make_function: Callable[..., str], stage: str) -> str:
    """The id of an API of the owner's with GET /orders (AWS_IAM) and GET /open (NONE)."""
    function = make_function(ANSWERING, "owner")
    cloud.client("lambda", "owner").add_permission(
        FunctionName=function, StatementId="s", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    gateway = cloud.client("apigatewayv2", "owner")
    made = str(gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"])
    integration = gateway.create_integration(
        ApiId=made, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    for path, authorization in (("/orders", "AWS_IAM"), ("/open", "NONE")):
        route = {"RouteKey": f"GET {path}", "Target": f"integrations/{integration}"}
        gateway.create_route(ApiId=made, **route, AuthorizationType=authorization)
    gateway.create_stage(ApiId=made, StageName=stage, AutoDeploy=True)
    return made


def call(cloud: LocalCloud, api: str, stage: str, path: str = "/orders", who: Someone | None = None) -> Reply:
    """GET a path of the API, signed by `who`."""
    host = f"{api}.execute-api.us-east-1.amazonaws.com"
    whole = path if stage == "$default" else f"/{stage}{path}"
    asked = AWSRequest("GET", f"http://{host}{whole}")
    if who is not None:
        SigV4Auth(who.session.get_credentials().get_frozen_credentials(), "execute-api", "us-east-1").add_auth(asked)
    return send(cloud, whole, {"Host": host, **dict(asked.headers.items())})


def allowed(api: str, rest: str) -> Any:
    return allow("execute-api:Invoke", f"arn:aws:execute-api:us-east-1:333333333333:{api}/{rest}")


def test_a_route_with_iam_is_for_its_own_account(cloud: LocalCloud, api: str, stage: str) -> None:
    """Whatever another account allows its own."""
    may = someone(cloud, "owner", allowed(api, f"{stage}/GET/orders"))
    other = someone(cloud, "owner", allowed(api, f"{stage}/GET/other"))
    foreign = someone(cloud, "consumer", allow("execute-api:Invoke"))
    assert call(cloud, api, stage, who=may).status == 200
    for refused in (other, foreign, None):
        reply = call(cloud, api, stage, who=refused)
        assert (reply.status, reply.said) == (403, "Forbidden")


def test_a_route_without_authorization_is_for_everybody(cloud: LocalCloud, api: str, stage: str) -> None:
    foreign = someone(cloud, "consumer")
    assert {call(cloud, api, stage, "/open", who).status for who in (None, foreign)} == {200}


def test_a_wrong_signature_is_forbidden(cloud: LocalCloud, api: str, stage: str) -> None:
    may = someone(cloud, "owner", allowed(api, f"{stage}/GET/orders"))
    key = may.session.get_credentials().get_frozen_credentials()
    forged = Someone(type(may.session)(key.access_key, "wrong", key.token), may.endpoint)
    assert call(cloud, api, stage, who=forged).status == 403
