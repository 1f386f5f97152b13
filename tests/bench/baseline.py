"""How people write this today: the stack's own function assumes a role in the owner's account and edits the policy itself.

One statement per grant, nothing remembered, nothing locked. It is better than most: throttled calls are repeated for as long as
the function may run, and its stack always gets an answer.
"""

import json
import random
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

TIMEOUT = 900.0
"""Seconds that Lambda lets a function run at most."""
_THROTTLED = ("TooManyRequestsException", "ThrottlingException")


class OutOfTimeError(Exception):
    """There is no time left to go on."""


class Handler:
    """One invocation. `client` makes a client of a service, with the credentials of an STS answer or the function's own."""

    def __init__(self, client: Callable[..., Any], role: str, seed: int) -> None:
        self._client = client
        self._role = role
        self._chance = random.Random(seed)  # noqa: S311 - jitter
        self._until = time.time() + TIMEOUT

    def grant_execute_api(self, api: str, stage: str, account: str, name: str) -> None:
        """Read the API's policy, add a statement, write it, deploy the stage."""
        gateway = self._owner("apigateway")
        text = self._call(gateway.get_rest_api, restApiId=api).get("policy")
        policy = json.loads(json.loads(f'"{text}"')) if text else {"Version": "2012-10-17", "Statement": []}
        statement = {
            "Sid": name,
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "execute-api:Invoke",
            "Resource": f"execute-api:/{stage}/*",
        }
        policy["Statement"] = [*(one for one in policy["Statement"] if one.get("Sid") != name), statement]
        patch = [{"op": "replace", "path": "/policy", "value": json.dumps(policy)}]
        self._call(gateway.update_rest_api, restApiId=api, patchOperations=patch)
        self._call(gateway.create_deployment, restApiId=api, stageName=stage)

    def grant_authorizer(self, function: str, qualifier: str, source: str, name: str) -> None:
        """Add a permission to the function."""
        self._call(
            self._owner("lambda").add_permission,
            FunctionName=function,
            Qualifier=qualifier,
            StatementId=name,
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=source,
        )

    def _owner(self, service: str) -> Any:
        sts = self._client("sts")
        answer = self._call(sts.assume_role, RoleArn=self._role, RoleSessionName="permission")
        return self._client(service, answer["Credentials"])

    def _call(self, operation: Callable[..., Any], **arguments: Any) -> Any:
        pause = 1.0
        while True:
            try:
                return operation(**arguments)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _THROTTLED:
                    raise
            pause = min(pause * 2, 20.0)
            wait = self._chance.uniform(0.5, 1.0) * pause
            if time.time() + wait > self._until:
                raise OutOfTimeError
            time.sleep(wait)
