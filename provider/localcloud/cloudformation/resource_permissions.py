"""Which calls AWS makes, in the caller's name, to create, update and delete a resource of each type.

The principal calls of each handler, not the reads around them. A type that is not named here needs
`<service>:Create<Type>`, `Update<Type>` and `Delete<Type>` on `*`, which most services call so: what is
unknown is asked for rather than let through.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import emulator, permissions
from provider.localcloud.cloudformation.resource import Resource


class ResourceDeniedError(Exception):
    """A handler's call was denied; in the words of a resource handler."""

    def __init__(self, denied: permissions.NotAuthorizedError) -> None:
        super().__init__(
            f'Resource handler returned message: "{denied}" '
            f"(RequestToken: {emulator.scope().new_uuid()}, HandlerErrorCode: AccessDenied)"
        )


@dataclass(frozen=True, slots=True)
class _Calls:
    """`arn` is what the calls are made on, with `{name}`, `{region}` and `{account}`; `name` the property for it."""

    create: str
    update: str
    delete: str
    arn: str = "*"
    name: str = ""


_API = "arn:aws:apigateway:{region}::/restapis/*"
_HTTP_API = "arn:aws:apigateway:{region}::/apis/*"
_FUNCTION = "arn:aws:lambda:{region}:{account}:function:{name}"

