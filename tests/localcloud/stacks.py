"""Stacks as tests handle them: made, changed and looked at through boto3, and a provider that does as it is told."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from boto3.session import Session

from provider.localcloud import LocalCloud

PROVIDER = """
import json, time, urllib.request, urllib.error

def handler(event, context):
    print("EVENT " + json.dumps(event))
    told = json.loads(event["ResourceProperties"].get("Told", "{}")).get(event["RequestType"], {})
    if told.get("fault"):
        raise RuntimeError("told to fail")
    if told.get("silent"):
        return
    time.sleep(told.get("wait", 0))
    said = {
        "Status": told.get("status", "SUCCESS"), "Reason": told.get("reason", ""),
        "PhysicalResourceId": told.get("id", event.get("PhysicalResourceId", "thing")),
        "StackId": event["StackId"], "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"], "Data": told.get("data", {}), "NoEcho": told.get("no_echo", False),
    }
    said.update(told.get("said", {}))
    for name in told.get("omit", []):
        del said[name]
    body = told.get("raw") or json.dumps(said)
    url = event["ResponseURL"].replace(*told["replace"]) if "replace" in told else event["ResponseURL"]
    request = urllib.request.Request(url, data=body.encode(), method="PUT", headers={"Content-Type": ""})
    try:
        print("PUT", urllib.request.urlopen(request).status)
    except urllib.error.HTTPError as error:
        print("PUT", error.code)
"""


@dataclass(frozen=True, slots=True)
class Happening:
    """One stack event, without what differs each time."""

    logical: str
    status: str
    reason: str
    physical: str


@dataclass(slots=True)
class Stack:
    """One stack of one account; operations return when it has settled."""

    cloud: LocalCloud
    account: str = "consumer"
    name: str = field(default_factory=lambda: f"stack-{secrets.token_hex(4)}")
    region: str | None = None
    id: str = ""
    capabilities: tuple[str, ...] = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
    client: Any = None

    @property
    def api(self) -> Any:
        """The CloudFormation client with which the stack is handled: its account's administrator's, unless told."""
        return self.client or self.cloud.client("cloudformation", self.account, self.region)

    def create(self, template: dict[str, Any], **more: Any) -> str:
        """Create the stack and return its status."""
        body = json.dumps(template)
        made = self.api.create_stack(
            StackName=self.name, TemplateBody=body, Capabilities=list(self.capabilities), **more
        )
        self.id = made["StackId"]
        return self.status()

    def update(self, template: dict[str, Any], **more: Any) -> str:
        """Update the stack and return its status."""
        body = json.dumps(template)
        self.api.update_stack(StackName=self.name, TemplateBody=body, Capabilities=list(self.capabilities), **more)
        return self.status()

    def delete(self, **more: Any) -> str:
        """Delete the stack and return its status."""
        self.api.delete_stack(StackName=self.name, **more)
        return self.status()

    def described(self) -> dict[str, Any]:
        """What DescribeStacks says of it."""
        found: dict[str, Any] = self.api.describe_stacks(StackName=self.id)["Stacks"][0]
        return found

    def status(self) -> str:
        """Its status."""
        return str(self.described()["StackStatus"])

    def outputs(self) -> dict[str, str]:
        """Its outputs."""
        return {one["OutputKey"]: one["OutputValue"] for one in self.described().get("Outputs", [])}

    def happened(self) -> list[Happening]:
        """All its events, oldest first."""
        pages = self.api.get_paginator("describe_stack_events").paginate(StackName=self.id)
        newest_first = [one for page in pages for one in page["StackEvents"]]
        return [
            Happening(
                one["LogicalResourceId"],
                one["ResourceStatus"],
                one.get("ResourceStatusReason", ""),
                one.get("PhysicalResourceId", ""),
            )
            for one in reversed(newest_first)
        ]

    def statuses(self, logical: str = "") -> list[str]:
        """The statuses of a resource in order; of the stack itself by default."""
        return [one.status for one in self.happened() if one.logical == (logical or self.name)]

    def reason(self, logical: str, status: str) -> str:
        """Why a resource got a status, the last time it did."""
        return next(one.reason for one in reversed(self.happened()) if (one.logical, one.status) == (logical, status))

    def told(self, provider: str) -> list[dict[str, Any]]:
        """The events that a function (its ARN) has got for this stack, in order of their being sent."""
        lines = self.cloud.logs(provider).splitlines()
        events = [json.loads(line.removeprefix("EVENT ")) for line in lines if line.startswith("EVENT ")]
        return [event for event in events if event["StackId"] == self.id]

    def asked(self, provider: str) -> list[tuple[str, str | None]]:
        """The same as pairs of RequestType and PhysicalResourceId."""
        return [(event["RequestType"], event.get("PhysicalResourceId")) for event in self.told(provider)]


def thing(token: str, told: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """A custom resource whose provider does as `told` (by RequestType)."""
    return {
        "Type": "Custom::Thing",
        "Properties": {"ServiceToken": token, "Told": json.dumps(told or {}), **properties},
    }


def of(**resources: Any) -> dict[str, Any]:
    """A template of these resources."""
    return {"Resources": resources}


def limited(cloud: LocalCloud, *actions: str, account: str = "consumer") -> Stack:
    """A stack handled by a new user of the account who may do `actions` alone."""
    name = f"user-{secrets.token_hex(4)}"
    iam = cloud.client("iam", account)
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    session = Session(aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    client = session.client("cloudformation", endpoint_url=cloud.endpoint, region_name="us-east-1")
    return Stack(cloud, account, client=client)


NO_SUCH_ROLE = {
    "Type": "AWS::IAM::Policy",
    "Properties": {
        "PolicyName": "wrong",
        "Roles": ["there-is-no-such-role"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    },
}
"""A resource that fails whenever it is created."""
