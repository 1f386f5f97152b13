"""docs/how-to/private-api.md, followed; and what its templates let through and what they do not.

Calls go through the local cloud's VPCs, endpoints, security groups and policies. It filters nothing by web ACLs: of these, and of
the way to the internet that there is not, the deployed resources are looked at.
"""

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from identities import Someone
from pages import PAGES, follow
from private_orders import CLIENT, LEAVE, OWNER, Client, Orders, ask, publish, somebody
from rolled_out import Organization
from samtranslator.yaml_helper import yaml_parse

from provider.core.declarations import Grant, TargetReference
from provider.core.documents import text_of
from provider.core.identifiers import AccountId, Arn, DeclarationId, Origin
from provider.core.specifications import ApiExecution
from provider.core.statements import CentreId, Statement, merge, render
from provider.rollout.stacks import StackFailed

LIMIT = 8_192
PERMISSION = "OrdersPermission"
IDENTITY = {"accountId", "caller", "user", "userArn", "principalOrgId", "vpcId", "vpceId", "sourceIp"}
RULES = ["AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"]


@pytest.fixture(scope="module")
def orders(org: Organization) -> Orders:
    return publish(org)


@pytest.fixture(scope="module")
def client(orders: Orders) -> Client:
    return ask(orders)


@pytest.fixture
def changed(orders: Orders, client: Client) -> Iterator[Client]:
    """A client whose stack the test changes."""
    yield client
    ask(orders, client.stack)


def test_a_private_api_is_called_from_another_account_by_what_each_side_deploys_alone(
    org: Organization, tmp_path: Path
) -> None:
    follow("private-api.md", org, tmp_path)


def test_the_owners_template_names_no_consumers_endpoint_or_role() -> None:
    """What it is given about consumers is the accounts that may ask."""
    template = yaml_parse(OWNER.read_text("utf-8"))
    used = json.dumps({key: value for key, value in template.items() if key != "Parameters"})
    assert "vpce-" not in used
    assert [name for name in template["Parameters"] if "Consumer" in name or "Principal" in name] == [
        "ConsumerAccountIds"
    ]
    assert used.count('"ConsumerAccountIds"') == 1
    assert "VpcEndpointIds" not in used


def test_what_is_granted_is_one_role_through_one_endpoint_for_two_methods_of_one_path(
    orders: Orders, client: Client
) -> None:
    own, granted = orders.policy()
    assert own["Principal"] == {"AWS": "arn:aws:iam::333333333333:root"}
    stage = f"arn:aws:execute-api:us-east-1:333333333333:{orders.api}/live"
    assert sorted(granted["Resource"]) == [f"{stage}/GET/orders", f"{stage}/POST/orders"]
    assert granted["Condition"]["StringEquals"] == {"aws:SourceVpce": client.endpoint}
    assert granted["Condition"]["ArnEquals"] == {"aws:PrincipalArn": client.role}
    assert client.outputs["DeploymentStatus"] == "Deployed"


def test_the_client_places_orders_and_the_owner_sees_who_it_is(orders: Orders, client: Client) -> None:
    """In what the function is told, and in the access log."""
    status, placed = client.call("POST", body={"item": "tea"})
    assert (status, placed["account"], placed["through"]) == (201, "111111111111", client.endpoint)
    assert placed["orderedBy"].split("/")[1] == client.role.rpartition("/")[2]
    assert placed in client.call()[1]["orders"]
    assert client.call("POST", body={"thing": "tea"})[0] == 400
    line = next(one for one in reversed(orders.log()) if one["method"] == "POST" and one["status"] == "201")
    assert line["userArn"] == placed["orderedBy"]
    assert (line["accountId"], line["vpceId"], line["vpcId"]) == (
        "111111111111",
        client.endpoint,
        client.outputs["ClientVpcId"],
    )
    assert line.keys() >= IDENTITY


