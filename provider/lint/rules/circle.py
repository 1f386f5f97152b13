"""E9107: an API that names its authorizer by the permission, which needs the API's id, is a circle; a lookup opens it."""

from collections.abc import Iterator

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from provider.lint.templates import PERMISSION, mentioned, properties, referred, resources


class CrossAccountCircle(CloudFormationLintRule):
    """The circle between an API and its permission."""

    id = "E9107"
    shortdesc = "An API and its permission do not refer to each other"
    description = "Finds the circle between an API's definition and the permission for its authorizer"
    source_url = "docs/rules/E9107.md"
    tags = ["resources", "cross-account", "circle"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """A match for each permission whose API refers back to it."""
        return list(_circles(cfn))


def _circles(cfn: Template) -> Iterator[RuleMatch]:
    everything = cfn.template.get("Resources")
    for name, resource in resources(cfn, PERMISSION):
        api = referred(properties(resource).get("ApiId"))
        definition = everything.get(api[0]) if api and isinstance(everything, dict) else None
        if definition is not None and name in set(mentioned(definition)):
            yield RuleMatch(
                ["Resources", name, "Properties", "ApiId"],
                f"{api[0] if api else ''} refers to {name}, which needs its id: neither can be made first. Take the ARN from a "
                "Custom::CrossAccountTargetLookup in the API, and give the permission TargetArn: !GetAtt <lookup>.TargetArn.",
            )
