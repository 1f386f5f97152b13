"""IAM's calls about the trust policies of roles as AWS answers them, errors included (docs/aws-behaviour.md §4).

Named like a client of the AWS library, and raising what that raises.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from centre import Centre
from lambda_twin import Error, error

from provider.controller.policies import Policies

THROTTLED: Error = ("Throttling", 400, "Rate exceeded")
BROKEN: Error = (
    "ServiceFailure",
    500,
    "The request processing has failed because of an unknown error, exception or failure.",
)
DENIED: Error = ("AccessDenied", 403, "User: arn:aws:sts::… is not authorized to perform: iam:GetRole")
CONSENT = [{"Key": "CrossAccountPermission", "Value": "allowed"}]


def no_such_role(name: str) -> Error:
    return "NoSuchEntity", 404, f"The role with name {name} cannot be found."


def too_long(limit: int) -> Error:
    return "LimitExceeded", 409, f"Cannot exceed quota for ACLSizePerRole: {limit}"


def bad_principal(name: str) -> Error:
    return "MalformedPolicyDocument", 400, f'Invalid principal in policy: "AWS":"{name}"'


@dataclass
class Role:
    """A role; there is none without a trust policy."""

    arn: str
    policy: dict[str, Any]
    tags: list[dict[str, str]] = field(default_factory=lambda: list(CONSENT))


@dataclass
class IamTwin:
    """The roles of an account, by name. `faults` are raised one per call of an operation, before it has any effect.

    `limit` is the account's quota; `normalised` is how a document is handed back; `before` runs once just before the next call
    of an operation; `calls` are all of them.
    """

    roles: dict[str, Role] = field(default_factory=dict)
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    limit: int = 2_048
    normalised: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document
    loses_writes: int = 0
    calls: list[str] = field(default_factory=list)

    def create(self, arn: str, *statements: dict[str, Any]) -> Role:
        role = Role(arn, {"Version": "2012-10-17", "Statement": list(statements)})
        self.roles[arn.rpartition("/")[2]] = role
        return role

    def count(self, operation: str) -> int:
        """How many calls of an operation there were."""
        return self.calls.count(operation)

    def get_role(self, *, RoleName: str) -> dict[str, Any]:  # noqa: N803 - IAM's word
        """GetRole; the AWS library has read the document, which comes as URL-encoded text."""
        role = self._role("get_role", RoleName)
        tags = {"Tags": role.tags} if role.tags else {}
        return {"Role": {"RoleName": RoleName, "Arn": role.arn, "AssumeRolePolicyDocument": self._kept(role), **tags}}

    def update_assume_role_policy(self, *, RoleName: str, PolicyDocument: str) -> dict[str, Any]:  # noqa: N803 - likewise
        """UpdateAssumeRolePolicy; whitespace does not count, and every principal must exist."""
        role = self._role("update_assume_role_policy", RoleName)
        if role.tags != CONSENT:
            raise error(DENIED, "UpdateAssumeRolePolicy")
        document = json.loads(PolicyDocument)
        if not document.get("Statement"):
            raise error(("MalformedPolicyDocument", 400, "Syntax errors in policy."), "UpdateAssumeRolePolicy")
        if len(re.sub(r"\s", "", PolicyDocument)) > self.limit:
            raise error(too_long(self.limit), "UpdateAssumeRolePolicy")
        if dead := re.search(r'"(A(?:RO|ID)A[A-Z0-9]{12,})"', PolicyDocument):
            raise error(bad_principal(dead[1]), "UpdateAssumeRolePolicy")
        if self.loses_writes:
            self.loses_writes -= 1
        else:
            role.policy = document
        return {}

    def _kept(self, role: Role) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads(json.dumps(role.policy))
        return self.normalised(kept)

    def _role(self, operation: str, name: str) -> Role:
        self.calls.append(operation)
        if operation in self.before:
            self.before.pop(operation)()
        if self.faults.get(operation):
            raise self.faults[operation].pop(0)
        if name not in self.roles:
            raise error(no_such_role(name), operation)
        return self.roles[name]


def centre_on_roles(aws: IamTwin) -> Centre:
    """A centre over IAM's calls."""
    policies: Any = Policies(lambda _arn: aws)
    return Centre(policies=policies)
