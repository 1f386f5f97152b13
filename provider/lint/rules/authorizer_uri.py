"""W9106: an authorizer of an API that has a permission takes its URI from that permission or from a lookup."""

from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from provider.lint.templates import LOOKUP, PERMISSION, mentioned, plain, properties, referred, resources

_AUTHORIZERS = {"AWS::ApiGateway::Authorizer": "RestApiId", "AWS::ApiGatewayV2::Authorizer": "ApiId"}


class CrossAccountAuthorizerUri(CloudFormationLintRule):
    """AuthorizerUri of authorizers whose API asks for a permission."""

    id = "W9106"
    shortdesc = "An authorizer's URI comes from its permission or a lookup"
    description = "Checks that authorizers follow their target when it moves"
    source_url = "docs/rules/W9106.md"
    tags = ["resources", "cross-account", "authorizer"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """A match for each authorizer that names its function itself."""
        asking = {
            found[0]
            for _, resource in resources(cfn, PERMISSION)
            if plain(properties(resource).get("GrantType")) == "Authorizer"
            and (found := referred(properties(resource).get("ApiId")))
        }
        ours = {name for name, _ in resources(cfn, PERMISSION, LOOKUP)}
        return [
            RuleMatch(["Resources", name, "Properties", "AuthorizerUri"], _MESSAGE)
            for name, uri in _authorizers(cfn, asking)
            if not ours & set(mentioned(uri))
        ]


_MESSAGE = (
    "The API asks for a permission on a target, but its authorizer names the function itself: it calls something else when "
    "the target moves. Use !GetAtt <permission or lookup>.AuthorizerUri."
)


def _authorizers(cfn: Template, apis: set[str]) -> Iterator[tuple[str, Any]]:
    for name, resource in resources(cfn, *_AUTHORIZERS):
        given: Mapping[str, Any] = properties(resource)
        api = referred(given.get(_AUTHORIZERS[resource["Type"]]))
        if api and api[0] in apis and "AuthorizerUri" in given:
            yield name, given["AuthorizerUri"]
