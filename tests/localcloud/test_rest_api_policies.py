"""Resource policies of REST APIs: how they are written and how they read back."""

import json
from typing import Any

import pytest
from identities import a_name, make_role, refused
from rest_apis import Api, decoded, make_api, statement, whole
from stacks import Stack, limited, of

from provider.localcloud import LocalCloud

NOBODY = "arn:aws:iam::111111111111:role/nobody"
MALFORMED = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."


@pytest.fixture
def api(cloud: LocalCloud) -> Api:
    return make_api(cloud)


def test_a_policy_is_written_and_removed_by_patches(api: Api) -> None:
    """Replace and add write the whole document, an empty value and remove take it away."""
    assert api.policy() is None
    for value in ("execute-api:/a/*", "execute-api:/b/*"):
        answer = api.write(statement(resource=value))
        assert decoded(answer["policy"]) == api.policy()
        found = api.policy()
        assert found
        assert len(found["Statement"]) == 1
    api.write()
    assert api.policy() is None
    patch = {"op": "add", "path": "/policy", "value": whole(statement())}
    api.gateway.update_rest_api(restApiId=api.id, patchOperations=[patch])
    assert api.policy()
    api.gateway.update_rest_api(restApiId=api.id, patchOperations=[{"op": "remove", "path": "/policy"}])
    assert api.policy() is None


def without(field: str) -> dict[str, Any]:
    return {name: value for name, value in statement().items() if name != field}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '"text"',
        json.dumps({"Version": "2012-10-17"}),
        json.dumps({"Version": "2012-10-17", "Statement": []}),
        json.dumps({"Version": "2020-01-01", "Statement": [statement()]}),
        json.dumps({"Statement": [statement()]}),
        *(whole(without(field)) for field in ("Effect", "Principal", "Action", "Resource")),
        whole(statement(Effect="allow")),
        whole(statement(Unheard="x")),
        whole(statement(Action="s3:GetObject")),
        whole(statement(resource="arn:aws:s3:::bucket/*")),
        whole(statement(Condition={"StringIs": {"aws:PrincipalAccount": "x"}})),
        whole(statement("111111111111")),
        whole(statement({"AWS": NOBODY})),
        whole(statement({"AWS": ["111111111111", NOBODY]})),
        whole(statement({"AWS": "1111"})),
        whole(statement({"Service": "nothing"})),
    ],
)
def test_what_is_no_policy_is_refused(api: Api, text: str) -> None:
    """Such a document is refused in AWS's words, by UpdateRestApi and by CreateRestApi, and the API keeps what it has."""
    api.write(statement())
    before = api.policy()
    patch = {"op": "replace", "path": "/policy", "value": text}
    name = {"op": "replace", "path": "/name", "value": "changed"}
    with refused("BadRequestException", MALFORMED, 400):
        api.gateway.update_rest_api(restApiId=api.id, patchOperations=[name, patch])
    assert api.policy() == before
    assert api.gateway.get_rest_api(restApiId=api.id)["name"] == "api"
    with refused("BadRequestException", MALFORMED, 400):
        api.gateway.create_rest_api(name="x", policy=text)


def test_a_policy_has_8192_bytes_at_most(api: Api) -> None:
    """One byte more is refused."""
    empty = len(whole(statement(Sid="")))
    api.write(statement(Sid="x" * (8192 - empty)))
    with refused("BadRequestException", "8192", 400):
        api.write(statement(Sid="x" * (8193 - empty)))


def test_a_policy_reads_back_escaped_twice(cloud: LocalCloud) -> None:
    """CreateRestApi, UpdateRestApi, GetRestApi and GetRestApis give the same, and no key where there is no policy."""
    gateway = cloud.client("apigateway", "owner")
    plain, made = gateway.create_rest_api(name="x"), gateway.create_rest_api(name="x", policy=whole(statement()))
    listed = {one["id"]: one for page in gateway.get_paginator("get_rest_apis").paginate() for one in page["items"]}
    assert "policy" not in plain
    assert "policy" not in listed[plain["id"]]
    arn = f"arn:aws:execute-api:us-east-1:333333333333:{made['id']}"
    expected = (
        r"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\","
        rf"\"Action\":\"execute-api:Invoke\",\"Resource\":\"{arn}\/*\"}}]}}"
    )
    patch = {"op": "replace", "path": "/name", "value": "y"}
    for one in (
        made,
        listed[made["id"]],
        gateway.get_rest_api(restApiId=made["id"]),
        gateway.update_rest_api(restApiId=made["id"], patchOperations=[patch]),
    ):
        assert one["policy"] == expected


