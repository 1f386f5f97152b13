"""docs/how-to/cdk.md, followed with the real CDK, where it is installed: it is an extra of half a gigabyte that needs Node.js.

To follow it: `python -m venv /tmp/cdk && /tmp/cdk/bin/pip install aws-cdk-lib==…` (the version in pyproject.toml), and
`CDK_PYTHON=/tmp/cdk/bin/python` in the environment of the tests.
"""

import ast
import importlib.util
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from pages import PAGES, follow
from rolled_out import EXAMPLES, ROOT, Organization

from provider.cdk.properties import PermissionProperties, TargetProperties

APP = EXAMPLES / "cdk" / "app.py"


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command `python` of the page: one that has aws-cdk-lib, and finds this package."""
    interpreter = os.environ.get("CDK_PYTHON") or (sys.executable if importlib.util.find_spec("aws_cdk") else "")
    if not interpreter or not shutil.which("node"):
        lacking = "Node.js" if interpreter else "aws-cdk-lib"
        pytest.skip(f"{lacking} is not installed: name a Python with aws-cdk-lib by CDK_PYTHON to follow cdk.md")
    folder = tmp_path / "python-with-cdk"
    folder.mkdir()
    command = folder / "python"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {interpreter} "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_the_app_is_synthesized_and_both_its_stacks_are_deployed(
    org: Organization, tmp_path: Path, python: None
) -> None:
    follow("cdk.md", org, tmp_path)


@pytest.mark.parametrize(
    ("construct", "taken"), [("CrossAccountTarget", TargetProperties), ("CrossAccountPermission", PermissionProperties)]
)
def test_the_app_and_the_page_give_a_construct_what_it_takes(construct: str, taken: type) -> None:
    """The same, and all that is required. This is seen without CDK."""
    written = [calls_of(construct, APP.read_text("utf-8")), calls_of(construct, page_code())]
    (in_app,), (on_page,) = written
    assert in_app == on_page
    assert taken.__required_keys__ <= set(in_app) <= set(taken.__annotations__)  # type: ignore[attr-defined]


def page_code() -> str:
    """The pieces of Python on the page."""
    return "\n".join(re.findall(r"```python\n(.*?)```", (PAGES / "cdk.md").read_text("utf-8"), re.DOTALL))


def calls_of(name: str, code: str) -> list[dict[str, str]]:
    """What each call of a construct is given by name, as it is written."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return [
        {str(each.arg): ast.unparse(each.value) for each in node.keywords}
        for node in calls
        if isinstance(node.func, ast.Name) and node.func.id == name
    ]
