"""Accounts of a local cloud as the sandbox accounts of runs."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from journal import Journal

from provider.cli.places import Accounts
from provider.localcloud import LocalCloud

ROOT = Path(__file__).parents[2]
RUN = ROOT / "tests" / "conformance" / "run.py"
IDS = {"central": "720000000002", "owner": "730000000003", "consumer": "710000000001"}
ORGANIZATION = "o-a1b2c3d4e5"


@dataclass
class Ground:
    """The accounts, and where runs write to."""

    cloud: LocalCloud
    directory: Path

    def environment(self) -> dict[str, str]:
        """For a process whose profiles are these accounts."""
        found = self.cloud.environment("")
        return {name: value for name, value in found.items() if name != "AWS_PROFILE"}

    def options(self, **other: str) -> list[str]:
        """Profiles, confirmation and directory, unless told otherwise; "" leaves one out."""
        given = {**{name: name for name in IDS}, "confirm": ",".join(IDS.values()), **other}
        named = [text for name, value in given.items() if value for text in (f"--{name}", value)]
        return [*named, "--directory", str(self.directory)]

    def begin(self, *options: str) -> "subprocess.Popen[str]":
        """A run, in a process of its own."""
        command = [sys.executable, str(RUN), *self.options(), *options]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, env=self.environment(), cwd=ROOT, **pipes)

    def run(self, *options: str) -> tuple[int, str]:
        """A run to its end: exit code and all it has said."""
        running = self.begin(*options)
        said, _ = running.communicate(timeout=280)
        return running.returncode, said

    def report(self) -> Any:
        """The newest report."""
        return json.loads(max(self.directory.glob("*.json")).read_text("utf-8"))

    def outcomes(self) -> dict[str, str]:
        """The newest report's outcomes by name."""
        return {line["name"]: line["outcome"] for line in self.report()["lines"]}

    def journal(self) -> Journal:
        """The newest journal."""
        return Journal(max(self.directory.glob("*.jsonl")))

    def what_stands(self) -> dict[str, list[str]]:
        """All that a run may make, by account; nothing where there is nothing."""
        found: dict[str, list[str]] = {}
        for name in IDS:
            client = lambda service, name=name: self.cloud.client(service, name)  # noqa: E731
            found[name] = [
                *(one["StackName"] for one in client("cloudformation").describe_stacks()["Stacks"]),
                *(one["FunctionName"] for one in client("lambda").list_functions()["Functions"]),
                *(one["RoleName"] for one in client("iam").list_roles()["Roles"]),
                *(one["Name"] for one in client("s3").list_buckets()["Buckets"]),
                *(one["name"] for one in client("apigateway").get_rest_apis()["items"]),
                *(one["logGroupName"] for one in client("logs").describe_log_groups()["logGroups"]),
                *client("dynamodb").list_tables()["TableNames"],
                *client("sqs").list_queues().get("QueueUrls", []),
                *(one["TopicArn"] for one in client("sns").list_topics()["Topics"]),
            ]
        return {name: things for name, things in found.items() if things}


def a_stack(cloud: LocalCloud, name: str, **more: Any) -> Callable[[], Any]:
    """Make a stack of the consumer's; how it is removed."""
    client = cloud.client("cloudformation", "consumer")
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    client.create_stack(StackName=name, TemplateBody=body, **more)

    def remove() -> None:
        client.update_termination_protection(StackName=name, EnableTerminationProtection=False)
        client.delete_stack(StackName=name)

    return remove


class Known(Accounts):
    """Accounts whose clients there are already, as making some takes long."""

    cloud: ClassVar[LocalCloud]

    def of(self, profile: str | None) -> str:
        return self.cloud.accounts[profile or ""]

    def client(self, service: str, account: str, region: str) -> Any:
        return self.cloud.client(service, account, region)
