"""Custom resources live as on AWS: `docs/aws-behaviour.md` §5."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from stacks import NO_SUCH_ROLE, PROVIDER, Stack, limited, of, thing

from provider.localcloud import LocalCloud, process
from provider.localcloud.corrections import async_invocations

FAILS = {"status": "FAILED", "reason": "for a reason"}


@pytest.fixture(scope="module")
def provider(cloud: LocalCloud, zipped: Callable[..., bytes]) -> str:
    """Somebody else's provider: the ARN of a function in the consumer's account."""
    iam, functions = cloud.client("iam", "consumer"), cloud.client("lambda", "consumer")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="things-provider", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    logs = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="things-provider", PolicyName="logs", PolicyDocument=json.dumps(logs))
    made = functions.create_function(
        FunctionName="things",
        Role=role,
        Runtime="python3.12",
        Handler="index.handler",
        Code={"ZipFile": zipped(PROVIDER)},
    )
    return str(made["FunctionArn"])


@pytest.fixture
def stack(cloud: LocalCloud) -> Stack:
    """A stack of the consumer that does not exist yet."""
    return Stack(cloud)


def wait_for(seen: Callable[[], bool]) -> None:
    """Return when something has come to be seen."""
    until = time.monotonic() + 10
    while not seen():
        assert time.monotonic() < until, "it was not seen in 10 s"
        time.sleep(0.01)


def test_an_event_has_awss_shape(stack: Stack, provider: str) -> None:
    """Scalars arrive as text, maps and lists as they are; Update tells id and old properties, Delete the id."""
    stack.create(of(Thing=thing(provider, Number=3, Truth=True, Map={"a": [1, {"b": False}]}, Name="old")))
    stack.update(of(Thing=thing(provider, Number=3, Truth=True, Map={"a": [1, {"b": False}]}, Name="new")))
    stack.delete()
    create, update, delete = stack.told(provider)
    told = {"ServiceToken": provider, "Told": "{}", "Number": "3", "Truth": "true", "Map": {"a": ["1", {"b": "false"}]}}
    assert set(create) == {
        "RequestType",
        "ServiceToken",
        "ResponseURL",
        "StackId",
        "RequestId",
        "ResourceType",
        "LogicalResourceId",
        "ResourceProperties",
    }
    assert (create["RequestType"], create["StackId"]) == ("Create", stack.id)
    assert (create["ResourceType"], create["LogicalResourceId"]) == ("Custom::Thing", "Thing")
    assert create["ResourceProperties"] == {**told, "Name": "old"}
    assert (update["RequestType"], update["PhysicalResourceId"]) == ("Update", "thing")
    assert update["ResourceProperties"] == {**told, "Name": "new"}
    assert update["OldResourceProperties"] == {**told, "Name": "old"}
    assert (delete["RequestType"], delete["PhysicalResourceId"]) == ("Delete", "thing")
    assert delete["ResourceProperties"] == {**told, "Name": "new"}
    assert "OldResourceProperties" not in delete
    assert len({event["RequestId"] for event in (create, update, delete)}) == 3


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "cloudformation-custom-resource-response-useast1.s3.amazonaws.com"),
        ("eu-west-1", "cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com"),
    ],
)
def test_the_response_url_has_awss_form(
    cloud: LocalCloud, zipped: Callable[..., bytes], provider: str, region: str, host: str
) -> None:
    """Its host is the Region's bucket, its path the stack, the resource and the request, its query a signature."""
    stack = Stack(cloud, region=region)
    if region != "us-east-1":
        role = cloud.client("iam", "consumer").get_role(RoleName="things-provider")["Role"]["Arn"]
        provider = cloud.client("lambda", "consumer", region).create_function(
            FunctionName="things",
            Role=role,
            Runtime="python3.12",
            Handler="index.handler",
            Code={"ZipFile": zipped(PROVIDER)},
        )["FunctionArn"]
    assert stack.create(of(Thing=thing(provider))) == "CREATE_COMPLETE"
    (event,) = stack.told(provider)
    url = urlsplit(event["ResponseURL"])
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (url.scheme, url.netloc) == ("https", host)
    assert unquote(url.path) == f"/{stack.id}|Thing|{event['RequestId']}"
    assert "%7C" in url.path
    assert (query["X-Amz-Algorithm"], query["X-Amz-Expires"]) == ("AWS4-HMAC-SHA256", "7200")
    assert abs(time.mktime(time.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")) - time.timezone - time.time()) < 60
    assert len(query["X-Amz-Signature"]) == 64


@pytest.mark.parametrize(
    "replaced", [["X-Amz-Signature=", "X-Amz-Signature=0"], ["%7CThing%7C", "%7COther%7C"]], ids=["signature", "path"]
)
def test_an_altered_response_url_is_refused(stack: Stack, provider: str, replaced: list[str]) -> None:
    """The bucket takes no answer under another signature or name; CloudFormation hears nothing."""
    told = {"Create": {"replace": replaced}, "Delete": {}}
    assert stack.create(of(Thing=thing(provider, told, ServiceTimeout=1))) == "ROLLBACK_COMPLETE"
    assert "did not receive a response" in stack.reason("Thing", "CREATE_FAILED")
    assert "PUT 403" in stack.cloud.logs(provider)


def test_a_failed_create_is_deleted_under_the_id_of_its_answer(stack: Stack, provider: str) -> None:
    """The reason of the event says what the provider said, and for which request."""
    told = {"Create": {**FAILS, "id": "half-made"}}
    assert stack.create(of(Thing=thing(provider, told))) == "ROLLBACK_COMPLETE"
    assert stack.asked(provider) == [("Create", None), ("Delete", "half-made")]
    request = stack.told(provider)[0]["RequestId"]
    assert stack.reason("Thing", "CREATE_FAILED") == (
        f"Received response status [FAILED] from custom resource. Message returned: for a reason (RequestId: {request})"
    )


def test_a_changed_id_is_a_replacement_and_the_old_one_is_deleted_after_all_updates(
    stack: Stack, provider: str
) -> None:
    """Deletes of what was replaced come in the cleanup, when every resource has been updated."""

    def template(version: str) -> dict[str, object]:
        first = thing(provider, {"Create": {"id": "a-1"}, "Update": {"id": "a-2"}}, V=version)
        second = thing(provider, {"Create": {"id": "b-1"}}, V=version)
        return of(First=first, Second={**second, "DependsOn": "First"})

    stack.create(template("1"))
    assert stack.update(template("2")) == "UPDATE_COMPLETE"
    assert stack.asked(provider)[2:] == [("Update", "a-1"), ("Update", "b-1"), ("Delete", "a-1")]
    assert stack.statuses()[-3:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert stack.told(provider)[-1]["ResourceProperties"]["V"] == "1"


def test_a_replaced_resource_that_cannot_be_deleted_is_tried_three_times_and_forgotten(
    stack: Stack, provider: str
) -> None:
    """The update is complete all the same, and says so."""
    told = {"Create": {"id": "old"}, "Update": {"id": "new"}, "Delete": FAILS}
    stack.create(of(Thing=thing(provider, told, V="1")))
    assert stack.update(of(Thing=thing(provider, {"Update": {"id": "new"}}, V="2"))) == "UPDATE_COMPLETE"
    assert stack.asked(provider)[2:] == [("Delete", "old")] * 3
    said = stack.reason(stack.name, "UPDATE_COMPLETE")
    assert said == "Update successful. One or more resources could not be deleted."


def test_a_removed_resource_is_deleted_in_the_cleanup(stack: Stack, provider: str) -> None:
    """After the updates, before UPDATE_COMPLETE."""
    stack.create(of(Stays=thing(provider, V="1"), Goes=thing(provider, {"Create": {"id": "gone"}})))
    assert stack.update(of(Stays=thing(provider, V="2"))) == "UPDATE_COMPLETE"
    assert stack.asked(provider)[2:] == [("Update", "thing"), ("Delete", "gone")]


def test_a_failed_update_is_rolled_back_by_an_update_with_new_and_old_swapped(stack: Stack, provider: str) -> None:
    """A provider may have changed something before it failed."""
    stack.create(of(Thing=thing(provider, V="1")))
    status = stack.update(of(Thing=thing(provider, {"Update": FAILS}, V="2")))
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.asked(provider)[1:] == [("Update", "thing"), ("Update", "thing")]
    _, failed, back = stack.told(provider)
    assert back["ResourceProperties"] == failed["OldResourceProperties"]
    assert back["OldResourceProperties"] == failed["ResourceProperties"]
    assert stack.reason(stack.name, "UPDATE_ROLLBACK_IN_PROGRESS") == (
        "The following resource(s) failed to update: [Thing]. "
    )


def test_a_failed_update_that_answered_another_id_brings_a_delete_of_it(stack: Stack, provider: str) -> None:
    """In the cleanup of the rollback, once the old one has been updated back."""
    stack.create(of(Thing=thing(provider, {"Create": {"id": "old"}}, V="1")))
    stack.update(of(Thing=thing(provider, {"Update": {**FAILS, "id": "half-new"}}, V="2")))
    assert stack.asked(provider)[1:] == [("Update", "old"), ("Update", "old"), ("Delete", "half-new")]
    assert stack.statuses()[-3:] == [
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]


def test_a_rollback_sends_back_what_was_updated_and_then_deletes_what_replaced_it(stack: Stack, provider: str) -> None:
    """Another resource's failure undoes a successful replacement."""
    told = {"Create": {"id": "old"}, "Update": {"id": "old"}}
    stack.create(of(Thing=thing(provider, told, V="1")))
    wrong = {**NO_SUCH_ROLE, "DependsOn": "Thing"}
    status = stack.update(of(Thing=thing(provider, {"Update": {"id": "new"}}, V="2"), Wrong=wrong))
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.asked(provider)[1:] == [("Update", "old"), ("Update", "new"), ("Delete", "new")]
    stack.delete()
    assert stack.asked(provider)[-1] == ("Delete", "old")


def test_a_create_is_cancelled_when_another_resource_fails(stack: Stack, provider: str) -> None:
    """And deleted under an id that CloudFormation has made up, for there was no answer yet."""
    slow, failing = thing(provider, {"Create": {"silent": True}}), thing(provider, {"Create": {**FAILS, "wait": 0.3}})
    assert stack.create(of(Slow=slow, Fails=failing)) == "ROLLBACK_COMPLETE"
    assert stack.reason("Slow", "CREATE_FAILED") == "Resource creation cancelled"
    deletes = {event["LogicalResourceId"]: event for event in stack.told(provider) if event["RequestType"] == "Delete"}
    assert deletes["Slow"]["PhysicalResourceId"].startswith(f"{stack.name}-Slow-")
    assert stack.reason(stack.name, "ROLLBACK_IN_PROGRESS") == (
        "The following resource(s) failed to create: [Fails, Slow]. Rollback requested by user."
    )


def test_deleting_a_stack_cancels_the_create_under_way(stack: Stack, provider: str) -> None:
    """The Delete carries a made-up id; there is no rollback."""
    body = json.dumps(of(Slow=thing(provider, {"Create": {"silent": True}})))
    creating = threading.Thread(target=stack.api.create_stack, kwargs={"StackName": stack.name, "TemplateBody": body})
    creating.start()
    wait_for(lambda: bool(stack.api.list_stacks()["StackSummaries"]) and _is_there(stack))
    wait_for(lambda: stack.asked(provider) == [("Create", None)])
    stack.delete()
    creating.join()
    assert [kind for kind, _ in stack.asked(provider)] == ["Create", "Delete"]
    assert str(stack.asked(provider)[1][1]).startswith(f"{stack.name}-Slow-")
    assert stack.statuses() == ["CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"]


def _is_there(stack: Stack) -> bool:
    found = [one for one in stack.api.list_stacks()["StackSummaries"] if one["StackName"] == stack.name]
    stack.id = found[0]["StackId"] if found else ""
    return bool(found)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"data": {"Text": "x" * 4096}}, "Response object is too long."),
        ({"id": ""}, "Invalid PhysicalResourceId"),
        ({"omit": ["PhysicalResourceId"]}, "Invalid PhysicalResourceId"),
        ({"id": "x" * 1025}, "Invalid PhysicalResourceId"),
        ({"said": {"RequestId": "another"}}, "Invalid RequestId"),
        ({"said": {"StackId": "another"}}, "Invalid StackId"),
        ({"said": {"LogicalResourceId": "Another"}}, "Invalid LogicalResourceId"),
        ({"status": "PERHAPS"}, "Invalid Status"),
        ({"raw": "no JSON"}, "Response is not valid JSON"),
    ],
    ids=["long", "empty-id", "no-id", "long-id", "request", "stack", "logical", "status", "json"],
)
def test_an_unfit_answer_fails_and_is_deleted_under_a_made_up_id(
    stack: Stack, provider: str, said: dict[str, object], reason: str
) -> None:
    """CloudFormation takes nothing from an answer that it refuses."""
    told = {"Create": said, "Delete": {}}
    assert stack.create(of(Thing=thing(provider, told))) == "ROLLBACK_COMPLETE"
    assert stack.reason("Thing", "CREATE_FAILED") == reason
    assert str(stack.asked(provider)[1][1]).startswith(f"{stack.name}-Thing-")


