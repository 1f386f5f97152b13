"""docs/how-to/adopting.md, followed; at no moment was there a policy without the one or the other."""

import json
import re
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from identities import become, make_role
from pages import PAGES, follow
from rolled_out import Organization

from provider.cli.errors import ExitCode
from provider.cli.main import run
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


def test_the_rights_that_the_page_names_are_enough(
    org: Organization, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The owner's to read, the operator's to adopt and withdraw; the auditor's to look."""
    texts = re.findall(r"```json\n(.*?)```", (PAGES / "adopting.md").read_text("utf-8"), re.DOTALL)
    theirs, ours = (json.loads(text)["Statement"] for text in texts)
    auditor = "arn:aws:iam::222222222222:role/cross-account-permission/cross-account-permission-auditor"
    roles = {"owner": make_role(org.cloud, "owner", *theirs), "operator": make_role(org.cloud, "central", *ours)}
    profiles(org, {**roles, "auditor": auditor}, tmp_path / "config", monkeypatch)
    arn = org.function()
    functions = org.cloud.client("lambda", "owner")
    said = {"StatementId": "orders", "Action": "lambda:InvokeFunction", "Principal": ACCOUNTS["consumer"]}
    functions.add_permission(FunctionName=arn, **said)
    _, name = org.publish(arn, GrantTypes="InvokeFunction")
    as_operator = ["adopt", name, "--profile", "operator"]
    assert run(["adopt", name, "--profile", "auditor", "--owner-profile", "owner"]) == ExitCode.OK
    assert run([*as_operator, "--owner-profile", "owner", "--all"]) == ExitCode.OK
    assert run(["adopt", name, "--list", "--profile", "auditor"]) == ExitCode.OK
    assert run([*as_operator, "--withdraw", "--all"]) == ExitCode.OK
    assert "orders stays" in capsys.readouterr().out
    assert run(["adopt", name, "--profile", "auditor", "--owner-profile", "owner", "--all"]) == ExitCode.REFUSED


def profiles(org: Organization, roles: Mapping[str, str], config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles of nobody else's, each of them a session of a role."""
    lines = []
    for name, role in roles.items():
        found = become(org.cloud, role).session.get_credentials().get_frozen_credentials()
        lines += [f"[profile {name}]", "region = us-east-1", f"endpoint_url = {org.cloud.endpoint}"]
        lines += [f"aws_access_key_id = {found.access_key}", f"aws_secret_access_key = {found.secret_key}"]
        lines += [f"aws_session_token = {found.token}"]
    config.write_text("\n".join(lines), "utf-8")
    for variable, value in org.cloud.environment("central").items():
        if variable.startswith("AWS_"):
            monkeypatch.setenv(variable, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config.with_name("none")))


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