def test_another_endpoint_is_refused_until_the_consumer_names_it(orders: Orders, changed: Client) -> None:
    endpoint, name = changed.another_endpoint()
    assert changed.said(through=name).endswith(f"because no resource-based policy allows {LEAVE}")
    ask(orders, changed.stack, MoreVpcEndpointIds=endpoint)
    assert changed.call(through=name)[0] == 200
    ask(orders, changed.stack)
    assert changed.said(through=name).endswith(f"because no resource-based policy allows {LEAVE}")
    assert changed.call()[0] == 200


def test_another_role_is_refused_until_the_consumer_names_it(
    org: Organization, orders: Orders, changed: Client
) -> None:
    """By the API's policy, whatever its own account lets it do; then it comes in by the named endpoint alone."""
    other = somebody(org)
    refusal = orders.call(other, changed.endpoint)
    assert (refusal.status, refusal.error) == (403, "AccessDeniedException")
    assert refusal.said.endswith(f"because no resource-based policy allows {LEAVE}")
    ask(orders, changed.stack, MorePrincipalArns=role_of(other))
    assert orders.call(other, changed.endpoint).status == 200
    for caller, endpoint in (
        (other, changed.another_endpoint()[0]),
        (somebody(org), changed.endpoint),
        (somebody(org, "intruder"), changed.endpoint),
    ):
        assert orders.call(caller, endpoint).said.endswith(f"because no resource-based policy allows {LEAVE}")


def test_a_role_of_another_account_is_not_to_be_had_by_naming_it(orders: Orders, client: Client) -> None:
    with pytest.raises(StackFailed, match=r"Principals\[\d\]"):
        ask(orders, client.stack, MorePrincipalArns="arn:aws:iam::444444444444:role/somebody")
    assert client.call()[0] == 200


def test_the_endpoint_leads_its_roles_to_this_api_alone(org: Organization, orders: Orders, client: Client) -> None:
    """Whoever else may call it, and whatever else they may call, does not come through."""
    other = publish(org)
    guest = somebody(org, "owner")
    assert orders.call(guest, client.endpoint).said.endswith(f"because no VPC endpoint policy allows {LEAVE}")
    assert other.call(guest, client.endpoint).said.endswith(f"because no VPC endpoint policy allows {LEAVE}")
    (statement,) = json.loads(client.described()["PolicyDocument"])["Statement"]
    assert statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": client.role}}
    stage = f"arn:aws:execute-api:us-east-1:333333333333:{orders.api}/live"
    assert statement["Resource"] == [f"{stage}/GET/orders", f"{stage}/POST/orders"]


def test_the_owners_account_is_left_to_its_own_iam(org: Organization, orders: Orders, client: Client) -> None:
    """The statement that an API must have to be deployed lets in nobody of the owner's whom IAM does not."""
    endpoint, _ = client.another_endpoint()
    assert orders.call(somebody(org, "owner"), endpoint).status == 200
    assert orders.call(somebody(org, "owner", "s3:ListAllMyBuckets"), endpoint).status == 403


def test_without_the_permission_the_client_is_refused(orders: Orders, changed: Client, tmp_path: Path) -> None:
    """It alone is taken out of the stack; its role's and its endpoint's policies are of no use then."""
    assert changed.call()[0] == 200
    ask(orders, changed.stack, without(PERMISSION, tmp_path))
    assert changed.said().endswith(f"because no resource-based policy allows {LEAVE}")
    assert len(orders.policy()) == 1
    ask(orders, changed.stack)
    assert changed.call()[0] == 200


