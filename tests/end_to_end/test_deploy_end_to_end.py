"""From nothing to a granted permission and back by `deploy` and `undeploy`, on a cloud of its own, interrupted on the way."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from provider.cli.organization import ACCOUNTS, architecture
from provider.localcloud import LocalCloud
from provider.rollout.stacks import Stack, delete, deploy, outputs

ROOT = Path(__file__).parents[2]
TEMPLATES = Path(__file__).parent / "templates"
PREFIX = "cross-account-permission"
PROGRAM = "import sys; from provider.cli.main import main; main()"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """An empty one: nothing is rolled out."""
    with LocalCloud.start(
        directory=tmp_path_factory.mktemp("empty"),
        accounts={name: ACCOUNTS[name] for name in ("central", "owner", "consumer")},
        outside={"stranger": "555555555555"},
    ) as running:
        yield running


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, *arguments]


def options(*profiles: str) -> list[str]:
    accounts = [text for name in profiles for text in ("--account-profile", name)]
    return ["--central-profile", "central", "--region", "us-east-1", *accounts, "--yes"]


def run(cloud: LocalCloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=ROOT, env=cloud.environment("central"), capture_output=True, text=True, check=False
    )


def interrupted(cloud: LocalCloud, at: str, *arguments: str) -> int:
    """Run a command and press Ctrl-C when it tells the step `at`; its exit code."""
    with subprocess.Popen(
        command(*arguments),
        cwd=ROOT,
        env=cloud.environment("central"),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if at in line:
                os.kill(process.pid, signal.SIGINT)
                break
        rest = process.stderr.read()
        code = process.wait()
    assert "Traceback" not in rest
    assert "Run the command again" in rest
    return code


TAGS_OF: dict[str, Callable[[Callable[[str], Any], str], Any]] = {
    "AWS::DynamoDB::Table": lambda client, name: client("dynamodb").list_tags_of_resource(
        ResourceArn=client("dynamodb").describe_table(TableName=name)["Table"]["TableArn"]
    )["Tags"],
    "AWS::IAM::Role": lambda client, name: client("iam").list_role_tags(RoleName=name)["Tags"],
    "AWS::Lambda::Function": lambda client, name: client("lambda").get_function(FunctionName=name)["Tags"],
    "AWS::Logs::LogGroup": lambda client, name: client("logs").list_tags_log_group(logGroupName=name)["tags"],
    "AWS::SQS::Queue": lambda client, url: client("sqs").list_queue_tags(QueueUrl=url)["Tags"],
}
"""How to read the tags of what can have some. Buckets, rules, alarms and mappings get a stack's tags on AWS alone."""


def untagged(cloud: LocalCloud) -> list[str]:
    """What of our stacks has not the tag that was asked for."""
    found = []
    for account in ("central", "owner", "consumer"):
        client = partial(cloud.client, account=account)
        stacks = client("cloudformation").describe_stacks()["Stacks"]
        for stack in (one["StackName"] for one in stacks if one["StackName"].startswith(PREFIX)):
            for one in client("cloudformation").list_stack_resources(StackName=stack)["StackResourceSummaries"]:
                if one["ResourceType"] in TAGS_OF:
                    tags = TAGS_OF[one["ResourceType"]](client, one["PhysicalResourceId"])
                    pairs = tags.items() if isinstance(tags, dict) else [(tag["Key"], tag["Value"]) for tag in tags]
                    found += [] if ("CostCentre", "4711") in pairs else [f"{stack}: {one['LogicalResourceId']}"]
    return found


def test_everything_comes_up_though_interrupted_and_goes_when_nobody_rests_on_it(cloud: LocalCloud) -> None:
    """The whole life: Ctrl-C in the middle of the central stack, the same command again, a grant, a refusal, an end, a new beginning."""
    asked = [*options("owner", "consumer"), "--architecture", architecture().value, "--tag", "CostCentre=4711"]
    assert interrupted(cloud, "central parts", "deploy", *asked) == 130
    done = run(cloud, "deploy", *asked)
    assert done.returncode == 0, done.stderr
    assert untagged(cloud) == []
    function = deploy(
        cloud.client("cloudformation", "owner"),
        Stack("f", (TEMPLATES / "function.yaml").read_text("utf-8"), {"Tag": "allowed"}),
    )["AliasArn"]
    published = {"Name": "t", "FunctionArn": function, "Accounts": ACCOUNTS["consumer"]}
    deploy(
        cloud.client("cloudformation", "owner"), Stack("t", (TEMPLATES / "target.yaml").read_text("utf-8"), published)
    )
    refused = run(cloud, "undeploy", *options("owner", "consumer"))
    assert refused.returncode == 1
    assert f"{ACCOUNTS['owner']}/t" in refused.stdout
    assert refused.stderr.count("\n") == 1
    delete(cloud.client("cloudformation", "owner"), "t")
    gone = run(cloud, "undeploy", *options("owner", "consumer"))
    assert gone.returncode == 0, gone.stderr
    assert not outputs(cloud.client("cloudformation", "central"), f"{PREFIX}-central")
    again = run(cloud, "deploy", *asked)
    assert again.returncode == 0, again.stderr
    deploy(
        cloud.client("cloudformation", "owner"), Stack("t", (TEMPLATES / "target.yaml").read_text("utf-8"), published)
    )


def test_an_account_outside_the_organization_is_one_sentence(cloud: LocalCloud) -> None:
    done = run(cloud, "deploy", *options("stranger"))
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("Error: Account 555555555555 belongs to no organization.")
    assert done.stderr.count("\n") == 1
