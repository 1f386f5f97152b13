"""The provider function of the previous release serves stacks: as accounts still have it on the day the centre is upgraded."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from rolled_out import TEMPLATES, Organization

from provider.cli.organization import ACCOUNTS
from provider.rollout.stacks import StackFailed

ZIP = Path(__file__).parents[1] / "upgrades" / "provider-0.1.0.zip"
NAME, STACK = "cross-account-permission", "cross-account-permission-account-provider"
REGION = "eu-west-1"
CONSUMER = ACCOUNTS["consumer"]
LOOKUP = """
Parameters: {Target: {Type: String}}
Resources:
  Lookup:
    Type: Custom::CrossAccountTargetLookup
    Properties:
      ServiceToken: !Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:cross-account-permission
      ServiceTimeout: 60
      Target: !Ref Target
Outputs: {TargetArn: {Value: !GetAtt Lookup.TargetArn}}
"""


@pytest.fixture(scope="module")
def previous(org: Organization) -> Iterator[Organization]:
    """The organization, whose consumer has the previous provider function in one Region; it has today's afterwards."""
    client = org.cloud.client("lambda", "consumer", REGION)
    (stack,) = org.cloud.client("cloudformation", "consumer", REGION).describe_stacks(StackName=STACK)["Stacks"]
    key = next(one["ParameterValue"] for one in stack["Parameters"] if one["ParameterKey"] == "ProviderKey")
    today = client.get_function(FunctionName=NAME)["Configuration"]["CodeSha256"]
    released = base64.b64encode(hashlib.sha256(ZIP.read_bytes()).digest()).decode()
    assert client.update_function_code(FunctionName=NAME, ZipFile=ZIP.read_bytes())["CodeSha256"] == released
    yield org
    bucket = f"cross-account-permission-{ACCOUNTS['central']}-{REGION}"
    assert client.update_function_code(FunctionName=NAME, S3Bucket=bucket, S3Key=key)["CodeSha256"] == today


def source(api: str) -> str:
    return f"arn:aws:execute-api:{REGION}:{CONSUMER}:{api}/authorizers/*"


def test_a_stack_of_it_is_granted_changed_and_deleted(previous: Organization, stack: str) -> None:
    arn = previous.function()
    owner, target = previous.publish(arn)
    asked = {"template": TEMPLATES / "permission.yaml", "region": REGION, "Target": target}
    outputs = previous.deploy("consumer", stack, **asked)
    assert outputs["TargetArn"] == arn
    assert previous.sources(arn) == [source("a1b2c3d4e5")]
    again = previous.deploy("consumer", stack, **asked, ApiId="f6g7h8i9j0")
    assert again["GrantId"] != outputs["GrantId"]
    assert previous.sources(arn) == [source("f6g7h8i9j0")]
    previous.delete("consumer", stack, REGION)
    assert previous.sources(arn) == []
    previous.delete("owner", owner)


def test_what_the_controller_refuses_it_says_to_the_stack(previous: Organization, stack: str) -> None:
    with pytest.raises(StackFailed, match="'333333333333/nothing' is not published"):
        previous.deploy("consumer", stack, TEMPLATES / "permission.yaml", REGION, Target=f"{ACCOUNTS['owner']}/nothing")
    previous.delete("consumer", stack, REGION)


def test_it_looks_targets_up(previous: Organization, stack: str, tmp_path: Path) -> None:
    arn = previous.function()
    owner, target = previous.publish(arn)
    template = tmp_path / "lookup.yaml"
    template.write_text(LOOKUP)
    assert previous.deploy("consumer", stack, template, REGION, Target=target)["TargetArn"] == arn
    previous.delete("consumer", stack, REGION)
    previous.delete("owner", owner)