def test_service_timeout_counts_from_the_event(stack: Stack, provider: str) -> None:
    """A function that is still at work after it is too late, and the event says where to look."""
    told = {"Create": {"wait": 2}}
    assert stack.create(of(Thing=thing(provider, told, ServiceTimeout="1"))) == "ROLLBACK_COMPLETE"
    create, delete = stack.told(provider)
    assert stack.reason("Thing", "CREATE_FAILED") == (
        "CloudFormation did not receive a response from your Custom Resource. "
        f"Please check your logs for requestId [{create['RequestId']}]. "
        "If you are using the Python cfn-response module, you may need to update your Lambda function code "
        "so that CloudFormation can attach the updated version."
    )
    assert create["ResourceProperties"]["ServiceTimeout"] == "1"
    assert delete["PhysicalResourceId"].startswith(f"{stack.name}-Thing-")


def test_a_service_token_cannot_change(stack: Stack, provider: str, make_function: Callable[..., str]) -> None:
    """Nobody is told; the stack rolls back."""
    stack.create(of(Thing=thing(provider)))
    other = make_function(PROVIDER)
    assert stack.update(of(Thing=thing(other))) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.reason("Thing", "UPDATE_FAILED") == "Modifying service token is not allowed."
    assert (stack.asked(other), stack.asked(provider)) == ([], [("Create", None)])


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("arn:aws:lambda:eu-west-1:111111111111:function:things", "Functions from 'eu-west-1' are not reachable"),
        ("arn:aws:lambda:us-east-1:111111111111:function:nobody", "Function not found: arn:aws:lambda:"),
        ("things", "Invalid service token."),
    ],
)
def test_a_service_token_names_a_function_of_the_stacks_region(stack: Stack, token: str, reason: str) -> None:
    """Anything else fails at once; nothing was sent, so nothing is deleted."""
    assert stack.create(of(Thing=thing(token))) == "ROLLBACK_COMPLETE"
    assert stack.reason("Thing", "CREATE_FAILED").startswith(reason)


