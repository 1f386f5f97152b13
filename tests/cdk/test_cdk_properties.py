"""What the constructs take is what the schemas take: the same names, types, values and requirements. None of this needs CDK."""

import typing
from collections.abc import Sequence
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.cdk.properties import (
    LookupProperties,
    PermissionProperties,
    Service,
    TargetProperties,
    cloudformation_name,
    in_template,
    python_name,
)
from provider.core.properties import LOOKUP, PERMISSION, TARGET, schema

TYPES: dict[str, Any] = {TARGET: TargetProperties, PERMISSION: PermissionProperties, LOOKUP: LookupProperties}


def annotations(taken: Any) -> dict[str, Any]:
    """The properties of a class, by their names in templates, without `Required`."""
    found = typing.get_type_hints(taken)
    return {cloudformation_name(name): kind for name, kind in found.items()}


def expected(rules: dict[str, Any]) -> Any:
    """The Python type of what a schema describes."""
    if rules.get("type") == "array":
        return Sequence[expected(rules["items"])]
    values = rules.get("enum")
    if values:
        return bool if True in values else Literal[tuple(values)]
    return int if "integer" in rules["type"] else str


@pytest.mark.parametrize("resource_type", TYPES)
def test_a_construct_takes_what_its_schema_takes(resource_type: str) -> None:
    """A property that comes, goes or changes its type shows here."""
    rules = schema(resource_type)["properties"]
    assert annotations(TYPES[resource_type]) == {name: expected(each) for name, each in rules.items()}


@pytest.mark.parametrize("resource_type", TYPES)
def test_a_construct_requires_what_its_schema_requires(resource_type: str) -> None:
    """But for the ServiceToken, which it finds by itself."""
    required = {cloudformation_name(name) for name in TYPES[resource_type].__required_keys__}
    assert required == set(schema(resource_type)["required"]) - {"ServiceToken"}


@pytest.mark.parametrize("resource_type", TYPES)
def test_names_translate_both_ways(resource_type: str) -> None:
    for name in schema(resource_type)["properties"]:
        assert cloudformation_name(python_name(name)) == name


@given(st.dictionaries(st.sampled_from(sorted(PermissionProperties.__annotations__)), st.text() | st.lists(st.text())))
def test_values_reach_the_template_as_they_are_without_the_service_s(given: dict[str, Any]) -> None:
    """CDK writes ServiceToken and ServiceTimeout itself."""
    written = in_template(given)
    assert {python_name(name): value for name, value in written.items()} == {
        name: value for name, value in given.items() if name not in Service.__annotations__
    }


def test_no_value_may_be_none() -> None:
    """What is not wanted is left out: a template has no null."""
    for taken in TYPES.values():
        assert not any(NoneType in get_args(kind) for kind in annotations(taken).values() if get_origin(kind))
