"""Lambda functions as tests make and invoke them: fixtures, which a folder's conftest takes over by name."""

import io
import json
import secrets
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from provider.localcloud import LocalCloud

Zipped = Callable[..., bytes]
MakeFunction = Callable[..., str]


@pytest.fixture(scope="session")
def zipped() -> Zipped:
    """Make a deployment package of one module `index`."""

    def make(source: str, **files: str) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("index.py", source)
            for name, content in files.items():
                archive.writestr(name, content)
        return buffer.getvalue()

    return make


def _statement(action: str, **rest: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, **rest}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def make_function(cloud: LocalCloud, zipped: Zipped) -> MakeFunction:
    """Make a function of Python source with a role that may do `allowed`; return its ARN."""

    def make(source: str, account: str = "consumer", allowed: str = "", **more: Any) -> str:
        name = f"f-{secrets.token_hex(4)}"
        iam = cloud.client("iam", account)
        trust = _statement("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="logs", PolicyDocument=_statement("logs:*", Resource="*"))
        if allowed:
            iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=_statement(allowed, Resource="*"))
        settings = {"Runtime": "python3.11", "Handler": "index.handler", "Code": {"ZipFile": zipped(source)}, **more}
        made = cloud.client("lambda", account).create_function(FunctionName=name, Role=role, **settings)
        return str(made["FunctionArn"])

    return make


@pytest.fixture
def invoke(cloud: LocalCloud) -> Callable[..., tuple[Any, str]]:
    """Invoke a function by ARN; return its payload and its error, "" for none."""

    def call(arn: str, event: Any = None, account: str = "") -> tuple[Any, str]:
        answer = cloud.client("lambda", account or arn.split(":")[4], arn.split(":")[3]).invoke(
            FunctionName=arn, Payload=json.dumps(event or {})
        )
        return json.loads(answer["Payload"].read()), answer.get("FunctionError", "")

    return call
