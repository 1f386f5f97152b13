"""Stacks behave as on AWS: events, statuses, refusals, exports, names, roles."""

import json
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from stacks import NO_SUCH_ROLE, PROVIDER, Stack, limited, of, thing

from provider.localcloud import LocalCloud

QUEUE = {"Type": "AWS::SQS::Queue"}


def topic(name: str) -> dict[str, Any]:
    """A topic under a name."""
    return {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}}


def role(**properties: Any) -> dict[str, Any]:
    """A role that Lambda may assume."""
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document, **properties}}


@pytest.fixture
def stack(cloud: LocalCloud) -> Stack:
    """A stack of the consumer that does not exist yet."""
    return Stack(cloud)


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    """Code and message of an API's error."""
    told = error.value.response["Error"]
    return told["Code"], told["Message"]


def test_a_creation_is_told_in_awss_order(stack: Stack) -> None:
    """The stack, then each resource in progress, initiated with its id, complete; then the stack."""
    assert stack.create(of(Topic=topic("one"))) == "CREATE_COMPLETE"
    happened = [(one.logical, one.status, one.reason) for one in stack.happened()]
    assert happened == [
        (stack.name, "CREATE_IN_PROGRESS", "User Initiated"),
        ("Topic", "CREATE_IN_PROGRESS", ""),
        ("Topic", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Topic", "CREATE_COMPLETE", ""),
        (stack.name, "CREATE_COMPLETE", ""),
    ]
    assert [bool(one.physical) for one in stack.happened()] == [True, False, True, True, True]


def test_an_update_tells_of_changed_resources_alone(stack: Stack) -> None:
    """What the template does not change is not touched; new resources are created, dropped ones deleted at the end."""
    stack.create(of(Topic=topic("one"), Same=QUEUE, Goes=QUEUE))
    seen = len(stack.happened())
    assert stack.update(of(Topic=topic("two"), Same=QUEUE, Comes=QUEUE)) == "UPDATE_COMPLETE"
    happened = [(one.logical, one.status) for one in stack.happened()[seen:]]
    assert ("Same", "UPDATE_IN_PROGRESS") not in happened
    assert happened[0] == (stack.name, "UPDATE_IN_PROGRESS")
    assert {("Topic", "UPDATE_COMPLETE"), ("Comes", "CREATE_COMPLETE")} <= set(happened)
    assert happened[-4:] == [
        (stack.name, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Goes", "DELETE_IN_PROGRESS"),
        ("Goes", "DELETE_COMPLETE"),
        (stack.name, "UPDATE_COMPLETE"),
    ]


def test_a_failed_update_restores_what_it_changed(stack: Stack) -> None:
    """Changed resources go back, new ones go away, the template and its outputs are the old ones."""
    first = of(Topic=topic("one"))
    first["Outputs"] = {"Out": {"Value": "first"}}
    stack.create(first)
    second = of(Topic=topic("two"), New={**QUEUE, "DependsOn": "Topic"}, Wrong={**NO_SUCH_ROLE, "DependsOn": "New"})
    second["Outputs"] = {"Out": {"Value": "second"}}
    assert stack.update(second) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.outputs() == {"Out": "first"}
    body = stack.api.get_template(StackName=stack.name)["TemplateBody"]
    assert body == first
    arn = stack.api.describe_stack_resource(StackName=stack.name, LogicalResourceId="Topic")["StackResourceDetail"]
    attributes = stack.cloud.client("sns", "consumer").get_topic_attributes(TopicArn=arn["PhysicalResourceId"])
    assert attributes["Attributes"]["DisplayName"] == "one"
    assert stack.statuses("New")[-1] == "DELETE_COMPLETE"
    assert stack.reason(stack.name, "UPDATE_ROLLBACK_IN_PROGRESS") == (
        "The following resource(s) failed to create: [Wrong]. "
    )
    assert stack.update(of(Topic=topic("three"))) == "UPDATE_COMPLETE"


def test_a_failed_creation_is_rolled_back_and_its_name_stays_taken(stack: Stack) -> None:
    """ROLLBACK_COMPLETE can only be deleted."""
    assert stack.create(of(Queue=QUEUE, Wrong={**NO_SUCH_ROLE, "DependsOn": "Queue"})) == "ROLLBACK_COMPLETE"
    assert stack.statuses("Queue")[-2:] == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    assert stack.statuses("Wrong")[-2:] == ["CREATE_FAILED", "DELETE_COMPLETE"]
    with pytest.raises(ClientError) as again:
        stack.create(of(Queue=QUEUE))
    assert refused(again) == ("AlreadyExistsException", f"Stack [{stack.name}] already exists")
    with pytest.raises(ClientError) as update:
        stack.update(of(Queue=QUEUE))
    assert refused(update) == (
        "ValidationError",
        f"Stack:{stack.id} is in ROLLBACK_COMPLETE state and can not be updated.",
    )
    with pytest.raises(ClientError) as plan:
        stack.api.create_change_set(StackName=stack.name, ChangeSetName="c", TemplateBody=json.dumps(of(Queue=QUEUE)))
    assert refused(plan) == refused(update)
    assert stack.delete() == "DELETE_COMPLETE"
    assert stack.create(of(Queue=QUEUE)) == "CREATE_COMPLETE"


def test_a_deleted_stack_is_known_by_its_arn_alone(stack: Stack) -> None:
    """Also when another has its name."""
    stack.create(of(Queue=QUEUE))
    gone = stack.id
    stack.delete()
    with pytest.raises(ClientError) as by_name:
        stack.api.describe_stack_events(StackName=stack.name)
    assert refused(by_name) == ("ValidationError", f"Stack [{stack.name}] does not exist")
    stack.create(of(Queue=QUEUE))
    assert stack.api.describe_stacks(StackName=gone)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert stack.api.describe_stack_events(StackName=gone)["StackEvents"][0]["ResourceStatus"] == "DELETE_COMPLETE"
    assert stack.status() == "CREATE_COMPLETE"


def test_an_update_without_changes_is_refused(stack: Stack) -> None:
    """Directly, and by a change set that fails."""
    stack.create(of(Queue=QUEUE))
    with pytest.raises(ClientError) as update:
        stack.update(of(Queue=QUEUE))
    assert refused(update) == ("ValidationError", "No updates are to be performed.")
    body = json.dumps(of(Queue=QUEUE))
    stack.api.create_change_set(StackName=stack.name, ChangeSetName="c", TemplateBody=body)
    found = stack.api.describe_change_set(StackName=stack.name, ChangeSetName="c")
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"].startswith("The submitted information didn't contain changes.")


def test_rollback_can_be_disabled_and_asked_for_later(stack: Stack) -> None:
    """CREATE_FAILED keeps what was made until RollbackStack."""
    template = of(Queue=QUEUE, Wrong={**NO_SUCH_ROLE, "DependsOn": "Queue"})
    assert stack.create(template, DisableRollback=True) == "CREATE_FAILED"
    assert stack.statuses("Queue")[-1] == "CREATE_COMPLETE"
    stack.api.rollback_stack(StackName=stack.name)
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert stack.statuses("Queue")[-1] == "DELETE_COMPLETE"


def test_a_protected_stack_is_not_deleted(stack: Stack) -> None:
    """Until the protection is lifted."""
    stack.create(of(Queue=QUEUE), EnableTerminationProtection=True)
    with pytest.raises(ClientError) as protected:
        stack.delete()
    assert "cannot be deleted while TerminationProtection is enabled" in refused(protected)[1]
    stack.api.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
    assert stack.delete() == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("template", "given", "missing"),
    [
        (of(Role=role()), (), "CAPABILITY_IAM"),
        (of(Role=role(RoleName="named")), ("CAPABILITY_IAM",), "CAPABILITY_NAMED_IAM"),
        (
            {"Transform": "AWS::Serverless-2016-10-31", **of(Table={"Type": "AWS::Serverless::SimpleTable"})},
            ("CAPABILITY_NAMED_IAM",),
            "CAPABILITY_AUTO_EXPAND",
        ),
    ],
)
def test_capabilities_must_be_acknowledged(
    stack: Stack, template: dict[str, Any], given: tuple[str, ...], missing: str
) -> None:
    """IAM resources, named ones, and macros; nothing is created without."""
    stack.capabilities = given
    with pytest.raises(ClientError) as insufficient:
        stack.create(template)
    assert refused(insufficient) == ("InsufficientCapabilitiesException", f"Requires capabilities : [{missing}]")


def test_an_export_in_use_can_neither_change_nor_go(stack: Stack, cloud: LocalCloud) -> None:
    """Nor may another stack export under its name."""
    name = f"{stack.name}-export"

    def exporting(value: str) -> dict[str, Any]:
        return {**of(Queue=QUEUE), "Outputs": {"Out": {"Value": value, "Export": {"Name": name}}}}

    stack.create(exporting("one"))
    other, importer = Stack(cloud), Stack(cloud)
    assert other.create(exporting("mine")) == "ROLLBACK_COMPLETE"
    assert other.reason(other.name, "ROLLBACK_IN_PROGRESS").startswith(
        f"Export with name {name} is already exported by stack {stack.name}."
    )
    importer.create({**of(Topic=topic("t")), "Outputs": {"In": {"Value": {"Fn::ImportValue": name}}}})
    assert importer.outputs() == {"In": "one"}
    assert stack.update(exporting("two")) == "UPDATE_ROLLBACK_COMPLETE"
    assert f"Export {name} cannot be updated as it is in use by {importer.name}" in stack.reason(
        stack.name, "UPDATE_ROLLBACK_IN_PROGRESS"
    )
    with pytest.raises(ClientError) as in_use:
        stack.delete()
    assert name in refused(in_use)[1]
    importer.delete()
    assert stack.update(exporting("two")) == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            of(Topic={**topic("t"), "Properties": {"DisplayName": {"Ref": "Nothing"}}}),
            "Template format error: Unresolved resource dependencies [Nothing] in the Resources block of the template",
        ),
        (
            {**of(Queue=QUEUE), "Outputs": {"Out": {"Value": {"Fn::GetAtt": ["Nobody", "Arn"]}}}},
            "Template format error: Unresolved resource dependencies [Nobody] in the Outputs block of the template",
        ),
        (
            of(A={**QUEUE, "DependsOn": "B"}, B={**QUEUE, "DependsOn": "A"}),
            "Circular dependency between resources: [A, B]",
        ),
        (
            of(Nothing={"Type": "AWS::Nothing::AtAll"}),
            "Template format error: Unrecognized resource types: [AWS::Nothing::AtAll]",
        ),
    ],
    ids=["reference", "output", "circle", "type"],
)
def test_a_wrong_template_is_refused_at_once(stack: Stack, template: dict[str, Any], message: str) -> None:
    """No stack is made."""
    with pytest.raises(ClientError) as wrong:
        stack.create(template)
    assert refused(wrong) == ("ValidationError", message)