def test_data_is_found_by_get_att(stack: Stack, provider: str) -> None:
    """Strings, numbers as text, lists, and members of maps."""
    data = {"Text": "t", "Number": 5, "List": ["a", "b"], "Map": {"In": "i"}}
    template = of(Thing=thing(provider, {"Create": {"data": data}}))
    get = {name: {"Fn::GetAtt": ["Thing", name]} for name in ("Text", "Number", "List", "Map.In")}
    template["Outputs"] = {
        "Text": {"Value": get["Text"]},
        "Number": {"Value": get["Number"]},
        "List": {"Value": {"Fn::Join": ["-", get["List"]]}},
        "Inner": {"Value": get["Map.In"]},
        "Id": {"Value": {"Ref": "Thing"}},
    }
    assert stack.create(template) == "CREATE_COMPLETE"
    assert stack.outputs() == {"Text": "t", "Number": "5", "List": "a-b", "Inner": "i", "Id": "thing"}


def test_data_that_was_not_answered_cannot_be_had(stack: Stack, provider: str) -> None:
    """The error names the attribute and the answer in which it is missing."""
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["Thing", "Name"]}}}
    assert stack.create(of(Thing=thing(provider), Queue=queue)) == "ROLLBACK_COMPLETE"
    request = stack.told(provider)[0]["RequestId"]
    assert stack.reason("Queue", "CREATE_FAILED") == (
        "CustomResource attribute error: Vendor response doesn't contain Name attribute "
        f"in object {stack.id}|Thing|{request}"
    )


