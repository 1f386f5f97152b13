"""The policies of whatever is published: each ARN goes to the service that it is of."""

import json
from collections.abc import Callable
from typing import Any

from provider.controller import function_policies, rest_api_policies, role_policies
from provider.controller.function_policies import FunctionPolicies
from provider.controller.ports import LivePolicy, Quota, Stage
from provider.controller.rest_api_policies import RestApiPolicies
from provider.controller.role_policies import RolePolicies
from provider.core.documents import Document
from provider.core.identifiers import Arn, FunctionArn, RestApiArn, RoleArn, target_arn


class Policies:
    """See `ports.PolicyStore`; `client_for` gives, for an ARN, a client of its service in the owner's account.

    It may raise `ShutOut` or `WriteUnsettled` itself, where the grantor role cannot be assumed.
    """

    def __init__(self, client_for: Callable[[Arn], Any]) -> None:
        self._functions = FunctionPolicies(client_for)
        self._rest_apis = RestApiPolicies(client_for)
        self._roles = RolePolicies(client_for)

    def quota(self, arn: Arn) -> Quota:
        """See `ports.PolicyStore.quota`."""
        return quota(arn)

    def read(self, arn: Arn) -> LivePolicy:
        """See `ports.PolicyStore.read`."""
        return self._of(arn).read(arn)

    def write(self, arn: Arn, document: Document | None, revision: str | None) -> None:
        """See `ports.PolicyStore.write`."""
        self._of(arn).write(arn, document, revision)

    def methods_for_everybody(self, arn: Arn) -> tuple[str, ...]:
        """See `ports.PolicyStore.methods_for_everybody`."""
        return self._rest_apis.methods_for_everybody(arn)

    def stage(self, arn: Arn) -> Stage:
        """See `ports.PolicyStore.stage`."""
        return self._rest_apis.stage(arn)

    def deploy(self, arn: Arn) -> None:
        """See `ports.PolicyStore.deploy`."""
        self._rest_apis.deploy(arn)

    def _of(self, arn: Arn) -> FunctionPolicies | RestApiPolicies | RolePolicies:
        match target_arn(arn):
            case FunctionArn():
                return self._functions
            case RestApiArn():
                return self._rest_apis
            case RoleArn():
                return self._roles


def quota(arn: Arn) -> Quota:
    """How many characters the policy of a resource may have, by its service."""
    match target_arn(arn):
        case FunctionArn():
            return Quota(function_policies.LIMIT, fixed=True)
        case RestApiArn():
            return Quota(rest_api_policies.LIMIT, fixed=False)
        case RoleArn():
            return Quota(role_policies.LIMIT, fixed=False)


def power_over(arn: Arn) -> tuple[str, str]:
    """The service that has an ARN's policy, and the session policy (JSON) that leaves power over this one resource."""
    match target_arn(arn):
        case FunctionArn() as function:
            service, statements = "lambda", function_policies.session_policy(function)
        case RestApiArn() as api:
            service, statements = "apigateway", rest_api_policies.session_policy(api)
        case RoleArn() as role:
            service, statements = "iam", role_policies.session_policy(role)
    return service, json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
