"""Tags of REST APIs, and how IAM sees them."""

from typing import Any
from urllib.parse import quote

import pytest
from identities import allow, refused, someone
from stacks import Stack, of

from provider.localcloud import LocalCloud

TAGGED = {"StringEquals": {"aws:ResourceTag/team": "blue"}}


def arn(api: str) -> str:
    return f"arn:aws:apigateway:us-east-1::/restapis/{api}"


@pytest.fixture
def api(cloud: LocalCloud) -> str:
    return str(cloud.client("apigateway", "owner").create_rest_api(name="x", tags={"team": "blue"})["id"])


def test_tags_are_read_under_a_resource_of_their_own(cloud: LocalCloud, api: str) -> None:
    """Who may read the API may not read its tags, who may read its tags may not read it; of one that is gone there are none."""
    resource = f"arn:aws:apigateway:us-east-1::/tags/{quote(arn(api), safe='')}"
    reader = someone(cloud, "owner", allow("apigateway:GET", resource)).client("apigateway")
    assert reader.get_tags(resourceArn=arn(api))["tags"] == {"team": "blue"}
    with refused("AccessDeniedException"):
        reader.get_rest_api(restApiId=api)
    other = someone(cloud, "owner", allow("apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis*"))
    with refused("AccessDeniedException", "/tags/"):
        other.client("apigateway").get_tags(resourceArn=arn(api))
    tagged = someone(cloud, "owner", allow("apigateway:GET", Condition=TAGGED)).client("apigateway")
    tagged.get_rest_api(restApiId=api)
    with refused("AccessDeniedException"):
        tagged.get_tags(resourceArn=arn(api))
    cloud.client("apigateway", "owner").delete_rest_api(restApiId=api)
    with refused("NotFoundException", status=404):
        reader.get_tags(resourceArn=arn(api))


def test_an_api_that_is_gone_has_no_tags(cloud: LocalCloud, api: str) -> None:
    """Who may touch tagged APIs alone is refused, as for one that never was; who may touch all is told that it is gone."""
    gateway = cloud.client("apigateway", "owner")
    tagged = someone(cloud, "owner", allow("apigateway:*", Condition=TAGGED)).client("apigateway")
    tagged.get_rest_api(restApiId=api)
    gateway.delete_rest_api(restApiId=api)
    for gone in (api, "never00000"):
        for who, code in ((tagged, "AccessDeniedException"), (gateway, "NotFoundException")):
            with refused(code):
                who.get_rest_api(restApiId=gone)
            with refused(code):
                who.update_rest_api(restApiId=gone, patchOperations=[{"op": "remove", "path": "/policy"}])
            with refused(code):
                who.get_stages(restApiId=gone)


def test_an_api_has_one_set_of_tags(cloud: LocalCloud) -> None:
    """Set by a template, by an update of it or by TagResource, GetTags, GetRestApi and IAM see the same."""

    def template(**tags: str) -> dict[str, Any]:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        api = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "x", "Tags": listed}}
        return {**of(Api=api), "Outputs": {"Api": {"Value": {"Ref": "Api"}}}}

    stack = Stack(cloud, "owner")
    stack.create(template(team="red", other="x"))
    api, gateway = stack.outputs()["Api"], cloud.client("apigateway", "owner")
    who = someone(cloud, "owner", allow("apigateway:GET", Condition=TAGGED)).client("apigateway")
    with refused("AccessDeniedException"):
        who.get_rest_api(restApiId=api)
    gateway.tag_resource(resourceArn=arn(api), tags={"more": "y"})
    assert stack.update(template(team="blue")) == "UPDATE_COMPLETE"
    tags = who.get_rest_api(restApiId=api)["tags"]
    assert {key: value for key, value in tags.items() if not key.startswith("aws:")} == {"team": "blue", "more": "y"}
    assert gateway.get_tags(resourceArn=arn(api))["tags"] == tags
    gateway.untag_resource(resourceArn=arn(api), tagKeys=["team"])
    with refused("AccessDeniedException"):
        who.get_rest_api(restApiId=api)
