"""docs/how-to/pipeline.md, followed; the policy that it gives a job is enough, and no more than needed."""

import json
import re
from pathlib import Path

import pytest
from identities import become, make_role
from pages import PAGES, follow
from rolled_out import Organization

from provider.cli.errors import ExitCode
from provider.cli.main import run


def test_a_pipeline_asks_replaces_publishes_and_gives_up(org: Organization, tmp_path: Path) -> None:
    follow("pipeline.md", org, tmp_path)


def test_the_job_s_policy_of_the_page_lets_it_ask(org: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the job's own credentials in its environment, as CI systems hand them over."""
    (text,) = re.findall(r"```json\n(.*?)```", (PAGES / "pipeline.md").read_text("utf-8"), re.DOTALL)
    job = become(org.cloud, make_role(org.cloud, "consumer", *json.loads(text)["Statement"]))
    found = job.session.get_credentials().get_frozen_credentials()
    for name, value in org.cloud.environment("consumer").items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE")
    for name, value in {
        "AWS_ENDPOINT_URL": org.cloud.endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": found.access_key,
        "AWS_SECRET_ACCESS_KEY": found.secret_key,
        "AWS_SESSION_TOKEN": found.token,
    }.items():
        monkeypatch.setenv(name, value)
    _, target = org.publish(org.function(), GrantTypes="InvokeFunction")
    assert run(["request", "JobsPermission", "--target", target, "--grant-type", "InvokeFunction"]) == ExitCode.OK
    assert run(["withdraw", "JobsPermission"]) == ExitCode.OK
