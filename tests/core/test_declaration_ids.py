"""A declaration's id follows from who asks and what: the same for equal content, another one for any change of any property."""

from collections.abc import Mapping
from typing import Any

import pytest
from asked import API, CONSUMER, FUNCTION, OWNER, ROLE, request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schema_values import FITTING, valid

from provider.core.declarations import declared
from provider.core.identifiers import Origin, is_declaration_id
from provider.core.properties import LOOKUP, PERMISSION, TARGET, schema

WITHOUT_MEANING = {"ServiceToken", "ServiceTimeout"}
"""They say where the event goes, and for how long CloudFormation waits."""

BUYER, SELLER = (f"arn:aws:iam::{CONSUMER}:role/{name}" for name in ("buyer", "seller"))
ALL_OF = {
    "ExpiresAt": ["2027-01-31T00:00:00Z", "2027-02-28T00:00:00Z"],
    "Revision": ["2", "3"],
    "Environment": ["dev", "prod"],
}
PERMISSIONS: dict[str, Mapping[str, list[Any]]] = {
    "Authorizer": {
        "ApiId": ["a1b2c3d4e5", "a1b2c3d4e6"],
        "AuthorizerIds": [["abc123"], ["abc124"], ["abc123", "abc124"]],
    },
    "InvokeFunction": {"Principals": [[BUYER], [SELLER], [BUYER, SELLER]]},
    "ExecuteApi": {
        "Principals": [[BUYER], [SELLER]],
        "StageName": ["prod", "beta"],
        "Methods": [["GET"], ["POST"], ["GET", "POST"]],
        "Paths": [["/orders"], ["/orders/*"]],
        "VpcEndpointIds": [["vpce-0123456789abcdef0"], ["vpce-0123456789abcdef1"]],
    },
    "AssumeRole": {"Principals": [[BUYER], [SELLER]], "ExternalId": ["shop-1", "shop-2"]},
}
OF_TARGETS: dict[str, list[Any]] = {
    "Name": ["orders", "orders-2"],
    "Environment": ["dev", "prod"],
    "AllowedAccounts": [["111111111111"], ["444444444444"], ["111111111111", "444444444444"]],
    "AllowedOrganizationalUnits": [["ou-ab12-cdefgh34"], ["r-ab12"]],
    "AllowOrganization": ["true"],
    "AllowDeletionWithConsumers": ["true"],
    "MaximumGrantDays": ["30", "31"],
    "MaximumGrantsPerAccount": ["10", "11"],
    "MaximumPolicySharePerAccount": ["10", "11"],
    "RetiredArns": [[f"{API}/old"], [f"{ROLE}-old"]],
}
TARGETS: dict[str, Mapping[str, list[Any]]] = {
    "FunctionArn": {
        "FunctionArn": [FUNCTION, FUNCTION.replace("live", "next"), FUNCTION.removesuffix(":live")],
        "AllowedGrantTypes": [["Authorizer"], ["InvokeFunction"], ["Authorizer", "InvokeFunction"]],
    },
    "Qualifiers": {"Qualifiers": [["blue"], ["green"], ["blue", "green"]]},
    "RestApiId": {
        "RestApiId": ["ordersapi0", "ordersapi1"],
        "StageName": ["prod", "beta"],
        "RedeployOnChange": ["true"],
        "MethodsWithoutAuthorization": ["Close", "CloseWhileGranted"],
    },
    "RoleArn": {"RoleArn": [ROLE, f"{ROLE}-2"]},
}
LEAST_TARGETS: dict[str, Mapping[str, Any]] = {
    "FunctionArn": {"FunctionArn": FUNCTION, "AllowedGrantTypes": ["Authorizer"]},
    "Qualifiers": {"FunctionArn": FUNCTION.removesuffix(":live"), "AllowedGrantTypes": ["Authorizer"]},
    "RestApiId": {"RestApiId": "ordersapi0", "StageName": "prod", "AllowedGrantTypes": ["ExecuteApi"]},
    "RoleArn": {"RoleArn": ROLE, "AllowedGrantTypes": ["AssumeRole"]},
}


def id_of(account: str, properties: Mapping[str, Any], kind: str = PERMISSION) -> str:
    return declared(request(account, properties, kind=kind)).id


def least(kind: str) -> dict[str, Any]:
    return {"GrantType": kind, **({"ApiId": "a1b2c3d4e5"} if kind == "Authorizer" else {})}


def least_target(kind: str) -> dict[str, Any]:
    return {"Name": "orders", "AllowedAccounts": ["111111111111"], **LEAST_TARGETS[kind]}