def test_data_marked_no_echo_is_masked_in_events(stack: Stack, provider: str) -> None:
    """A resource gets the real value, the event shows asterisks; so with parameters."""
    told = {"Create": {"data": {"Secret": "swordfish"}, "no_echo": True}}
    parameter = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {
            "Type": "String",
            "Value": {"Fn::GetAtt": ["Thing", "Secret"]},
            "Description": {"Ref": "Password"},
            "Name": f"/{stack.name}",
        },
    }
    template = of(Thing=thing(provider, told), Parameter=parameter)
    template["Parameters"] = {"Password": {"Type": "String", "NoEcho": True}}
    given = [{"ParameterKey": "Password", "ParameterValue": "open sesame"}]
    assert stack.create(template, Parameters=given) == "CREATE_COMPLETE"
    kept = stack.cloud.client("ssm", "consumer").get_parameter(Name=f"/{stack.name}")
    assert kept["Parameter"]["Value"] == "swordfish"
    shown = [
        json.loads(one["ResourceProperties"])
        for one in stack.api.describe_stack_events(StackName=stack.id)["StackEvents"]
        if one["LogicalResourceId"] == "Parameter" and "ResourceProperties" in one
    ]
    assert shown
    assert all((one["Value"], one["Description"]) == ("*****", "****") for one in shown)


