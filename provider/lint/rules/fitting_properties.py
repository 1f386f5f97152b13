"""E9103: properties that do not go with the grant type of a permission, or with what a target publishes."""

from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from provider.core.properties import schema
from provider.lint.templates import PERMISSION, TARGET, plain, properties, resources


class CrossAccountFittingProperties(CloudFormationLintRule):
    """Properties beside each other."""

    id = "E9103"
    shortdesc = "Properties that go with the grant type, or with what is published"
    description = "Finds properties that have no place beside another one, whatever their values"
    source_url = "docs/rules/E9103.md"
    tags = ["resources", "cross-account"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """A match for each property that does not go with another one that is given."""
        return [
            RuleMatch(
                ["Resources", name, "Properties", misfit], f"{misfit} does not go with {beside}. Remove one of the two."
            )
            for name, resource in resources(cfn, PERMISSION, TARGET)
            for misfit, beside in _misfits(properties(resource), schema(resource["Type"]))
        ]


def _misfits(given: Mapping[str, Any], rules: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for rule in rules.get("allOf", ()):
        condition = rule.get("if")
        if condition is None:
            continue
        (name,) = condition["required"]
        value = condition.get("properties", {}).get(name, {}).get("const")
        if name not in given or (value is not None and plain(given[name]) != value):
            continue
        for misfit, one in rule["then"].get("properties", {}).items():
            if "not" in one and misfit in given and misfit not in seen:
                seen |= {misfit, name}
                yield misfit, f"{name} {value}" if value else name
