"""The command line with the credentials of somebody on the local cloud, and REST APIs as the local cloud's own tests make them."""

import io
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from identities import Someone, a_name, make_role, trust

from provider.cli.main import run
from provider.localcloud import LocalCloud

sys.path.append(str(Path(__file__).parents[1] / "localcloud"))  # rest_apis


@dataclass(frozen=True)
class Called:
    """How a call by the command line has ended."""

    code: int
    out: str
    err: str

    @property
    def first(self) -> str:
        """SUCCESS or FAILED, with the status."""
        return self.out.partition("\n")[0]


Call = Callable[..., Called]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """`crossaccount call URL …` with the credentials of `who` in its environment."""

    def calling(who: Someone | None, endpoint: str, url: str, *options: str) -> Called:
        for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        found = who.session.get_credentials().get_frozen_credentials() if who else None
        for name, value in (
            ("AWS_ACCESS_KEY_ID", found and found.access_key),
            ("AWS_SECRET_ACCESS_KEY", found and found.secret_key),
            ("AWS_SESSION_TOKEN", found and found.token),
        ):
            if value:
                monkeypatch.setenv(name, value)
            else:
                monkeypatch.delenv(name, raising=False)
        capsys.readouterr()
        code = run(["call", url, *options])
        printed = capsys.readouterr()
        return Called(code, printed.out, printed.err)

    return calling


@pytest.fixture
def function(cloud: LocalCloud) -> Callable[[str], str]:
    """Make a function of the owner's of Python source; its ARN."""

    def make(source: str) -> str:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("index.py", source)
        service: Any = trust("x") | {"Principal": {"Service": "lambda.amazonaws.com"}}
        role = make_role(cloud, "owner", trusting=[service])
        made = cloud.client("lambda", "owner").create_function(
            FunctionName=a_name("f"),
            Role=role,
            Runtime="python3.11",
            Handler="index.handler",
            Code={"ZipFile": buffer.getvalue()},
        )
        return str(made["FunctionArn"])

    return make
