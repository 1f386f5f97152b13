"""E9104: the ServiceToken is the provider function of the stack's own account and Region, whose name never changes."""

import re
from collections.abc import Iterator
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from provider.lint.templates import OURS, properties, resources

_NAME = "cross-account-permission"
_ARN = re.compile(r"arn:([^:]+):lambda:([^:]+):([^:]+):function:([^:]+)(?::.+)?")


class CrossAccountServiceToken(CloudFormationLintRule):
    """ServiceToken of our types."""

    id = "E9104"
    shortdesc = "ServiceToken of a target, permission or lookup"
    description = "Checks that a ServiceToken names this account's provider function in the stack's own Region"
    source_url = "docs/rules/E9104.md"
    tags = ["resources", "cross-account", "servicetoken"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """A match for each ServiceToken that CloudFormation could not use; what a parameter or import says is not seen."""
        return [
            RuleMatch(["Resources", name, "Properties", "ServiceToken"], fault)
            for name, resource in resources(cfn, *OURS)
            for fault in _faults(properties(resource).get("ServiceToken"))
        ]


def _faults(token: Any) -> Iterator[str]:
    text = token.get("Fn::Sub") if isinstance(token, dict) else token
    if not isinstance(text, str):
        return
    # Pseudo parameters hold colons themselves: they are taken for what they stand for.
    plain = re.sub(r"\$\{(?:AWS::)?([A-Za-z]+)\}", r"<\1>", text)
    match = _ARN.fullmatch(plain)
    remedy = (
        "Write !Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:cross-account-permission."
    )
    if match is None:
        yield f"{text[:80]!r} is no function's ARN. {remedy}"
        return
    _, region, _, function = match.groups()
    if function != _NAME:
        yield f"Function {function} is not the provider function {_NAME}. {remedy}"
    if not region.startswith("<"):
        yield f"Region {region} is fixed; a ServiceToken must be in the stack's own Region. {remedy}"
