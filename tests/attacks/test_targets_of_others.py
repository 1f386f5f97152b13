"""Somebody publishes what is not his, or what nobody may: a publication names a resource of its own account, and none of ours."""

from typing import Any

import pytest
from centre import CONSUMER, OTHER, OWNER, Resource
from openings import strays
from resources import ALIASES, API, ROLE
from strict_centre import StrictCentre, wish

THEIRS = [
    {"FunctionArn": f"{ALIASES}:blue"},
    {"FunctionArn": ALIASES, "Qualifiers": ["blue"]},
    {"FunctionArn": f"{ALIASES}:blue".replace("arn:aws:", "arn:aws-cn:")},
    {"RoleArn": ROLE},
    {"RoleArn": ROLE.replace("arn:aws:", "arn:aws-us-gov:")},
    {"FunctionArn": f"arn:aws:lambda:eu-west-1:{OTHER}:function:own:live", "RetiredArns": [f"{ALIASES}:blue"]},
    {"FunctionArn": f"arn:aws:lambda:eu-west-1:{OTHER}:function:own:live", "RetiredArns": [ROLE]},
    {"FunctionArn": f"arn:aws:lambda:eu-west-1:{OTHER}:function:own:live", "RetiredArns": [f"{API}/prod"]},
    {"RestApiId": API, "StageName": "prod"},
    {"RestApiId": f"{API}/prod", "StageName": "prod"},
    {"RestApiId": "../333333333333:ordersapi0", "StageName": "prod"},
]
NO_TARGETS = [
    {"FunctionArn": f"arn:aws:lambda:eu-west-1:{OTHER}:function:cross-account-permission"},
    {"FunctionArn": f"arn:aws:lambda:eu-west-1:{OTHER}:function:cross-account-permission-controller:live"},
    {"FunctionArn": f"arn:aws:lambda:eu-west-1:{OTHER}:function:cross-account-permission", "Qualifiers": ["live"]},
    {"RoleArn": f"arn:aws:iam::{OTHER}:role/cross-account-permission/cross-account-permission-grantor"},
    {"RoleArn": f"arn:aws:iam::{OTHER}:role/cross-account-permission/cross-account-permission-provider"},
    {"RoleArn": f"arn:aws:dynamodb:us-east-1:{OTHER}:table/cross-account-permission-grants"},
    {"FunctionArn": f"arn:aws:dynamodb:us-east-1:{OTHER}:table/cross-account-permission-requests"},
    {"FunctionArn": "arn:aws:s3:::cross-account-permission-222222222222-us-east-1"},
]
ADMINISTRATORS = [
    "role/Administrator",
    "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_AdministratorAccess_1",
    "role/cross-account",
    "role/cross-accounting/Administrator",
    "role/Cross-Account/Administrator",
    "role/cross-account/../Administrator",
    "role//cross-account/Administrator",
    "role/x/cross-account/Administrator",
    "role/cross-account%2fAdministrator",
    "role/cross\u2010account/Administrator",
    "role/cross-account/*",
    "role/cross-account/Administrator ",
    "role/cross-account/Administrator\n",
    "user/cross-account/administrator",
    "root",
]


def publish(centre: StrictCentre, account: str = OTHER, **properties: Any) -> Any:
    """Publish under a name of one's own, for everybody; grant types fit."""
    fitting = {"FunctionArn": "Authorizer", "RestApiId": "ExecuteApi", "RoleArn": "AssumeRole"}
    types = [kind for name, kind in fitting.items() if name in properties]
    offer = {"Name": "mine", "AllowOrganization": "true", "AllowedGrantTypes": types, **properties}
    return centre.ask(account, Resource(account, "Target", offer, "Target").event("Create"))


@pytest.mark.parametrize("properties", THEIRS, ids=lambda one: " ".join(map(str, one.values()))[:70])
def test_what_another_account_owns_is_not_published(centre: StrictCentre, properties: dict[str, Any]) -> None:
    before = centre.documents()
    assert publish(centre, **properties).status == "FAILED"
    assert centre.documents() == before


@pytest.mark.parametrize("properties", NO_TARGETS, ids=lambda one: str(one)[:70])
def test_a_part_of_this_system_is_not_published(centre: StrictCentre, properties: dict[str, Any]) -> None:
    assert publish(centre, **properties).status == "FAILED"
    assert centre.policies.writes == []


@pytest.mark.parametrize("role", ADMINISTRATORS, ids=ascii)
def test_a_role_outside_the_path_is_not_published(centre: StrictCentre, role: str) -> None:
    """However it is tagged: who may tag a role may not be who may decide who assumes it."""
    assert publish(centre, RoleArn=f"arn:aws:iam::{OTHER}:{role}").status == "FAILED"
    assert centre.policies.writes == []


def test_an_api_id_that_two_accounts_have_opens_the_publishers_own_api_alone(centre: StrictCentre) -> None:
    """API Gateway's ids are unique in a Region, as far as is known; nothing here rests on it."""
    owners = API.rpartition(":")[2]
    mine = f"arn:aws:execute-api:us-east-1:{OTHER}:{owners}"
    assert publish(centre, RestApiId=owners, StageName="prod").status == "SUCCESS"
    event = Resource(CONSUMER, "Permission", {"Target": f"{OTHER}/mine", "GrantType": "ExecuteApi"}).event("Create")
    answer = centre.ask(CONSUMER, event)
    assert (answer.status, answer.data["TargetArn"]) == ("SUCCESS", f"{mine}/prod")
    assert centre.policies.document(API) is None
    assert strays({mine: centre.policies.document(mine)}, [CONSUMER], OTHER) == []
    assert centre.ask(CONSUMER, wish("ExecuteApi", logical_id="Second").event("Create")).status == "SUCCESS"
    assert strays({API: centre.policies.document(API)}, [CONSUMER], OWNER) == []


def test_a_stage_is_a_name_and_no_way_to_another_api(centre: StrictCentre) -> None:
    for stage in ("prod/../beta", "../ordersapi1/prod", "prod/GET", "*", "prod/*", "$default", "prod\n", "prod%2f", ""):
        assert publish(centre, RestApiId="a1b2c3d4e5", StageName=stage).status == "FAILED", stage
    assert centre.policies.writes == []
