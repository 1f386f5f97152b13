"""E9102: what is read of our resources by `!GetAtt` and `${X.Y}` is what they return."""

from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from provider.core.properties import schema
from provider.lint.templates import OURS, PERMISSION, plain, properties, referred, resources, substituted


class CrossAccountAttributes(CloudFormationLintRule):
    """Attributes of targets, permissions and lookups."""

    id = "E9102"
    shortdesc = "Attributes that a target, permission or lookup returns"
    description = "Checks the attributes that are read of our resources, by grant type where that is said plainly"
    source_url = "docs/rules/E9102.md"
    tags = ["resources", "cross-account", "getatt"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """A match for each attribute that is not returned."""
        known = {name: _returned(resource) for name, resource in resources(cfn, *OURS)}
        return list(_misread(cfn.template, known, []))


def _returned(resource: Mapping[str, Any]) -> frozenset[str]:
    found = schema(resource["Type"])["x-returns"]
    grant_type = plain(properties(resource).get("GrantType")) if resource["Type"] == PERMISSION else None
    return frozenset(
        name
        for name, one in found.items()
        if grant_type is None or grant_type in one.get("x-grant-types", [grant_type])
    )


def _misread(node: Any, known: Mapping[str, frozenset[str]], path: list[Any]) -> Iterator[RuleMatch]:
    if isinstance(node, list):
        for index, one in enumerate(node):
            yield from _misread(one, known, [*path, index])
        return
    if not isinstance(node, dict):
        return
    found = referred(node) if "Fn::GetAtt" in node else None
    for name, attribute in [found] if found else substituted(node):
        if name in known and attribute and attribute.split(".")[0] not in known[name]:
            message = f"{name} returns no {attribute}. Use one of {', '.join(sorted(known[name]))}."
            yield RuleMatch([*path, next(iter(node))], message)
    for key, one in node.items():
        yield from _misread(one, known, [*path, key])
