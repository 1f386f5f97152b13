"""IAM on API Gateway's control plane."""

from typing import Any

import pytest
from identities import allow, policy, refused, someone

from provider.localcloud import LocalCloud

ANY = "arn:aws:apigateway:us-east-1::/restapis/*"
PATCH = [
    {"op": "replace", "path": "/policy", "value": policy(allow("execute-api:Invoke", "execute-api:/*", Principal="*"))}
]


@pytest.fixture
def apis(cloud: LocalCloud) -> tuple[str, str]:
    """Two REST APIs of the owner; the first one is tagged."""
    gateway = cloud.client("apigateway", "owner")
    tagged = gateway.create_rest_api(name="tagged", tags={"CrossAccountPermission": "allowed"})["id"]
    return tagged, gateway.create_rest_api(name="plain")["id"]


def tagged_only(action: Any) -> dict[str, Any]:
    condition = {"StringEquals": {"aws:ResourceTag/CrossAccountPermission": "allowed"}}
    return allow(action, ANY, Condition=condition)


def test_verbs_are_the_actions(cloud: LocalCloud, apis: tuple[str, str]) -> None:
    """Reading an API is apigateway:GET on its path, changing it apigateway:PATCH."""
    one, other = apis
    who = someone(cloud, "owner", allow("apigateway:GET", f"arn:aws:apigateway:us-east-1::/restapis/{one}")).client(
        "apigateway"
    )
    who.get_rest_api(restApiId=one)
    with refused("AccessDeniedException", "apigateway:GET"):
        who.get_rest_api(restApiId=other)
    with refused("AccessDeniedException", "apigateway:PATCH"):
        who.update_rest_api(restApiId=one, patchOperations=[{"op": "replace", "path": "/name", "value": "x"}])


def test_an_apis_tags_count_for_what_is_below_it(cloud: LocalCloud, apis: tuple[str, str]) -> None:
    """Who may change tagged APIs may deploy them, and no other."""
    one, other = apis
    verbs = ["apigateway:GET", "apigateway:PATCH", "apigateway:POST", "apigateway:UpdateRestApiPolicy"]
    who = someone(cloud, "owner", tagged_only(verbs)).client("apigateway")
    who.update_rest_api(restApiId=one, patchOperations=PATCH)
    who.get_stages(restApiId=one)
    for call in (who.get_rest_api, who.get_stages, who.get_deployments):
        with refused("AccessDeniedException"):
            call(restApiId=other)
    with refused("AccessDeniedException"):
        who.update_rest_api(restApiId=other, patchOperations=PATCH)


def test_changing_the_policy_is_an_action_of_its_own(cloud: LocalCloud, apis: tuple[str, str]) -> None:
    """PATCH alone changes the name of an API and not its policy; making one with a policy needs it too."""
    one, _ = apis
    verbs = ["apigateway:PATCH", "apigateway:POST"]
    who = someone(cloud, "owner", allow(verbs, "arn:aws:apigateway:us-east-1::/restapis*")).client("apigateway")
    who.update_rest_api(restApiId=one, patchOperations=[{"op": "replace", "path": "/name", "value": "x"}])
    with refused("AccessDeniedException", "apigateway:UpdateRestApiPolicy"):
        who.update_rest_api(restApiId=one, patchOperations=PATCH)
    with refused("AccessDeniedException", "apigateway:UpdateRestApiPolicy"):
        who.create_rest_api(name="x", policy=PATCH[0]["value"])


def test_tags_of_a_request_are_seen(cloud: LocalCloud) -> None:
    """An API may have to be made with a tag."""
    condition = {"StringEquals": {"aws:RequestTag/team": "blue"}, "ForAllValues:StringEquals": {"aws:TagKeys": "team"}}
    statement = allow("apigateway:POST", "arn:aws:apigateway:us-east-1::/restapis", Condition=condition)
    who = someone(cloud, "owner", statement).client("apigateway")
    who.create_rest_api(name="x", tags={"team": "blue"})
    for tags in ({}, {"team": "red"}, {"team": "blue", "more": "x"}):
        with refused("AccessDeniedException"):
            who.create_rest_api(name="x", tags=tags)
