"""Which properties of a permission go together, what each may say, and how a refusal names what is wrong."""

from typing import Any

import pytest
from asked import CONSUMER, request
from schema_values import EVERYWHERE, FITTING

from provider.core.declarations import Grant, declared
from provider.core.errors import (
    ForeignPrincipal,
    InvalidProperty,
    MissingProperty,
    Permanent,
    PropertyDoesNotFit,
    UnknownProperty,
)
from provider.core.properties import PERMISSION, schema
from provider.core.specifications import GrantType

VALUES: dict[str, Any] = {
    "ApiId": "a1b2c3d4e5",
    "AuthorizerIds": ["abc123"],
    "Principals": [f"arn:aws:iam::{CONSUMER}:role/shop/buyer"],
    "StageName": "prod",
    "Methods": ["GET"],
    "Paths": ["/orders/*"],
    "VpcEndpointIds": ["vpce-0123456789abcdef0"],
    "ExternalId": "shop-1",
}
OF_ALL = {
    "Environment": "prod",
    "TargetArn": "arn:aws:lambda:eu-west-1:333333333333:function:shared:blue",
    "ExpiresAt": "2027-01-31T00:00:00Z",
    "Revision": "2",
    "ServiceTimeout": "300",
}


def asked_for(grant_type: str, **given: Any) -> Grant:
    required = {"ApiId": VALUES["ApiId"]} if grant_type == "Authorizer" else {}
    found = {"GrantType": grant_type, **required, **given}
    grant = declared(request(CONSUMER, {name: value for name, value in found.items() if value is not None}))
    assert isinstance(grant, Grant)
    return grant


def test_the_table_of_what_fits_has_every_property_of_the_schema() -> None:
    assert {*VALUES, *EVERYWHERE} == set(schema(PERMISSION)["properties"])
    assert set(FITTING) == set(GrantType)


@pytest.mark.parametrize(("grant_type", "name"), [(kind, name) for kind in FITTING for name in FITTING[kind]])
def test_what_goes_with_a_grant_type_is_what_it_asks(grant_type: str, name: str) -> None:
    grant = asked_for(grant_type, **{name: VALUES[name]})
    assert grant.grant_type == grant_type
    assert grant.specification.properties[name] == VALUES[name]


@pytest.mark.parametrize(
    ("grant_type", "name"), [(kind, name) for kind in FITTING for name in VALUES if name not in FITTING[kind]]
)
def test_what_does_not_go_with_a_grant_type_is_refused_by_name(grant_type: str, name: str) -> None:
    with pytest.raises(PropertyDoesNotFit) as refusal:
        asked_for(grant_type, **{name: VALUES[name]})
    assert refusal.value.name == name
    assert str(refusal.value).startswith(f"Property {name}: ")
    assert f"does not go with GrantType {grant_type}. " in str(refusal.value)


@pytest.mark.parametrize("grant_type", FITTING)
@pytest.mark.parametrize("name", OF_ALL)
def test_some_properties_go_with_every_grant_type(grant_type: str, name: str) -> None:
    assert asked_for(grant_type, **{name: OF_ALL[name]}).grant_type == grant_type


@pytest.mark.parametrize(
    ("missing", "given"),
    [
        ("GrantType", {"ApiId": "a1b2c3d4e5"}),
        ("Target", {"GrantType": "AssumeRole"}),
        ("ApiId", {"GrantType": "Authorizer"}),
    ],
)
def test_what_is_missing_is_named(missing: str, given: dict[str, Any]) -> None:
    one = request(CONSUMER, given)
    properties = {name: value for name, value in one.properties.items() if name != missing}
    with pytest.raises(MissingProperty) as refusal:
        declared(type(one)(one.key, one.type, one.origin, one.issued_at, PERMISSION, None, properties))
    assert refusal.value.name == missing


@pytest.mark.parametrize("grant_type", ["InvokeFunction", "ExecuteApi", "AssumeRole"])
def test_all_that_narrows_may_be_left_out(grant_type: str) -> None:
    assert asked_for(grant_type).specification.properties == {}


@pytest.mark.parametrize(
    ("misspelt", "meant"), [("Principal", "Principals"), ("paths", "Paths"), ("VpcEndpointId", "VpcEndpointIds")]
)
def test_a_misspelt_property_is_not_ignored(misspelt: str, meant: str) -> None:
    with pytest.raises(UnknownProperty, match=f"or use {meant}"):
        asked_for("ExecuteApi", **{misspelt: VALUES[meant]})


# --- what values may say ---------------------------------------------------------------------------

LEAVING = [
    "/..",
    "/../admin",
    "/orders/..",
    "/orders/./x",
    "/.",
    "//",
    "/orders//x",
    "/%2e%2E/admin",
    "/a%2Fb",
    "/a%5cb",
]
NOT_PATHS = ["", "orders", "/orders?x=1", "/{proxy+}", "/${stage}", "/orders x", "/orders\n", "/ä", "/" + "x" * 256]


@pytest.mark.parametrize("path", [*LEAVING, *NOT_PATHS, "/%2a", "/%3f"])
def test_a_path_that_leaves_its_place_or_is_none_is_refused_by_its_number(path: str) -> None:
    with pytest.raises(InvalidProperty) as refusal:
        asked_for("ExecuteApi", Paths=["/orders", path])
    assert refusal.value.name == "Paths[1]"


