"""From nothing to a granted permission and back by `deploy` and `undeploy`, on a cloud of its own, interrupted on the way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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


def test_everything_comes_up_though_interrupted_and_goes_when_nobody_rests_on_it(cloud: LocalCloud) -> None:
    """The whole life: Ctrl-C in the middle of the central stack, the same command again, a grant, a refusal, an end, a new beginning."""
    asked = [*options("owner", "consumer"), "--architecture", architecture().value]
    assert interrupted(cloud, "central parts", "deploy", *asked) == 130
    done = run(cloud, "deploy", *asked)
    assert done.returncode == 0, done.stderr
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