def test_a_provider_is_invoked_in_the_name_of_the_stacks_caller(cloud: LocalCloud, provider: str) -> None:
    """Who may not invoke the function cannot use it as a provider."""
    refused = limited(cloud, "cloudformation:*")
    assert refused.create(of(Thing=thing(provider))) == "ROLLBACK_COMPLETE"
    reason = refused.reason("Thing", "CREATE_FAILED")
    assert "is not authorized to perform: lambda:InvokeFunction on resource: " + provider in reason
    assert refused.asked(provider) == []
    allowed = limited(cloud, "cloudformation:*", "lambda:InvokeFunction")
    assert allowed.create(of(Thing=thing(provider))) == "CREATE_COMPLETE"


def test_a_failed_deletion_keeps_the_resource_until_it_is_retried_or_let_go(stack: Stack, provider: str) -> None:
    """DELETE_FAILED; only then may a resource be retained."""
    stack.create(of(Thing=thing(provider, {"Delete": FAILS}), Other=thing(provider, {"Create": {"id": "other"}})))
    assert stack.delete() == "DELETE_FAILED"
    assert stack.reason(stack.name, "DELETE_FAILED") == "The following resource(s) failed to delete: [Thing]. "
    assert stack.statuses("Other")[-1] == "DELETE_COMPLETE"
    assert stack.delete() == "DELETE_FAILED"
    assert stack.delete(RetainResources=["Thing"]) == "DELETE_COMPLETE"
    assert [one for one in stack.asked(provider) if one == ("Delete", "thing")] == [("Delete", "thing")] * 2


