"""What a function in a VPC reaches, by which endpoint, and with whose leave."""

from collections.abc import Callable
from typing import Any

import pytest
from identities import allow, policy, refused
from rest_apis import Api, make_api, statement
from stacks import Stack, of
from vpcs import NETWORK, Vpc, document, make_vpc, placed

from provider.localcloud import LocalCloud

PRIVATE = {"endpointConfiguration": {"types": ["PRIVATE"]}}
TABLES = {"service": "dynamodb", "do": "list_tables"}
WHO = {"service": "sts", "do": "get_caller_identity"}
Invoke = Callable[..., tuple[Any, str]]


@pytest.fixture
def vpc(cloud: LocalCloud) -> Vpc:
    return make_vpc(cloud)


@pytest.fixture
def api(cloud: LocalCloud) -> Api:
    """The owner's private API, open to all endpoints."""
    return make_api(cloud, **PRIVATE).opened(statement())


def test_a_function_in_a_vpc_needs_a_role_that_may_make_network_interfaces(
    cloud: LocalCloud, vpc: Vpc, make_function: Callable[..., str]
) -> None:
    """When it is made, and when it is moved there."""
    words = "does not have permissions to call CreateNetworkInterface on EC2"
    with refused("InvalidParameterValueException", words):
        make_function("", VpcConfig=vpc.config())
    function = make_function("")
    with refused("InvalidParameterValueException", words):
        cloud.client("lambda", "consumer").update_function_configuration(FunctionName=function, VpcConfig=vpc.config())


def test_a_function_in_a_vpc_reaches_what_its_endpoints_lead_to(
    cloud: LocalCloud, vpc: Vpc, make_function: Callable[..., str], invoke: Invoke
) -> None:
    """Under the service's own name with private DNS; nothing answers elsewhere, as the endpoint of another VPC."""
    function = placed(make_function, cloud, vpc.config(), "dynamodb:ListTables")
    make_vpc(cloud).endpoint("sts")
    assert invoke(function, WHO) == ("silence", "")
    endpoint = vpc.endpoint("sts", private_dns=False)
    assert invoke(function, WHO)[0] == "silence"
    name = endpoint["DnsEntries"][0]["DnsName"]
    assert name.startswith(f"{endpoint['VpcEndpointId']}-")
    vpc.endpoint("sts")
    assert invoke(function, WHO)[0] == "done"
    assert invoke(function, TABLES)[0] == "silence"


def test_a_way_out_is_a_route_that_needs_no_public_address(
    cloud: LocalCloud, vpc: Vpc, make_function: Callable[..., str], invoke: Invoke
) -> None:
    """A NAT gateway's, if the function's group lets HTTPS out to all; not an internet gateway's."""
    function = placed(make_function, cloud, vpc.config(), "dynamodb:ListTables")
    table = vpc.ec2.create_route_table(VpcId=vpc.id)["RouteTable"]["RouteTableId"]
    vpc.ec2.associate_route_table(RouteTableId=table, SubnetId=vpc.subnet)
    vpc.let(vpc.group, "out", IpRanges=[{"CidrIp": "0.0.0.0/0"}])
    gateway = vpc.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    everywhere = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    vpc.ec2.create_route(**everywhere, GatewayId=gateway)
    assert invoke(function, TABLES)[0] == "silence"
    vpc.ec2.delete_route(**everywhere)
    vpc.ec2.create_route(**everywhere, NatGatewayId="nat-0123456789abcdef0")
    assert invoke(function, TABLES)[0] == "done"


