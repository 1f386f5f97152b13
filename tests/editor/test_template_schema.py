"""The schema for editors says what the controller's schemas say, in words that editors know."""

from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

from provider.cli.schema import command
from provider.core.properties import RESOURCE_TYPES, schema
from provider.editor.template_schema import FILE, template, text


def test_the_file_is_what_the_schemas_make() -> None:
    """`make docs` writes it."""
    assert FILE.read_text("utf-8") == text()


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(template())


@pytest.mark.parametrize("resource_type", RESOURCE_TYPES)
def test_every_property_is_there_and_explained(resource_type: str) -> None:
    made = template()["definitions"][resource_type.removeprefix("Custom::")]["properties"]
    rules = schema(resource_type)["properties"]
    assert list(made) == list(rules)
    assert all(one["description"].startswith(rules[name]["description"]) for name, one in made.items())


@pytest.mark.parametrize("resource_type", RESOURCE_TYPES)
def test_every_attribute_is_named_by_its_type(resource_type: str) -> None:
    known = template()["definitions"]["Resource"]["properties"]["Type"]["anyOf"]
    [described] = [one["description"] for one in known if one.get("const") == resource_type]
    assert [name for name in schema(resource_type)["x-returns"] if f"{name}: " not in described] == []


def test_nothing_is_in_it_that_only_we_understand() -> None:
    assert [key for key in keys(template()) if key.startswith("x-")] == []


def keys(node: Any) -> list[str]:
    """All keys of a document."""
    if isinstance(node, list):
        return [key for one in node for key in keys(one)]
    return [key for name, one in node.items() for key in [name, *keys(one)]] if isinstance(node, dict) else []


def test_the_command_says_where_it_lies() -> None:
    assert CliRunner().invoke(command).output == f"{FILE}\n"
