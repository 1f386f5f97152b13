"""What is published and asked for in the tests of the grant types: a function, its aliases, a REST API, a role."""

from typing import Any

from centre import CONSUMER, OWNER, Centre, Resource

ALIASES = "arn:aws:lambda:eu-west-1:333333333333:function:shared"
API = "arn:aws:execute-api:us-east-1:333333333333:ordersapi0"
PRIVATE = "arn:aws:execute-api:us-east-1:333333333333:privateapi"
ROLE = "arn:aws:iam::333333333333:role/cross-account/orders"
OWN_TRUST = {
    "Sid": "Own",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::333333333333:root"},
    "Action": "sts:AssumeRole",
}
BUYER = f"arn:aws:iam::{CONSUMER}:role/buyer"
SELLER = f"arn:aws:iam::{CONSUMER}:role/shop/seller"
EVERYBODY = f"arn:aws:iam::{CONSUMER}:root"


def create_all(centre: Centre) -> None:
    """All that a test may publish, as its owner has it."""
    for alias in ("blue", "green"):
        centre.policies.create(f"{ALIASES}:{alias}")
    centre.policies.create_api(API, "prod", "beta")
    centre.policies.create_api(PRIVATE, "prod", private=True)
    centre.policies.create(ROLE, {"Version": "2012-10-17", "Statement": [OWN_TRUST]})


def published(kind: str, **changes: Any) -> Resource:
    """The target of a kind: `function`, `aliases`, `api`, `private` or `role`."""
    properties = {"Name": kind, "AllowedAccounts": [CONSUMER], **TARGETS[kind]}
    properties |= changes
    return Resource(OWNER, "Target", properties, f"Target{properties['Name']}", "owner")


TARGETS: dict[str, dict[str, Any]] = {
    "function": {"FunctionArn": f"{ALIASES}:blue", "AllowedGrantTypes": ["Authorizer", "InvokeFunction"]},
    "aliases": {
        "FunctionArn": ALIASES,
        "Qualifiers": ["blue", "green"],
        "AllowedGrantTypes": ["Authorizer", "InvokeFunction"],
    },
    "api": {"RestApiId": "ordersapi0", "StageName": "prod", "AllowedGrantTypes": ["ExecuteApi"]},
    "private": {"RestApiId": "privateapi", "StageName": "prod", "AllowedGrantTypes": ["ExecuteApi"]},
    "role": {"RoleArn": ROLE, "AllowedGrantTypes": ["AssumeRole"]},
}


def asked(
    kind: str, grant_type: str, logical_id: str = "Permission", account: str = CONSUMER, **given: Any
) -> Resource:
    """A permission of a type on the target of a kind."""
    properties = {"Target": f"{OWNER}/{kind}", "GrantType": grant_type, **given}
    return Resource(account, "Permission", properties, logical_id)
