# ruff: noqa: SLF001 - the base's names are private; `emulator` asks for them by name
"""In whose name CloudFormation acts: the stack's caller (`deployer`), or the service role that the stack was given."""

import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

from provider.localcloud import deployer
from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import emulator

SERVICE = "cloudformation.amazonaws.com"
_SESSION_SECONDS = 12 * 3600


class RoleNotAssumableError(Exception):
    """CloudFormation may not assume the service role."""

    def __init__(self, role: str) -> None:
        super().__init__(f"Role {role} is invalid or cannot be assumed")


@behaviour(
    call="cloudformation:CreateStack",
    expected="RoleARN: the operation and later ones act as that role; the caller must be allowed to pass it, and it must trust CloudFormation",
    source="AWS CloudFormation User Guide, service role",
    test="tests/localcloud/test_stacks.py::test_a_stack_with_a_service_role_acts_as_that_role",
)
def act_as(role: str) -> None:
    """Make all further calls of this operation as a session of the service role `role` (an ARN).

    Raises:
        RoleNotAssumableError: there is no such role here, or its trust policy does not name CloudFormation.
    """
    account, name = role.split(":")[4], role.rpartition("/")[2]
    found = emulator.part("services.iam", "_roles")._roles.get_scoped(account, None, name)
    if account != emulator.scope().get_account_id() or found is None or not _trusts_cloudformation(found):
        raise RoleNotAssumableError(role)
    key = "ASIA" + secrets.token_hex(8).upper()
    emulator.part("services.sts", "register_session").register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/AWSCloudFormation",
            "UserId": f"{found.get('RoleId', '')}:AWSCloudFormation",
            "SecretAccessKey": secrets.token_hex(20),
            "SessionToken": secrets.token_hex(20),
            "Expiration": time.time() + _SESSION_SECONDS,
            "AccountId": account,
            "PrincipalType": "AssumedRole",
        },
    )
    deployer.enter(key)


def _trusts_cloudformation(role: Mapping[str, Any]) -> bool:
    document = role.get("AssumeRolePolicyDocument") or {}
    document = json.loads(document) if isinstance(document, str) else document
    return any(_lets_in(statement) for statement in _listed(document.get("Statement", [])))


def _lets_in(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = _listed(principal.get("Service", [])) if isinstance(principal, dict) else []
    return statement.get("Effect") == "Allow" and SERVICE in services


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
