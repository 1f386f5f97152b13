"""docs/how-to/adopting.md, followed; at no moment was there a policy without the one or the other."""

import json
import threading
from pathlib import Path

from botocore.exceptions import ClientError
from pages import follow
from rolled_out import Organization

from provider.cli.organization import ACCOUNTS


def test_what_was_written_by_hand_becomes_a_permission_without_a_gap(org: Organization, tmp_path: Path) -> None:
    seen: list[bool] = []
    over = threading.Event()
    watcher = threading.Thread(target=watch, args=(org, seen, over))
    watcher.start()
    try:
        follow("adopting.md", org, tmp_path)
    finally:
        over.set()
        watcher.join()
    lets_in = "".join("+" if one else "-" for one in seen).strip("-")
    assert len(lets_in) > 3
    assert "-" not in lets_in


def watch(org: Organization, seen: list[bool], over: threading.Event) -> None:
    """Whether the policy of the page's function names the consumer, ten times a second."""
    stacks, functions = org.cloud.client("cloudformation", "owner"), org.cloud.client("lambda", "owner")
    arn = ""
    while not over.wait(0.1):
        try:
            outputs = (
                stacks.describe_stacks(StackName="token-service")["Stacks"][0].get("Outputs", ()) if not arn else ()
            )
            arn = arn or next((one["OutputValue"] for one in outputs if one["OutputKey"] == "TargetArn"), "")
            policy = functions.get_resource_policy(ResourceArn=arn)["Policy"] if arn else ""
        except ClientError:
            policy = ""
        seen.append(ACCOUNTS["consumer"] in json.dumps(policy))
