"""REST APIs as tests handle them: made, given a policy, deployed, called."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from identities import Someone

from provider.localcloud import LocalCloud

ANSWER = {"open": True}


def statement(principal: Any = "*", resource: Any = "execute-api:/*", **more: Any) -> dict[str, Any]:
    """A statement of an API's policy that allows, unless told otherwise."""
    return {"Effect": "Allow", "Principal": principal, "Action": "execute-api:Invoke", "Resource": resource, **more}


def whole(*statements: dict[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def decoded(policy: str) -> dict[str, Any]:
    """The document that an API's answer carries."""
    found: dict[str, Any] = json.loads(json.loads(f'"{policy}"'))
    return found


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call of an API got."""

    status: int
    error: str
    body: dict[str, Any]

    @property
    def said(self) -> str:
        """The message of a refusal, in whichever of the two ways it is written."""
        return str(self.body.get("message") or self.body.get("Message"))


@dataclass(frozen=True, slots=True)
class Api:
    """A REST API with one method, GET /, and a stage."""

    cloud: LocalCloud
    account: str
    id: str
    root: str
    region: str = "us-east-1"
    stage: str = "live"

    @property
    def gateway(self) -> Any:
        """API Gateway's client of the API's account."""
        return self.cloud.client("apigateway", self.account, self.region)

    @property
    def arn(self) -> str:
        """The API's execute-api ARN."""
        return f"arn:aws:execute-api:{self.region}:{self.cloud.accounts[self.account]}:{self.id}"

    @property
    def host(self) -> str:
        """The API's host name on AWS."""
        return f"{self.id}.execute-api.{self.region}.amazonaws.com"

    def write(self, *statements: dict[str, Any]) -> Any:
        """Make these statements the API's policy; none removes it."""
        value = whole(*statements) if statements else ""
        patch = {"op": "replace", "path": "/policy", "value": value}
        return self.gateway.update_rest_api(restApiId=self.id, patchOperations=[patch])

    def policy(self) -> dict[str, Any] | None:
        """The API's policy as it reads back."""
        found = self.gateway.get_rest_api(restApiId=self.id)
        return decoded(found["policy"]) if "policy" in found else None

    def deploy(self, **more: Any) -> str:
        """Deploy to the stage, whenever the last deployment was; return the deployment's id."""
        self.cloud.forget_deployments()
        made = self.gateway.create_deployment(restApiId=self.id, stageName=self.stage, **more)
        return str(made["id"])

    def opened(self, *statements: dict[str, Any]) -> "Api":
        """With this policy, deployed."""
        self.write(*statements)
        self.deploy()
        return self

    def call(
        self,
        who: Someone | None = None,
        *,
        host: str = "",
        signed_for: str = "",
        service: str = "execute-api",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Call GET /, signed by `who` for the Region `signed_for` (the API's)."""
        url = f"http://{host or self.host}/{self.stage}/"
        asked = AWSRequest("GET", url, headers=headers or {})
        if who is not None:
            credentials = who.session.get_credentials().get_frozen_credentials()
            SigV4Auth(credentials, service, signed_for or self.region).add_auth(asked)
        return send(self.cloud, f"/{self.stage}/", {"Host": host or self.host, **dict(asked.headers.items())})


def make_api(
    cloud: LocalCloud,
    account: str = "owner",
    authorization: str = "NONE",
    region: str = "us-east-1",
    authorizer: dict[str, Any] | None = None,
    **more: Any,
) -> Api:
    """Make an API; it is not deployed yet."""
    gateway = cloud.client("apigateway", account, region)
    rest = gateway.create_rest_api(name="api", **more)
    where = {"restApiId": rest["id"], "resourceId": rest["rootResourceId"], "httpMethod": "GET"}
    made = gateway.create_authorizer(restApiId=rest["id"], name="a", **authorizer)["id"] if authorizer else None
    gateway.put_method(**where, authorizationType=authorization, **({"authorizerId": made} if made else {}))
    gateway.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    gateway.put_method_response(**where, statusCode="200")
    gateway.put_integration_response(
        **where, statusCode="200", responseTemplates={"application/json": json.dumps(ANSWER)}
    )
    return Api(cloud, account, rest["id"], rest["rootResourceId"], region)


def send(cloud: LocalCloud, path: str, headers: dict[str, str]) -> Reply:
    """Send a GET with these headers, Host among them."""
    connection = cloud.connect(headers["Host"])
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        return Reply(answer.status, answer.getheader("x-amzn-errortype", ""), json.loads(text or b"{}"))
    finally:
        connection.close()
