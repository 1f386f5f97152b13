# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Deployments and stages of REST APIs: the policy that a deployment takes with it, canaries, and how often one may deploy."""

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from provider.localcloud import settings
from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.rest_api_documents import RefusedError

_REST = "services.apigateway_v1"
_PROVISIONERS = "services.cloudformation.provisioners"
_TEST = "tests/localcloud/test_rest_api_deployments.py"
_DEPLOYMENTS = re.compile(r"/restapis/[^/]+/deployments/?")

_Answer = tuple[int, dict[str, str], bytes]
_Made = tuple[str, Mapping[str, Any]]

_policies: dict[tuple[str, str], str] = {}
"""By API and deployment (API ids are unique): the API's policy when it was deployed, "" for none."""

_last: dict[str, float] = {}
"""By account: when something was last deployed."""


def apply() -> None:
    """Keep each deployment's policy, and hold deployments to their rate."""
    require(_REST, "_rest_apis", "_stages_v1", "_v1_response")
    supplant(_REST, "_create_deployment", _deploying)
    supplant(_REST, "_create_stage", _with_canary)
    supplant(_REST, "_update_stage", _with_changed_canary)
    supplant(_REST, "handle_request", _limited)
    base = require(_PROVISIONERS, "_RESOURCE_HANDLERS")
    stages = base._RESOURCE_HANDLERS["AWS::ApiGateway::Stage"]
    stages["create"] = _stage_of_template(stages["create"])
    stages["update"] = _stage_of_changed_template(stages["update"])
    deployments = base._RESOURCE_HANDLERS["AWS::ApiGateway::Deployment"]
    deployments["create"] = _deployment_of_template(deployments["create"])


@behaviour(
    call="apigateway:CreateDeployment",
    expected="a policy takes effect at the next deployment: a stage has the policy that the API had when the deployment "
    "it points to was made",
    source="docs/aws-behaviour.md §3; API Gateway Developer Guide, create and attach a resource policy",
    test=f"{_TEST}::test_a_policy_takes_effect_at_the_next_deployment",
)
def deployed_policy(api_id: str, stage: Mapping[str, Any]) -> str | None:
    """The stored policy that a stage has, "" for none; None when it points to no deployment."""
    return _policies.get((api_id, str(stage.get("deploymentId"))))


@behaviour(
    call="apigateway:CreateDeployment",
    expected="a private API without a policy: BadRequestException 400 'Private REST API doesn't have a resource policy "
    "attached to it'",
    source="hashicorp/terraform-provider-aws#14290, aws/serverless-application-model#3764",
    test=f"{_TEST}::test_a_private_api_without_policy_is_not_deployed",
)
def _deploying(old: Callable[[str, Any], _Answer]) -> Callable[[str, Any], _Answer]:
    def deploy(api_id: str, given: Mapping[str, Any]) -> _Answer:
        rest = part(_REST)
        api = rest._rest_apis.get(api_id)
        if api is None:
            return old(api_id, given)
        canary = given.get("canarySettings")
        try:
            _check(api, given.get("stageName"), canary)
        except RefusedError as refused:
            return refused.answer()
        answer = old(api_id, {**given, "stageName": None} if canary else given)
        made = json.loads(answer[2])["id"]
        _policies[api_id, made] = api.get("policy") or ""
        _last[part("core.responses").get_account_id()] = time.monotonic()
        if canary:
            stage = rest._stages_v1[api_id][given["stageName"]]
            stage["canarySettings"] = _canary({**canary, "deploymentId": made})
        return answer

    return deploy


def is_private(api: Mapping[str, Any]) -> bool:
    """Whether an API is reached through VPC endpoints alone."""
    return "PRIVATE" in (api.get("endpointConfiguration") or {}).get("types", [])


@behaviour(
    call="apigateway:CreateDeployment",
    expected="with canarySettings it becomes the canary of a stage that exists; a stage with a canary takes no other "
    "deployment: BadRequestException 'Invalid deployment content specified.…'",
    source="serverless/serverless#11518, hashicorp/terraform-provider-aws#39929",
    test=f"{_TEST}::test_a_canary_deployment_leaves_the_stage_where_it_is",
)
def _check(api: Mapping[str, Any], name: str | None, canary: Any) -> None:
    stage = part(_REST)._stages_v1.get(api["id"], {}).get(name)
    if is_private(api) and not api.get("policy"):
        raise RefusedError(400, "BadRequestException", "Private REST API doesn't have a resource policy attached to it")
    if canary and stage is None:
        raise _unfit(f"Stage {name} must already be created before making a canary release deployment")
    if stage is not None and stage.get("canarySettings") and not canary:
        raise _unfit(
            f"Non canary deployment not supported on stage {name} because Canary is enabled. Provide CanarySettings in "
            "deploymentInput."
        )


def _unfit(why: str) -> RefusedError:
    return RefusedError(400, "BadRequestException", f"Invalid deployment content specified.{why}")


