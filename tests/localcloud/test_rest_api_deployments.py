"""Deployments and stages of REST APIs: which policy is in force, canaries, and how often one may deploy."""

import json
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNTS
from identities import allow, refused, someone
from rest_apis import Api, make_api, statement, whole
from stacks import Stack, of

from provider.localcloud import LocalCloud

DENY = statement(Effect="Deny")
ALLOW = statement()


@pytest.fixture
def api(cloud: LocalCloud) -> Api:
    return make_api(cloud)


def test_a_policy_takes_effect_at_the_next_deployment(api: Api) -> None:
    """Written, changed and removed policies wait for it, and a stage pointed to an older deployment has that one's policy."""
    bare = api.deploy()
    assert api.call().status == 200
    api.write(DENY)
    assert api.call().status == 200
    shut = api.deploy()
    assert api.call().status == 403
    api.write()
    assert api.call().status == 403
    api.deploy()
    assert api.call().status == 200
    for deployment, status in ((shut, 403), (bare, 200)):
        patch = {"op": "replace", "path": "/deploymentId", "value": deployment}
        api.gateway.update_stage(restApiId=api.id, stageName=api.stage, patchOperations=[patch])
        assert api.call().status == status


def test_a_signed_call_waits_for_the_deployment_too(cloud: LocalCloud) -> None:
    """A caller of another account comes in, and is shut out, at the next deployment."""
    api = make_api(cloud, authorization="AWS_IAM")
    caller = someone(cloud, "consumer", allow("execute-api:Invoke"))
    api.deploy()
    for policy, before, after in (([ALLOW], 403, 200), ([], 200, 403)):
        api.write(*policy)
        assert api.call(caller).status == before
        api.deploy()
        assert api.call(caller).status == after


def test_each_stage_has_its_own_deployments_policy(cloud: LocalCloud, api: Api) -> None:
    """Deploying to one stage changes nothing for another."""
    api.opened(ALLOW)
    other = Api(cloud, api.account, api.id, api.root, stage="other")
    api.write(DENY)
    other.deploy()
    assert (api.call().status, other.call().status) == (200, 403)


def test_deployments_and_stages_tell_what_they_are(api: Api) -> None:
    """A deployment has its date, a stage its deployment, and no canary where there is none."""
    made = api.deploy()
    assert api.gateway.get_deployment(restApiId=api.id, deploymentId=made)["createdDate"]
    stage = api.gateway.get_stage(restApiId=api.id, stageName=api.stage)
    assert stage["deploymentId"] == made
    assert "canarySettings" not in stage


def test_a_private_api_without_policy_is_not_deployed(cloud: LocalCloud) -> None:
    """Neither by CreateDeployment nor by a stack; with one it is."""
    private = {"endpointConfiguration": {"types": ["PRIVATE"]}}
    api = make_api(cloud, **private)
    words = "Private REST API doesn't have a resource policy attached to it"
    with refused("BadRequestException", words, 400):
        api.deploy()
    api.opened(ALLOW)
    stack = Stack(cloud)
    assert stack.create(_template(EndpointConfiguration={"Types": ["PRIVATE"]})) == "ROLLBACK_COMPLETE"
    assert words in stack.reason("Deployment", "CREATE_FAILED")


def _template(deployment: str = "Deployment", canary: Any = None, **properties: Any) -> dict[str, Any]:
    """An API with one open method, deployed."""
    api = {"Ref": "Api"}
    integration = {
        "Type": "MOCK",
        "RequestTemplates": {"application/json": '{"statusCode": 200}'},
        "IntegrationResponses": [{"StatusCode": "200", "ResponseTemplates": {"application/json": "{}"}}],
    }
    method = {
        "RestApiId": api,
        "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
        "HttpMethod": "GET",
        "AuthorizationType": "NONE",
        "Integration": integration,
        "MethodResponses": [{"StatusCode": "200"}],
    }
    stage = {"RestApiId": api, "StageName": "live", "DeploymentId": {"Ref": deployment}}
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "x", **properties}},
        "Method": {"Type": "AWS::ApiGateway::Method", "Properties": method},
        deployment: {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": api}, "DependsOn": "Method"},
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {**stage, **({"CanarySetting": canary} if canary else {})},
        },
    }
    return {**of(**resources), "Outputs": {"Api": {"Value": api}}}


