"""What the constructs take, one class per resource type: the properties of the JSON Schemas in Python's spelling.

A test holds names, types and what is required to the schemas (`provider/core/schemas`), which describe each property.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypedDict

GrantType = Literal["Authorizer", "InvokeFunction", "ExecuteApi", "AssumeRole"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
OpenMethods = Literal["Refuse", "Close", "CloseWhileGranted"]


class Service(TypedDict, total=False):
    """Who answers: `service_token` is the account's own provider function unless told, `service_timeout` 300 seconds."""

    service_token: str
    service_timeout: int


class TargetProperties(Service, total=False):
    """A function (or alias), a stage of a REST API, or a role, published under a name."""

    name: Required[str]
    environment: str
    function_arn: str
    qualifiers: Sequence[str]
    rest_api_id: str
    stage_name: str
    redeploy_on_change: bool
    methods_without_authorization: OpenMethods
    role_arn: str
    allowed_grant_types: Required[Sequence[GrantType]]
    allowed_accounts: Sequence[str]
    allowed_organizational_units: Sequence[str]
    allow_organization: bool
    maximum_grant_days: int
    maximum_grants_per_account: int
    maximum_policy_share_per_account: int
    allow_deletion_with_consumers: bool
    retired_arns: Sequence[str]


class PermissionProperties(Service, total=False):
    """A permission on a target that another account has published."""

    target: Required[str]
    environment: str
    grant_type: Required[GrantType]
    api_id: str
    authorizer_ids: Sequence[str]
    principals: Sequence[str]
    stage_name: str
    methods: Sequence[Method]
    paths: Sequence[str]
    vpc_endpoint_ids: Sequence[str]
    external_id: str
    target_arn: str
    expires_at: str
    revision: str


class LookupProperties(Service, total=False):
    """A question for where a target is."""

    target: Required[str]
    environment: str
    revision: str


def cloudformation_name(name: str) -> str:
    """A property's name in templates: `vpc_endpoint_ids` is `VpcEndpointIds`."""
    return "".join(part.capitalize() for part in name.split("_"))


def python_name(name: str) -> str:
    """The other way round."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def in_template(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties as a template has them, without those of the service, which CDK takes by itself."""
    return {
        cloudformation_name(name): value for name, value in properties.items() if name not in Service.__annotations__
    }
