"""Private REST APIs and the VPC endpoints that lead to them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from identities import allow, someone
from rest_apis import Api, Reply, make_api, statement, whole

from provider.localcloud import LocalCloud

PRIVATE = {"endpointConfiguration": {"types": ["PRIVATE"]}}


def make_endpoint(cloud: LocalCloud, account: str = "owner", service: str = "execute-api", **more: Any) -> str:
    ec2 = cloud.client("ec2", account)
    made = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface", VpcId="vpc-1", ServiceName=f"com.amazonaws.us-east-1.{service}", **more
    )
    return str(made["VpcEndpoint"]["VpcEndpointId"])


@pytest.fixture
def api(cloud: LocalCloud) -> Api:
    return make_api(cloud, **PRIVATE)


def through(api: Api, endpoint: str, **more: Any) -> Reply:
    return api.call(host=f"{api.id}-{endpoint}.execute-api.us-east-1.amazonaws.com", **more)


def test_a_private_api_is_reached_through_an_endpoint_alone(cloud: LocalCloud, api: Api) -> None:
    """By either name, from whatever account; not by one that is not there or leads elsewhere. Others are not."""
    api.opened(statement())
    public = make_api(cloud).opened(statement())
    mine, theirs = make_endpoint(cloud), make_endpoint(cloud, "consumer")
    other = make_endpoint(cloud, service="sqs")
    for endpoint in (mine, theirs):
        assert through(api, endpoint).status == 200
        name = f"{endpoint}-abcd1234.execute-api.us-east-1.vpce.amazonaws.com"
        assert api.call(host=name, headers={"x-apigw-api-id": api.id}).status == 200
        assert api.call(host=name).said == "Forbidden"
        assert through(public, endpoint).said == "Forbidden"
    nowhere = "vpce-0123456789abcdef0"
    for reply in (api.call(), through(api, other), through(api, nowhere), through(public, nowhere)):
        assert (reply.status, reply.error, reply.said) == (403, "ForbiddenException", "Forbidden")
    cloud.client("ec2", "owner").delete_vpc_endpoints(VpcEndpointIds=[mine])
    assert through(api, mine).said == "Forbidden"


def test_a_policy_knows_the_endpoint(cloud: LocalCloud, api: Api) -> None:
    """aws:SourceVpce is the endpoint, aws:SourceVpc its VPC, and aws:SourceIp is not there."""
    endpoint, other = make_endpoint(cloud), make_endpoint(cloud)
    for key, value in (("aws:SourceVpce", endpoint), ("aws:SourceVpc", "vpc-1")):
        api.opened(statement(Condition={"StringEquals": {key: value}}))
        assert through(api, endpoint).status == 200
    api.opened(statement(Condition={"StringEquals": {"aws:SourceVpce": endpoint}}))
    assert through(api, other).status == 403
    api.opened(statement(Condition={"Null": {"aws:SourceIp": "true"}}))
    assert through(api, endpoint).status == 200


def test_a_signed_call_comes_through_an_endpoint(cloud: LocalCloud) -> None:
    """Caller, API's policy and endpoint count together, across accounts too."""
    api = make_api(cloud, authorization="AWS_IAM", **PRIVATE)
    endpoint = make_endpoint(cloud, "consumer")
    caller = someone(cloud, "consumer", allow("execute-api:Invoke", f"{api.arn}/*"))
    condition = {"StringEquals": {"aws:SourceVpce": endpoint}}
    api.opened(statement({"AWS": "111111111111"}, Condition=condition))
    assert through(api, endpoint, who=caller).status == 200
    assert through(api, endpoint).said == "Missing Authentication Token"
    assert through(api, make_endpoint(cloud, "consumer"), who=caller).status == 403
    assert through(api, endpoint, who=someone(cloud, "consumer")).status == 403


@pytest.mark.parametrize("authorization", ["NONE", "AWS_IAM"])
def test_a_private_api_without_policy_refuses_all(cloud: LocalCloud, authorization: str) -> None:
    """One that was deployed without, before it became private."""
    api, endpoint = make_api(cloud, authorization=authorization), make_endpoint(cloud)
    caller = someone(cloud, "owner", allow("execute-api:Invoke"))
    api.deploy()
    assert api.call(caller).status == 200
    patch = {"op": "replace", "path": "/endpointConfiguration/types/REGIONAL", "value": "PRIVATE"}
    changed = api.gateway.update_rest_api(restApiId=api.id, patchOperations=[patch])
    assert changed["endpointConfiguration"]["types"] == ["PRIVATE"]
    assert through(api, endpoint, who=caller).error == "AccessDeniedException"


def test_an_endpoints_policy_is_asked_too(cloud: LocalCloud, api: Api) -> None:
    """It must allow the call, for everybody where the caller is nobody known."""
    signed = make_api(cloud, authorization="AWS_IAM", **PRIVATE).opened(statement())
    api.opened(statement())
    caller = someone(cloud, "owner", allow("execute-api:Invoke"))
    only = whole(statement({"AWS": "333333333333"}, f"{signed.arn}/*"))
    endpoint = make_endpoint(cloud, PolicyDocument=only)
    assert through(signed, endpoint, who=caller).status == 200
    refused = through(api, endpoint)
    assert (refused.status, refused.error) == (403, "AccessDeniedException")
    assert refused.said.endswith("because no VPC endpoint policy allows the execute-api:Invoke action")
    stranger = someone(cloud, "consumer", allow("execute-api:Invoke"))
    assert through(signed, endpoint, who=stranger).status == 403
    cloud.client("ec2", "owner").modify_vpc_endpoint(VpcEndpointId=endpoint, ResetPolicy=True)
    assert through(api, endpoint).status == 200


def test_an_endpoint_tells_its_policy_and_its_name(cloud: LocalCloud) -> None:
    """DescribeVpcEndpoints gives the document it was made with, and the name under which it is called."""
    ec2, document = cloud.client("ec2", "owner"), whole(statement(resource="*"))
    endpoint = make_endpoint(cloud, PolicyDocument=document)
    (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    assert json.loads(found["PolicyDocument"]) == json.loads(document)
    name = found["DnsEntries"][0]["DnsName"]
    assert name.startswith(f"{endpoint}-")
    assert name.endswith(".execute-api.us-east-1.vpce.amazonaws.com")
    (bare,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[make_endpoint(cloud)])["VpcEndpoints"]
    assert json.loads(bare["PolicyDocument"])["Statement"][0]["Principal"] == "*"


CALL = """
import json, urllib.error, urllib.request
def handler(event, context):
    request = urllib.request.Request(event["url"], headers=event["headers"])
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
"""


def test_a_function_calls_through_an_endpoint(
    cloud: LocalCloud, api: Api, make_function: Callable[..., str], invoke: Callable[..., tuple[Any, str]]
) -> None:
    """Under either of the endpoint's names, with certificates that hold."""
    api.opened(statement())
    endpoint, function = make_endpoint(cloud, "consumer"), make_function(CALL)
    end = "execute-api.us-east-1"
    for host, headers, status in (
        (f"{api.id}-{endpoint}.{end}.amazonaws.com", {}, 200),
        (f"{endpoint}-a1b2c3d4.{end}.vpce.amazonaws.com", {"x-apigw-api-id": api.id}, 200),
        (f"{api.id}.{end}.amazonaws.com", {}, 403),
    ):
        assert invoke(function, {"url": f"https://{host}/live/", "headers": headers})[0] == status
