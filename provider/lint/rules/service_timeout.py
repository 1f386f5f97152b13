"""W9105: without a ServiceTimeout a stack whose provider dies waits for an hour."""

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from provider.lint.templates import OURS, properties, resources


class CrossAccountServiceTimeout(CloudFormationLintRule):
    """ServiceTimeout of our types."""

    id = "W9105"
    shortdesc = "ServiceTimeout of a target, permission or lookup"
    description = "Checks that CloudFormation is told how long to wait"
    source_url = "docs/rules/W9105.md"
    tags = ["resources", "cross-account", "servicetimeout"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """A match for each resource without one."""
        message = (
            "ServiceTimeout is missing: should the provider die, the stack waits for an hour. Add ServiceTimeout: 300."
        )
        return [
            RuleMatch(["Resources", name, "Properties"], message)
            for name, resource in resources(cfn, *OURS)
            if properties(resource) and not {"ServiceTimeout", "Fn::Transform"} & set(properties(resource))
        ]
