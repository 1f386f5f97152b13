"""The examples say what people would write, and what they say is right: properties, attributes, order, outputs."""

import json
import re
from typing import Any

import jsonschema
import pytest
from template_documents import EXAMPLES, ROOT, load, outputs, resolved

# What a resource of each type returns to !GetAtt, a permission by its grant type.
RETURNED = {
    "Custom::CrossAccountTarget": {"Name", "TargetArn", "TargetArns"},
    "Custom::CrossAccountPermission": {"GrantId", "TargetArn"},
    "Custom::CrossAccountTargetLookup": {"TargetArn", "AuthorizerUri", "InvokeUrl", "RoleArn"},
}
GRANTED = {
    "Authorizer": {"AuthorizerUri", "SourceArns"},
    "InvokeFunction": {"AuthorizerUri"},
    "ExecuteApi": {"InvokeUrl", "DeploymentStatus", "DeploymentReason"},
    "AssumeRole": {"RoleArn"},
}
# What the resources that ours refer to come to be.
STANDING = {
    "<OrdersApi>": "a1b2c3d4e5",
    "<OrdersStage>": "live",
    "<TokenFunctionLiveAlias>": "arn:aws:lambda:us-east-1:333333333333:function:token:live",
    "<ClientFunctionRole.Arn>": "arn:aws:iam::111111111111:role/client",
    "<ExecuteApiEndpoint>": "vpce-0123456789abcdef0",
    "<CallerRole.Arn>": "arn:aws:iam::333333333333:role/cross-account/caller",
    "<OrdersAuthorizer>": "a1b2c3",
    "<ProxyFunctionRole.Arn>": "arn:aws:iam::111111111111:role/proxy",
    "<ReaderFunctionRole.Arn>": "arn:aws:iam::111111111111:role/reader",
    "<StockReaderRole.Arn>": "arn:aws:iam::333333333333:role/cross-account/reader",
}


def ours(name: str, **given: Any) -> dict[str, Any]:
    """The resources of our types in an example."""
    return {key: value for key, value in resolved(name, **given).items() if value["Type"] in RETURNED}


def standing(value: Any) -> Any:
    """A value with what stands for the resources that it refers to."""
    return [standing(one) for one in value] if isinstance(value, list) else STANDING.get(str(value), value)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"OnlyAuthorizerId": "a1b2c3"},
        {"RoleTarget": "333333333333/caller"},
        {
            "MorePrincipalArns": ["arn:aws:iam::111111111111:role/a", "arn:aws:iam::111111111111:user/b"],
            "MoreVpcEndpointIds": ["vpce-0123456789abcdef1", "vpce-0123456789abcdef2"],
        },
    ],
    ids="+".join,
)
def test_an_example_uses_our_types_as_their_schemas_say(name: str, given: dict[str, Any]) -> None:
    """The linter and the controller hold every property to the same schema."""
    for resource in ours(name, **given).values():
        kind = resource["Type"].removeprefix("Custom::")
        schema = json.loads((ROOT / "provider" / "core" / "schemas" / f"{kind}.json").read_text(encoding="utf-8"))
        properties = {key: standing(value) for key, value in resource["Properties"].items()}
        jsonschema.Draft202012Validator(schema).validate(properties)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_reads_only_what_is_returned(name: str) -> None:
    """A !GetAtt of something else would fail the deployment after all the work is done."""
    template = load(name)
    text = json.dumps(template)
    read = re.findall(r'"Fn::GetAtt": \["(\w+)", "(\w+)"\]', text) + re.findall(r"\$\{(\w+)\.(\w+)\}", text)
    told = {key: returned(one) for key, one in template["Resources"].items() if one["Type"] in RETURNED}
    assert [(key, what) for key, what in read if key in told and what not in told[key]] == []
    assert any(key in told for key, _ in read)


def returned(resource: dict[str, Any]) -> set[str]:
    """The attributes of a resource of ours."""
    return RETURNED[resource["Type"]] | GRANTED.get(resource["Properties"].get("GrantType", ""), set())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_bounds_its_wait_above_the_providers(name: str) -> None:
    """The provider answers within its function's time and Lambda retries once after a minute; then no stack hangs on."""
    timeout = resolved("account-provider.yaml")["ProviderFunction"]["Properties"]["Timeout"]
    for resource in ours(name).values():
        assert 2 * timeout + 60 <= resource["Properties"]["ServiceTimeout"] <= 600
        token = resource["Properties"]["ServiceToken"]
        assert token == "arn:aws-test:lambda:us-east-1:222222222222:function:cross-account-permission"