def test_a_gateway_endpoint_serves_the_subnets_that_route_to_it(
    cloud: LocalCloud, vpc: Vpc, make_function: Callable[..., str], invoke: Invoke
) -> None:
    """And the function's group must let HTTPS out to the service's prefix list."""
    function = placed(make_function, cloud, vpc.config(), "dynamodb:ListTables")
    table = vpc.ec2.create_route_table(VpcId=vpc.id)["RouteTable"]["RouteTableId"]
    service = "com.amazonaws.us-east-1.dynamodb"
    vpc.ec2.create_vpc_endpoint(VpcId=vpc.id, ServiceName=service, RouteTableIds=[table])
    (found,) = vpc.ec2.describe_managed_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [service]}])[
        "PrefixLists"
    ]
    rule = {"GroupId": vpc.group, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    out = {**rule, "DestinationPrefixListId": found["PrefixListId"]}
    Stack(cloud).create(of(Out={"Type": "AWS::EC2::SecurityGroupEgress", "Properties": out}))
    assert invoke(function, TABLES)[0] == "silence"
    vpc.ec2.associate_route_table(RouteTableId=table, SubnetId=vpc.subnet)
    assert invoke(function, TABLES)[0] == "done"


@pytest.mark.parametrize("missing", ["out", "in"])
def test_security_groups_let_through_what_their_rules_say(
    cloud: LocalCloud, vpc: Vpc, make_function: Callable[..., str], invoke: Invoke, missing: str
) -> None:
    """Both sides must; by a group, or by a range of addresses."""
    mine, its = vpc.new_group(), vpc.new_group()
    vpc.endpoint("sts", group=its)
    function = placed(make_function, cloud, vpc.config(mine))
    rules = {
        "out": (mine, {"UserIdGroupPairs": [{"GroupId": its}]}),
        "in": (its, {"IpRanges": [{"CidrIp": "10.9.1.0/24"}]}),
    }
    for direction in sorted(rules, key=lambda one: one == missing):
        assert invoke(function, WHO)[0] == "silence"
        group, about = rules[direction]
        vpc.let(group, direction, **about)
    assert invoke(function, WHO)[0] == "done"


def test_an_endpoints_policy_decides_about_other_services_too(
    cloud: LocalCloud, vpc: Vpc, make_function: Callable[..., str], invoke: Invoke
) -> None:
    """Even about what IAM never refuses; and a policy knows the endpoint."""
    function = placed(make_function, cloud, vpc.config(), "sts:AssumeRole", "dynamodb:ListTables")
    role = f"arn:aws:iam::111111111111:role/{function.rpartition(':')[2]}"
    only = {"Condition": {"ArnEquals": {"aws:PrincipalArn": role}}}
    endpoint = vpc.endpoint("sts", PolicyDocument=document(allow("sts:GetCallerIdentity", **only)))["VpcEndpointId"]
    assert invoke(function, WHO)[0] == "done"
    asked = {"RoleArn": role, "RoleSessionName": "me"}
    assuming = {"service": "sts", "do": "assume_role", "given": asked}
    assert invoke(function, assuming)[0].endswith("not authorized to perform: sts:AssumeRole on resource: " + role)
    vpc.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=document(allow("sts:AssumeRole")))
    assert invoke(function, WHO)[0].endswith(
        "is not authorized to perform: sts:GetCallerIdentity on resource: * because no VPC endpoint policy allows the "
        "sts:GetCallerIdentity action"
    )


def test_a_callers_policy_knows_the_endpoint(
    cloud: LocalCloud, vpc: Vpc, make_function: Callable[..., str], invoke: Invoke
) -> None:
    """And the VPC, but no address of the internet."""
    function = placed(make_function, cloud, vpc.config())
    endpoint = vpc.endpoint("sqs")["VpcEndpointId"]
    listing = {"service": "sqs", "do": "list_queues"}
    for at in ("vpce-0123456789abcdef0", endpoint):
        through = {"StringEquals": {"aws:SourceVpce": at, "aws:SourceVpc": vpc.id}, "Null": {"aws:SourceIp": "true"}}
        allowed = policy(allow(NETWORK), allow("sqs:ListQueues", Condition=through))
        name = function.rpartition(":")[2]
        cloud.client("iam", "consumer").put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=allowed)
        assert (invoke(function, listing)[0] == "done") == (at == endpoint)


def test_an_api_is_called_by_its_own_name_where_private_dns_leads_to_the_endpoint(
    cloud: LocalCloud, vpc: Vpc, api: Api, make_function: Callable[..., str], invoke: Invoke
) -> None:
    """Else under the endpoint's, with the API's in Host or in the header. No public API is reached so."""
    function = placed(make_function, cloud, vpc.config(), "execute-api:Invoke")
    public = make_api(cloud).opened()
    url = f"https://{api.host}/live/"
    assert invoke(function, {"url": url})[0] == "silence"
    bare = vpc.endpoint("execute-api", private_dns=False)["DnsEntries"][0]["DnsName"]
    assert invoke(function, {"url": url})[0] == "silence"
    assert invoke(function, {"url": f"https://{bare}/live/", "headers": {"x-apigw-api-id": api.id}})[0][0] == 200
    assert invoke(function, {"url": url, "headers": {"Host": api.host}, "host": api.host, "to": bare})[0][0] == 200
    endpoint = vpc.endpoint("execute-api")["VpcEndpointId"]
    assert invoke(function, {"url": url})[0][0] == 200
    assert invoke(function, {"url": f"https://{public.host}/live/"})[0] == [403, {"message": "Forbidden"}]
    api.opened(statement(Condition={"StringEquals": {"aws:SourceVpce": endpoint}}))
    assert invoke(function, {"url": url})[0][0] == 200
    assert invoke(function, {"url": url, "headers": {"Host": api.host}, "host": api.host, "to": bare})[0][0] == 403