def changes(given: Mapping[str, Any], values: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """The properties as they are, and with each of them said in each other way."""
    said = [{**given, name: value} for name, found in values.items() for value in found if value != given.get(name)]
    return [dict(given), *said]


@pytest.mark.parametrize("kind", PERMISSIONS)
def test_any_change_of_any_property_is_another_grant(kind: str) -> None:
    told = {"TargetArn": [FUNCTION, ROLE], "Target": [f"{OWNER}/orders-2", "orders"]}
    found = changes(least(kind), {**PERMISSIONS[kind], **ALL_OF, **told})
    assert len({id_of(CONSUMER, one) for one in found}) == len(found)


@pytest.mark.parametrize("kind", TARGETS)
def test_any_change_of_any_property_is_another_publication(kind: str) -> None:
    found = changes(least_target(kind), {**OF_TARGETS, **TARGETS[kind]})
    assert len({id_of(OWNER, one, TARGET) for one in found}) == len(found)


def test_any_change_of_any_property_is_another_lookup() -> None:
    values = {"Target": [f"{OWNER}/orders-2", "orders"], "Environment": ["dev"], "Revision": ["2"]}
    found = changes({"Target": f"{OWNER}/orders"}, values)
    assert len({id_of(CONSUMER, one, LOOKUP) for one in found}) == len(found)


def test_no_property_was_left_out_of_these_tables() -> None:
    of_permissions = {name for found in PERMISSIONS.values() for name in found} | {
        *ALL_OF,
        "TargetArn",
        "Target",
        "GrantType",
    }
    of_targets = {name for found in TARGETS.values() for name in found} | set(OF_TARGETS)
    assert of_permissions | WITHOUT_MEANING == set(schema(PERMISSION)["properties"])
    assert of_targets | WITHOUT_MEANING == set(schema(TARGET)["properties"])


def test_grant_types_that_ask_the_same_are_different_grants() -> None:
    kinds = ["InvokeFunction", "ExecuteApi", "AssumeRole"]
    assert len({id_of(CONSUMER, {"GrantType": kind, "Principals": [BUYER]}) for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("kind", FITTING)
@given(st.data())
@settings(derandomize=True, database=None, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_of_lists_and_of_properties_is_nothing(kind: str, data: st.DataObject) -> None:
    properties = data.draw(valid(kind, CONSUMER))
    shuffled = {
        name: data.draw(st.permutations(value)) if isinstance(value, list) else value
        for name, value in data.draw(st.permutations(list(properties.items())))
    }
    assert id_of(CONSUMER, shuffled) == id_of(CONSUMER, properties)
    assert is_declaration_id(id_of(CONSUMER, properties))


@pytest.mark.parametrize(
    "said", [{"Environment": "default"}, {"Revision": ""}, {"ServiceTimeout": "300"}, {"ServiceToken": "arn:other"}]
)
def test_what_says_what_is_so_anyway_changes_no_grant(said: dict[str, str]) -> None:
    assert id_of(CONSUMER, {**least("AssumeRole"), **said}) == id_of(CONSUMER, least("AssumeRole"))


@pytest.mark.parametrize(
    "said",
    [
        {"Environment": "default"},
        {"AllowOrganization": "false"},
        {"AllowDeletionWithConsumers": False},
        {"RedeployOnChange": "false"},
        {"MethodsWithoutAuthorization": "Refuse"},
        {"RetiredArns": []},
        {"MaximumGrantsPerAccount": "100"},
        {"MaximumPolicySharePerAccount": "40"},
        {"ServiceTimeout": 300},
    ],
)
def test_what_says_what_is_so_anyway_changes_no_publication(said: dict[str, Any]) -> None:
    assert id_of(OWNER, {**least_target("RestApiId"), **said}, TARGET) == id_of(
        OWNER, least_target("RestApiId"), TARGET
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"AllowOrganization": "true"}, {"AllowOrganization": True}),
        ({"MaximumGrantDays": "30"}, {"MaximumGrantDays": 30}),
        ({"AllowedAccounts": ["1" * 12, "4" * 12]}, {"AllowedAccounts": ["4" * 12, "1" * 12]}),
        ({"AllowedOrganizationalUnits": []}, {}),
        ({"RetiredArns": [f"{API}/a", f"{API}/b"]}, {"RetiredArns": [f"{API}/b", f"{API}/a"]}),
    ],
)
def test_forms_of_the_same_are_the_same_publication(one: dict[str, Any], other: dict[str, Any]) -> None:
    ids = {id_of(OWNER, {**least_target("RoleArn"), **given}, TARGET) for given in (one, other)}
    assert len(ids) == 1


@pytest.mark.parametrize("changed", ["account", "stack_id", "logical_id"])
def test_another_origin_asks_for_another_grant(changed: str) -> None:
    one = request(CONSUMER, least("AssumeRole"))
    account = "444444444444" if changed == "account" else CONSUMER
    other = request(account, least("AssumeRole"))
    origins = {
        "account": other.origin,
        "stack_id": Origin(one.origin.account, one.origin.stack_id + "x", one.origin.logical_id),
        "logical_id": Origin(one.origin.account, one.origin.stack_id, "Another"),
    }
    ids = {
        declared(type(one)(one.key, one.type, origin, one.issued_at, one.resource_type, None, one.properties)).id
        for origin in (one.origin, origins[changed])
    }
    assert len(ids) == 2


def test_no_two_kinds_of_declarations_share_an_id() -> None:
    kinds = {
        id_of(OWNER, least("AssumeRole")).partition("-")[0],
        id_of(OWNER, least_target("RoleArn"), TARGET).partition("-")[0],
        id_of(OWNER, {"Target": f"{OWNER}/orders"}, LOOKUP).partition("-")[0],
    }
    assert kinds == {"grant", "publication", "lookup"}
