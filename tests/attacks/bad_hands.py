"""An account of the local cloud in bad hands: what its administrator can do with what this system has put there."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError
from identities import Someone, become, policy, trust
from rolled_out import Organization

CENTRAL = "222222222222"
REQUESTS, ANSWERS, GRANTS = (f"cross-account-permission-{name}" for name in ("requests", "answers", "grants"))
REQUEST_ROLE = f"arn:aws:iam::{CENTRAL}:role/cross-account-permission/cross-account-permission-request"
PROVIDER = "cross-account-permission-provider"
Doors = dict[str, Callable[[], Any]]
"""Calls by their names, none of which may be let through."""

LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


@dataclass(frozen=True)
class Reply:
    """What a direct invocation of the provider function has brought."""

    succeeded: bool
    error: str
    reason: str
    physical_id: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Attacker:
    """An account, by its name in the local cloud, and all that can be done there."""

    org: Organization
    name: str

    @property
    def account(self) -> str:
        """Its number."""
        return self.org.cloud.accounts[self.name]

    def client(self, service: str) -> Any:
        """A client as its administrator."""
        return self.org.cloud.client(service, self.name)

    def event(self, resource_type: str, properties: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        """A Create, or whatever the changes make of it; those that are None leave a field out."""
        event = {
            "RequestType": "Create",
            "StackId": f"arn:aws:cloudformation:us-east-1:{self.account}:stack/s-{secrets.token_hex(4)}/0d1c",
            "LogicalResourceId": "Wish",
            "ResourceType": f"Custom::CrossAccount{resource_type}",
            "ResourceProperties": {"ServiceToken": "token", "ServiceTimeout": "40", **properties},
            **changes,
        }
        return {key: value for key, value in event.items() if value is not None}

    def ask(self, resource_type: str, properties: Mapping[str, Any], **changes: Any) -> Reply:
        """Invoke the account's own provider function with such an event."""
        return self.send(self.event(resource_type, properties, **changes))

    def send(self, event: Any) -> Reply:
        """Invoke the account's own provider function with anything."""
        answer = self.client("lambda").invoke(FunctionName="cross-account-permission", Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read()) or {}
        if "FunctionError" in answer:
            return Reply(
                succeeded=False, error=payload["errorType"], reason=payload["errorMessage"], physical_id="", data={}
            )
        return Reply(
            "PhysicalResourceId" in payload, "", "", payload.get("PhysicalResourceId", ""), payload.get("Data", {})
        )

    def publish(self, name: str = "", **properties: Any) -> Reply:
        """Publish something, for the consumer if not said otherwise."""
        named = {"Name": name or f"t-{secrets.token_hex(4)}", "AllowedAccounts": ["111111111111"], **properties}
        return self.ask("Target", named, LogicalResourceId="Target")

    def wish(self, target: str, grant_type: str = "InvokeFunction", **properties: Any) -> Reply:
        """Ask for a permission."""
        return self.ask("Permission", {"Target": target, "GrantType": grant_type, **properties})

    @cached_property
    def provider(self) -> Someone:
        """A session of the account's provider role."""
        return taken_over(self.org, self.name)

    def requesting(
        self, account: str = "", name: str = "", tags: Mapping[str, str] | None = None, **more: Any
    ) -> Someone:
        """A session of the request role: as this account by tag and name, where nothing else is said."""
        account = account or self.account
        found = {"account": account} if tags is None else tags
        passed = [{"Key": key, "Value": value} for key, value in found.items()]
        return self.provider.assume(REQUEST_ROLE, name or account, **({"Tags": passed} if passed else {}), **more)

    @cached_property
    def desk(self) -> Any:
        """DynamoDB as the request role sees it for this account."""
        return self.requesting().client("dynamodb")

    def file(self, item: Mapping[str, Any]) -> str:
        """Write a row into the requests table by oneself, in DynamoDB's own notation; its request id."""
        request = item.get("request", {}).get("S") or f"r-{secrets.token_hex(6)}"
        whole = {"account": {"S": self.account}, "request": {"S": request}, **item}
        self.desk.put_item(TableName=REQUESTS, Item=whole)
        return str(request)

    def answer_to(self, request: str) -> dict[str, Any] | None:
        """The answer that lies there for a request, as the request role reads it."""
        key = {"account": {"S": self.account}, "request": {"S": request}}
        item: dict[str, Any] | None = self.desk.get_item(TableName=ANSWERS, Key=key, ConsistentRead=True).get("Item")
        return item


def taken_over(org: Organization, name: str, role: str = PROVIDER, by: Someone | None = None) -> Someone:
    """A session of a role that is Lambda's, as its account's administrator gets one: he lets his account in, and out again.

    The session is his own, or somebody's of his account (`by`).
    """
    iam = org.cloud.client("iam", name)
    found = iam.get_role(RoleName=role)["Role"]
    own = trust(org.cloud.accounts[name], ["sts:AssumeRole", "sts:TagSession"])
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=policy(LAMBDA, own))
    try:
        return by.assume(found["Arn"], "function") if by else become(org.cloud, found["Arn"], "function")
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(found["AssumeRolePolicyDocument"]))


def open_doors(doors: Doors, *codes: str) -> list[str]:
    """Which of these calls are not refused with one of the codes, and what they brought."""
    found = []
    for name, act in doors.items():
        try:
            answer = act()
        except ClientError as error:
            if error.response["Error"]["Code"] not in codes:
                found.append(f"{name}: {error}")
        else:
            found.append(f"{name}: {answer}")
    return found
