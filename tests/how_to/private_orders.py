"""The private orders API of the examples and its clients, and calls by whoever, through whichever endpoint."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from identities import Someone, a_name, allow, become, make_role
from rolled_out import EXAMPLES, Organization

from provider.cli.organization import ACCOUNTS

OWNER, CALLER, CLIENT = (EXAMPLES / f"private-api-{one}.yaml" for one in ("owner", "role-owner", "consumer"))
LEAVE = "the execute-api:Invoke action"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call got: a status, and of a refusal its type and its words."""

    status: int
    error: str
    said: str


@dataclass(frozen=True, slots=True)
class Orders:
    """The owner's API, published in an environment of its own, so that it meets no other."""

    org: Organization
    environment: str
    outputs: dict[str, str]

    @property
    def target(self) -> str:
        """Its name for consumers."""
        return self.outputs["TargetName"]

    @property
    def api(self) -> str:
        """Its id."""
        return self.outputs["ApiId"]

    def policy(self) -> list[dict[str, Any]]:
        """The statements of its resource policy."""
        found = self.org.cloud.client("apigateway", "owner").get_rest_api(restApiId=self.api)["policy"]
        statements: list[dict[str, Any]] = json.loads(json.loads(f'"{found}"'))["Statement"]
        return statements

    def log(self) -> list[dict[str, str]]:
        """The lines of its access log."""
        logs = self.org.cloud.client("logs", "owner")
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=self.outputs["AccessLogGroupName"])
        return [json.loads(event["message"]) for page in pages for event in page["events"]]

    def call(self, caller: Someone, endpoint: str, path: str = "/orders") -> Reply:
        """GET a path as `caller`, as if from within the VPC of an endpoint."""
        host = f"{self.api}-{endpoint}.execute-api.us-east-1.amazonaws.com"
        asked = AWSRequest("GET", f"https://{host}/live{path}")
        credentials = caller.session.get_credentials().get_frozen_credentials()
        SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(asked)
        connection = HTTPConnection(self.org.cloud.endpoint.removeprefix("http://"), timeout=30)
        try:
            connection.request("GET", f"/live{path}", headers={"Host": host, **dict(asked.headers.items())})
            answer = connection.getresponse()
            told = json.loads(answer.read())
            words = told.get("Message") or told.get("message") or ""
            return Reply(answer.status, answer.getheader("x-amzn-errortype", ""), words)
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class Client:
    """A consumer's stack with a function that calls."""

    org: Organization
    stack: str
    outputs: dict[str, str]

    @property
    def role(self) -> str:
        """The function's role."""
        return self.outputs["ClientFunctionRoleArn"]

    @property
    def endpoint(self) -> str:
        """The stack's VPC endpoint for execute-api."""
        return self.outputs["VpcEndpointId"]

    @property
    def ec2(self) -> Any:
        """EC2's client of the consumer."""
        return self.org.cloud.client("ec2", "consumer")

    def call(self, method: str = "GET", path: str = "/orders", **more: Any) -> tuple[int, Any]:
        """Have the function call: status, and what was said."""
        event = json.dumps({"method": method, "path": path, **more})
        name = self.outputs["ClientFunctionName"]
        answer = self.org.cloud.client("lambda", "consumer").invoke(FunctionName=name, Payload=event)
        told = json.loads(answer["Payload"].read())
        assert "status" in told, told
        return told["status"], told["said"]

    def said(self, **event: Any) -> str:
        """What a call of it is refused with."""
        status, told = self.call(**event)
        assert status == 403, (status, told)
        return str(told.get("Message") or told.get("message"))

    def described(self) -> Any:
        """Its VPC endpoint as EC2 describes it."""
        (found,) = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[self.endpoint])["VpcEndpoints"]
        return found

    def another_endpoint(self) -> tuple[str, str]:
        """One more endpoint for execute-api in its VPC, which lets everybody through: its id and its name."""
        found = self.described()
        made = self.ec2.create_vpc_endpoint(
            VpcEndpointType="Interface",
            ServiceName=found["ServiceName"],
            VpcId=found["VpcId"],
            SubnetIds=found["SubnetIds"],
            SecurityGroupIds=[one["GroupId"] for one in found["Groups"]],
            PrivateDnsEnabled=False,
        )["VpcEndpoint"]
        return made["VpcEndpointId"], made["DnsEntries"][0]["DnsName"]

    def in_its_vpc(self, **more: str) -> dict[str, str]:
        """Parameters of another stack that shall use its VPC, in which one endpoint can have private DNS."""
        network = {"VpcId": self.outputs["ClientVpcId"], "SubnetIds": self.outputs["ClientSubnetIds"]}
        return {**network, "PrivateDns": "false", **more}


def publish(org: Organization, template: Path = OWNER, **more: str) -> Orders:
    """Deploy the owner's API under a name of its own."""
    name = a_name("orders")
    given = {"ConsumerAccountIds": ACCOUNTS["consumer"], "Environment": name, "SetLogRole": "true", **more}
    return Orders(org, name, org.deploy("owner", name, template, **given))


def publish_role(orders: Orders, **more: str) -> dict[str, str]:
    """Deploy the owner's role that may call the API."""
    known = {"ConsumerAccountIds": ACCOUNTS["consumer"], "Environment": orders.environment, "ApiId": orders.api}
    return orders.org.deploy("owner", f"{orders.environment}-caller", CALLER, **{**known, **more})


def ask(orders: Orders, stack: str = "", template: Path = CLIENT, **more: str) -> Client:
    """Deploy a consumer's stack, or change one."""
    name = stack or a_name("client")
    given = {"Target": orders.target, "Environment": orders.environment, **more}
    return Client(orders.org, name, orders.org.deploy("consumer", name, template, **given))


def somebody(org: Organization, account: str = "consumer", *actions: str) -> Someone:
    """A session of a role that its own account lets call any API, or do `actions`."""
    role = make_role(org.cloud, account, allow(list(actions) or "execute-api:Invoke"), name=a_name("somebody"))
    return become(org.cloud, role)
