"""The constructs: custom resources whose ServiceToken is the provider function of the stack's own account and Region.

An attribute that the permission's grant type does not have is refused by CloudFormation (README, the resource types).
"""

from collections.abc import Mapping
from typing import Any, Unpack

from aws_cdk import ArnFormat, CustomResource, Duration, Stack, Token
from constructs import Construct

from provider.cdk.properties import LookupProperties, PermissionProperties, TargetProperties, in_template

_FUNCTION = "cross-account-permission"
_PATIENCE = 300  # seconds: the provider answers within 120, and Lambda repeats a failed invocation after a minute


class _CrossAccountResource(CustomResource):
    """A custom resource of one of our types."""

    def __init__(self, scope: Construct, construct_id: str, resource_type: str, properties: Mapping[str, Any]) -> None:
        own = Stack.of(scope).format_arn(
            service="lambda", resource="function", resource_name=_FUNCTION, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        super().__init__(
            scope,
            construct_id,
            resource_type=f"Custom::{resource_type}",
            service_token=properties.get("service_token", own),
            service_timeout=Duration.seconds(properties.get("service_timeout", _PATIENCE)),
            properties=in_template(properties),
        )

    @property
    def target_arn(self) -> str:
        """The ARN of the function or alias, the REST API's stage, or the role."""
        return str(self.get_att_string("TargetArn"))


class _Reaching(_CrossAccountResource):
    """What tells how a target is reached."""

    @property
    def authorizer_uri(self) -> str:
        """What an API's authorizer has as its AuthorizerUri, of a function."""
        return str(self.get_att_string("AuthorizerUri"))

    @property
    def invoke_url(self) -> str:
        """The URL of the stage, of a REST API."""
        return str(self.get_att_string("InvokeUrl"))

    @property
    def role_arn(self) -> str:
        """The role to assume, of a role."""
        return str(self.get_att_string("RoleArn"))


class CrossAccountTarget(_CrossAccountResource):
    """Publishes a resource of this account under a name, for the accounts and grant types it lists."""

    def __init__(self, scope: Construct, construct_id: str, /, **properties: Unpack[TargetProperties]) -> None:
        super().__init__(scope, construct_id, "CrossAccountTarget", properties)

    @property
    def target_name(self) -> str:
        """The target's full name, which consumers give as `target`."""
        return str(self.get_att_string("Name"))

    @property
    def target_arns(self) -> list[str]:
        """All places that a grant may stand on; one unless there are qualifiers."""
        return list(Token.as_list(self.get_att("TargetArns")))


class CrossAccountPermission(_Reaching):
    """Asks for a permission on a target, for as long as this resource stands."""

    def __init__(self, scope: Construct, construct_id: str, /, **properties: Unpack[PermissionProperties]) -> None:
        super().__init__(scope, construct_id, "CrossAccountPermission", properties)

    @property
    def grant_id(self) -> str:
        """By which the central account's records name the grant."""
        return str(self.get_att_string("GrantId"))

    @property
    def source_arns(self) -> list[str]:
        """The authorizers that may invoke, of an Authorizer."""
        return list(Token.as_list(self.get_att("SourceArns")))

    @property
    def deployment_status(self) -> str:
        """`Deployed`, or `PendingDeployment` until the stage's owner deploys it, of an ExecuteApi."""
        return str(self.get_att_string("DeploymentStatus"))

    @property
    def deployment_reason(self) -> str:
        """Why it is not deployed; empty where it is."""
        return str(self.get_att_string("DeploymentReason"))


class CrossAccountTargetLookup(_Reaching):
    """Answers where a target is, before anything is asked for on it."""

    def __init__(self, scope: Construct, construct_id: str, /, **properties: Unpack[LookupProperties]) -> None:
        super().__init__(scope, construct_id, "CrossAccountTargetLookup", properties)
