"""W9109: a deployment is a snapshot; one that keeps its logical id keeps calling where the target was."""

from collections.abc import Iterator

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from provider.lint.templates import LOOKUP, PERMISSION, mentioned, plain, properties, referred, resources


class CrossAccountStaleDeployment(CloudFormationLintRule):
    """AWS::ApiGateway::Deployment of an API whose authorizer follows a Revision."""

    id = "W9109"
    shortdesc = "A changed Revision comes with a new deployment"
    description = (
        "Finds deployments whose logical id and description do not follow the Revision of their API's authorizer"
    )
    source_url = "docs/rules/W9109.md"
    tags = ["resources", "cross-account", "deployment"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """A match for each deployment that would not be made anew."""
        return list(_stale(cfn))


def _stale(cfn: Template) -> Iterator[RuleMatch]:
    revisions = {
        name: revision
        for name, resource in resources(cfn, PERMISSION, LOOKUP)
        if (revision := plain(properties(resource).get("Revision")))
    }
    for _, authorizer in resources(cfn, "AWS::ApiGateway::Authorizer"):
        given = properties(authorizer)
        api = referred(given.get("RestApiId"))
        for source in set(mentioned(given.get("AuthorizerUri"))) & set(revisions):
            for name, deployment in resources(cfn, "AWS::ApiGateway::Deployment"):
                of = referred(properties(deployment).get("RestApiId"))
                if api and of == api and not name.endswith(revisions[source]):
                    yield RuleMatch(
                        ["Resources", name],
                        f"{source} has Revision {revisions[source]}, but this deployment keeps its logical id, so the stage keeps "
                        f"calling where the target was. Rename it so that it ends with the Revision, such as "
                        f"{name.rstrip('0123456789')}{revisions[source]}.",
                    )
