"""The trust policies of roles in the owners' accounts (docs/aws-behaviour.md §4).

A trust policy has no revision: the last writer of the whole document wins, so the lease and the read-back must do.
"""

import re
from collections.abc import Callable
from typing import Any

from provider.controller.aws_calls import call
from provider.controller.ports import LivePolicy
from provider.core.documents import Document, text_of, with_deleted_principals
from provider.core.errors import CrossAccountError, PolicyFull, PolicyRefused, ResourceGone, ShutOut
from provider.core.identifiers import Arn, RoleArn

LIMIT = 2_048
"""Characters of a trust policy, unless AWS has raised the account's quota."""

_CONSENT = {"Key": "CrossAccountPermission", "Value": "allowed"}


class RolePolicies:
    """See `ports.PolicyStore`; `client_for` gives an IAM client of the owner's account for an ARN."""

    def __init__(self, client_for: Callable[[Arn], Any]) -> None:
        self._client_for = client_for

    def read(self, arn: Arn) -> LivePolicy:
        """See `ports.PolicyStore.read`.

        A role that is gone has no path by which IAM would let us look: it is refused, as one that shuts us out
        (docs/aws-behaviour.md §4). Who may look at all roles is told that it is gone.
        """
        role = _call(arn, self._client_for(arn).get_role, RoleName=_name(arn))["Role"]
        if (
            role["Arn"] != arn
        ):  # a namesake under another path: names are unique in an account, paths are not in the name
            raise ResourceGone(arn)
        if _CONSENT not in role.get("Tags", ()):
            raise ShutOut(arn, "iam:UpdateAssumeRolePolicy")
        return LivePolicy(role["AssumeRolePolicyDocument"], None)

    def write(self, arn: Arn, document: Document | None, revision: str | None) -> None:
        """See `ports.PolicyStore.write`; a role has no revision to be checked, and always has a policy."""
        del revision
        text = text_of(document or {})
        try:
            _call(arn, self._client_for(arn).update_assume_role_policy, RoleName=_name(arn), PolicyDocument=text)
        except PolicyFull as full:
            raise PolicyFull(arn, len(text), full.limit) from full
        except PolicyRefused as refused:
            raise PolicyRefused(arn, refused.message, with_deleted_principals(document or {})) from refused


def session_policy(arn: RoleArn) -> list[dict[str, Any]]:
    """What a session keeps of the grantor role's power: the trust policy of one role."""
    return [{"Effect": "Allow", "Action": ["iam:GetRole", "iam:UpdateAssumeRolePolicy"], "Resource": arn.text}]


def _name(arn: Arn) -> str:
    return arn.rpartition("/")[2]


def _explained(arn: Arn, code: str, message: str) -> CrossAccountError | None:
    if code == "NoSuchEntity":
        return ResourceGone(arn)
    if code == "LimitExceeded":
        # "Cannot exceed quota for ACLSizePerRole: 2048": docs/aws-behaviour.md §4.
        limit = re.search(r"([0-9]+)\s*$", message)
        return PolicyFull(arn, LIMIT, int(limit[1]) if limit else LIMIT)
    return PolicyRefused(arn, message.rstrip(".")) if code == "MalformedPolicyDocument" else None


def _call(arn: Arn, operation: Callable[..., Any], **arguments: Any) -> Any:
    return call(arn, "iam", _explained, operation, **arguments)