def test_a_policy_reads_back_normalised(cloud: LocalCloud, api: Api) -> None:
    """Short resources are whole ARNs of the API, lists of one are no lists, accounts are their roots, the gone are ids."""
    name = a_name("friend")
    friend = make_role(cloud, "consumer", name=name)
    iam = cloud.client("iam", "consumer")
    unique = iam.get_role(RoleName=name)["Role"]["RoleId"]
    given = statement(
        {"AWS": ["111111111111", friend]},
        ["execute-api:/live/*"],
        Action=["execute-api:Invoke"],
        Condition={"StringEquals": {"aws:PrincipalOrgID": ["o-a"], "aws:SourceVpce": ["vpce-1", "vpce-2"]}},
    )
    other = statement({"AWS": ["*"]}, ["execute-api:/a/GET/x", f"{api.arn}/b/*"])
    api.write(given, other)
    root = "arn:aws:iam::111111111111:root"
    expected = {
        "Effect": "Allow",
        "Principal": {"AWS": [root, friend]},
        "Action": "execute-api:Invoke",
        "Resource": f"{api.arn}/live/*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a", "aws:SourceVpce": ["vpce-1", "vpce-2"]}},
    }
    resources = [f"{api.arn}/a/GET/x", f"{api.arn}/b/*"]
    assert api.policy() == {
        "Version": "2012-10-17",
        "Statement": [expected, {**other, "Principal": {"AWS": "*"}, "Resource": resources}],
    }
    iam.delete_role(RoleName=name)
    found = api.policy()
    assert found
    assert found["Statement"][0]["Principal"] == {"AWS": [root, unique]}
    for dead in (given, found["Statement"][0]):
        with refused("BadRequestException", MALFORMED):
            api.write(dead)


def rest_api(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "x", **properties}}


def policy_of(cloud: LocalCloud, stack: Stack) -> Any:
    found = cloud.client("apigateway", "consumer").get_rest_api(restApiId=stack.outputs()["Api"])
    return decoded(found["policy"])["Statement"] if "policy" in found else None


def template(**properties: Any) -> dict[str, Any]:
    return {**of(Api=rest_api(**properties)), "Outputs": {"Api": {"Value": {"Ref": "Api"}}}}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(whole(*statements))
    return found


def test_a_template_writes_the_policy(cloud: LocalCloud) -> None:
    """On create and on update; a bad one fails the resource in AWS's words."""
    stack = Stack(cloud)
    assert stack.create(template(Policy=document(statement()))) == "CREATE_COMPLETE"
    arn = f"arn:aws:execute-api:us-east-1:111111111111:{stack.outputs()['Api']}"
    assert policy_of(cloud, stack) == [statement(resource=f"{arn}/*")]
    changed = document(statement({"AWS": "333333333333"}))
    assert stack.update(template(Policy=changed)) == "UPDATE_COMPLETE"
    assert policy_of(cloud, stack) == [statement({"AWS": "arn:aws:iam::333333333333:root"}, f"{arn}/*")]
    assert stack.update(template(Policy=document(statement({"AWS": NOBODY})))) == "UPDATE_ROLLBACK_COMPLETE"
    assert f"{MALFORMED} (Service: ApiGateway, Status Code: 400" in stack.reason("Api", "UPDATE_FAILED")
    assert policy_of(cloud, stack) == [statement({"AWS": "arn:aws:iam::333333333333:root"}, f"{arn}/*")]
    body = {
        "openapi": "3.0.1",
        "info": {"title": "x"},
        "paths": {},
        "x-amazon-apigateway-policy": document(statement()),
    }
    with_body = Stack(cloud)
    assert with_body.create(template(Body=body)) == "CREATE_COMPLETE"
    assert policy_of(cloud, with_body)
    bad = Stack(cloud)
    assert bad.create(template(Policy=document(statement({"AWS": NOBODY})))) == "ROLLBACK_COMPLETE"
    assert MALFORMED in bad.reason("Api", "CREATE_FAILED")


def test_a_policy_taken_out_of_a_template_stays(cloud: LocalCloud) -> None:
    """The update succeeds and the API keeps what it has."""
    stack = Stack(cloud)
    stack.create(template(Policy=document(statement())))
    before = policy_of(cloud, stack)
    assert before
    assert stack.update(template(Description="changed")) == "UPDATE_COMPLETE"
    assert policy_of(cloud, stack) == before


def test_a_templates_policy_is_an_action_of_its_own(cloud: LocalCloud) -> None:
    """Who may make and change APIs may not write their policies through a stack either."""
    verbs = ("apigateway:POST", "apigateway:PATCH", "apigateway:GET", "apigateway:DELETE", "cloudformation:*")
    stack = limited(cloud, *verbs)
    assert stack.create(template()) == "CREATE_COMPLETE"
    assert stack.update(template(Policy=document(statement()))) == "UPDATE_ROLLBACK_COMPLETE"
    assert "apigateway:UpdateRestApiPolicy" in stack.reason("Api", "UPDATE_FAILED")
    with_policy = limited(cloud, *verbs)
    assert with_policy.create(template(Policy=document(statement()))) == "ROLLBACK_COMPLETE"
    able = limited(cloud, *verbs, "apigateway:UpdateRestApiPolicy")
    assert able.create(template(Policy=document(statement()))) == "CREATE_COMPLETE"