def test_a_template_deploys_the_policy(cloud: LocalCloud) -> None:
    """A changed Policy is in force once the template has another deployment, and the stage points to it."""
    stack = Stack(cloud)
    shut, open_ = (json.loads(whole(one)) for one in (DENY, ALLOW))
    assert stack.create(_template(Policy=shut)) == "CREATE_COMPLETE"
    api = Api(cloud, "consumer", stack.outputs()["Api"], "")
    assert api.call().status == 403
    assert stack.update(_template(Policy=open_)) == "UPDATE_COMPLETE"
    assert api.call().status == 403
    assert stack.update(_template("Next", {"PercentTraffic": 10}, Policy=open_)) == "UPDATE_COMPLETE"
    assert api.call().status == 200
    stage = api.gateway.get_stage(restApiId=api.id, stageName="live")
    assert stage["canarySettings"]["percentTraffic"] == 10


def test_a_canary_deployment_leaves_the_stage_where_it_is(api: Api) -> None:
    """It becomes the stage's canary; what is in force for the rest stays, and no other deployment is taken meanwhile."""
    first = api.opened(ALLOW).gateway.get_stage(restApiId=api.id, stageName=api.stage)["deploymentId"]
    api.write(DENY)
    canary = api.deploy(canarySettings={"percentTraffic": 0})
    stage = api.gateway.get_stage(restApiId=api.id, stageName=api.stage)
    assert (stage["deploymentId"], stage["canarySettings"]["deploymentId"]) == (first, canary)
    assert api.call().status == 200
    words = "Non canary deployment not supported on stage live because Canary is enabled"
    with refused("BadRequestException", words, 400):
        api.deploy()
    with refused("BadRequestException", "Stage other must already be created before making a canary", 400):
        Api(api.cloud, api.account, api.id, api.root, stage="other").deploy(canarySettings={"percentTraffic": 1})


def test_canary_settings_of_a_stage(api: Api) -> None:
    """They are kept by CreateStage, changed and promoted by UpdateStage, and gone when removed."""
    old, new = api.deploy(), api.deploy()
    given = {"percentTraffic": 12.5, "deploymentId": new, "stageVariableOverrides": {"a": "b"}, "useStageCache": True}
    where = {"restApiId": api.id, "stageName": "canary"}
    made = api.gateway.create_stage(**where, deploymentId=old, canarySettings=given)
    assert made["canarySettings"] == given

    def patched(**patch: str) -> dict[str, Any]:
        api.gateway.update_stage(**where, patchOperations=[{"op": "replace", **patch}])
        found: dict[str, Any] = api.gateway.get_stage(**where)
        return found

    changed = patched(path="/canarySettings/percentTraffic", value="50")
    assert changed["canarySettings"] == {**given, "percentTraffic": 50.0}
    promoted = patched(op="copy", path="/deploymentId", **{"from": "/canarySettings/deploymentId"})
    assert promoted["deploymentId"] == new
    assert "canarySettings" not in patched(op="remove", path="/canarySettings")


def test_an_account_deploys_once_in_five_seconds(cloud: LocalCloud, api: Api) -> None:
    """In whatever Region and to whichever API; another account does not mind, and a stack gets through."""
    words = ("TooManyRequestsException", "Too Many Requests", 429)
    elsewhere = make_api(cloud, region="eu-west-1")
    theirs = make_api(cloud, "consumer")
    api.deploy()
    for one in (api, elsewhere):
        with refused(*words):
            one.gateway.create_deployment(restApiId=one.id)
    theirs.gateway.create_deployment(restApiId=theirs.id)
    assert Stack(cloud, "owner").create(_template()) == "CREATE_COMPLETE"
    cloud.forget_deployments()
    assert Stack(cloud, "owner").create(_template()) == "CREATE_COMPLETE"
    with refused(*words):
        api.gateway.create_deployment(restApiId=api.id)
    cloud.forget_deployments()
    api.gateway.create_deployment(restApiId=api.id)


def test_the_rate_of_deployments_is_a_setting(tmp_path: Path) -> None:
    """A cloud may be started that takes any number."""
    with LocalCloud.start(directory=tmp_path, accounts=ACCOUNTS, seconds_between_deployments=0) as cloud:
        api = make_api(cloud)
        for _ in range(3):
            api.gateway.create_deployment(restApiId=api.id)