@pytest.mark.parametrize("rule", ["ClientToEndpoints", "EndpointsFromClient"])
def test_security_groups_let_the_client_reach_its_endpoint_and_nothing_else(
    orders: Orders, changed: Client, tmp_path: Path, rule: str
) -> None:
    """Each side's rule is needed: without one nothing answers. They are for HTTPS between the two groups."""
    assert changed.call()[0] == 200
    ask(orders, changed.stack, without(rule, tmp_path))
    assert changed.call()[0] == 0
    ask(orders, changed.stack)
    assert changed.call()[0] == 200
    here = [{"Name": "vpc-id", "Values": [changed.outputs["ClientVpcId"]]}]
    groups = [
        group
        for group in changed.ec2.describe_security_groups(Filters=here)["SecurityGroups"]
        if group["GroupName"] != "default"
    ]
    rules = [one for group in groups for side in ("IpPermissions", "IpPermissionsEgress") for one in group[side]]
    ranges = [one["CidrIp"] for permission in rules for one in permission["IpRanges"]]
    assert set(ranges) == {"127.0.0.1/32"}
    named = [(one["FromPort"], one["ToPort"]) for one in rules if one["UserIdGroupPairs"]]
    assert named == [(443, 443), (443, 443)]


def test_the_vpc_has_no_way_to_the_internet(client: Client) -> None:
    """Looked at in its route tables and gateways: there is only the route within the VPC."""
    here = [{"Name": "vpc-id", "Values": [client.outputs["ClientVpcId"]]}]
    tables = client.ec2.describe_route_tables(Filters=here)["RouteTables"]
    assert {route["GatewayId"] for table in tables for route in table["Routes"]} == {"local"}
    attached = [
        attachment["VpcId"]
        for gateway in client.ec2.describe_internet_gateways()["InternetGateways"]
        for attachment in gateway["Attachments"]
    ]
    assert client.outputs["ClientVpcId"] not in attached
    assert client.ec2.describe_nat_gateways(Filters=here)["NatGateways"] == []


def test_a_second_client_uses_the_vpc_of_the_first(orders: Orders, client: Client) -> None:
    """By its endpoint's name, since one of a VPC can have private DNS; it has a statement of its own, and goes alone."""
    with pytest.raises(StackFailed, match="private-dns-enabled cannot be set because there is already a conflicting"):
        ask(orders, f"{client.stack}-no", **client.in_its_vpc(PrivateDns="true"))
    client.org.delete("consumer", f"{client.stack}-no")
    second = ask(orders, **client.in_its_vpc())
    assert second.outputs["ClientVpcId"] == client.outputs["ClientVpcId"]
    assert second.call()[0] == 200
    assert len(orders.policy()) == 3
    client.org.delete("consumer", second.stack)
    assert client.call()[0] == 200
    assert len(orders.policy()) == 2


def test_a_vpc_is_given_with_its_subnets_or_not_at_all(orders: Orders) -> None:
    """Said before anything is made."""
    for template, given in (
        (CLIENT, {"Target": orders.target, "VpcId": "vpc-0123456789abcdef0"}),
        (
            OWNER,
            {"ConsumerAccountIds": "111111111111", "VpcId": "vpc-0123456789abcdef0", "SubnetIds": "subnet-01234567"},
        ),
    ):
        with pytest.raises(Exception, match="Give VpcId"):
            orders.org.deploy("owner", "incomplete", template, **given)


def test_the_function_behind_the_api_may_be_in_a_vpc_of_the_owners(org: Organization, tmp_path: Path) -> None:
    """It reaches its table through a gateway endpoint, by the prefix list that its security group names, and nothing else."""
    ec2, service = org.cloud.client("ec2", "owner"), "com.amazonaws.us-east-1.dynamodb"
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/24")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.0.0/25")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    lists = ec2.describe_managed_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [service]}])
    placed = publish(
        org,
        VpcId=vpc,
        SubnetIds=subnet,
        RouteTableIds=table,
        DynamoDbPrefixListId=lists["PrefixLists"][0]["PrefixListId"],
    )
    caller = ask(placed)
    assert caller.call("POST", body={"item": "tea"})[0] == 201
    (endpoint,) = [one for one in ec2.describe_vpc_endpoints()["VpcEndpoints"] if one["VpcId"] == vpc]
    (statement,) = json.loads(endpoint["PolicyDocument"])["Statement"]
    assert (statement["Action"], statement["Principal"]) == (["dynamodb:PutItem", "dynamodb:Query"], "*")
    nothing = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Action": "dynamodb:Query"}]})
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PolicyDocument=nothing)
    assert (caller.call("POST", body={"item": "tea"})[0], caller.call()[0]) == (502, 200)


