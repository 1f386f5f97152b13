"""What a permission asks for, one class per grant type: the properties that say it, checked against who asks.

Accounts and Regions come from the verified stack, never from a property: nobody can ask for another account's API or role.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from provider.core.errors import ForeignPrincipal, InvalidProperty
from provider.core.identifiers import Origin


class GrantType(StrEnum):
    """What a consumer may ask for."""

    AUTHORIZER = "Authorizer"
    INVOKE_FUNCTION = "InvokeFunction"
    EXECUTE_API = "ExecuteApi"
    ASSUME_ROLE = "AssumeRole"


@dataclass(frozen=True, slots=True)
class AuthorizerUse:
    """API Gateway may use the target's function as Lambda authorizer of this API; no ids mean all authorizers of it."""

    grant_type: ClassVar = GrantType.AUTHORIZER
    api_id: str
    authorizer_ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> "AuthorizerUse":
        """The specification in valid properties."""
        return cls(properties["ApiId"], _listed(properties, "AuthorizerIds"))

    @property
    def properties(self) -> dict[str, Any]:
        """The properties that say this, as short as they can."""
        return _said(ApiId=self.api_id, AuthorizerIds=self.authorizer_ids)

    def source_arns(self, origin: Origin) -> tuple[str, ...]:
        """The authorizers that may invoke, as API Gateway names them (docs/aws-behaviour.md §2).

        Account and Region are the verified stack's.
        """
        stack = origin.stack
        api = f"arn:{stack.partition}:execute-api:{stack.region}:{origin.account}:{self.api_id}"
        return tuple(f"{api}/authorizers/{authorizer}" for authorizer in self.authorizer_ids or ("*",))


@dataclass(frozen=True, slots=True)
class FunctionInvocation:
    """The roles and users `principals` may invoke the target's function; none mean the whole account."""

    grant_type: ClassVar = GrantType.INVOKE_FUNCTION
    principals: tuple[str, ...] = ()

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> "FunctionInvocation":
        """The specification in valid properties."""
        return cls(_listed(properties, "Principals"))

    @property
    def properties(self) -> dict[str, Any]:
        """The properties that say this, as short as they can."""
        return _said(Principals=self.principals)


@dataclass(frozen=True, slots=True)
class ApiExecution:
    """The principals may call these methods and paths of the target's stage, through one of the VPC endpoints.

    What is empty does not narrow. `stage` is empty where the consumer takes the target's, whatever it is.
    """

    grant_type: ClassVar = GrantType.EXECUTE_API
    principals: tuple[str, ...] = ()
    stage: str = ""
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    vpc_endpoint_ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> "ApiExecution":
        """The specification in valid properties."""
        return cls(
            principals=_listed(properties, "Principals"),
            stage=str(properties.get("StageName", "")),
            methods=_listed(properties, "Methods"),
            paths=_listed(properties, "Paths"),
            vpc_endpoint_ids=_listed(properties, "VpcEndpointIds"),
        )

    @property
    def properties(self) -> dict[str, Any]:
        """The properties that say this, as short as they can."""
        return _said(
            Principals=self.principals,
            StageName=self.stage,
            Methods=self.methods,
            Paths=self.paths,
            VpcEndpointIds=self.vpc_endpoint_ids,
        )

    def resources(self, stage_arn: str) -> tuple[str, ...]:
        """The ARNs below a stage that may be called: each method of each path.

        A wildcard in place of the method reaches over slashes, and would find `/orders` at the end of `/admin/orders`. So it
        stands only where the path begins with any text anyway.
        """
        paths = self.paths or ("/*",)
        methods = {path: self.methods or (("*",) if path.startswith("/*") else _METHODS) for path in paths}
        return tuple(sorted(f"{stage_arn}/{method}{path}" for path in paths for method in methods[path]))


@dataclass(frozen=True, slots=True)
class RoleAssumption:
    """The principals may assume the target's role; with an external id, only by saying it."""

    grant_type: ClassVar = GrantType.ASSUME_ROLE
    principals: tuple[str, ...] = ()
    external_id: str = ""

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> "RoleAssumption":
        """The specification in valid properties."""
        return cls(_listed(properties, "Principals"), str(properties.get("ExternalId", "")))

    @property
    def properties(self) -> dict[str, Any]:
        """The properties that say this, as short as they can."""
        return _said(Principals=self.principals, ExternalId=self.external_id)


_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""All methods that a REST API may have; `ANY` is none of a request."""

Specification = AuthorizerUse | FunctionInvocation | ApiExecution | RoleAssumption

_CLASSES: Mapping[str, type[Specification]] = {
    one.grant_type: one for one in (AuthorizerUse, FunctionInvocation, ApiExecution, RoleAssumption)
}


def specification(grant_type: str, properties: Mapping[str, Any]) -> Specification:
    """The specification of a grant type in properties that its schema has found valid."""
    return _CLASSES[grant_type].of(properties)


def checked(grant_type: str, properties: Mapping[str, Any], origin: Origin) -> Specification:
    """The specification in valid properties, whose principals are the asking account's own and whose paths are paths.

    Raises:
        ForeignPrincipal: a principal is of another account or partition.
        InvalidProperty: a path leaves its place.
    """
    for index, principal in enumerate(properties.get("Principals", ())):
        _, partition, _, _, account, _ = principal.split(":", 5)
        if account != origin.account or partition != origin.stack.partition:
            raise ForeignPrincipal(f"Principals[{index}]", principal, origin.account)
    for index, path in enumerate(properties.get("Paths", ())):
        if _LEAVING.search(path):
            problem, remedy = "has an empty step, or one of dots alone", "Give the path as API Gateway knows it."
            raise InvalidProperty(f"Paths[{index}]", path, problem, remedy)
    return specification(grant_type, properties)


_LEAVING = re.compile(r"//|/\.{1,2}(?:/|$)|%2[eEfF]|%5[cC]|%2[aA]|%3[fF]")
"""Empty steps, steps of dots, and what is one of these or a wildcard once it is decoded."""


def _listed(properties: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(sorted(properties.get(name, ())))


def _said(**properties: Any) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in properties.items() if value}
