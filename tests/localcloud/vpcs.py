"""VPCs as tests handle them: subnets, security groups, endpoints, and functions whose network interfaces are in there."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from identities import a_name, allow, policy

from provider.localcloud import LocalCloud

REGION = "us-east-1"
NETWORK = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
]
"""What a function's role needs, to be in a VPC."""

SENDER = """
import boto3, json, urllib.error, urllib.request
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError

def handler(event, context):
    if "service" in event:
        once = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1})
        client = boto3.client(event["service"], config=once, endpoint_url=event.get("at"))
        try:
            getattr(client, event["do"])(**event.get("given", {}))
            return "done"
        except ClientError as error:
            return error.response["Error"]["Message"]
        except Exception as error:
            return "silence"
    headers = event.get("headers", {})
    asked = AWSRequest("GET", event["url"], headers=headers)
    if event.get("signed"):
        credentials = boto3.Session().get_credentials()
        SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(asked)
    to = event["url"].replace(event.get("host", ""), event["to"]) if "to" in event else event["url"]
    try:
        with urllib.request.urlopen(urllib.request.Request(to, headers=dict(asked.headers)), timeout=2) as answer:
            return [answer.status, json.loads(answer.read())]
    except urllib.error.HTTPError as error:
        return [error.code, json.loads(error.read())]
    except OSError:
        return "silence"
"""
"""A function that calls a service, or an API's URL, connecting to another host (`to`) than the one it names."""


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC of the consumer with a subnet and a security group that lets HTTPS through to and from its own members."""

    cloud: LocalCloud
    id: str
    subnet: str
    group: str

    @property
    def ec2(self) -> Any:
        """EC2's client of the VPC's account."""
        return self.cloud.client("ec2", "consumer", REGION)

    def endpoint(self, service: str, *, private_dns: bool = True, group: str = "", **more: Any) -> Any:
        """Make an interface endpoint for a service."""
        made = self.ec2.create_vpc_endpoint(
            VpcEndpointType="Interface",
            VpcId=self.id,
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            SubnetIds=[self.subnet],
            SecurityGroupIds=[group or self.group],
            PrivateDnsEnabled=private_dns,
            **more,
        )
        return made["VpcEndpoint"]

    def new_group(self) -> str:
        """A security group that lets nothing through."""
        name = a_name("group")
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.id)["GroupId"]
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        self.ec2.revoke_security_group_egress(GroupId=made, IpPermissions=[everything])
        return str(made)

    def let(self, group: str, direction: str, **about: Any) -> None:
        """Let HTTPS `in` to or `out` of a group."""
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **about}
        authorize = {"in": self.ec2.authorize_security_group_ingress, "out": self.ec2.authorize_security_group_egress}
        authorize[direction](GroupId=group, IpPermissions=[rule])

    def config(self, *groups: str) -> dict[str, Any]:
        """The VpcConfig of a function in here."""
        return {"SubnetIds": [self.subnet], "SecurityGroupIds": list(groups) or [self.group]}


def make_vpc(cloud: LocalCloud) -> Vpc:
    """Make a VPC without a way out."""
    ec2 = cloud.client("ec2", "consumer", REGION)
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    bare = Vpc(cloud, vpc, subnet, "")
    made = Vpc(cloud, vpc, subnet, bare.new_group())
    own = {"UserIdGroupPairs": [{"GroupId": made.group}]}
    made.let(made.group, "in", **own)
    made.let(made.group, "out", **own)
    return made


def placed(make_function: Callable[..., str], cloud: LocalCloud, config: dict[str, Any], *allowed: str) -> str:
    """A `SENDER` with this VpcConfig, whose role may do what is `allowed` besides being in a VPC; its ARN."""
    function = make_function(SENDER, allowed="ec2:CreateNetworkInterface", Timeout=20)
    name = function.rpartition(":")[2]
    document = policy(allow([*NETWORK, *allowed]))
    cloud.client("iam", "consumer").put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=document)
    cloud.client("lambda", "consumer").update_function_configuration(FunctionName=name, VpcConfig=config)
    return function


def document(*statements: dict[str, Any]) -> str:
    """An endpoint's policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Principal": "*", **one} for one in statements]})
