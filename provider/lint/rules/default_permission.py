"""W9108: the permission that SAM (or an author) makes on a function of another account cannot be applied there."""

from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from provider.lint.templates import LOOKUP, PERMISSION, mentioned, properties, resources

# Whether SAM makes a permission unless it is told otherwise, and the property that tells it.
_SWITCHES = {
    "AWS::Serverless::Api": ("DisableFunctionDefaultPermissions", False),
    "AWS::Serverless::HttpApi": ("EnableFunctionDefaultPermissions", True),
}


class CrossAccountDefaultPermission(CloudFormationLintRule):
    """AWS::Lambda::Permission on a target, SAM's own included."""

    id = "W9108"
    shortdesc = "No AWS::Lambda::Permission on another account's function"
    description = "Finds permissions on what a lookup or permission has answered, SAM's default ones included"
    source_url = "docs/rules/W9108.md"
    tags = ["resources", "cross-account", "sam"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """A match for each such permission, and for each authorizer for which SAM makes one."""
        ours = {name for name, _ in resources(cfn, LOOKUP, PERMISSION)}
        written = (
            ["Resources", name]
            for name, resource in resources(cfn, "AWS::Lambda::Permission")
            if ours & set(mentioned(properties(resource).get("FunctionName")))
        )
        return [RuleMatch(path, _MESSAGE) for path in [*written, *_made_by_sam(cfn, ours)]]


def _made_by_sam(cfn: Template, ours: set[str]) -> Iterator[list[str]]:
    """docs/aws-behaviour.md §5: REST APIs make one unless they are told not to, HTTP APIs only when told to."""
    for name, resource in resources(cfn, *_SWITCHES):
        switch, makes = _SWITCHES[resource["Type"]]
        for authorizer, given in _authorizers(properties(resource)):
            if ours & set(mentioned(given.get("FunctionArn"))) and (str(given.get(switch)).lower() == "true") is makes:
                yield ["Resources", name, "Properties", "Auth", "Authorizers", authorizer]


def _authorizers(given: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    auth = given.get("Auth")
    found = auth.get("Authorizers") if isinstance(auth, dict) else None
    for name, one in (found if isinstance(found, dict) else {}).items():
        if isinstance(one, dict):
            yield name, one


_MESSAGE = (
    "A permission is made on a function of another account, where this stack may not write it. Remove it; in SAM set "
    "DisableFunctionDefaultPermissions: true on a REST API's authorizer, and leave EnableFunctionDefaultPermissions off."
)
