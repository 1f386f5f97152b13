"""A function's code in S3: whose credentials read it, and what is said when they cannot."""

import json
import secrets
from typing import Any

import pytest
from botocore.exceptions import ClientError

from provider.localcloud import LocalCloud

FUNCTION = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: %s, S3Key: %s}
"""
SOURCE = "def handler(event, context): return 'from afar'"


@pytest.fixture
def bucket(cloud: LocalCloud, zipped: Any) -> str:
    """A bucket of the central account with a package under the key `code.zip`."""
    name = f"code-{secrets.token_hex(4)}"
    cloud.client("s3", "central").create_bucket(Bucket=name)
    cloud.client("s3", "central").put_object(Bucket=name, Key="code.zip", Body=zipped(SOURCE))
    return name


def _share(cloud: LocalCloud, bucket: str, account: str, *actions: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": list(actions),
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.client("s3", "central").put_bucket_policy(Bucket=bucket, Policy=policy)


def _refusal(cloud: LocalCloud, arn: str, bucket: str, key: str, **more: Any) -> tuple[str, str]:
    """Try to put the object under a function; return the error's code and text."""
    with pytest.raises(ClientError) as refused:
        cloud.client("lambda", "consumer").update_function_code(FunctionName=arn, S3Bucket=bucket, S3Key=key, **more)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_code_in_a_foreign_bucket_needs_the_buckets_leave(
    cloud: LocalCloud, bucket: str, make_function: Any, invoke: Any
) -> None:
    """Refused in S3's words without the bucket's policy, read and run with it."""
    arn = make_function("def handler(event, context): return 'old'")
    code, text = _refusal(cloud, arn, bucket, "code.zip")
    assert code == "AccessDeniedException"
    assert text == (
        "Your access has been denied by S3, please make sure your request credentials have permission to GetObject "
        f"for {bucket}/code.zip. S3 Error Code: AccessDenied. S3 Error Message: Access Denied"
    )
    assert invoke(arn)[0] == "old"
    _share(cloud, bucket, "111111111111", "s3:GetObject")
    cloud.client("lambda", "consumer").update_function_code(FunctionName=arn, S3Bucket=bucket, S3Key="code.zip")
    assert invoke(arn)[0] == "from afar"


def test_a_missing_key_is_said_to_who_may_list(cloud: LocalCloud, bucket: str, make_function: Any) -> None:
    """NoSuchKey for one who may list the bucket, AccessDenied for all others."""
    arn = make_function("def handler(event, context): ...")
    _share(cloud, bucket, "111111111111", "s3:GetObject")
    assert _refusal(cloud, arn, bucket, "nothing.zip")[0] == "AccessDeniedException"
    _share(cloud, bucket, "111111111111", "s3:GetObject", "s3:ListBucket")
    code, text = _refusal(cloud, arn, bucket, "nothing.zip")
    assert code == "InvalidParameterValueException"
    assert text == (
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."
    )


def test_a_missing_bucket_is_said(cloud: LocalCloud, make_function: Any) -> None:
    """A bucket that nobody has is NoSuchBucket."""
    arn = make_function("def handler(event, context): ...")
    assert "S3 Error Code: NoSuchBucket" in _refusal(cloud, arn, "nobody-has-this-bucket", "code.zip")[1]


def test_the_deployer_must_be_allowed_too(cloud: LocalCloud, bucket: str, make_function: Any) -> None:
    """The bucket's policy is not enough: a deployer without s3:GetObject is refused."""
    _share(cloud, bucket, "111111111111", "s3:GetObject")
    target = make_function("def handler(event, context): ...")
    deployer = """
import boto3
def handler(event, context):
    boto3.client("lambda").update_function_code(FunctionName=event["target"], S3Bucket=event["bucket"], S3Key="code.zip")
"""
    powerless = make_function(deployer, allowed="lambda:UpdateFunctionCode")
    answer = cloud.client("lambda", "consumer").invoke(
        FunctionName=powerless, Payload=json.dumps({"target": target, "bucket": bucket})
    )
    assert "Your access has been denied by S3" in json.loads(answer["Payload"].read())["errorMessage"]


def test_a_bucket_in_another_region_is_refused(cloud: LocalCloud, make_function: Any, zipped: Any) -> None:
    """Lambda reads code from its own Region alone, whichever account owns the bucket."""
    name, place = f"far-{secrets.token_hex(4)}", {"LocationConstraint": "eu-west-1"}
    s3 = cloud.client("s3", "central", "eu-west-1")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    s3.put_object(Bucket=name, Key="code.zip", Body=zipped(SOURCE))
    _share(cloud, name, "111111111111", "s3:GetObject")
    arn = make_function("def handler(event, context): ...")
    assert "S3 Error Code: PermanentRedirect" in _refusal(cloud, arn, name, "code.zip")[1]


def test_a_stack_whose_code_cannot_be_read_rolls_back(cloud: LocalCloud, bucket: str) -> None:
    """CloudFormation gives Lambda's reason, and no function without code stays behind."""
    cloudformation = cloud.client("cloudformation", "consumer")
    cloudformation.create_stack(
        StackName="unreadable", TemplateBody=FUNCTION % (bucket, "code.zip"), Capabilities=["CAPABILITY_IAM"]
    )
    assert cloudformation.describe_stacks(StackName="unreadable")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    events = cloudformation.describe_stack_events(StackName="unreadable")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events if event["LogicalResourceId"] == "Function"]
    assert any(f"permission to GetObject for {bucket}/code.zip" in reason for reason in reasons)
    functions = cloud.client("lambda", "consumer").list_functions()["Functions"]
    assert not [function for function in functions if function["FunctionName"].startswith("unreadable")]
