"""The pages of the resource types say what the schemas say, and their examples are right."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from centre import CONSUMER, OWNER, Centre, Resource
from resources import ALIASES, BUYER, asked, create_all, published
from samtranslator.yaml_helper import yaml_parse

from provider.core.properties import GUARD, RESOURCE_TYPES, schema, validate

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "resource-types"
REFERENCES = {
    "FunctionArn": f"{ALIASES}:live",
    "RestApiId": "a1b2c3d4e5",
    "ApiId": "a1b2c3d4e5",
    "StageName": "prod",
    "RoleArn": "arn:aws:iam::333333333333:role/cross-account/audit",
    "TargetArn": f"{ALIASES}:live",
    "ServiceToken": "arn:aws:lambda:us-east-1:111111111111:function:cross-account-permission",
}


def examples(page: str) -> Iterator[dict[str, Any]]:
    """The resources of ours in a page's examples."""
    text = (PAGES / page).read_text("utf-8").split("## Examples", 1)[1]
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        for resource in yaml_parse(block).values():
            if resource["Type"] in (*RESOURCE_TYPES, GUARD):
                yield resource


@pytest.mark.parametrize("page", ["target.md", "permission.md", "lookup.md", "guard.md"])
def test_every_example_is_valid(page: str) -> None:
    found = list(examples(page))
    assert found
    for resource in found:
        properties = {
            name: REFERENCES.get(name, [BUYER] if name == "Principals" else value)
            for name, value in resource["Properties"].items()
        }
        validate(resource["Type"], json.loads(json.dumps(properties)))


@pytest.mark.parametrize("resource_type", [*RESOURCE_TYPES, GUARD])
def test_every_property_and_attribute_has_its_description(resource_type: str) -> None:
    rules = schema(resource_type)
    for name, one in {**rules["properties"], **rules["x-returns"]}.items():
        assert one["description"].endswith("."), name


def test_what_the_controller_returns_is_what_the_schemas_say() -> None:
    """By grant type, and by kind of target: neither more nor less."""
    centre = Centre()
    create_all(centre)
    returned: dict[str, set[str]] = {}
    for kind in ("function", "api", "role"):
        returned.setdefault("target", set()).update(centre.ask(OWNER, published(kind).event("Create")).data)
        lookup = Resource(CONSUMER, "TargetLookup", {"Target": f"{OWNER}/{kind}"}, f"Lookup{kind}")
        returned[f"lookup {kind}"] = set(centre.ask(CONSUMER, lookup.event("Create")).data)
    for kind, grant_type, given in (
        ("function", "Authorizer", {"ApiId": "a1b2c3d4e5"}),
        ("function", "InvokeFunction", {}),
        ("api", "ExecuteApi", {}),
        ("role", "AssumeRole", {}),
    ):
        event = asked(kind, grant_type, grant_type, **given).event("Create")
        returned[grant_type] = set(centre.ask(CONSUMER, event).data)
    assert returned["target"] == set(schema("Custom::CrossAccountTarget")["x-returns"])
    permission = schema("Custom::CrossAccountPermission")["x-returns"]
    for grant_type in ("Authorizer", "InvokeFunction", "ExecuteApi", "AssumeRole"):
        said = {name for name, one in permission.items() if grant_type in one.get("x-grant-types", [grant_type])}
        assert returned[grant_type] == said, grant_type
    lookups = schema("Custom::CrossAccountTargetLookup")["x-returns"]
    kinds = {"function": "a function or alias", "api": "a REST API", "role": "a role"}
    for kind, called in kinds.items():
        said = {name for name, one in lookups.items() if called in one.get("x-kinds", [called])}
        assert returned[f"lookup {kind}"] == said, kind
