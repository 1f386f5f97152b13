"""The JSON Schema of a template that uses our types: the controller's own schemas, as templates may say them.

It is draft 7, which all editors know, with the words that YAML and JSON language servers add to it: `errorMessage` and
`patternErrorMessage` (what a finding says) and `defaultSnippets` (what completion writes). Resources of other types are
left alone. Where a function makes a value, only CloudFormation will know it: any value may be one. Editors read a short
form, such as `!Ref Api`, as the object that it stands for (docs/editors.md has the setting).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provider.core.properties import RESOURCE_TYPES, schema

Schema = dict[str, Any]

FILE = Path(__file__).with_name("template.schema.json")
"""What `text` has made; `make docs` writes it."""

_SERVICE_TOKEN = "!Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:cross-account-permission"  # noqa: S105 - an ARN
_PEOPLE_ONLY = ("x-remedy", "x-returns", "x-ref", "x-name", "$schema", "title")
_UNFINISHED = r"\{\{resolve:|[$&]\{|^!\S"
"""A dynamic reference; the identifier of an Fn::ForEach, which takes part in any text of its body; or a short form, tag and all, as
editors show it that know no tags."""


def text() -> str:
    """The schema as the file that editors read."""
    return json.dumps(template(), indent=2, ensure_ascii=False) + "\n"


def template() -> Schema:
    """The JSON Schema of a whole template."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"Resources": {"$ref": "#/definitions/Resources"}},
        "definitions": {
            "Resources": _resources(),
            "Resource": _resource(),
            "Function": _function(),
            "Unfinished": {"type": "string", "pattern": _UNFINISHED},
            **{_name(one): _properties(schema(one)) for one in RESOURCE_TYPES},
        },
    }


def _resources() -> Schema:
    body = {"type": "array", "items": [{"type": "string"}, {}, {"$ref": "#/definitions/Resources"}]}
    return {
        "type": "object",
        "patternProperties": {"^Fn::ForEach::": body, "^Fn::Transform$": {}},
        "additionalProperties": {"$ref": "#/definitions/Resource"},
    }


def _resource() -> Schema:
    """A resource of whatever type: one of ours has our properties."""
    known = [{"title": one, "const": one, "description": _described(schema(one))} for one in RESOURCE_TYPES]
    other: Schema = {"not": {"enum": list(RESOURCE_TYPES)}}
    return {
        "type": "object",
        "properties": {"Type": {"anyOf": [*known, other]}},
        "allOf": [
            {
                "if": {"properties": {"Type": {"const": one}}, "required": ["Type"]},
                "then": {"required": ["Properties"], "properties": {"Properties": {"$ref": _reference(one)}}},
            }
            for one in RESOURCE_TYPES
        ],
    }


def _function() -> Schema:
    """A value that a function makes, in its long form; a short one is read as an object without properties."""
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "patternProperties": {"^(Ref|Condition|Fn::.+)$": {}},
        "additionalProperties": False,
    }


def _properties(rules: Mapping[str, Any]) -> Schema:
    """The properties of one of our types."""
    made = _checked({key: value for key, value in rules.items() if key not in ("properties", "allOf")})
    made["properties"] = {name: _property(name, one) for name, one in rules["properties"].items()}
    made["patternProperties"] = {"^Fn::Transform$": {}}
    conditions = [_condition(one) for one in rules.get("allOf", ())]
    return {**made, "allOf": conditions} if conditions else made


def _property(name: str, rules: Mapping[str, Any]) -> Schema:
    found: Schema = {"title": name, "description": f"{rules['description']} {rules['x-remedy']}"}
    if name == "ServiceToken":
        # In a snippet a dollar begins a placeholder.
        written = _SERVICE_TOKEN.replace("$", "\\$")
        found["defaultSnippets"] = [{"label": "this account's provider function", "body": written}]
    return {**found, **_value(name, rules)}


def _value(name: str, rules: Mapping[str, Any]) -> Schema:
    """What a value may be: as the controller's schema says, or made by a function."""
    plain = _checked({key: value for key, value in rules.items() if key not in ("description", "items")})
    if rules.get("type") == "string":
        # CloudFormation makes text of numbers: `Revision: 2` is one.
        plain["type"] = ["string", "number"]
    elif isinstance(rules.get("type"), str):
        # As a list of one: the language server then keeps our sentence, where none of the choices below fits.
        plain["type"] = [rules["type"]]
    if "items" in rules:
        plain["items"] = _value(name, rules["items"])
    told = {"errorMessage": rules["x-remedy"], "patternErrorMessage": rules["x-remedy"]}
    made = [{"$ref": "#/definitions/Function"}, {"$ref": "#/definitions/Unfinished"}]
    return {"anyOf": [{"title": name, **plain, **told}, *made]}


def _condition(rule: Mapping[str, Any]) -> Schema:
    if "anyOf" in rule:
        return {"anyOf": [{**one, "errorMessage": rule["x-remedy"]} for one in rule["anyOf"]]}
    then = {key: value for key, value in rule["then"].items() if key != "properties"}
    beside = _beside(rule)
    fitting = {name: _fitting(name, one, beside) for name, one in rule["then"].get("properties", {}).items()}
    return {"if": rule["if"], "then": {**then, "properties": fitting}}


def _fitting(name: str, rules: Mapping[str, Any], beside: str) -> Schema:
    if "not" in rules:
        misfit = f"{name} does not go with {beside}. Remove one of the two."
        return {"title": name, "type": "null", "errorMessage": misfit, "doNotSuggest": True}
    remedy = f"With {beside} use {' or '.join(rules['items']['enum'])}."
    return _value(name, {"type": "array", "items": {**rules["items"], "x-remedy": remedy}, "x-remedy": remedy})


def _beside(rule: Mapping[str, Any]) -> str:
    name: str = rule["if"]["required"][0]
    value = rule["if"].get("properties", {}).get(name, {}).get("const")
    return f"{name} {value}" if value else name


def _checked(rules: Mapping[str, Any]) -> Schema:
    return {key: value for key, value in rules.items() if key not in _PEOPLE_ONLY}


def _described(rules: Mapping[str, Any]) -> str:
    returned = "; ".join(f"{name}: {one['description'].rstrip('.')}" for name, one in rules["x-returns"].items())
    return f"{rules['description']} Ref: {rules['x-ref']} Fn::GetAtt: {returned}."


def _name(resource_type: str) -> str:
    return resource_type.removeprefix("Custom::")


def _reference(resource_type: str) -> str:
    return f"#/definitions/{_name(resource_type)}"
