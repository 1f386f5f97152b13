"""A custom resource that is not ours, in stdlib alone, lives through CloudFormation: by boto3 and by the AWS CLI.

Its package lies in another account's bucket, and its function sees nothing but AWS's host names.
"""

import json
import os
import secrets
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError
from ready_commands import aws_cli

from provider.localcloud import LocalCloud

PROVIDER = """
import json, urllib.request

def handler(event, context):
    wish = event["ResourceProperties"].get("Wish", "")
    answer = {
        "Status": "FAILED" if wish == "fail" and event["RequestType"] != "Delete" else "SUCCESS",
        "Reason": "Wish may not be fail",
        "PhysicalResourceId": event.get("PhysicalResourceId", "thing-" + event["LogicalResourceId"]),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Granted": wish.upper()},
    }
    print(event["RequestType"], wish, event["ResponseURL"].split("?")[0])
    request = urllib.request.Request(
        event["ResponseURL"], json.dumps(answer).encode(), {"Content-Type": ""}, method="PUT"
    )
    print(urllib.request.urlopen(request).status)
"""

TEMPLATE = """
Parameters:
  Bucket: {Type: String}
  Wish: {Type: String}
  Extra: {Type: String, Default: "no"}
Conditions:
  More: !Equals [!Ref Extra, "yes"]
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
      Timeout: 10
      Code: {S3Bucket: !Ref Bucket, S3Key: provider.zip}
  Thing:
    Type: Custom::Thing
    Properties:
      ServiceToken: !GetAtt Function.Arn
      Wish: !Ref Wish
  Queue:
    Type: AWS::SQS::Queue
    Condition: More
Outputs:
  Granted: {Value: !GetAtt Thing.Granted}
  Thing: {Value: !Ref Thing}
"""


@pytest.fixture(scope="module")
def bucket(cloud: LocalCloud, zipped: Any) -> str:
    """A bucket of the central account that lets the organization read, with the provider's package in it."""
    name = f"packages-{secrets.token_hex(4)}"
    s3 = cloud.client("s3", "central")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="provider.zip", Body=zipped(PROVIDER))
    allow = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-localcloud"}},
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    return name


def _parameters(**values: str) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def _outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def test_it_lives_through_boto3(cloud: LocalCloud, bucket: str) -> None:
    """Created, updated, refused with rollback, deleted; each in the time that the work takes."""
    cloudformation, started = cloud.client("cloudformation", "consumer"), time.monotonic()
    stack = {"StackName": "of-others", "TemplateBody": TEMPLATE, "Capabilities": ["CAPABILITY_IAM"]}
    cloudformation.create_stack(**stack, Parameters=_parameters(Bucket=bucket, Wish="sun"))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="of-others")
    assert _outputs(cloudformation, "of-others") == {"Granted": "SUN", "Thing": "thing-Thing"}
    cloudformation.update_stack(**stack, Parameters=_parameters(Bucket=bucket, Wish="rain"))
    cloudformation.get_waiter("stack_update_complete").wait(StackName="of-others")
    assert _outputs(cloudformation, "of-others")["Granted"] == "RAIN"
    cloudformation.update_stack(**stack, Parameters=_parameters(Bucket=bucket, Wish="fail"))
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_update_complete").wait(StackName="of-others")
    state = cloudformation.describe_stacks(StackName="of-others")["Stacks"][0]["StackStatus"]
    assert state == "UPDATE_ROLLBACK_COMPLETE"
    cloudformation.delete_stack(StackName="of-others")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="of-others")
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName="of-others")
    assert time.monotonic() - started < 15


def test_its_response_url_has_awss_form(cloud: LocalCloud) -> None:
    """The function was given an S3 URL of the Region, and its answer was taken there."""
    printed = cloud.logs()
    assert (
        "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/arn%3Aaws%3Acloudformation" in printed
    )


class _Cli:
    """The AWS CLI, from its own environment, as a user would call it."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._command = str(aws_cli())
        self._cloud = cloud

    def __call__(self, *arguments: str, profile: str = "consumer") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._command, *arguments],
            env={**os.environ, **self._cloud.environment(profile)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def test_it_lives_through_the_aws_cli(cloud: LocalCloud, bucket: str, tmp_path: Path) -> None:
    """`deploy` twice (create and update by change set), a failing one, `delete-stack`: as on AWS, but nothing pauses.

    The CLI looks again half a minute later where a deletion is not complete at once.
    """
    aws, template = _Cli(cloud), tmp_path / "template.yaml"
    template.write_text(TEMPLATE)
    deploy = ("cloudformation", "deploy", "--template-file", str(template), "--stack-name", "by-cli")
    deploy = (*deploy, "--capabilities", "CAPABILITY_IAM", "--parameter-overrides", f"Bucket={bucket}")
    for wish in ("sun", "rain"):
        done = aws(*deploy, f"Wish={wish}")
        assert done.returncode == 0, done.stderr
    failed = aws(*deploy, "Wish=fail", "Extra=yes")
    assert failed.returncode != 0
    assert "Failed to create/update the stack" in failed.stderr
    events = aws("cloudformation", "describe-stack-events", "--stack-name", "by-cli", "--output", "text")
    assert "Wish may not be fail" in events.stdout
    assert aws("cloudformation", "delete-stack", "--stack-name", "by-cli").returncode == 0
    started = time.monotonic()
    assert aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", "by-cli").returncode == 0
    assert time.monotonic() - started < 30


def test_who_is_outside_the_organization_cannot_deploy_it(cloud: LocalCloud, bucket: str) -> None:
    """The package is read with the deployer's credentials: a stranger's stack fails with S3's refusal and rolls back."""
    cloudformation = cloud.client("cloudformation", "stranger")
    cloudformation.create_stack(
        StackName="by-stranger",
        TemplateBody=TEMPLATE,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=_parameters(Bucket=bucket, Wish="sun"),
    )
    state = cloudformation.describe_stacks(StackName="by-stranger")["Stacks"][0]["StackStatus"]
    assert state == "ROLLBACK_COMPLETE"
    events = cloudformation.describe_stack_events(StackName="by-stranger")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events if event["LogicalResourceId"] == "Function"]
    assert any("S3 Error Code: AccessDenied" in reason for reason in reasons)