def test_a_logical_id_keeps_its_type(stack: Stack) -> None:
    """Another type needs another logical id."""
    stack.create(of(Thing=QUEUE))
    with pytest.raises(ClientError) as changed:
        stack.update(of(Thing=topic("t")))
    assert refused(changed)[1] == (
        "Update of resource type is not permitted. "
        "The new template modifies resource type of the following resources: [Thing]"
    )


def test_a_caller_creates_through_a_stack_what_they_may_create_themselves(cloud: LocalCloud) -> None:
    """CloudFormation has no power of its own; the reason names caller, action and resource."""
    stack = limited(cloud, "cloudformation:*", "sns:*")
    assert stack.create(of(Queue=QUEUE)) == "ROLLBACK_COMPLETE"
    reason = stack.reason("Queue", "CREATE_FAILED")
    assert "arn:aws:iam::111111111111:user/user-" in reason
    assert "is not authorized to perform: sqs:CreateQueue on resource: arn:aws:sqs:us-east-1:111111111111:" in reason
    assert "HandlerErrorCode: AccessDenied" in reason
    assert limited(cloud, "cloudformation:*", "sns:*").create(of(Topic=topic("t"))) == "CREATE_COMPLETE"


def test_a_caller_hands_over_roles_they_may_pass(cloud: LocalCloud) -> None:
    """A function's role needs iam:PassRole."""
    template = of(
        Role=role(),
        Function={
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": "def handler(event, context): return 1"},
            },
        },
    )
    may = ("cloudformation:*", "lambda:*", "iam:CreateRole", "iam:DeleteRole")
    stack = limited(cloud, *may)
    assert stack.create(template) == "ROLLBACK_COMPLETE"
    assert "is not authorized to perform: iam:PassRole" in stack.reason("Function", "CREATE_FAILED")
    assert limited(cloud, *may, "iam:PassRole").create(template) == "CREATE_COMPLETE"


