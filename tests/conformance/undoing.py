"""How everything that a run makes is taken away again. What has no row here is not made."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError
from journal import Made

from provider.rollout.stacks import StackFailed, delete

ClientFor = Callable[[str, str, str], Any]
"""(service, account, Region) -> a client of that account's administrator."""

NAMED = {
    "cloudformation.CreateChangeSet": "StackName",
    "cloudformation.CreateStack": "StackName",
    "dynamodb.CreateTable": "TableName",
    "events.PutRule": "Name",
    "iam.CreateRole": "RoleName",
    "iam.CreateUser": "UserName",
    "lambda.CreateFunction": "FunctionName",
    "logs.CreateLogGroup": "logGroupName",
    "s3.CreateBucket": "Bucket",
}
"""What is made under a name of the caller's: the parameter that has it."""
ANSWERED = {
    "apigateway.CreateRestApi": ("id",),
    "apigatewayv2.CreateApi": ("ApiId",),
    "cognito-idp.CreateUserPool": ("UserPool", "Id"),
    "iam.CreatePolicy": ("Policy", "Arn"),
    "lambda.CreateEventSourceMapping": ("UUID",),
    "sns.CreateTopic": ("TopicArn",),
    "sqs.CreateQueue": ("QueueUrl",),
}
"""What AWS names: where its answer has the name."""
MADE_BY = frozenset({*NAMED, *ANSWERED})

_GONE = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "does not exist", "doesn't exist")
_LEFT = {
    "AWS::CloudFormation::Stack": "cloudformation.CreateStack",
    "AWS::DynamoDB::Table": "dynamodb.CreateTable",
    "AWS::S3::Bucket": "s3.CreateBucket",
    "AWS::SNS::Topic": "sns.CreateTopic",
    "AWS::SQS::Queue": "sqs.CreateQueue",
}
"""Resources that stacks may leave, retained or with a nested stack that could not be deleted; functions leave a log group."""
_NOT_THE_STACKS = ("CREATE_FAILED", "DELETE_COMPLETE")
"""Of what may have been there before the stack wanted to make it under its name; names that CloudFormation gives begin with the stack's."""
STACKS = ("cloudformation.CreateChangeSet", "cloudformation.CreateStack")


THROTTLED = ("TooManyRequestsException", "Throttling", "ThrottlingException", "RequestLimitExceeded")


class Throttled(Exception):  # noqa: N818 - the call was
    """AWS takes such a call later: of DeleteRestApi it takes one in 30 seconds (API Gateway quotas)."""


class NotRemoved(Exception):  # noqa: N818 - the thing was not
    """Something could not be taken away; the message says why."""


def undo(thing: Made, client_for: ClientFor) -> None:
    """Take a thing away; one that is not there is taken away already.

    Raises:
        NotRemoved: AWS does not let us, or it did not go.
        Throttled: it is to be tried again later.
    """
    service = thing.operation.partition(".")[0]
    try:
        _UNDO[thing.operation](client_for(service, thing.account, thing.region), thing)
    except ClientError as error:
        if error.response["Error"]["Code"] in THROTTLED:
            raise Throttled from error
        if not _is_gone(error):
            raise NotRemoved(str(error)) from error
    except StackFailed as error:
        raise NotRemoved(str(error)) from error


