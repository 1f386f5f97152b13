"""What Lambda does as a function's role, it does only if the role may."""

import io
import zipfile
from typing import Any

import pytest
from identities import a_name, allow, make_role, policy, refused
from stacks import Stack, of

from provider.localcloud import LocalCloud

LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
READING = ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"]
REFUSED = "Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions"


def a_function(cloud: LocalCloud, *statements: dict[str, Any]) -> str:
    """A function of the consumer's whose role may do what the statements say; its ARN."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    print('a line')")
    role = make_role(cloud, "consumer", *statements, trusting=[LAMBDA])
    given = {"Runtime": "python3.13", "Handler": "index.handler", "Code": {"ZipFile": buffer.getvalue()}}
    made = cloud.client("lambda", "consumer").create_function(FunctionName=a_name("f"), Role=role, **given)
    return str(made["FunctionArn"])


@pytest.fixture
def stream(cloud: LocalCloud) -> str:
    """The stream of a table of the consumer's."""
    made = cloud.client("dynamodb", "consumer").create_table(
        TableName=a_name("t"),
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return str(made["TableDescription"]["LatestStreamArn"])


@pytest.mark.parametrize("missing", [None, *READING])
def test_a_stream_wakes_a_function_only_if_its_role_may_read_it(
    cloud: LocalCloud, stream: str, missing: str | None
) -> None:
    """Each of four actions is needed, on the stream."""
    may = [action for action in READING if action != missing]
    arn = a_function(cloud, allow(may, stream))
    client = cloud.client("lambda", "consumer")
    mapping = {"FunctionName": arn, "EventSourceArn": stream, "StartingPosition": "LATEST"}
    if missing is None:
        assert client.create_event_source_mapping(**mapping)["EventSourceArn"] == stream
    else:
        with refused("InvalidParameterValueException", f"Cannot access stream {stream}. {REFUSED}", 400):
            client.create_event_source_mapping(**mapping)


def test_a_mapping_in_a_stack_is_refused_alike(cloud: LocalCloud, stream: str) -> None:
    properties = {"FunctionName": a_function(cloud), "EventSourceArn": stream, "StartingPosition": "LATEST"}
    stack = Stack(cloud)
    mapping = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}
    assert stack.create(of(Mapping=mapping)) == "ROLLBACK_COMPLETE"
    assert REFUSED in stack.reason("Mapping", "CREATE_FAILED")


@pytest.mark.parametrize(
    ("may", "written"),
    [
        (["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], True),
        (["logs:CreateLogStream", "logs:PutLogEvents"], False),
        (["logs:CreateLogGroup", "logs:PutLogEvents"], False),
        (["logs:CreateLogGroup", "logs:CreateLogStream"], False),
    ],
    ids=["all", "no group", "no stream", "no events"],
)
def test_a_log_is_written_only_if_the_role_may(cloud: LocalCloud, may: list[str], written: bool) -> None:
    """The function runs all the same."""
    arn = a_function(cloud, allow(may))
    assert cloud.client("lambda", "consumer").invoke(FunctionName=arn)["StatusCode"] == 200
    assert (lines(cloud, arn) != []) is written


def test_a_group_that_stands_need_not_be_made(cloud: LocalCloud) -> None:
    arn = a_function(cloud, allow(["logs:CreateLogStream", "logs:PutLogEvents"]))
    cloud.client("logs", "consumer").create_log_group(logGroupName=group(arn))
    cloud.client("lambda", "consumer").invoke(FunctionName=arn)
    assert "a line" in lines(cloud, arn)


def group(arn: str) -> str:
    """The log group of a function."""
    return f"/aws/lambda/{arn.rpartition(':')[2]}"


def lines(cloud: LocalCloud, arn: str) -> list[str]:
    """What is in a function's log."""
    client = cloud.client("logs", "consumer")
    try:
        found = client.filter_log_events(logGroupName=group(arn))
    except client.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for event in found["events"]]


def test_a_boundary_narrows_what_lambda_may_do(cloud: LocalCloud) -> None:
    """The role's own policy is not enough."""
    may = allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"])
    arn = a_function(cloud, may)
    iam = cloud.client("iam", "consumer")
    document = policy(allow("logs:CreateLogGroup"))
    boundary = iam.create_policy(PolicyName=a_name("boundary"), PolicyDocument=document)["Policy"]["Arn"]
    role = cloud.client("lambda", "consumer").get_function_configuration(FunctionName=arn)["Role"]
    iam.put_role_permissions_boundary(RoleName=role.rpartition("/")[2], PermissionsBoundary=boundary)
    cloud.client("lambda", "consumer").invoke(FunctionName=arn)
    assert lines(cloud, arn) == []
