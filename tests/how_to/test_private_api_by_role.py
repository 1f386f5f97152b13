"""docs/how-to/private-api-by-role.md, followed; and what its templates let through and what they do not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from identities import a_name, allow, make_role, policy, refused, trust
from pages import follow
from private_orders import LEAVE, Client, Orders, ask, publish, publish_role, somebody
from rolled_out import Organization

CONSUMER, OWNER = "111111111111", "333333333333"


@pytest.fixture(scope="module")
def orders(org: Organization) -> Orders:
    return publish(org)


@pytest.fixture(scope="module")
def caller(orders: Orders) -> dict[str, str]:
    """The outputs of the owner's role."""
    return publish_role(orders)


@pytest.fixture(scope="module")
def client(orders: Orders, caller: dict[str, str]) -> Client:
    return ask(orders, RoleTarget=caller["TargetName"])


@pytest.fixture
def lent(org: Organization, client: Client) -> Iterator[str]:
    """The name of the client's role, which gets its policies back."""
    yield client.role.rpartition("/")[2]
    org.cloud.client("iam", "consumer").delete_role_policy(RoleName=client.role.rpartition("/")[2], PolicyName="more")


def trusted(org: Organization, role: str) -> list[dict[str, Any]]:
    """The statements of a role's trust policy."""
    found = org.cloud.client("iam", "owner").get_role(RoleName=role.rpartition("/")[2])["Role"]
    statements: list[dict[str, Any]] = found["AssumeRolePolicyDocument"]["Statement"]
    return statements


def test_a_private_api_is_called_by_a_role_of_its_owners_that_a_stack_has_asked_for(
    org: Organization, tmp_path: Path
) -> None:
    follow("private-api-by-role.md", org, tmp_path)


def test_the_api_sees_the_owners_role_and_its_policy_is_as_it_was(
    org: Organization, orders: Orders, caller: dict[str, str], client: Client
) -> None:
    """One role of the consumer's stands in the role's trust policy, beside what its owner wrote."""
    status, placed = client.call("POST", body={"item": "tea"})
    assert (status, placed["account"], placed["through"]) == (201, OWNER, client.endpoint)
    assert placed["orderedBy"].split("/")[1:] == [
        caller["TargetArn"].rpartition("/")[2],
        client.outputs["ClientFunctionName"],
    ]
    assert [statement["Sid"] for statement in orders.policy()] == ["ThisAccountByItsOwnPolicies"]
    nobody, granted = trusted(org, caller["TargetArn"])
    assert nobody["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "none"}}
    assert granted["Condition"] == {"ArnEquals": {"aws:PrincipalArn": [client.role]}}
    assert orders.log()[-1]["userArn"] == placed["orderedBy"]


def test_no_other_role_may_assume_it(org: Organization, caller: dict[str, str], client: Client) -> None:
    """Of the consumer's account or another, whatever their own accounts let them do; nor one of the owner's."""
    assert client.call()[0] == 200
    for account in ("consumer", "intruder", "owner"):
        with refused("AccessDenied", "sts:AssumeRole"):
            somebody(org, account, "sts:AssumeRole").assume(caller["TargetArn"])


def test_the_endpoints_lead_to_this_role_and_this_api_alone(
    org: Organization, orders: Orders, caller: dict[str, str], client: Client, lent: str
) -> None:
    """Another role that trusts the client is not assumed from within the VPC; nobody but the owner's role calls the API."""
    other = make_role(
        org.cloud, "owner", allow("execute-api:Invoke"), trusting=[trust(client.role)], name=a_name("other")
    )
    iam, functions = org.cloud.client("iam", "consumer"), org.cloud.client("lambda", "consumer")
    iam.put_role_policy(RoleName=lent, PolicyName="more", PolicyDocument=policy(allow("sts:AssumeRole", other)))
    name = client.outputs["ClientFunctionName"]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, "ROLE_ARN": other}}
    )
    try:
        status, said = client.call()
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    assert (status, said.endswith("because no VPC endpoint policy allows the sts:AssumeRole action")) == (0, True)
    assert client.call()[0] == 200
    guest = somebody(org, "owner")
    assert orders.call(guest, client.endpoint).said.endswith(f"because no VPC endpoint policy allows {LEAVE}")
    (statement,) = json.loads(client.described()["PolicyDocument"])["Statement"]
    assert statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": caller["TargetArn"]}}


def test_the_role_may_call_what_its_owner_says_and_nothing_else(
    org: Organization, caller: dict[str, str], orders: Orders
) -> None:
    """Two methods of one path of one stage."""
    name = caller["TargetArn"].rpartition("/")[2]
    iam = org.cloud.client("iam", "owner")
    (only,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    (statement,) = iam.get_role_policy(RoleName=name, PolicyName=only)["PolicyDocument"]["Statement"]
    stage = f"arn:aws:execute-api:us-east-1:{OWNER}:{orders.api}/live"
    assert statement["Resource"] == [f"{stage}/GET/orders", f"{stage}/POST/orders"]
    assert statement["Action"] == "execute-api:Invoke"
    assert "Condition" not in statement


def test_without_the_permission_the_role_is_not_assumed_any_more(
    org: Organization, orders: Orders, caller: dict[str, str], client: Client
) -> None:
    """It goes with the stack that asked; another stack's stays."""
    second = ask(orders, RoleTarget=caller["TargetName"], StsEndpoint="false", **client.in_its_vpc())
    assert second.call()[0] == 0, "the first stack's STS endpoint does not know the second's role"
    named = trusted(org, caller["TargetArn"])[1]["Condition"]["ArnEquals"]["aws:PrincipalArn"]
    assert sorted(named) == sorted([client.role, second.role])
    org.delete("consumer", second.stack)
    assert trusted(org, caller["TargetArn"])[1]["Condition"]["ArnEquals"]["aws:PrincipalArn"] == [client.role]
    assert client.call()[0] == 200


def test_a_role_that_was_withdrawn_from_an_account_is_not_assumed_until_it_is_allowed_again(
    orders: Orders, caller: dict[str, str], client: Client
) -> None:
    """Nothing of the consumer's is touched."""
    assert client.call()[0] == 200
    publish_role(orders, ConsumerAccountIds="444444444444")
    status, said = client.call()
    assert (status, "not authorized to perform: sts:AssumeRole" in said) == (0, True)
    publish_role(orders)
    assert client.call()[0] == 200


def test_an_owner_who_names_endpoints_has_the_role_call_through_these_alone(
    orders: Orders, caller: dict[str, str], client: Client
) -> None:
    """Without a name it calls through any; the trust policy stays when what the role may do is changed."""
    assert caller["TargetName"].startswith(OWNER)
    publish_role(orders, VpcEndpointIds="vpce-0123456789abcdef0")
    assert client.said().endswith(f"because no identity-based policy allows {LEAVE}")
    publish_role(orders, VpcEndpointIds=f"vpce-0123456789abcdef0,{client.endpoint}")
    assert client.call()[0] == 200
    publish_role(orders)
    assert client.call()[0] == 200