def test_a_stack_with_a_service_role_acts_as_that_role(cloud: LocalCloud) -> None:
    """The caller needs to pass it; later operations use it too."""
    iam = cloud.client("iam", "consumer")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = iam.create_role(RoleName="deployment", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    allow = {"Effect": "Allow", "Action": ["sqs:CreateQueue", "sqs:DeleteQueue"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="deployment", PolicyName="queues", PolicyDocument=document)
    stack = limited(cloud, "cloudformation:*", "iam:PassRole")
    assert stack.create(of(Queue=QUEUE), RoleARN=arn) == "CREATE_COMPLETE"
    assert stack.described()["RoleARN"] == arn
    assert stack.update(of(Queue=QUEUE, Topic=topic("t"))) == "UPDATE_ROLLBACK_COMPLETE"
    assert "assumed-role/deployment/AWSCloudFormation" in stack.reason("Topic", "CREATE_FAILED")
    assert stack.delete() == "DELETE_COMPLETE"
    with pytest.raises(ClientError) as not_passed:
        limited(cloud, "cloudformation:*").create(of(Queue=QUEUE), RoleARN=arn)
    assert refused(not_passed)[0] == "AccessDenied"
    with pytest.raises(ClientError) as not_trusting:
        limited(cloud, "cloudformation:*", "iam:PassRole").create(of(Queue=QUEUE), RoleARN=f"{arn}-unknown")
    assert "is invalid or cannot be assumed" in refused(not_trusting)[1]


def test_a_retained_resource_outlives_its_stack(stack: Stack) -> None:
    """DELETE_SKIPPED, and it is still there."""
    stack.create(of(Queue={**QUEUE, "DeletionPolicy": "Retain"}))
    url = stack.api.describe_stack_resource(StackName=stack.name, LogicalResourceId="Queue")["StackResourceDetail"]
    assert stack.delete() == "DELETE_COMPLETE"
    assert stack.statuses("Queue")[-1] == "DELETE_SKIPPED"
    stack.cloud.client("sqs", "consumer").get_queue_attributes(QueueUrl=url["PhysicalResourceId"])


def test_a_renamed_resource_is_replaced_and_the_old_one_deleted_last(stack: Stack) -> None:
    """The new one is there before the old one goes."""
    name = stack.name
    stack.create(of(Topic={"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"{name}-1"}}))
    assert stack.update(of(Topic={"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"{name}-2"}}))
    told = [(one.status, one.physical.rpartition("-")[2]) for one in stack.happened() if one.logical == "Topic"]
    assert told[-3:] == [("UPDATE_COMPLETE", "2"), ("DELETE_IN_PROGRESS", "1"), ("DELETE_COMPLETE", "1")]


def test_a_template_in_s3_is_read_in_the_callers_name(cloud: LocalCloud) -> None:
    """From another account's bucket too, if its policy allows; never otherwise."""
    s3 = cloud.client("s3", "owner")
    bucket = f"templates-{secrets.token_hex(4)}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="queue.json", Body=json.dumps(of(Queue=QUEUE)))
    url = f"https://{bucket}.s3.us-east-1.amazonaws.com/queue.json"

    def create() -> Stack:
        stack = Stack(cloud)
        stack.id = stack.api.create_stack(StackName=stack.name, TemplateURL=url)["StackId"]
        return stack

    with pytest.raises(ClientError, match="S3 error: Access Denied"):
        create()
    allowed = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "s3:GetObject"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": f"arn:aws:s3:::{bucket}/*"}]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert create().status() == "CREATE_COMPLETE"


def test_a_nested_stack_gives_no_power_either(cloud: LocalCloud) -> None:
    """Its resources are the caller's doing."""
    s3, bucket = cloud.client("s3", "consumer"), f"templates-{secrets.token_hex(4)}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="queue.json", Body=json.dumps(of(Queue=QUEUE)))
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": f"https://s3.amazonaws.com/{bucket}/queue.json"},
    }
    refused = limited(cloud, "cloudformation:*", "s3:GetObject")
    assert refused.create(of(Nested=nested)) == "ROLLBACK_COMPLETE"
    allowed = limited(cloud, "cloudformation:*", "s3:GetObject", "sqs:*")
    assert allowed.create(of(Nested=nested)) == "CREATE_COMPLETE"
    assert allowed.delete() == "DELETE_COMPLETE"


def test_an_update_can_be_cancelled(stack: Stack, make_function: Callable[..., str]) -> None:
    """The resource under way is given up, and what was changed goes back."""
    provider = make_function(PROVIDER)
    stack.create(of(Topic=topic("one"), Thing=thing(provider, V="1")))
    silent = {**thing(provider, {"Update": {"silent": True}}, V="2"), "DependsOn": "Topic"}
    body = json.dumps(of(Topic=topic("two"), Thing=silent))
    told = {"StackName": stack.name, "TemplateBody": body}
    updating = threading.Thread(target=Stack(stack.cloud).api.update_stack, kwargs=told)
    updating.start()
    until = time.monotonic() + 10
    while ("Update", "thing") not in stack.asked(provider):
        assert time.monotonic() < until
        time.sleep(0.01)
    stack.api.cancel_update_stack(StackName=stack.name)
    updating.join()
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.reason("Thing", "UPDATE_FAILED") == "Resource update cancelled"
    assert stack.reason(stack.name, "UPDATE_ROLLBACK_IN_PROGRESS") == "User Initiated"
    assert [kind for kind, _ in stack.asked(provider)] == ["Create", "Update", "Update"]
    assert stack.statuses("Topic")[-1] == "UPDATE_COMPLETE"


@pytest.mark.parametrize(("given", "made"), [("", []), ("a,b", ["Topic"])])
def test_a_condition_may_ask_whether_a_list_is_empty(cloud: LocalCloud, given: str, made: list[str]) -> None:
    """As many templates do, by joining it."""
    template = {
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": ""}},
        "Conditions": {"Some": {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Names"}]}, ""]}]}},
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Condition": "Some"},
            "Queue": {"Type": "AWS::SQS::Queue"},
        },
    }
    stack = Stack(cloud)
    stack.create(template, Parameters=[{"ParameterKey": "Names", "ParameterValue": given}])
    found = stack.api.list_stack_resources(StackName=stack.name)["StackResourceSummaries"]
    assert sorted(one["LogicalResourceId"] for one in found) == sorted(["Queue", *made])