def test_a_failed_rollback_of_a_create_leaves_the_resource(stack: Stack, provider: str) -> None:
    """ROLLBACK_FAILED, until the stack is deleted."""
    told = {"Create": {**FAILS, "id": "stuck"}, "Delete": FAILS}
    assert stack.create(of(Thing=thing(provider, told))) == "ROLLBACK_FAILED"
    found = stack.api.describe_stack_resource(StackName=stack.id, LogicalResourceId="Thing")["StackResourceDetail"]
    assert (found["PhysicalResourceId"], found["ResourceStatus"]) == ("stuck", "DELETE_FAILED")


def test_a_failed_rollback_of_an_update_can_be_continued(stack: Stack, provider: str) -> None:
    """What cannot be sent back is skipped, and the rest is cleaned up."""
    stack.create(of(Thing=thing(provider, {"Update": FAILS}, V="1")))
    assert stack.update(of(Thing=thing(provider, {"Update": FAILS}, V="2"))) == "UPDATE_ROLLBACK_FAILED"
    stack.api.continue_update_rollback(StackName=stack.name)
    assert stack.status() == "UPDATE_ROLLBACK_FAILED"
    stack.api.continue_update_rollback(StackName=stack.name, ResourcesToSkip=["Thing"])
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"


def test_independent_custom_resources_are_made_side_by_side(stack: Stack, provider: str) -> None:
    """Three that take half a second each do not take three halves."""
    slow = thing(provider, {"Create": {"wait": 0.5}})
    begun = time.monotonic()
    assert stack.create(of(A=slow, B=slow, C=slow)) == "CREATE_COMPLETE"
    assert time.monotonic() - begun < 1.4


def test_a_topic_can_be_a_service_token(stack: Stack, cloud: LocalCloud, provider: str) -> None:
    """The event arrives as a notification's message."""
    sns, sqs = cloud.client("sns", "consumer"), cloud.client("sqs", "consumer")
    topic = sns.create_topic(Name=stack.name)["TopicArn"]
    queue = sqs.create_queue(QueueName=stack.name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    stack.create(of(Thing=thing(topic, ServiceTimeout=1)))
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    events = [json.loads(json.loads(message["Body"])["Message"]) for message in messages]
    assert {event["RequestType"] for event in events} == {"Create", "Delete"}


def test_an_event_whose_function_fails_is_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zipped: Callable[..., bytes]
) -> None:
    """Twice; the third attempt may still answer. AWS waits one and two minutes in between."""
    assert async_invocations.waits(async_invocations.AWS_WAITS) == (60, 120)
    monkeypatch.setattr(process, "_INHERITED", (*process._INHERITED, async_invocations.VARIABLE))
    monkeypatch.setenv(async_invocations.VARIABLE, "0.05,0.1")
    with LocalCloud.start(directory=tmp_path, accounts={"consumer": "111111111111"}) as cloud:
        iam, functions = cloud.client("iam", "consumer"), cloud.client("lambda", "consumer")
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        arn = functions.create_function(
            FunctionName="f",
            Role=role,
            Runtime="python3.12",
            Handler="index.handler",
            Code={"ZipFile": zipped(PROVIDER)},
        )["FunctionArn"]
        stack = Stack(cloud)
        stack.create(of(Thing=thing(arn, {"Create": {"fault": True}}, ServiceTimeout=2)))
        assert stack.asked(arn)[:3] == [("Create", None)] * 3
        assert len({event["RequestId"] for event in stack.told(arn)[:3]}) == 1
