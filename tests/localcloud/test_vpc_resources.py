"""Resources of stacks around a VPC: endpoints with their names, rules between security groups, web ACLs before stages."""

from typing import Any

import pytest
from identities import refused
from rest_apis import make_api
from stacks import Stack, of
from vpcs import Vpc, make_vpc

from provider.localcloud import LocalCloud


@pytest.fixture
def stack(cloud: LocalCloud) -> Stack:
    return Stack(cloud)


@pytest.fixture
def vpc(cloud: LocalCloud) -> Vpc:
    return make_vpc(cloud)


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def endpoint(vpc: Vpc, **more: Any) -> dict[str, Any]:
    """An interface endpoint for STS, of a template."""
    about = {"VpcEndpointType": "Interface", "VpcId": vpc.id, "SubnetIds": [vpc.subnet]}
    return resource("AWS::EC2::VPCEndpoint", ServiceName="com.amazonaws.us-east-1.sts", **about, **more)


def test_an_endpoint_of_a_stack_has_its_names(stack: Stack, vpc: Vpc) -> None:
    """The one of the Region first; described, it tells the same, and its groups."""
    names = {"Value": {"Fn::Join": [" ", {"Fn::GetAtt": ["Endpoint", "DnsEntries"]}]}}
    made = endpoint(vpc, PrivateDnsEnabled=True, SecurityGroupIds=[vpc.group])
    assert stack.create({**of(Endpoint=made), "Outputs": {"Names": names}}) == "CREATE_COMPLETE"
    (found,) = [one for one in vpc.ec2.describe_vpc_endpoints()["VpcEndpoints"] if one["VpcId"] == vpc.id]
    own, start = found["VpcEndpointId"], f"{found['VpcEndpointId']}-"
    assert [name.partition(":")[2].replace(f"{start}{own[-8:]}", "E") for name in stack.outputs()["Names"].split()] == [
        "E.sts.us-east-1.vpce.amazonaws.com",
        "E-us-east-1a.sts.us-east-1.vpce.amazonaws.com",
        "sts.us-east-1.amazonaws.com",
    ]
    assert (found["PrivateDnsEnabled"], found["Groups"][0]["GroupId"]) == (True, vpc.group)
    assert stack.delete() == "DELETE_COMPLETE"


def test_one_endpoint_of_a_vpc_has_private_dns_for_a_service(cloud: LocalCloud, stack: Stack, vpc: Vpc) -> None:
    """A second one fails, by a stack or by a call, and so does one in a VPC without DNS hostnames."""
    first = endpoint(vpc, PrivateDnsEnabled=True)
    assert stack.create(of(Endpoint=first)) == "CREATE_COMPLETE"
    words = "private-dns-enabled cannot be set because there is already a conflicting DNS domain for sts.us-east-1"
    second = Stack(cloud)
    assert second.create(of(Endpoint=first)) == "ROLLBACK_COMPLETE"
    assert words in second.reason("Endpoint", "CREATE_FAILED")
    with refused("InvalidParameter", words):
        vpc.endpoint("sts")
    vpc.endpoint("sts", private_dns=False)
    vpc.ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": False})
    with refused("InvalidParameter", "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames"):
        vpc.endpoint("sqs")
    assert len([one for one in vpc.ec2.describe_vpc_endpoints()["VpcEndpoints"] if one["VpcId"] == vpc.id]) == 2


def test_two_security_groups_may_name_each_other(stack: Stack, vpc: Vpc) -> None:
    """By rules of their own, which go when they are dropped."""
    group = resource("AWS::EC2::SecurityGroup", GroupDescription="g", VpcId=vpc.id)
    one, other = {"Fn::GetAtt": ["One", "GroupId"]}, {"Fn::GetAtt": ["Other", "GroupId"]}
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    out = resource("AWS::EC2::SecurityGroupEgress", GroupId=one, DestinationSecurityGroupId=other, **https)
    into = resource("AWS::EC2::SecurityGroupIngress", GroupId=other, SourceSecurityGroupId=one, **https)
    whole = of(One=group, Other=group, Out=out, In=into)
    assert stack.create(whole) == "CREATE_COMPLETE"
    groups = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in stack.api.describe_stack_resources(StackName=stack.name)["StackResources"]
    }

    def rules(name: str, direction: str) -> list[Any]:
        (found,) = vpc.ec2.describe_security_groups(GroupIds=[groups[name]])["SecurityGroups"]
        return [pair["GroupId"] for rule in found[direction] for pair in rule["UserIdGroupPairs"]]

    assert rules("One", "IpPermissionsEgress") == [groups["Other"]]
    assert rules("Other", "IpPermissions") == [groups["One"]]
    assert stack.update(of(One=group, Other=group, Out=out)) == "UPDATE_COMPLETE"
    assert (rules("Other", "IpPermissions"), rules("One", "IpPermissionsEgress")) == ([], [groups["Other"]])
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_web_acl_stands_before_a_stage(cloud: LocalCloud, stack: Stack) -> None:
    """While the association does; a stage that is not there has none."""
    api = make_api(cloud, "consumer")
    api.deploy()
    see = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
    acl = resource("AWS::WAFv2::WebACL", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=see, Rules=[])
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{api.id}/stages/{api.stage}"
    between = {"ResourceArn": arn, "WebACLArn": {"Fn::GetAtt": ["Acl", "Arn"]}}
    template = of(Acl=acl, Between=resource("AWS::WAFv2::WebACLAssociation", **between))
    assert stack.create(template) == "CREATE_COMPLETE"
    waf = cloud.client("wafv2", "consumer")
    assert waf.get_web_acl_for_resource(ResourceArn=arn)["WebACL"]["VisibilityConfig"]["MetricName"] == "m"
    assert stack.update(of(Acl=acl)) == "UPDATE_COMPLETE"
    with refused("WAFNonexistentItemException"):
        waf.get_web_acl_for_resource(ResourceArn=arn)
    wrong = of(Acl=acl, Between=resource("AWS::WAFv2::WebACLAssociation", **{**between, "ResourceArn": f"{arn}x"}))
    assert stack.update(wrong) == "UPDATE_ROLLBACK_COMPLETE"
