"""Ordinary templates, which know nothing of this project, live a whole life on the local cloud by the plain AWS CLI."""

import json
import secrets
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from ready_commands import aws_cli

from provider.localcloud import LocalCloud

TEMPLATES = Path(__file__).parent / "templates"
Outputs = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cli:
    """The AWS CLI from PyPI, as its users call it."""

    program: Path
    surroundings: Mapping[str, str]

    def __call__(self, *arguments: str, fails: bool = False) -> str:
        """Run `aws <arguments>` and return what it printed; it fails if `fails`."""
        done = subprocess.run(
            [self.program, *arguments],
            env=dict(self.surroundings),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def deploy(self, template: str, stack: str, *overrides: str, fails: bool = False) -> str:
        """Run `aws cloudformation deploy`."""
        changed = ["--parameter-overrides", *overrides] if overrides else []
        path = str(TEMPLATES / f"{template}.yaml")
        told = ["--template-file", path, "--stack-name", stack, "--capabilities", "CAPABILITY_IAM", *changed]
        return self("cloudformation", "deploy", *told, fails=fails)


@pytest.fixture(scope="module")
def aws(cloud: LocalCloud) -> Cli:
    """The CLI as the consumer."""
    return Cli(aws_cli(), cloud.environment("consumer"))


def attempts(cloud: LocalCloud, outputs: Outputs) -> str:
    """How often a queue hands out a message."""
    sqs = cloud.client("sqs", "consumer")
    found = sqs.get_queue_attributes(QueueUrl=outputs["QueueUrl"], AttributeNames=["RedrivePolicy"])
    return str(json.loads(found["Attributes"]["RedrivePolicy"])["maxReceiveCount"])


def protection(cloud: LocalCloud, outputs: Outputs) -> str:
    """Whether a table is protected."""
    table = cloud.client("dynamodb", "consumer").describe_table(TableName=outputs["TableName"])["Table"]
    assert table["GlobalSecondaryIndexes"][0]["IndexName"] == "due"
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert table["SSEDescription"]["Status"] == "ENABLED"
    return str(table["DeletionProtectionEnabled"]).lower()


def greeting(cloud: LocalCloud, outputs: Outputs) -> str:
    """What a function says when its alias is invoked."""
    answer = cloud.client("lambda", "consumer").invoke(FunctionName=outputs["AliasArn"])
    return str(json.loads(answer["Payload"].read())["said"])


def word(cloud: LocalCloud, outputs: Outputs) -> str:
    """The length of what a custom resource answered."""
    return str(len(outputs["Word"]))


def page(cloud: LocalCloud, outputs: Outputs) -> str:
    """What an API answers to anybody."""
    url = urlsplit(outputs["Url"])
    request = Request(f"{cloud.endpoint}{url.path}", headers={"Host": url.netloc})  # noqa: S310 - the local cloud
    with urlopen(request) as response:  # noqa: S310 - likewise
        return str(response.read().decode()).removesuffix("/orders").removesuffix("/live")


def expiry(cloud: LocalCloud, outputs: Outputs) -> str:
    """After how many days a bucket forgets."""
    s3 = cloud.client("s3", "consumer")
    assert s3.get_bucket_versioning(Bucket=outputs["Bucket"])["Status"] == "Enabled"
    configured = s3.get_bucket_notification_configuration(Bucket=outputs["Bucket"])
    assert configured["TopicConfigurations"][0]["TopicArn"] == outputs["Topic"]
    rule = s3.get_bucket_lifecycle_configuration(Bucket=outputs["Bucket"])["Rules"][0]
    return str(rule["Expiration"]["Days"])


Look = Callable[[LocalCloud, Outputs], str]


@pytest.mark.parametrize(
    ("template", "parameter", "first", "second", "look"),
    [
        ("queue-with-dead-letters", "Attempts", "3", "5", attempts),
        ("table-with-index", "Protected", "true", "false", protection),
        ("function-with-role", "Greeting", "hello", "goodbye", greeting),
        ("custom-resource", "Length", "4", "6", word),
        ("rest-api", "Answer", "first", "second", page),
        ("http-api", "Answer", "first", "second", page),
        ("bucket-and-topic", "Days", "30", "60", expiry),
    ],
    ids=lambda value: value if isinstance(value, str) and "-" in value else "",
)
def test_a_public_template_lives_a_whole_life(
    cloud: LocalCloud, aws: Cli, template: str, parameter: str, first: str, second: str, look: Look
) -> None:
    """Deployed, failed and rolled back by a wrong resource, updated, deleted."""
    stack = f"{template}-{secrets.token_hex(3)}"

    def described(name: str = stack) -> dict[str, Any]:
        found: dict[str, Any] = cloud.client("cloudformation", "consumer").describe_stacks(StackName=name)["Stacks"][0]
        return found

    def outputs() -> Outputs:
        return {one["OutputKey"]: one["OutputValue"] for one in described()["Outputs"]}

    assert "Successfully created/updated stack" in aws.deploy(template, stack, f"{parameter}={first}")
    assert look(cloud, outputs()) == first
    aws.deploy(template, stack, f"{parameter}={second}", "Break=yes", fails=True)
    shown = json.loads(aws("cloudformation", "describe-stacks", "--stack-name", stack))["Stacks"][0]
    assert shown["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert look(cloud, outputs()) == first
    aws.deploy(template, stack, f"{parameter}={second}", "Break=no")
    assert look(cloud, outputs()) == second
    stack_id = described()["StackId"]
    aws("cloudformation", "delete-stack", "--stack-name", stack)
    assert described(stack_id)["StackStatus"] == "DELETE_COMPLETE"


def test_a_failed_first_deployment_shows_its_reason_in_the_events(cloud: LocalCloud, aws: Cli) -> None:
    """ROLLBACK_COMPLETE; the stack is deleted before it is deployed again."""
    stack = f"word-{secrets.token_hex(3)}"
    aws.deploy("custom-resource", stack, "Break=yes", fails=True)
    events = json.loads(aws("cloudformation", "describe-stack-events", "--stack-name", stack))["StackEvents"]
    reasons = [one["ResourceStatusReason"] for one in events if one["ResourceStatus"] == "CREATE_FAILED"]
    assert any("Message returned: 10 is too long (RequestId: " in reason for reason in reasons)
    told = aws.deploy("custom-resource", stack, fails=True)
    assert "is in ROLLBACK_COMPLETE state and can not be updated." in told
    aws("cloudformation", "delete-stack", "--stack-name", stack)
    aws.deploy("custom-resource", stack)
    told = aws("cloudformation", "describe-stack-resource", "--stack-name", stack, "--logical-resource-id", "Word")
    assert json.loads(told)["StackResourceDetail"]["PhysicalResourceId"] == "a-word"
    assert "No changes to deploy" in aws.deploy("custom-resource", stack, fails=True)
