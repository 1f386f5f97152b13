"""Resource types: what the base would pass over in silence is refused; two that it lacks are supplied."""

# ruff: noqa: SLF001, ARG001 - a correction reaches into the base's private names, and has its handlers' signatures
import json
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_PROVISIONERS = "services.cloudformation.provisioners"
_TEST = "tests/localcloud/test_resource_types.py"
_Made = tuple[str, Mapping[str, Any]]
_Properties = dict[str, Any]


def apply() -> None:
    """Refuse placeholders and add types."""
    base = require(_PROVISIONERS, "_RESOURCE_HANDLERS", "_iam_policy_put", "_iam_policy_drop", "_physical_name")
    require(_PROVISIONERS, "_iam_policy_require_entities", "_iam_policy_require_valid_document")
    supplant(_PROVISIONERS, "_provision_resource", _refusing_placeholders)
    base._RESOURCE_HANDLERS["AWS::IAM::RolePolicy"] = {
        "create": _put_role_policy,
        "update": _update_role_policy,
        "delete": _delete_role_policy,
    }
    supplant(_PROVISIONERS, "_policy_attachment_create", _to_what_is_there)
    supplant(_PROVISIONERS, "_policy_attachment_update", _to_what_is_there)
    require("services.cloudwatch", "_put_composite_alarm", "_composite_alarms")
    base._RESOURCE_HANDLERS["AWS::CloudWatch::CompositeAlarm"] = {
        "create": _put_composite_alarm,
        "update": _update_composite_alarm,
        "delete": _delete_composite_alarm,
    }
    require("services.apigateway", "_create_deployment", "_delete_deployment")
    base._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Deployment"] = {"create": _deploy_api, "delete": _delete_api_deployment}


@behaviour(
    call="cloudformation:CreateStack",
    expected="a resource type that is not modelled is refused: 'Template format error: Unrecognized resource types: […]'",
    source="AWS CloudFormation User Guide, troubleshooting",
    test=f"{_TEST}::test_an_unknown_type_is_refused_before_anything_is_made",
)
def _refusing_placeholders(old: Callable[..., _Made]) -> Callable[..., _Made]:
    """Refuse what the base would record as done, which nested stacks could still reach."""

    def provision(resource_type: str, logical_id: str, properties: _Properties, stack_name: str) -> _Made:
        if resource_type.startswith("AWS::") and resource_type not in part(_PROVISIONERS)._RESOURCE_HANDLERS:
            raise ValueError(f"Unrecognized resource types: [{resource_type}]")
        return old(resource_type, logical_id, properties, stack_name)

    return provision


@behaviour(
    call="cloudformation:AWS::SQS::QueuePolicy",
    expected="a policy for a queue or topic that is not there fails",
    source="AWS CloudFormation User Guide, AWS::SQS::QueuePolicy, AWS::SNS::TopicPolicy",
    test=f"{_TEST}::test_a_policy_needs_its_queue",
)
def _to_what_is_there(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def attach(*arguments: Any) -> _Made:
        *rest, members, store = arguments
        properties = next(given for given in reversed(rest) if isinstance(given, dict))
        for member in properties.get(members) or []:
            if member not in store:
                raise ValueError(f"The specified {members.removesuffix('s').lower()} does not exist: {member}")
        return old(*arguments)

    return attach


@behaviour(
    call="cloudformation:AWS::IAM::RolePolicy",
    expected="writes an inline policy of a role",
    source="AWS CloudFormation User Guide, AWS::IAM::RolePolicy",
    test=f"{_TEST}::test_a_role_policy_lies_in_its_role",
)
def _put_role_policy(logical_id: str, properties: _Properties, stack_name: str) -> _Made:
    base = part(_PROVISIONERS)
    as_policy = _as_policy(properties)
    base._iam_policy_require_entities(as_policy)
    base._iam_policy_require_valid_document(as_policy)
    base._iam_policy_put(as_policy, properties["PolicyName"])
    return f"{properties['PolicyName']}|{properties['RoleName']}", {}


def _update_role_policy(physical_id: str, old: _Properties, new: _Properties, stack_name: str) -> _Made:
    """Write the new document; another name or role is another resource, and the old one is cleaned up."""
    return _put_role_policy(physical_id, new, stack_name)


def _delete_role_policy(physical_id: str, properties: _Properties) -> None:
    name, _, role = physical_id.partition("|")
    part(_PROVISIONERS)._iam_policy_drop({"Roles": [role]}, name)


def _as_policy(properties: _Properties) -> _Properties:
    return {**properties, "Roles": [properties["RoleName"]], "PolicyDocument": properties.get("PolicyDocument") or {}}


@behaviour(
    call="cloudformation:AWS::CloudWatch::CompositeAlarm",
    expected="makes a composite alarm",
    source="AWS CloudFormation User Guide, AWS::CloudWatch::CompositeAlarm",
    test=f"{_TEST}::test_a_composite_alarm_follows_its_rule",
)
def _put_composite_alarm(logical_id: str, properties: _Properties, stack_name: str) -> _Made:
    name = properties.get("AlarmName") or part(_PROVISIONERS)._physical_name(stack_name, logical_id, max_len=255)
    return _write_composite_alarm(name, properties)


def _update_composite_alarm(physical_id: str, old: _Properties, new: _Properties, stack_name: str) -> _Made:
    """Write it anew; a changed AlarmName is another alarm, and the old one is cleaned up."""
    return _write_composite_alarm(new.get("AlarmName") or physical_id, new)


def _delete_composite_alarm(physical_id: str, properties: _Properties) -> None:
    part("services.cloudwatch")._composite_alarms.pop(physical_id, None)


def _write_composite_alarm(name: str, properties: _Properties) -> _Made:
    alarms = part("services.cloudwatch")
    told = {**properties, "AlarmName": name}
    status, _, body = alarms._put_composite_alarm({}, told, is_cbor=False, is_json=True)
    if status >= 400:  # HTTP's errors
        raise ValueError(body.decode(errors="replace"))
    return name, {"Arn": alarms._composite_alarms[name]["AlarmArn"]}


@behaviour(
    call="cloudformation:AWS::ApiGatewayV2::Deployment",
    expected="makes a deployment of an HTTP or WebSocket API",
    source="AWS CloudFormation User Guide, AWS::ApiGatewayV2::Deployment",
    test=f"{_TEST}::test_an_http_api_has_its_deployment",
)
def _deploy_api(logical_id: str, properties: _Properties, stack_name: str) -> _Made:
    api, description = properties.get("ApiId"), properties.get("Description", "")
    status, _, body = part("services.apigateway")._create_deployment(api, {"description": description})
    if status >= 400:  # HTTP's errors
        raise ValueError(body.decode(errors="replace"))
    deployment = json.loads(body)["deploymentId"]
    return deployment, {"DeploymentId": deployment}


def _delete_api_deployment(physical_id: str, properties: _Properties) -> None:
    part("services.apigateway")._delete_deployment(properties.get("ApiId"), physical_id)
