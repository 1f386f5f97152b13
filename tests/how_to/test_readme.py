"""From nothing to a granted, explained and mapped permission, as the README says, in ten commands at most.

Two of its commands are not run again: cloning, because the test stands in the clone, and `make local`, because
`tests/end_to_end/test_local_and_demo.py` runs what it runs; here its cloud is the tests' own, whose files lie where `make local`
puts them.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import commands
from rolled_out import ROOT, Organization

from provider.cli.local import command as local

SECTION = (ROOT / "README.md").read_text("utf-8").split("\n## From nothing to a permission\n")[1].split("\n## ")[0]
TERMINALS = [
    block.replace("\\\n", " ").splitlines() for block in re.findall(r"```console\n(.*?)```", SECTION, re.DOTALL)
]
STARTED = ["git clone REPOSITORY cross-account-permission && cd cross-account-permission", "make local"]


@pytest.fixture
def clone(org: Organization, tmp_path: Path) -> Iterator[Path]:
    """A directory as a clone in which `make local` runs; what the commands deploy is taken away again."""
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    (tmp_path / ".local").symlink_to(org.cloud.directory)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(commands(tmp_path))
    yield tmp_path
    org.delete("consumer", "orders")
    org.delete("owner", "token-service")


def test_it_takes_ten_commands_at_most() -> None:
    """Cloning and starting the cloud included; files are where that cloud leaves them."""
    assert len([line for lines in TERMINALS for line in lines]) <= 10
    assert TERMINALS[0] == STARTED
    assert len(TERMINALS) == 2
    files = next(one.default for one in local.params if one.name == "files")
    assert TERMINALS[1][0] == f"export AWS_CONFIG_FILE={files}/config AWS_SHARED_CREDENTIALS_FILE={files}/credentials"


def test_following_it_ends_with_a_permission_that_is_explained_and_mapped(org: Organization, clone: Path) -> None:
    environment = org.cloud.environment("consumer")
    for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        environment.pop(name)
    environment["PATH"] = f"{clone / 'bin'}:{environment['PATH']}"
    script = "\n".join(["set -euo pipefail", *TERMINALS[1]])
    done = subprocess.run(
        ["bash", "-c", script], cwd=clone, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for account, name in (("owner", "token-service"), ("consumer", "orders")):
        [stack] = org.cloud.client("cloudformation", account).describe_stacks(StackName=name)["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert "Allowed: account 111111111111 would be let use 333333333333/token-service." in done.stderr
    page = (clone / "permissions.html").read_text("utf-8")
    [grant] = [one["OutputValue"] for one in stack["Outputs"] if one["OutputKey"] == "GrantId"]
    assert grant in page
    assert "333333333333/token-service" in page