_CALLS: Mapping[str, _Calls] = {
    "AWS::Lambda::Function": _Calls(
        "lambda:CreateFunction",
        "lambda:UpdateFunctionConfiguration",
        "lambda:DeleteFunction",
        _FUNCTION,
        "FunctionName",
    ),
    "AWS::Lambda::Permission": _Calls(
        "lambda:AddPermission", "lambda:AddPermission", "lambda:RemovePermission", _FUNCTION, "FunctionName"
    ),
    "AWS::Lambda::Alias": _Calls(
        "lambda:CreateAlias", "lambda:UpdateAlias", "lambda:DeleteAlias", _FUNCTION, "FunctionName"
    ),
    "AWS::Lambda::Version": _Calls(
        "lambda:PublishVersion", "lambda:PublishVersion", "lambda:DeleteFunction", _FUNCTION, "FunctionName"
    ),
    "AWS::Lambda::Url": _Calls(
        "lambda:CreateFunctionUrlConfig", "lambda:UpdateFunctionUrlConfig", "lambda:DeleteFunctionUrlConfig"
    ),
    "AWS::Lambda::EventInvokeConfig": _Calls(
        "lambda:PutFunctionEventInvokeConfig",
        "lambda:UpdateFunctionEventInvokeConfig",
        "lambda:DeleteFunctionEventInvokeConfig",
        _FUNCTION,
        "FunctionName",
    ),
    "AWS::Lambda::LayerVersion": _Calls(
        "lambda:PublishLayerVersion", "lambda:PublishLayerVersion", "lambda:DeleteLayerVersion"
    ),
    "AWS::IAM::Role": _Calls(
        "iam:CreateRole", "iam:UpdateRole", "iam:DeleteRole", "arn:aws:iam::{account}:role{path}{name}", "RoleName"
    ),
    "AWS::IAM::User": _Calls(
        "iam:CreateUser", "iam:UpdateUser", "iam:DeleteUser", "arn:aws:iam::{account}:user{path}{name}", "UserName"
    ),
    "AWS::IAM::ManagedPolicy": _Calls(
        "iam:CreatePolicy",
        "iam:CreatePolicyVersion",
        "iam:DeletePolicy",
        "arn:aws:iam::{account}:policy{path}{name}",
        "ManagedPolicyName",
    ),
    "AWS::IAM::Policy": _Calls("iam:PutRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy"),
    "AWS::IAM::RolePolicy": _Calls(
        "iam:PutRolePolicy",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "arn:aws:iam::{account}:role/{name}",
        "RoleName",
    ),
    "AWS::S3::Bucket": _Calls(
        "s3:CreateBucket", "s3:PutBucketTagging", "s3:DeleteBucket", "arn:aws:s3:::{name}", "BucketName"
    ),
    "AWS::S3::BucketPolicy": _Calls(
        "s3:PutBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "arn:aws:s3:::{name}", "Bucket"
    ),
    "AWS::DynamoDB::Table": _Calls(
        "dynamodb:CreateTable",
        "dynamodb:UpdateTable",
        "dynamodb:DeleteTable",
        "arn:aws:dynamodb:{region}:{account}:table/{name}",
        "TableName",
    ),
    "AWS::SQS::Queue": _Calls(
        "sqs:CreateQueue",
        "sqs:SetQueueAttributes",
        "sqs:DeleteQueue",
        "arn:aws:sqs:{region}:{account}:{name}",
        "QueueName",
    ),
    "AWS::SQS::QueuePolicy": _Calls("sqs:SetQueueAttributes", "sqs:SetQueueAttributes", "sqs:SetQueueAttributes"),
    "AWS::SNS::Topic": _Calls(
        "sns:CreateTopic",
        "sns:SetTopicAttributes",
        "sns:DeleteTopic",
        "arn:aws:sns:{region}:{account}:{name}",
        "TopicName",
    ),
    "AWS::SNS::Subscription": _Calls("sns:Subscribe", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"),
    "AWS::SNS::TopicPolicy": _Calls("sns:SetTopicAttributes", "sns:SetTopicAttributes", "sns:SetTopicAttributes"),
    "AWS::SSM::Parameter": _Calls(
        "ssm:PutParameter",
        "ssm:PutParameter",
        "ssm:DeleteParameter",
        "arn:aws:ssm:{region}:{account}:parameter/{name}",
        "Name",
    ),
    "AWS::Logs::LogGroup": _Calls(
        "logs:CreateLogGroup",
        "logs:PutRetentionPolicy",
        "logs:DeleteLogGroup",
        "arn:aws:logs:{region}:{account}:log-group:{name}",
        "LogGroupName",
    ),
    "AWS::Events::Rule": _Calls(
        "events:PutRule", "events:PutRule", "events:DeleteRule", "arn:aws:events:{region}:{account}:rule/{name}", "Name"
    ),
    "AWS::CloudWatch::Alarm": _Calls(
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DeleteAlarms",
        "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
        "AlarmName",
    ),
    "AWS::CloudWatch::Dashboard": _Calls(
        "cloudwatch:PutDashboard", "cloudwatch:PutDashboard", "cloudwatch:DeleteDashboards"
    ),
    "AWS::KMS::Key": _Calls("kms:CreateKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"),
    "AWS::CloudFormation::Stack": _Calls(
        "cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:DeleteStack"
    ),
}

_PASSES_ROLE = {
    "AWS::Lambda::Function": (("Role",), "lambda.amazonaws.com"),
    "AWS::Scheduler::Schedule": (("Target", "RoleArn"), "scheduler.amazonaws.com"),
    "AWS::StepFunctions::StateMachine": (("RoleArn",), "states.amazonaws.com"),
}
"""Where a type names a role that it hands to a service, and to which."""

_NAMELESS = ("AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle", "AWS::CDK::Metadata")
_NAMESPACES = {"Cognito": "cognito-idp", "CertificateManager": "acm", "OpenSearchService": "es"}
_PREFIXES = {"AWS::ApiGateway::": _API, "AWS::ApiGatewayV2::": _HTTP_API}


@behaviour(
    call="cloudformation:CreateStack",
    expected="resources are made in the caller's name: without permission the resource fails, HandlerErrorCode: AccessDenied",
    source="AWS CloudFormation User Guide, control access with IAM",
    test="tests/localcloud/test_stacks.py::test_a_caller_creates_through_a_stack_what_they_may_create_themselves",
)
@behaviour(
    call="cloudformation:CreateStack",
    expected="a role handed to a service needs iam:PassRole",
    source="IAM User Guide, pass a role to an AWS service",
    test="tests/localcloud/test_stacks.py::test_a_caller_hands_over_roles_they_may_pass",
)
def may_create(resource: Resource, stack_name: str) -> None:
    """Raise unless the caller may create the resource.

    Raises:
        ResourceDeniedError: policies do not allow one of the calls.
    """
    generated = f"{stack_name}-{resource.logical_id}-XXXXXXXXXXXXX"  # the tail is drawn only when it is made
    _ask(resource, _calls(resource.type).create, generated)
    for action, target in _attachments(resource, generated):
        _authorise(action, target, resource)


def may_update(resource: Resource, old: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Raise unless the caller may bring the resource from properties `old` to its own.

    Raises:
        ResourceDeniedError: policies do not allow one of the calls.
    """
    name = str(before["PhysicalResourceId"])
    changed = {key for key in {*old, *resource.properties} if old.get(key) != resource.properties.get(key)}
    for action in _update_calls(resource.type, changed):
        _ask(resource, action, name)
    if changed & {"Role", "RoleArn", "Target", "Policies", "ManagedPolicyArns", "Policy"}:
        for action, target in _attachments(resource, name):
            _authorise(action, target, resource)


def may_delete(resource: Resource, physical_id: str) -> None:
    """Raise unless the caller may delete the resource.

    Raises:
        ResourceDeniedError: policies do not allow the call.
    """
    _ask(resource, _calls(resource.type).delete, physical_id)


def _update_calls(resource_type: str, changed: set[str]) -> set[str]:
    if resource_type == "AWS::Lambda::Function":
        calls = {"lambda:UpdateFunctionCode"} if "Code" in changed else set()
        return calls | ({"lambda:UpdateFunctionConfiguration"} if changed - {"Code", "Tags"} else set())
    if resource_type == "AWS::IAM::Role":
        calls = {"iam:UpdateAssumeRolePolicy"} if "AssumeRolePolicyDocument" in changed else set()
        return calls | ({"iam:UpdateRole"} if changed & {"Description", "MaxSessionDuration"} else set())
    return {_calls(resource_type).update}


def _calls(resource_type: str) -> _Calls:
    if resource_type in _CALLS:
        return _CALLS[resource_type]
    for prefix, arn in _PREFIXES.items():
        if resource_type.startswith(prefix):
            return _Calls("apigateway:POST", "apigateway:PATCH", "apigateway:DELETE", arn)
    if resource_type in _NAMELESS or resource_type.count("::") != 2:  # vendor::service::type
        return _Calls("", "", "")
    _, service, kind = resource_type.split("::")
    prefix = _NAMESPACES.get(service, service.lower())
    return _Calls(f"{prefix}:Create{kind}", f"{prefix}:Update{kind}", f"{prefix}:Delete{kind}")


@behaviour(
    call="cloudformation:AWS::ApiGateway::RestApi",
    expected="a Policy, written or changed, needs apigateway:UpdateRestApiPolicy of the stack's caller besides",
    source="docs/aws-behaviour.md §3",
    test="tests/localcloud/test_rest_api_policies.py::test_a_templates_policy_is_an_action_of_its_own",
)
def _attachments(resource: Resource, name: str) -> Iterator[tuple[str, str]]:
    """The further calls that some properties bring with them, each with what it is made on."""
    properties = resource.properties
    if resource.type in _PASSES_ROLE:
        value: Any = properties
        for step in _PASSES_ROLE[resource.type][0]:
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            yield "iam:PassRole", value
    if resource.type == "AWS::IAM::Role":
        if properties.get("Policies"):
            yield "iam:PutRolePolicy", _arn(resource, name)
        if properties.get("ManagedPolicyArns"):
            yield "iam:AttachRolePolicy", _arn(resource, name)
    if resource.type == "AWS::ApiGateway::RestApi" and properties.get("Policy"):
        yield "apigateway:UpdateRestApiPolicy", _arn(resource, name)
    if resource.type == "AWS::Events::Rule" and properties.get("Targets"):
        yield "events:PutTargets", _arn(resource, name)


def _ask(resource: Resource, action: str, name: str) -> None:
    if action:
        _authorise(action, _arn(resource, name), resource)


def _arn(resource: Resource, name: str) -> str:
    calls, scope = _calls(resource.type), emulator.scope()
    named = str(resource.properties.get(calls.name) or name)
    if named.startswith("arn:"):  # a function named by its ARN, a topic's physical id
        return named
    path = str(resource.properties.get("Path") or "/")
    return calls.arn.format(
        name=named.rpartition("/")[2] if named.startswith("http") else named.lstrip("/"),
        path=path,
        region=scope.get_region(),
        account=scope.get_account_id(),
    )


def _authorise(action: str, target: str, resource: Resource) -> None:
    context: dict[str, Any] = {}
    if action == "iam:PassRole":
        context["iam:passedtoservice"] = _PASSES_ROLE[resource.type][1]
    tags = resource.properties.get("Tags")
    if isinstance(tags, list) and action.partition(":")[2].startswith(("Create", "POST")):
        own = {t["Key"]: t["Value"] for t in tags if isinstance(t, dict) and not str(t.get("Key")).startswith("aws:")}
        context |= {f"aws:requesttag/{key}": value for key, value in own.items()}
        context["aws:tagkeys"] = list(own) or None
    try:
        permissions.authorise(action, target, context)
    except permissions.NotAuthorizedError as denied:
        raise ResourceDeniedError(denied) from denied