def test_a_web_acl_with_awss_rules_stands_before_the_stage_if_its_owner_wants(
    org: Organization, orders: Orders
) -> None:
    """Looked at as it is deployed, for the local cloud filters nothing."""
    waf, stage = org.cloud.client("wafv2", "owner"), "arn:aws:apigateway:us-east-1::/restapis/{}/stages/live"
    acl = waf.get_web_acl_for_resource(ResourceArn=stage.format(orders.api))["WebACL"]
    assert [rule["Statement"]["ManagedRuleGroupStatement"]["Name"] for rule in acl["Rules"]] == RULES
    assert all(rule["OverrideAction"] == {"None": {}} for rule in acl["Rules"])
    bare = publish(org, EnableWaf="false")
    with pytest.raises(waf.exceptions.WAFNonexistentItemException):
        waf.get_web_acl_for_resource(ResourceArn=stage.format(bare.api))


def test_the_page_says_how_many_consumers_an_apis_policy_holds() -> None:
    """Of roles with names as the example's stacks give them, beside the owner's own statement."""
    page = (PAGES / "private-api.md").read_text("utf-8")
    assert f"hold {most(lambda _: 'vpce-0123456789abcdef0')} such roles behind one endpoint" in page
    assert f"but {most(lambda number: f'vpce-{number:017x}')} consumers that have an endpoint each" in page


def most(endpoint_of: Callable[[int], str]) -> int:
    """How many consumers' statements fit into 8,192 characters; `endpoint_of` says through what the nth comes."""
    stage, centre = Arn("arn:aws:execute-api:us-east-1:333333333333:a1b2c3d4e5/live"), CentreId("0123abcd")
    own = {
        "Sid": "ThisAccountByItsOwnPolicies",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::333333333333:root"},
        "Action": "execute-api:Invoke",
        "Resource": "arn:aws:execute-api:us-east-1:333333333333:a1b2c3d4e5/*",
    }
    rendered: list[Statement] = []
    for number in count():
        account = f"{111111111111 + number}"
        stack = f"arn:aws:cloudformation:us-east-1:{account}:stack/orders/0b9b1b1c-1111-11ee-be56-0242ac120002"
        role = f"arn:aws:iam::{account}:role/private-orders-client-ClientFunctionRole-84B54A011D60D"
        asked = ApiExecution((role,), "", ("GET", "POST"), ("/orders",), (endpoint_of(number),))
        reference = TargetReference(AccountId("333333333333"), "default", "private-orders")
        grant = Grant(DeclarationId(f"grant-{number}"), Origin(AccountId(account), stack, "P"), reference, asked)
        rendered.extend(render(grant, stage))
        statements = [own, *(one.document(centre) for one in merge(rendered))]
        if len(text_of({"Version": "2012-10-17", "Statement": statements})) > LIMIT:
            return number
    raise AssertionError


def without(resource: str, directory: Path) -> Path:
    """The consumer's template without one resource, and the outputs that are about it."""
    template = yaml_parse(CLIENT.read_text("utf-8"))
    del template["Resources"][resource]
    template["Outputs"] = {key: one for key, one in template["Outputs"].items() if resource not in json.dumps(one)}
    changed = directory / "without.json"
    changed.write_text(json.dumps(template))
    return changed


def role_of(someone: Someone) -> str:
    """The role of a session."""
    found = someone.client("sts").get_caller_identity()
    return f"arn:aws:iam::{found['Account']}:role/{found['Arn'].split('/')[1]}"