def test_the_owner_consents_by_tag_and_publishes_the_alias() -> None:
    """Both are needed: the publication names the alias, the tag stands on its function."""
    resources = resolved("examples/token-service.yaml")
    function, alias = resources["TokenFunction"]["Properties"], resources["TokenFunctionLiveAlias"]["Properties"]
    target = resources["TokenServiceTarget"]["Properties"]
    assert {"Key": "CrossAccountPermission", "Value": "allowed"} in function["Tags"]
    assert (alias["Name"], alias["FunctionName"]) == ("live", "<TokenFunction>")
    assert (target["Name"], target["FunctionArn"]) == ("token-service", "<TokenFunctionLiveAlias>")
    assert (target["AllowedGrantTypes"], target["AllowedAccounts"]) == (["Authorizer"], ["111111111111"])


def test_the_plain_api_is_deployed_only_when_its_authorizer_works() -> None:
    """Permission, authorizer, method, deployment, in this order."""
    resources = resolved("examples/orders-api.yaml")
    authorizer_uri = resources["OrdersAuthorizer"]["Properties"]["AuthorizerUri"]
    assert authorizer_uri == "<OrdersAuthorizerPermission.AuthorizerUri>"
    assert resources["ListOrdersMethod"]["Properties"]["AuthorizerId"] == "<OrdersAuthorizer>"
    assert set(resources["OrdersDeployment1"]["DependsOn"]) == {"ListOrdersMethod", "OrdersAuthorizerPermission"}
    assert resources["OrdersStage"]["Properties"]["DeploymentId"] == "<OrdersDeployment1>"


def test_the_plain_api_narrows_to_one_authorizer() -> None:
    """Without the parameter the permission is for every authorizer of the API, with it for that one."""
    name, permission = "examples/orders-api.yaml", "OrdersAuthorizerPermission"
    assert "AuthorizerIds" not in resolved(name)[permission]["Properties"]
    assert resolved(name, OnlyAuthorizerId="a1b2c3")[permission]["Properties"]["AuthorizerIds"] == ["a1b2c3"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "examples/token-service.yaml",
            {"TargetName": "<TokenServiceTarget.Name>", "TargetArn": "<TokenServiceTarget.TargetArn>"},
        ),
        (
            "examples/orders-api.yaml",
            {
                "ApiId": "<OrdersApi>",
                "AuthorizerId": "<OrdersAuthorizer>",
                "OrdersUrl": "https://<OrdersApi>.execute-api.us-east-1.amazonaws.com/<OrdersStage>/orders",
                "GrantId": "<OrdersAuthorizerPermission.GrantId>",
                "TargetArn": "<OrdersAuthorizerPermission.TargetArn>",
            },
        ),
        (
            "examples/orders-api-sam.yaml",
            {
                "ApiId": "<OrdersApi>",
                "OrdersUrl": "https://<OrdersApi>.execute-api.us-east-1.amazonaws.com/live/orders",
                "GrantId": "<OrdersAuthorizerPermission.GrantId>",
                "TargetArn": "<OrdersAuthorizerPermission.TargetArn>",
            },
        ),
        (
            "examples/private-api-owner.yaml",
            {
                "TargetName": "<OrdersApiTarget.Name>",
                "TargetArn": "<OrdersApiTarget.TargetArn>",
                "ApiId": "<OrdersApi>",
                "StageName": "<OrdersStage>",
                "AccessLogGroupName": "<AccessLogGroup>",
            },
        ),
        (
            "examples/private-api-consumer.yaml",
            {
                "ClientFunctionName": "<ClientFunction>",
                "ClientFunctionRoleArn": "<ClientFunctionRole.Arn>",
                "VpcEndpointId": "<ExecuteApiEndpoint>",
                "OrdersUrl": "<Orders.InvokeUrl>",
                "GrantId": "<OrdersPermission.GrantId>",
                "DeploymentStatus": "<OrdersPermission.DeploymentStatus>",
                "ClientVpcId": "<Vpc>",
                "ClientSubnetIds": "<SubnetA>,<SubnetB>",
                "EndpointSecurityGroupId": "<EndpointSecurityGroup.GroupId>",
            },
        ),
        (
            "examples/private-api-role-owner.yaml",
            {"TargetName": "<CallerRoleTarget.Name>", "TargetArn": "<CallerRoleTarget.TargetArn>"},
        ),
    ],
)
def test_an_example_shows_what_it_made(name: str, values: dict[str, str]) -> None:
    """The next step needs the target's name, the authorizer's id, the URL to call."""
    assert outputs(name) == values
