"""Each zip runs where nothing is but what the Lambda runtime brings: AWS's runtime client and boto3."""

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from provider.localcloud.environments import Environment, ensure, python
from provider.packaging import Artifact
from provider.packaging.wheels import MACHINES

LOAD = """
import importlib, json, sys
handler = getattr(importlib.import_module(sys.argv[1]), "handler")
print(json.dumps({
    "callable": callable(handler),
    "files": {name: module.__file__ for name, module in sys.modules.items() if getattr(module, "__file__", None)},
}))
"""

VALIDATE = """
import json, jsonschema, rpds.rpds
schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["Name"]}
found = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors({})]
print(json.dumps({"found": found, "files": [jsonschema.__file__, rpds.rpds.__file__]}))
"""

CALL = """
import json, sys, botocore.session
from botocore.awsrequest import AWSResponse
class Raw:
    def __init__(self, body): self.body = body
    def stream(self, **_): yield self.body
sent = []
revision = "0f0e0d0c-0b0a-4908-8706-050403020100"
def answer(request, **_):
    sent.append([request.method, request.url])
    body = json.dumps({"Policy": "{}", "RevisionId": revision} if "resource-policy" in request.url else {}).encode()
    return AWSResponse(request.url, 200, {"content-type": "application/json"}, Raw(body))
session = botocore.session.Session()
session.get_component("data_loader").search_paths.insert(0, sys.argv[1])
client = session.create_client("lambda", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
client.meta.events.register("before-send.lambda", answer)
arn = "arn:aws:lambda:eu-central-1:333333333333:function:token:live"
policy = client.get_resource_policy(ResourceArn=arn)
client.put_resource_policy(ResourceArn=arn, Policy="{}", RevisionId=revision)
client.delete_resource_policy(ResourceArn=arn, RevisionId=revision)
client.get_function_configuration(FunctionName=arn)
client.get_alias(FunctionName="token", Name="live")
print(json.dumps({"operations": sorted(client.meta.service_model.operation_names), "policy": policy["Policy"], "sent": sent}))
"""


@pytest.fixture(scope="module")
def runtime() -> Path:
    """An interpreter with the managed runtime's packages and no others."""
    return python(ensure(Environment.RUNTIME))


def _unzipped(artifact: Artifact, into: Path) -> Path:
    with ZipFile(artifact.path) as opened:
        opened.extractall(into)
    return into


def _run(runtime: Path, task: Path, code: str, *arguments: str) -> Any:
    """What the code prints, as JSON; neither this machine's settings nor its packages reach it."""
    elsewhere = task.parent / "elsewhere"
    elsewhere.mkdir()
    environment = {
        "PATH": os.defpath,
        "HOME": str(elsewhere),
        "PYTHONPATH": str(task),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = [str(runtime), "-s", "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def own_controller_zip(artifacts: list[Artifact]) -> Artifact:
    """The controller's zip whose compiled modules load on this machine."""
    own = {machine: architecture for architecture, machine in MACHINES.items()}[platform.machine()]
    return next(artifact for artifact in artifacts if artifact.architecture is own)


def test_the_providers_entry_loads(runtime: Path, provider_zip: Artifact, tmp_path: Path) -> None:
    """Its handler is there, and all that is not the runtime's comes from the zip."""
    task = _unzipped(provider_zip, tmp_path / "task")
    loaded = _run(runtime, task, LOAD, "provider.function.entry")
    assert loaded["callable"]
    _assert_from_the_zip(loaded["files"], task, ("provider", "crhelper"))


def test_the_controllers_entry_loads(runtime: Path, own_controller_zip: Artifact, tmp_path: Path) -> None:
    """Likewise, on this machine's architecture."""
    task = _unzipped(own_controller_zip, tmp_path / "task")
    loaded = _run(runtime, task, LOAD, "provider.controller.entry")
    assert loaded["callable"]
    _assert_from_the_zip(loaded["files"], task, ("provider",))


def test_what_a_request_need_not_come_to_is_loaded_later(
    runtime: Path, own_controller_zip: Artifact, tmp_path: Path
) -> None:
    """Each module is compiled at every cold start: it is most of what that costs."""
    task = _unzipped(own_controller_zip, tmp_path / "task")
    loaded = _run(runtime, task, LOAD, "provider.controller.entry")["files"]
    assert "provider.controller.intake" in loaded
    parts = ("controller.passes", "controller.policies", "controller.observing", "controller.stacks", "core.findings")
    assert not loaded.keys() & {f"provider.{part}" for part in parts}
    assert not [name for name in loaded if name.split(".")[0] in {"jsonschema", "aws_lambda_powertools"}]


def _assert_from_the_zip(files: dict[str, str], task: Path, packages: tuple[str, ...]) -> None:
    ours = {name: file for name, file in files.items() if name.split(".")[0] in packages}
    assert set(packages) <= ours.keys()
    assert not [name for name, file in ours.items() if not file.startswith(f"{task}/")]


def test_the_controllers_compiled_module_validates(runtime: Path, own_controller_zip: Artifact, tmp_path: Path) -> None:
    """The schema library finds a fault, with the extension module out of the zip."""
    task = _unzipped(own_controller_zip, tmp_path / "task")
    answer = _run(runtime, task, VALIDATE)
    assert answer["found"] == ["'Name' is a required property"]
    assert all(file.startswith(f"{task}/") for file in answer["files"])


def test_the_carried_model_makes_a_client_that_calls(runtime: Path, controller_zip: Artifact, tmp_path: Path) -> None:
    """In front of the runtime's own models; endpoint rules are the runtime's. docs/aws-behaviour.md §1 has the paths."""
    task = _unzipped(controller_zip, tmp_path / "task")
    answer = _run(runtime, task, CALL, str(task / "provider" / "controller" / "models"))
    assert answer["policy"] == "{}"
    assert answer["operations"] == [
        "DeleteResourcePolicy",
        "GetAlias",
        "GetFunctionConfiguration",
        "GetResourcePolicy",
        "ListTags",
        "PutResourcePolicy",
    ]
    revision = "0f0e0d0c-0b0a-4908-8706-050403020100"
    host = "https://lambda.eu-central-1.amazonaws.com"
    arn = "arn%3Aaws%3Alambda%3Aeu-central-1%3A333333333333%3Afunction%3Atoken%3Alive"
    assert answer["sent"] == [
        ["GET", f"{host}/2026-07-09/resource-policy/{arn}"],
        ["PUT", f"{host}/2026-07-09/resource-policy/{arn}"],
        ["DELETE", f"{host}/2026-07-09/resource-policy/{arn}?RevisionId={revision}"],
        ["GET", f"{host}/2015-03-31/functions/{arn}/configuration"],
        ["GET", f"{host}/2015-03-31/functions/token/aliases/live"],
    ]
