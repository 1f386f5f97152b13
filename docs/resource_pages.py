"""The pages of the resource types, in the form of CloudFormation's own reference, from their JSON Schemas."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from provider.core.properties import schema

_SERVICE_TOKEN = "!Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:cross-account-permission"  # noqa: S105 - an ARN

Schema = Mapping[str, Any]


def syntax(resource_type: str) -> str:
    """How the type is written, in YAML and JSON; `Type` stands for each property's."""
    properties = schema(resource_type)["properties"]
    lines = [f"  {name}:{_written(name, one)}" for name, one in properties.items()]
    yaml = "\n".join([f"Type: {resource_type}", "Properties:", *lines])
    body = {name: ["String"] if _type(one) == "List of String" else _type(one) for name, one in properties.items()}
    text = json.dumps({"Type": resource_type, "Properties": body}, indent=2)
    return f"### YAML\n\n```yaml\n{yaml}\n```\n\n### JSON\n\n```json\n{text}\n```"


def properties(resource_type: str) -> str:
    """What each property means, what it may be, and what becomes of the resource when it changes."""
    rules = schema(resource_type)
    return "\n\n".join("\n".join(_property(name, one, rules)) for name, one in rules["properties"].items())


def returns(resource_type: str) -> str:
    """What `Ref` and `Fn::GetAtt` return."""
    rules = schema(resource_type)
    if not rules["x-returns"]:
        return f"### Ref\n\n{rules['x-ref']}\n\n### Fn::GetAtt\n\nNothing."
    rows = [f"| `{name}` | {one['description']} | {_when(one)} |" for name, one in rules["x-returns"].items()]
    table = "\n".join(["| attribute | is | for |", "|---|---|---|", *rows])
    return f"### Ref\n\n{rules['x-ref']}\n\n### Fn::GetAtt\n\n{table}"


def _when(one: Schema) -> str:
    found = one.get("x-grant-types") or one.get("x-kinds")
    return ", ".join(f"`{text}`" if " " not in text else text for text in found) if found else "all"


def _written(name: str, one: Schema) -> str:
    if _type(one) == "List of String":
        return "\n    - String"
    return f" {_SERVICE_TOKEN if name == 'ServiceToken' else _type(one)}"


def _type(one: Schema) -> str:
    if one.get("type") == "array":
        return "List of String"
    if one.get("type") == ["integer", "string"]:
        return "Integer"
    return "Boolean" if True in one.get("enum", ()) else "String"


def _property(name: str, one: Schema, rules: Schema) -> Iterator[str]:
    yield f"`{name}`"
    yield f": {one['description']}"
    yield ""
    yield f"  *Required*: {_required(name, rules)}"
    yield ""
    yield f"  *Type*: {_type(one)}"
    for label, text in _limits(one):
        yield ""
        yield f"  *{label}*: {text}"
    yield ""
    yield f"  *Update requires*: {_update(name, rules)}"


def _required(name: str, rules: Schema) -> str:
    if name in rules["required"]:
        return "Yes"
    found = []
    for rule in rules.get("allOf", ()):
        if name in rule.get("then", {}).get("required", ()):
            found.append(f"with {_beside(rule)}")
        if {"required": [name]} in rule.get("anyOf", ()):
            others = [one["required"][0] for one in rule["anyOf"] if one["required"] != [name]]
            found.append(f"unless {' or '.join(f'`{other}`' for other in others)} is given")
    fitting = _fitting(name, rules)
    if found:
        return f"Conditional: {'; '.join(found)}"
    return f"No; goes with {', '.join(fitting)}" if fitting else "No"


def _fitting(name: str, rules: Schema) -> list[str]:
    """With what a property goes, where it does not go with everything."""
    conditions = [rule for rule in rules.get("allOf", ()) if "then" in rule]
    misfits = [
        rule
        for rule in conditions
        if name in rule["then"].get("properties", {}) and "not" in rule["then"]["properties"][name]
    ]
    return [_beside(rule) for rule in conditions if rule not in misfits] if misfits else []


def _beside(rule: Schema) -> str:
    condition = rule["if"]
    name: str = condition["required"][0]
    value = condition.get("properties", {}).get(name, {}).get("const")
    return f"`{name}: {value}`" if value else f"`{name}`"


def _limits(one: Schema) -> Iterator[tuple[str, str]]:
    of = one.get("items", one)
    if "enum" in of and True not in of["enum"]:
        yield "Allowed values", " | ".join(f"`{value}`" for value in of["enum"])
    if "pattern" in of and _type(one) != "Integer":
        yield "Pattern", f"`{of['pattern'].removesuffix('(?!' + chr(92) + 'n)')}`".replace("|", "&#124;")
    if "minItems" in one or "maxItems" in one:
        yield "Items", f"{one.get('minItems', 0)} to {one['maxItems']}, all different"
    if "minimum" in one:
        yield "Minimum and maximum", f"{one['minimum']} to {one['maximum']}"
    if "maxLength" in of:
        yield "Maximum length", str(of["maxLength"])
    if "default" in one:
        yield "Default", f"`{str(one['default']).lower() if isinstance(one['default'], bool) else one['default']}`"


def _update(name: str, rules: Schema) -> str:
    """CloudFormation replaces what returns another id: each change of what is asked is another grant, opened before the old one goes."""
    if name == "ServiceToken":
        return "not possible; CloudFormation refuses another ServiceToken"
    return (
        "No interruption"
        if name == "ServiceTimeout" or not rules["x-returns"]  # nothing is asked for then
        else "No interruption: the new one is in force before the old one goes"
    )


PAGES = {
    "target.md": "Custom::CrossAccountTarget",
    "permission.md": "Custom::CrossAccountPermission",
    "lookup.md": "Custom::CrossAccountTargetLookup",
    "guard.md": "Custom::CrossAccountGuard",
}