def _canary(given: Mapping[str, Any]) -> dict[str, Any]:
    """Canary settings as a stage has them: text that a patch brought is what it says."""
    return {
        **given,
        "percentTraffic": float(given.get("percentTraffic") or 0),
        "useStageCache": str(given.get("useStageCache", False)).lower() == "true",
    }


@behaviour(
    call="apigateway:CreateStage",
    expected="canarySettings are kept and read back, changed by patches under /canarySettings, and gone when that is "
    "removed; promoting copies /canarySettings/deploymentId to /deploymentId",
    source="API Gateway API Reference, Stage; API Gateway Developer Guide, promote a canary release",
    test=f"{_TEST}::test_canary_settings_of_a_stage",
)
def _with_canary(old: Callable[[str, Any], _Answer]) -> Callable[[str, Any], _Answer]:
    def create(api_id: str, given: Mapping[str, Any]) -> _Answer:
        answer = old(api_id, given)
        if answer[0] >= 400 or not given.get("canarySettings"):
            return answer
        rest = part(_REST)
        stage = rest._stages_v1[api_id][given["stageName"]]
        stage["canarySettings"] = _canary(given["canarySettings"])
        answered: _Answer = rest._v1_response(stage, answer[0])
        return answered

    return create


def _with_changed_canary(old: Callable[[str, str, Any], _Answer]) -> Callable[[str, str, Any], _Answer]:
    def update(api_id: str, name: str, given: Mapping[str, Any]) -> _Answer:
        rest = part(_REST)
        stage = rest._stages_v1.get(api_id, {}).get(name)
        if stage is None:
            return old(api_id, name, given)
        patches = [_copied(patch, stage) for patch in given.get("patchOperations") or []]
        answer = old(api_id, name, {**given, "patchOperations": patches})
        if stage.get("canarySettings"):
            stage["canarySettings"] = _canary(stage["canarySettings"])
            answer = rest._v1_response(stage, answer[0])
        return answer

    return update


def _copied(patch: Mapping[str, Any], stage: Mapping[str, Any]) -> dict[str, Any]:
    """A patch, a copy as the replacement that it is."""
    if patch.get("op") != "copy":
        return dict(patch)
    value: Any = stage
    for step in str(patch.get("from", "")).strip("/").split("/"):
        value = value.get(step) if isinstance(value, Mapping) else None
    return {"op": "replace", "path": patch.get("path"), "value": value}


@behaviour(
    call="cloudformation:AWS::ApiGateway::Stage",
    expected="CanarySetting takes effect; DeploymentId is the deployment whose policy the stage has",
    source="CloudFormation Template Reference, AWS::ApiGateway::Stage",
    test=f"{_TEST}::test_a_template_deploys_the_policy",
)
def _stage_of_template(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def create(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> _Made:
        made = old(logical_id, properties, stack_name)
        _set_canary(properties)
        return made

    return create


def _stage_of_changed_template(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def update(physical_id: str, before: Any, properties: Mapping[str, Any], stack_name: str) -> _Made:
        made = old(physical_id, before, properties, stack_name)
        if before.get("CanarySetting") != properties.get("CanarySetting"):
            _set_canary(properties)
        return made

    return update


def _deployment_of_template(old: Callable[..., _Made]) -> Callable[..., _Made]:
    """Refuse by a `ValueError`, which the base makes the resource's reason."""

    def create(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> _Made:
        rest, api_id = part(_REST), str(properties.get("RestApiId"))
        try:
            if api_id in rest._rest_apis:
                _check(rest._rest_apis[api_id], properties.get("StageName"), None)
        except RefusedError as refused:
            raise ValueError(f"{refused.message} (Service: ApiGateway, Status Code: {refused.status})") from refused
        return old(logical_id, properties, stack_name)

    return create


def _set_canary(properties: Mapping[str, Any]) -> None:
    stage = part(_REST)._stages_v1[properties["RestApiId"]][properties["StageName"]]
    told = properties.get("CanarySetting")
    stage.pop("canarySettings", None)
    if told:
        stage["canarySettings"] = _canary({name[0].lower() + name[1:]: value for name, value in told.items()})


@behaviour(
    call="apigateway:CreateDeployment",
    expected="one per account within five seconds, in whatever Region; the next is TooManyRequestsException 429 'Too Many "
    "Requests'. A stack's deployments count, and get through as they do on AWS after retries",
    source="docs/aws-behaviour.md §3; serverless-components/aws-api-gateway#8",
    test=f"{_TEST}::test_an_account_deploys_once_in_five_seconds",
)
def _limited(old: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def handle(method: str, path: str, *rest: Any) -> Any:
        account = part("core.responses").get_account_id()
        if method == "POST" and _DEPLOYMENTS.fullmatch(path):
            if time.monotonic() - _last.get(account, -1e9) < settings.current().seconds_between_deployments:
                return RefusedError(429, "TooManyRequestsException", "Too Many Requests").answer()
            _last[account] = time.monotonic()
        return await old(method, path, *rest)

    return handle


def forget() -> None:
    """Let everybody deploy at once, as if time had passed."""
    _last.clear()
