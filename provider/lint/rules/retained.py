"""W9110: a permission that is retained keeps its statement for good; nobody is told when its stack is gone."""

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from provider.lint.templates import PERMISSION, TARGET, resources

_POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")


class CrossAccountRetained(CloudFormationLintRule):
    """DeletionPolicy and UpdateReplacePolicy of permissions and targets."""

    id = "W9110"
    shortdesc = "Permissions and targets are not retained"
    description = "Finds permissions and targets whose removal nobody would be told of"
    source_url = "docs/rules/W9110.md"
    tags = ["resources", "cross-account", "retain"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """A match for each such policy."""
        return [
            RuleMatch(
                ["Resources", name, policy],
                f"{policy}: Retain leaves the permission open for good, since nobody is told that it is gone. Remove {policy}.",
            )
            for name, resource in resources(cfn, PERMISSION, TARGET)
            for policy in _POLICIES
            if str(resource.get(policy, "")).startswith("Retain")
        ]
