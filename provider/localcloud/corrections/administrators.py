# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""An administrator in every account, in place of the base's root keys, which nobody has to prove.

The base takes a 12-digit access key (and `test`) for that account's root whatever the secret, and
root for one whom no policy binds. Here every caller signs, and every caller is under policies.
"""

import json
from typing import Any

from provider.localcloud import settings
from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import require, supplant

NAME = "administrator"

_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def apply() -> None:
    """Make the administrators and take the root keys away."""
    supplant("core.iam_evaluator", "is_root_access_key", lambda _: _nobody_is_root)
    iam = require("services.iam", "_users", "_user_inline_policies", "_access_keys", "_now", "_gen_id")
    for account, (key, secret) in settings.current().administrators.items():
        _make(iam, account, key, secret)


@behaviour(
    call="*",
    expected="A call signed with a key that no account issued, or with a wrong secret, is refused",
    source="AWS Signature Version 4 in the IAM User Guide",
    test="tests/localcloud/test_server.py::test_a_key_that_no_account_issued_is_refused",
)
def _nobody_is_root(access_key_id: str) -> bool:  # noqa: ARG001 - the base's signature
    """Answer for every key that it is not root's: there are no root keys, as AWS advises."""
    return False


def _make(iam: Any, account: str, key: str, secret: str) -> None:
    """Put the user, its policy and its key into the base's store."""
    now = iam._now()  # the store has no other door for a key of one's own
    user = {
        "UserName": NAME,
        "Arn": f"arn:aws:iam::{account}:user/{NAME}",
        "UserId": iam._gen_id("AIDA"),
        "CreateDate": now,
        "Path": "/",
        "PermissionsBoundary": "",
        "AttachedPolicies": [],
        "Tags": [],
    }
    issued = {
        "UserName": NAME,
        "AccessKeyId": key,
        "SecretAccessKey": secret,
        "Status": "Active",
        "CreateDate": now,
    }
    iam._users.set_scoped(account, None, NAME, user)
    iam._user_inline_policies.set_scoped(account, None, NAME, {"everything": json.dumps(_EVERYTHING)})
    iam._access_keys.set_scoped(account, None, key, issued)
