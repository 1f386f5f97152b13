"""The whole system on the local cloud: released zips, deployed templates, IAM enforced."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from samtranslator.yaml_helper import yaml_parse

from provider.cli.organization import ACCOUNTS
from provider.localcloud import LocalCloud
from provider.rollout.stacks import Stack, delete, deploy

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "tests" / "end_to_end" / "templates"
EXAMPLES = ROOT / "templates" / "examples"
REGIONS = ("us-east-1", "eu-west-1")


@dataclass(frozen=True)
class Organization:
    """The cloud, and the few things that tests do with it."""

    cloud: LocalCloud

    def deploy(
        self, account: str, name: str, template: Path, region: str = "us-east-1", **parameters: str
    ) -> dict[str, str]:
        """Deploy a stack and return its outputs; `StackFailed` has the reason of the first failed resource.

        What is not given has its default value, whatever the stack had before.
        """
        client, text = self.cloud.client("cloudformation", account, region), template.read_text("utf-8")
        declared = yaml_parse(text).get("Parameters", {})
        defaults = {key: str(one["Default"]) for key, one in declared.items() if "Default" in one}
        return deploy(client, Stack(name, text, {**defaults, **parameters}))

    def delete(self, account: str, name: str, region: str = "us-east-1") -> None:
        """Delete a stack; `StackFailed` likewise."""
        delete(self.cloud.client("cloudformation", account, region), name)

    def function(self, *, tagged: bool = True) -> str:
        """A function of the owner's with an alias `live`; the alias's ARN."""
        name = f"f-{secrets.token_hex(4)}"
        return self.deploy("owner", name, TEMPLATES / "function.yaml", Tag="allowed" if tagged else "refused")[
            "AliasArn"
        ]

    def policy(self, arn: str) -> Any:
        """The policy of a function or alias as its owner sees it; None where there is none."""
        client = self.cloud.client("lambda", "owner", arn.split(":")[3])
        try:
            return json.loads(client.get_resource_policy(ResourceArn=arn)["Policy"])
        except client.exceptions.ResourceNotFoundException:
            return None

    def sources(self, arn: str) -> list[str]:
        """The API Gateway sources that our statements let in."""
        statements = (self.policy(arn) or {"Statement": []})["Statement"]
        ours = [one for one in statements if one["Sid"].startswith("CrossAccount")]
        found = [one["Condition"]["ArnLike"]["AWS:SourceArn"] for one in ours]
        return sorted(source for one in found for source in ([one] if isinstance(one, str) else one))

    def call(self, url: str, **headers: str) -> int:
        """GET an API under its own host name, which the cloud answers on its port; the status."""
        parts = urlsplit(url)
        connection = self.cloud.connect(parts.netloc)
        try:
            connection.request("GET", parts.path, headers={"Host": parts.netloc, **headers})
            return connection.getresponse().status
        finally:
            connection.close()

    def publish(
        self, arn: str, accounts: str = ACCOUNTS["consumer"], stack: str = "", **parameters: str
    ) -> tuple[str, str]:
        """Publish a function under a name of its own; (stack, full name)."""
        name = stack or f"t-{secrets.token_hex(4)}"
        outputs = self.deploy(
            "owner", name, TEMPLATES / "target.yaml", Name=name, FunctionArn=arn, Accounts=accounts, **parameters
        )
        return name, outputs["Name"]