def stands(thing: Made, client_for: ClientFor) -> bool:
    """Whether there is something of a thing's name already, which taking it away would take from somebody else.

    AWS answers some calls as if they had made what was there: PutRule, CreateBucket in us-east-1. And a call may get no answer at all.
    """
    service = thing.operation.partition(".")[0]
    try:
        return _STANDS[thing.operation](client_for(service, thing.account, thing.region), thing.name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404 or _is_gone(error):
            return False
        if service == "s3":  # names of buckets are everybody's
            return True
        raise


def _is_gone(error: ClientError) -> bool:
    return any(word in f"{error.response['Error']['Code']} {error}" for word in _GONE)


def left_by(thing: Made, client_for: ClientFor) -> list[Made]:
    """What a stack or function may leave when it goes (a stack also when it is updated), to be noted before and taken away after."""
    if thing.operation == "lambda.CreateFunction":
        return [_log_group_of(thing.name, thing)]
    if thing.operation not in STACKS:
        return []
    client = client_for("cloudformation", thing.account, thing.region)
    try:
        pages = list(client.get_paginator("list_stack_resources").paginate(StackName=thing.name))
    except ClientError:  # there is none
        return []
    found = []
    stack = thing.name.partition(":stack/")[2].partition("/")[0] or thing.name
    for one in (one for page in pages for one in page["StackResourceSummaries"] if one.get("PhysicalResourceId")):
        kind, name, status = one["ResourceType"], one["PhysicalResourceId"], one["ResourceStatus"]
        if status in _NOT_THE_STACKS and not name.startswith(f"{stack}-"):
            continue
        if kind in _LEFT:
            found.append(Made(thing.account, thing.region, _LEFT[kind], name))
        elif kind == "AWS::Lambda::Function":
            found.append(_log_group_of(name, thing))
    return found


def _log_group_of(function: str, thing: Made) -> Made:
    name = f"/aws/lambda/{function.rpartition(':')[2]}"
    return Made(thing.account, thing.region, "logs.CreateLogGroup", name)


def _stack(client: Any, thing: Made) -> None:
    try:
        delete(client, thing.name)
    except StackFailed:  # such as by a custom resource whose provider has gone
        client.delete_stack(StackName=thing.name, DeletionMode="FORCE_DELETE_STACK")
        delete(client, thing.name)


def _table(client: Any, thing: Made) -> None:
    found = client.describe_table(TableName=thing.name)["Table"]
    if found.get("DeletionProtectionEnabled"):
        client.update_table(TableName=thing.name, DeletionProtectionEnabled=False)
        client.get_waiter("table_exists").wait(TableName=thing.name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
    client.delete_table(TableName=thing.name)
    client.get_waiter("table_not_exists").wait(TableName=thing.name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})


def _bucket(client: Any, thing: Made) -> None:
    """With all versions in it; its policy, which may forbid that, goes first."""
    client.delete_bucket_policy(Bucket=thing.name)
    for page in client.get_paginator("list_object_versions").paginate(Bucket=thing.name):
        for one in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            client.delete_object(Bucket=thing.name, Key=one["Key"], VersionId=one["VersionId"])
    client.delete_bucket(Bucket=thing.name)


def _role(client: Any, thing: Made) -> None:
    for name in client.list_role_policies(RoleName=thing.name)["PolicyNames"]:
        client.delete_role_policy(RoleName=thing.name, PolicyName=name)
    for one in client.list_attached_role_policies(RoleName=thing.name)["AttachedPolicies"]:
        client.detach_role_policy(RoleName=thing.name, PolicyArn=one["PolicyArn"])
    client.delete_role(RoleName=thing.name)


def _user(client: Any, thing: Made) -> None:
    for one in client.list_access_keys(UserName=thing.name)["AccessKeyMetadata"]:
        client.delete_access_key(UserName=thing.name, AccessKeyId=one["AccessKeyId"])
    for name in client.list_user_policies(UserName=thing.name)["PolicyNames"]:
        client.delete_user_policy(UserName=thing.name, PolicyName=name)
    client.delete_user(UserName=thing.name)


def _rule(client: Any, thing: Made) -> None:
    targets = [one["Id"] for one in client.list_targets_by_rule(Rule=thing.name)["Targets"]]
    if targets:
        client.remove_targets(Rule=thing.name, Ids=targets)
    client.delete_rule(Name=thing.name)


def _topic(client: Any, thing: Made) -> None:
    for one in client.list_subscriptions_by_topic(TopicArn=thing.name)["Subscriptions"]:
        with suppress(ClientError):  # one that was never confirmed cannot be taken away
            client.unsubscribe(SubscriptionArn=one["SubscriptionArn"])
    client.delete_topic(TopicArn=thing.name)


def _by(operation: str, parameter: str) -> Callable[[Any, Made], None]:
    return lambda client, thing: getattr(client, operation)(**{parameter: thing.name})


def _described(operation: str, parameter: str) -> Callable[[Any, str], bool]:
    return lambda client, name: bool(getattr(client, operation)(**{parameter: name}))


def _group(client: Any, name: str) -> bool:
    pages = client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    return any(one["logGroupName"] == name for page in pages for one in page["logGroups"])


_STANDS: Mapping[str, Callable[[Any, str], bool]] = {
    "cloudformation.CreateChangeSet": _described("describe_stacks", "StackName"),
    "cloudformation.CreateStack": _described("describe_stacks", "StackName"),
    "dynamodb.CreateTable": _described("describe_table", "TableName"),
    "events.PutRule": _described("describe_rule", "Name"),
    "iam.CreateRole": _described("get_role", "RoleName"),
    "iam.CreateUser": _described("get_user", "UserName"),
    "lambda.CreateFunction": _described("get_function_configuration", "FunctionName"),
    "logs.CreateLogGroup": _group,
    "s3.CreateBucket": _described("head_bucket", "Bucket"),
}
_UNDO: Mapping[str, Callable[[Any, Made], None]] = {
    "apigateway.CreateRestApi": _by("delete_rest_api", "restApiId"),
    "apigatewayv2.CreateApi": _by("delete_api", "ApiId"),
    "cloudformation.CreateChangeSet": _stack,
    "cloudformation.CreateStack": _stack,
    "cognito-idp.CreateUserPool": _by("delete_user_pool", "UserPoolId"),
    "dynamodb.CreateTable": _table,
    "events.PutRule": _rule,
    "iam.CreatePolicy": _by("delete_policy", "PolicyArn"),
    "iam.CreateRole": _role,
    "iam.CreateUser": _user,
    "lambda.CreateEventSourceMapping": _by("delete_event_source_mapping", "UUID"),
    "lambda.CreateFunction": _by("delete_function", "FunctionName"),
    "logs.CreateLogGroup": _by("delete_log_group", "logGroupName"),
    "s3.CreateBucket": _bucket,
    "sns.CreateTopic": _topic,
    "sqs.CreateQueue": _by("delete_queue", "QueueUrl"),
}
