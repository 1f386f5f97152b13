"""Roles and their sessions, for tests that ask what IAM lets whom do."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

import pytest
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import ClientError

from provider.localcloud import LocalCloud


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    """A document of these statements."""
    return json.dumps({"Version": version, "Statement": list(statements)})


def trust(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    """A statement that lets `principal` in; an account's id stands for its root."""
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, **more}


def a_name(beginning: str = "x") -> str:
    """A name that nothing else has."""
    return f"{beginning}-{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class Someone:
    """Whoever holds some credentials."""

    session: Session
    endpoint: str

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """A client that signs as this one."""
        once = Config(retries={"total_max_attempts": 1})
        return self.session.client(service, region_name=region, endpoint_url=self.endpoint, config=once)

    def assume(self, role: str, name: str = "someone", **more: Any) -> "Someone":
        """Become a session of `role`."""
        made = self.client("sts").assume_role(RoleArn=role, RoleSessionName=name, **more)["Credentials"]
        return holder(made, self.endpoint)


def holder(credentials: dict[str, str], endpoint: str) -> Someone:
    """Whoever holds what STS has answered."""
    session = Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    return Someone(session, endpoint)


def make_role(
    cloud: LocalCloud,
    account: str,
    *statements: dict[str, Any],
    trusting: list[dict[str, Any]] | None = None,
    name: str = "",
    path: str = "/",
    **more: Any,
) -> str:
    """Make a role that may do what `statements` say and trusts its own account, or as `trusting` says; return its ARN."""
    iam = cloud.client("iam", account)
    name = name or a_name("role")
    document = policy(*(trusting or [trust(cloud.accounts[account], ["sts:AssumeRole", "sts:TagSession"])]))
    arn = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document, **more)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=policy(*statements))
    return str(arn)


def someone(cloud: LocalCloud, account: str, *statements: dict[str, Any], **more: Any) -> Someone:
    """A session of a new role in `account` that may do what `statements` say."""
    return become(cloud, make_role(cloud, account, *statements, **more))


def become(cloud: LocalCloud, role: str, name: str = "someone", **more: Any) -> Someone:
    """A session of `role`, assumed by the administrator of the role's account."""
    sts = cloud.client("sts", role.split(":")[4])
    made = sts.assume_role(RoleArn=role, RoleSessionName=name, **more)["Credentials"]
    return holder(made, cloud.endpoint)


class refused:  # noqa: N801 - reads as a sentence in `with refused("AccessDenied"):`
    """The block ends in an error of AWS with this code, and these words in its message."""

    def __init__(self, code: str, words: str = "", status: int = 0) -> None:
        self.code, self.words, self.status = code, words, status

    def __enter__(self) -> None:
        self._raises = pytest.raises(ClientError)
        self._caught = self._raises.__enter__()

    def __exit__(self, *given: object) -> bool:
        if not self._raises.__exit__(*given):  # type: ignore[arg-type]
            return False  # no error of AWS
        error = self._caught.value.response
        assert error["Error"]["Code"] == self.code, error
        assert self.words in error["Error"]["Message"], error
        assert self.status in {0, error["ResponseMetadata"]["HTTPStatusCode"]}, error
        return True
