"""What rules ask of a template: resources by type, what a value refers to, what is said plainly."""

from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.helpers import REGEX_SUB_PARAMETERS
from cfnlint.template import Template

PERMISSION = "Custom::CrossAccountPermission"
TARGET = "Custom::CrossAccountTarget"
LOOKUP = "Custom::CrossAccountTargetLookup"
OURS = (PERMISSION, TARGET, LOOKUP)

Properties = Mapping[str, Any]


def resources(cfn: Template, *types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Logical ids and resources of these types; a resource that is none is left to cfn-lint's own rules."""
    found = cfn.template.get("Resources")
    for name, resource in (found if isinstance(found, dict) else {}).items():
        if isinstance(resource, dict) and resource.get("Type") in types:
            yield name, resource


def properties(resource: Mapping[str, Any]) -> Properties:
    """The properties of a resource; none where they are no mapping."""
    found = resource.get("Properties")
    return found if isinstance(found, dict) else {}


def referred(value: Any) -> tuple[str, str] | None:
    """What `Ref`, `Fn::GetAtt` or a lone `${…}` of Fn::Sub refers to: logical id and attribute (empty for Ref); else None."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((function, argument),) = value.items()
    if function == "Ref" and isinstance(argument, str):
        return argument, ""
    if function == "Fn::GetAtt":
        parts = argument if isinstance(argument, list) else str(argument).split(".", 1)
        return (str(parts[0]), str(parts[1])) if len(parts) == 2 else None
    if function == "Fn::Sub" and isinstance(argument, str) and not REGEX_SUB_PARAMETERS.sub("", argument):
        found = list(substituted(value))
        return found[0] if len(found) == 1 else None
    return None


def mentioned(node: Any) -> Iterator[str]:
    """The logical ids that a part of a template refers to, anywhere in it."""
    if isinstance(node, list):
        for one in node:
            yield from mentioned(one)
    elif isinstance(node, dict):
        found = referred(node)
        if found:
            yield found[0]
        yield from (name for name, _ in substituted(node))
        for one in node.values():
            yield from mentioned(one)


def substituted(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What an Fn::Sub refers to: logical ids (or its own names) and attributes, empty for those of `Ref`."""
    text = node.get("Fn::Sub")
    text = text[0] if isinstance(text, list) and text else text
    for part in REGEX_SUB_PARAMETERS.findall(text) if isinstance(text, str) else ():
        name, _, attribute = part.partition(".")
        yield name, attribute


def plain(value: Any) -> str | None:
    """A value that is said plainly, as text; None where a function makes it."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
