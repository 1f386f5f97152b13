"""How-to pages as their readers use them: the commands are taken from the page, run as they stand, and what it shows is compared.

On a page, a block marked `console` is a piece of shell; a block marked `text` right after it shows lines that it prints, in
this order, where `…` stands for any text. All pieces of a page run in one shell, which ends at the first that fails. Who has
followed a page has no stack and no grant left of it.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ready_commands import aws_cli, ready
from rolled_out import REGIONS, ROOT, Organization

PAGES = ROOT / "docs" / "how-to"
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_MARK = "@@ piece"
LEDGER = "cross-account-permission-grants"
_PATIENCE = 280


@dataclass
class Piece:
    """A piece of shell, and the lines that it is shown to print."""

    shell: str
    shown: list[str] = field(default_factory=list)


def pieces(text: str) -> list[Piece]:
    """What a page has its reader do."""
    found: list[Piece] = []
    before = ""
    for indent, kind, body in _BLOCK.findall(text):
        lines = [line.removeprefix(indent) for line in body.splitlines()]
        if kind == "console":
            found.append(Piece("\n".join(lines)))
        elif kind == "text" and before == "console":
            found[-1].shown = [line for line in lines if line.strip()]
        before = kind
    return found


def follow(page: str, org: Organization, directory: Path) -> list[str]:
    """Do what a page says, from an empty directory that holds the project's templates; what each piece has printed.

    A piece that fails, or prints something else than the page shows, fails the test with all that was printed.
    """
    todo = pieces((PAGES / page).read_text("utf-8"))
    assert todo, f"{page} has no commands"
    if shutil.which("curl") is None and any("curl " in piece.shell for piece in todo):
        pytest.skip("curl is not installed")
    before, held = _stacks(org), _grants(org)
    (directory / "templates").symlink_to(ROOT / "templates")
    script = "\n".join(f"echo '{_MARK}'\n{piece.shell}" for piece in todo)
    environment = org.cloud.environment("consumer")
    environment.pop("AWS_PROFILE")
    environment["PATH"] = f"{commands(directory)}:{environment['PATH']}"
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    printed = done.stdout.split(f"{_MARK}\n")[1:]
    told = f"{page}, piece {len(printed)} of {len(todo)}:\n{todo[len(printed) - 1].shell}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, told
    for piece, text in zip(todo, printed, strict=True):
        assert_shown(piece, text)
    assert _stacks(org) == before, f"{page} leaves stacks behind"
    assert _grants(org) == held, f"{page} leaves grants behind"
    return printed


def assert_shown(piece: Piece, text: str) -> None:
    """The lines that a page shows are printed, in their order."""
    lines = iter(text.splitlines())
    for wanted in piece.shown:
        pattern = ".*".join(re.escape(part) for part in wanted.strip().split("…"))
        assert any(re.fullmatch(pattern, line.strip()) for line in lines), (
            f"{piece.shell}\nprinted\n{text}\nand not\n{wanted}"
        )


def _stacks(org: Organization) -> set[str]:
    """The ids of all stacks there are."""
    clients = [org.cloud.client("cloudformation", one, region) for one in org.cloud.accounts for region in REGIONS]
    return {stack["StackId"] for client in clients for stack in client.describe_stacks()["Stacks"]}


def _grants(org: Organization) -> set[tuple[str, str]]:
    """The keys of all grants in the ledger."""
    pages = org.cloud.client("dynamodb", "central").get_paginator("scan").paginate(TableName=LEDGER)
    keys = {(item["pk"]["S"], item["sk"]["S"]) for page in pages for item in page["Items"]}
    return {key for key in keys if key[1].startswith("GRANT#")}


def commands(directory: Path) -> Path:
    """A directory with the commands of the pages: the AWS CLI, cfn-lint and ours."""
    commands = directory / "bin"
    commands.mkdir()
    here = Path(sys.executable)
    (commands / "aws").symlink_to(aws_cli())
    (commands / "cfn-lint").symlink_to(here.with_name("cfn-lint"))
    (commands / "crossaccount").symlink_to(ready(here, "provider.cli.main:main", "crossaccount", str(ROOT)))
    return commands
