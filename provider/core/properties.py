"""Validation of a resource's properties against the JSON Schema of its type.

The schema files say what is allowed and what to do otherwise (`x-remedy`); linter and docs read the
same files. Here the first violation becomes one sentence that names property, value and remedy.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provider.core.errors import (
    InvalidProperty,
    MissingProperty,
    Permanent,
    PropertyDoesNotFit,
    UnknownProperty,
    UnknownResourceType,
)

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

TARGET = "Custom::CrossAccountTarget"
PERMISSION = "Custom::CrossAccountPermission"
LOOKUP = "Custom::CrossAccountTargetLookup"
RESOURCE_TYPES = (TARGET, PERMISSION, LOOKUP)
"""The types that stacks use."""
GUARD = "Custom::CrossAccountGuard"
"""The type that account-provider.yaml has one resource of."""

_SCHEMAS = Path(__file__).with_name("schemas")
_LOOKED_AT = 50  # violations: enough to say the most telling first, whatever somebody sends


@cache
def schema(resource_type: str) -> dict[str, Any]:
    """The JSON Schema of a resource type, such as `Custom::CrossAccountTarget`.

    Raises:
        UnknownResourceType: the type is none of ours.
    """
    if resource_type not in (*RESOURCE_TYPES, GUARD):
        raise UnknownResourceType(resource_type)
    name = resource_type.removeprefix("Custom::")
    loaded: dict[str, Any] = json.loads((_SCHEMAS / f"{name}.json").read_text("utf-8"))
    return loaded


@cache
def _validator(resource_type: str) -> "Draft202012Validator":
    # Late: loading it is a third of a cold start, and neither the schedule's rounds nor Deletes validate anything.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    return Draft202012Validator(schema(resource_type))


def validate(resource_type: str, properties: Mapping[str, Any]) -> None:
    """Check the properties of a Create or Update.

    Raises:
        UnknownResourceType, UnknownProperty, MissingProperty, InvalidProperty: the first violation, by property.
    """
    found = islice(_validator(resource_type).iter_errors(dict(properties)), _LOOKED_AT)
    violations = sorted(found, key=_reading_order)
    if violations:
        raise _as_sentence(resource_type, violations[0])
    for name, value in properties.items():
        if isinstance(value, str) and not _is_whole(value):
            remedy = schema(resource_type)["properties"][name]["x-remedy"]
            raise InvalidProperty(name, value, "holds half a character", remedy)
        # Not by the schema's uniqueItems: that takes quadratic time, on whatever somebody sends.
        if isinstance(value, list) and len(set(value)) < len(value):
            remedy = schema(resource_type)["properties"][name]["x-remedy"]
            raise InvalidProperty(name, value, "names something twice", remedy)


def _is_whole(text: str) -> bool:
    """Whether UTF-8 can carry a text; half a surrogate pair, which JSON can write, is in no table."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _reading_order(violation: "ValidationError") -> tuple[int, str]:
    # A misspelt name explains the missing property beside it, and one too many what is wrong with others: say that first.
    rank = {"additionalProperties": 0, "not": 1, "required": 2}.get(str(violation.validator), 3)
    return rank, _path(violation.absolute_path)


def _path(path: Iterable[str | int]) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else step
    return text


def _as_sentence(resource_type: str, violation: "ValidationError") -> Permanent:
    rules = schema(resource_type)
    instance: Any = violation.instance
    limit: Any = violation.validator_value
    node: Any = violation.schema
    if violation.validator == "additionalProperties":
        known = rules["properties"]
        name = min(key for key in instance if key not in known)
        usable = tuple(key for key in known if key != "ServiceToken")
        return UnknownProperty(name, instance[name], usable)
    if violation.validator == "required":
        name = min(key for key in limit if key not in instance)
        return MissingProperty(name, rules["properties"][name]["x-remedy"])
    if violation.validator == "anyOf":
        return MissingProperty(node["x-name"], node["x-remedy"])
    if violation.validator == "not":  # the property has no place beside another one
        return PropertyDoesNotFit(_path(violation.absolute_path), instance, _beside(rules, violation))
    return InvalidProperty(
        _path(violation.absolute_path), violation.instance, _problem(violation), _remedy(rules, violation)
    )


def _beside(rules: dict[str, Any], violation: "ValidationError") -> str:
    """What the condition of a schema's `then` asks for: a property with a value, or a property alone."""
    condition = rules["allOf"][violation.absolute_schema_path[1]]["if"]
    name: str = condition["required"][0]
    fixed = condition.get("properties", {}).get(name, {}).get("const")
    return f"{name} {fixed}" if fixed else name


_PROBLEMS = {
    "type": "is not of type {limit}",
    "pattern": "does not have the right form",
    "enum": "is not one of the allowed values",
    "minItems": "has fewer items than {limit}",
    "maxItems": "has more items than {limit}",
    "maxLength": "is longer than {limit} characters",
    "minimum": "is less than {limit}",
    "maximum": "is more than {limit}",
}


def _problem(violation: "ValidationError") -> str:
    limit: Any = violation.validator_value
    if isinstance(limit, list):
        limit = " or ".join(str(one) for one in limit)
    return _PROBLEMS[str(violation.validator)].format(limit=limit)


def _remedy(rules: dict[str, Any], violation: "ValidationError") -> str:
    node = rules["properties"][violation.absolute_path[0]]
    if len(violation.absolute_path) > 1:
        node = node["items"]
    remedy: str = node["x-remedy"]
    return remedy


def is_true(value: object) -> bool:
    """A boolean property as CloudFormation sends it: `"true"` (docs/aws-behaviour.md §5) or a JSON boolean."""
    return value is True or value == "true"