@pytest.mark.parametrize(
    "path", ["/", "/*", "/orders", "/orders/*", "/*/lines", "/a.b/..c", "/...", "/%20x", "/a:b@c", "/" + "x" * 255]
)
def test_a_path_is_taken_as_api_gateway_knows_it(path: str) -> None:
    assert asked_for("ExecuteApi", Paths=[path]).specification.properties == {"Paths": [path]}


@pytest.mark.parametrize(
    "principal",
    [
        "arn:aws:iam::444444444444:role/buyer",  # of another account
        f"arn:aws-cn:iam::{CONSUMER}:role/buyer",  # or partition
        f"arn:aws-us-gov:iam::{CONSUMER}:user/buyer",
    ],
)
@pytest.mark.parametrize("grant_type", ["InvokeFunction", "ExecuteApi", "AssumeRole"])
def test_a_principal_that_is_not_of_the_account_is_refused_by_its_number(grant_type: str, principal: str) -> None:
    own = f"arn:aws:iam::{CONSUMER}:role/a"
    with pytest.raises(ForeignPrincipal, match=rf"Property Principals\[1\]: .*is not in account {CONSUMER}"):
        asked_for(grant_type, Principals=[own, principal])


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        CONSUMER,
        f"arn:aws:iam::{CONSUMER}:root",
        f"arn:aws:iam::{CONSUMER}:role/*",
        f"arn:aws:iam::{CONSUMER}:role/bu?er",
        f"arn:aws:iam::{CONSUMER}:group/buyers",
        f"arn:aws:iam::{CONSUMER}:role/",
        f"arn:aws:iam::{CONSUMER}:role/${{aws:username}}",
        f"arn:aws:iam::{CONSUMER}:role/buyer\n",
        "arn:aws:iam::*:role/buyer",
        f"arn:aws:sts::{CONSUMER}:assumed-role/buyer/session",
        "AROAJQABLZS4A3QDU576Q",
    ],
)
def test_a_principal_is_one_role_or_user_without_wildcards(principal: str) -> None:
    with pytest.raises(InvalidProperty) as refusal:
        asked_for("AssumeRole", Principals=[principal])
    assert refusal.value.name == "Principals[0]"


@pytest.mark.parametrize("name", ["Principals", "Methods", "Paths", "VpcEndpointIds", "AuthorizerIds"])
@pytest.mark.parametrize("how", ["empty", "twice", "no list"])
def test_a_list_names_something_and_nothing_twice(name: str, how: str) -> None:
    """An empty list would read as everything."""
    value = {"empty": [], "twice": VALUES[name] * 2, "no list": VALUES[name][0]}[how]
    grant_type = "Authorizer" if name == "AuthorizerIds" else "ExecuteApi"
    with pytest.raises(InvalidProperty) as refusal:
        asked_for(grant_type, **{name: value})
    assert refusal.value.name == name


@pytest.mark.parametrize("method", ["ANY", "get", "*", "TRACE", ""])
def test_a_method_is_one_that_api_gateway_has(method: str) -> None:
    with pytest.raises(InvalidProperty, match=r"Methods\[0\]"):
        asked_for("ExecuteApi", Methods=[method])


@pytest.mark.parametrize("text", ["2027-01-31T00:00:00Z", "2028-02-29T23:59:59Z"])
def test_a_time_is_taken_in_utc(text: str) -> None:
    grant = asked_for("AssumeRole", ExpiresAt=text)
    assert grant.expires_at == text
    assert grant.expiry is not None
    assert grant.expiry > 1_800_000_000


@pytest.mark.parametrize(
    "text",
    [
        "2027-01-31",
        "2027-01-31T00:00:00",
        "2027-01-31T00:00:00+00:00",
        "2027-01-31T00:00Z",
        "2027-01-31 00:00:00Z",
        "2027-01-31T00:00:00.000Z",
        "20270131T000000Z",
        "2027-02-29T00:00:00Z",  # has the form, and is no day
        "2027-13-01T00:00:00Z",
        "2027-01-31T24:00:00Z",
        "2027-01-31T00:00:60Z",
        "0000-01-01T00:00:00Z",
        "2027-01-31T00:00:00Z\n",
        "tomorrow",
        "",
        1801353600,
    ],
)
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(InvalidProperty) as refusal:
        asked_for("AssumeRole", ExpiresAt=text)
    assert refusal.value.name == "ExpiresAt"


@pytest.mark.parametrize(
    "given",
    [
        {"GrantType": "Everything"},
        {"ExternalId": "x"},
        {"ExternalId": "with space"},
        {"ExternalId": "*" * 3},
        {"ExternalId": "x" * 1225},
        {"Target": "Orders"},
        {"Target": "333333333333/orders/x"},
        {"Revision": "x" * 129},
        {"TargetArn": "arn:aws:s3:::bucket"},
    ],
)
def test_values_of_another_form_are_refused_with_what_to_do(given: dict[str, Any]) -> None:
    ((name, _),) = given.items()
    with pytest.raises(Permanent, match=f"Property {name}: ") as refusal:
        asked_for(**{"grant_type": "AssumeRole", {"GrantType": "grant_type"}.get(name, name): given[name]})
    assert str(refusal.value).endswith(schema(PERMISSION)["properties"][name]["x-remedy"])
