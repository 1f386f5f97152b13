"""What a target may publish, for which grant types, and how a refusal names what is wrong."""

from typing import Any

import pytest
from asked import API, FUNCTION, OWNER, ROLE, request

from provider.core.declarations import OpenMethods, Publication, declared
from provider.core.errors import ForeignArn, InvalidProperty, MissingProperty, OwnPartAsTarget, PropertyDoesNotFit
from provider.core.properties import TARGET, schema

SHARED = f"arn:aws:lambda:eu-west-1:{OWNER}:function:shared"
KINDS: dict[str, dict[str, Any]] = {
    "FunctionArn": {"FunctionArn": FUNCTION},
    "RestApiId": {"RestApiId": "ordersapi0", "StageName": "prod"},
    "RoleArn": {"RoleArn": ROLE},
}
OFFERS = {"FunctionArn": ["Authorizer", "InvokeFunction"], "RestApiId": ["ExecuteApi"], "RoleArn": ["AssumeRole"]}
ONLY_OF: dict[str, tuple[str, Any]] = {
    "Qualifiers": ("FunctionArn", ["blue"]),
    "StageName": ("RestApiId", "prod"),
    "RedeployOnChange": ("RestApiId", "true"),
    "MethodsWithoutAuthorization": ("RestApiId", "Close"),
}


def published(kind: str | None = None, **given: Any) -> Publication:
    properties = {
        "Name": "orders",
        "AllowedAccounts": ["111111111111"],
        "AllowedGrantTypes": OFFERS[kind] if kind else ["Authorizer"],
        **(KINDS[kind] if kind else {}),
        **given,
    }
    found = declared(request(OWNER, {name: one for name, one in properties.items() if one is not None}, kind=TARGET))
    assert isinstance(found, Publication)
    return found


@pytest.mark.parametrize(
    ("kind", "arn", "resource", "stage"),
    [
        ("FunctionArn", FUNCTION, FUNCTION, None),
        ("RestApiId", f"{API}/prod", API, "prod"),  # of the stack's own account and Region
        ("RoleArn", ROLE, ROLE, None),
    ],
)
def test_what_is_published_is_one_arn_of_a_resource(kind: str, arn: str, resource: str, stage: str | None) -> None:
    found = published(kind)
    assert (found.arns, found.resources, found.stage) == ((arn,), {resource}, stage)
    assert sorted(found.grant_types) == OFFERS[kind]


def test_each_qualifier_is_a_place_of_its_own() -> None:
    found = published("FunctionArn", FunctionArn=SHARED, Qualifiers=["green", "blue"])
    assert found.arns == (f"{SHARED}:blue", f"{SHARED}:green")
    assert found.resources == set(found.arns)


@pytest.mark.parametrize("qualifiers", [["blue"], ["live"]])
def test_a_function_with_a_qualifier_has_no_other_qualifiers(qualifiers: list[str]) -> None:
    with pytest.raises(InvalidProperty, match="has a qualifier itself") as refusal:
        published("FunctionArn", FunctionArn=f"{SHARED}:live", Qualifiers=qualifiers)
    assert refusal.value.name == "FunctionArn"


@pytest.mark.parametrize("qualifier", ["1", "42", "$LATEST", "blue:green", "", "a b"])
def test_a_qualifier_is_an_alias(qualifier: str) -> None:
    with pytest.raises(InvalidProperty, match=r"Qualifiers\[0\]"):
        published("FunctionArn", FunctionArn=SHARED, Qualifiers=[qualifier])


@pytest.mark.parametrize("given", [["blue", "blue"], [], [f"a{number}" for number in range(21)]])
def test_qualifiers_are_one_to_twenty_different_ones(given: list[str]) -> None:
    with pytest.raises(InvalidProperty) as refusal:
        published("FunctionArn", FunctionArn=SHARED, Qualifiers=given)
    assert refusal.value.name == "Qualifiers"


@pytest.mark.parametrize(
    ("one", "other"), [("FunctionArn", "RestApiId"), ("FunctionArn", "RoleArn"), ("RestApiId", "RoleArn")]
)
def test_a_target_is_of_one_kind(one: str, other: str) -> None:
    with pytest.raises(PropertyDoesNotFit) as refusal:
        published(one, **KINDS[other])
    assert f"Property {refusal.value.name}: " in str(refusal.value)
    assert {refusal.value.name, str(refusal.value).partition("go with ")[2].partition(".")[0]} == {one, other}


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in ONLY_OF for kind in KINDS if ONLY_OF[name][0] != kind]
)
def test_what_is_of_another_kind_is_refused_by_name(name: str, kind: str) -> None:
    with pytest.raises(PropertyDoesNotFit, match=f"does not go with {kind}\\.") as refusal:
        published(kind, **{name: ONLY_OF[name][1]})
    assert refusal.value.name == name


@pytest.mark.parametrize("name", ONLY_OF)
def test_it_goes_with_its_own_kind(name: str) -> None:
    kind, value = ONLY_OF[name]
    assert published(kind, **{"FunctionArn": SHARED if kind == "FunctionArn" else None, name: value}).arns


@pytest.mark.parametrize(
    ("kind", "grant_type"),
    [(kind, one) for kind in OFFERS for one in sum(OFFERS.values(), []) if one not in OFFERS[kind]],  # noqa: RUF017
)
def test_a_grant_type_that_the_kind_does_not_have_is_refused_by_its_number(kind: str, grant_type: str) -> None:
    with pytest.raises(InvalidProperty, match=f"'{grant_type}' is not one of the allowed values") as refusal:
        published(kind, AllowedGrantTypes=[*OFFERS[kind], grant_type])
    assert refusal.value.name == f"AllowedGrantTypes[{len(OFFERS[kind])}]"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", [[], ["Everything"], None])
def test_a_target_offers_something(kind: str, given: list[str] | None) -> None:
    with pytest.raises((InvalidProperty, MissingProperty), match="AllowedGrantTypes"):
        published(kind, AllowedGrantTypes=given)


def test_a_target_publishes_something() -> None:
    with pytest.raises(MissingProperty) as refusal:
        published()
    assert refusal.value.name == "FunctionArn"
    assert "FunctionArn, RestApiId with StageName, or RoleArn" in str(refusal.value)


def test_a_rest_api_is_published_by_a_stage() -> None:
    with pytest.raises(MissingProperty) as refusal:
        published("RestApiId", StageName=None)
    assert refusal.value.name == "StageName"


def test_a_target_says_who_may_ask() -> None:
    with pytest.raises(MissingProperty) as refusal:
        published("RoleArn", AllowedAccounts=None)
    assert refusal.value.name == "AllowedAccounts"
    assert published("RoleArn", AllowedAccounts=None, AllowOrganization="true").organization
    units = published("RoleArn", AllowedAccounts=None, AllowedOrganizationalUnits=["ou-ab12-cdefgh34", "r-ab12"]).units
    assert units == {"ou-ab12-cdefgh34", "r-ab12"}


@pytest.mark.parametrize(
    "unit", ["", "ou-ab12", "ou-ab12-short", "o-a1b2c3d4e5", "111111111111", "*", "ou-AB12-CDEFGH34", "r-ab12\n"]
)
def test_what_is_no_organizational_unit_is_refused(unit: str) -> None:
    with pytest.raises(InvalidProperty, match="AllowedOrganizationalUnits"):
        published("RoleArn", AllowedOrganizationalUnits=[unit])


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("FunctionArn", "arn:aws:lambda:eu-west-1:444444444444:function:shared"),
        ("RoleArn", "arn:aws:iam::444444444444:role/cross-account/orders"),
    ],
)
def test_what_is_another_accounts_is_not_published(name: str, arn: str) -> None:
    with pytest.raises(ForeignArn, match=f"Property {name}: .*is not in account {OWNER}"):
        published(name, **{name: arn})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FunctionArn", f"{SHARED}:1"),
        ("FunctionArn", f"{SHARED}:$LATEST"),
        ("FunctionArn", "shared"),
        ("FunctionArn", f"{SHARED}\n"),
        ("RoleArn", f"arn:aws:iam::{OWNER}:role/orders"),  # not under the path that consents
        ("RoleArn", f"arn:aws:iam::{OWNER}:role/cross-account-permission/x"),
        ("RoleArn", f"arn:aws:iam::{OWNER}:role/x/cross-account/orders"),
        ("RoleArn", f"arn:aws:iam::{OWNER}:role/cross-account/"),
        ("RoleArn", f"arn:aws:iam::{OWNER}:role/cross-account/*"),
        ("RestApiId", "orders-api"),
        ("RestApiId", "ordersapi0/prod"),
        ("RestApiId", "*"),
        ("StageName", "*"),
        ("StageName", "prod/GET"),
        ("StageName", "$default"),
    ],
)
def test_what_is_none_of_the_kind_is_refused(name: str, value: str) -> None:
    kind = name if name in KINDS else "RestApiId"
    with pytest.raises(InvalidProperty) as refusal:
        published(kind, **{name: value})
    assert refusal.value.name == name


def test_a_part_of_this_system_is_not_published() -> None:
    with pytest.raises(OwnPartAsTarget):
        published("FunctionArn", FunctionArn=f"arn:aws:lambda:eu-west-1:{OWNER}:function:cross-account-permission")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_published_is_not_retired(kind: str) -> None:
    with pytest.raises(InvalidProperty, match="is also what is published") as refusal:
        published(kind, RetiredArns=[published(kind).arns[0]])
    assert refusal.value.name == "RetiredArns"


@pytest.mark.parametrize("arn", [f"{SHARED}:old", f"{API}/beta", f"{ROLE}-old"])
def test_what_the_name_stood_for_may_be_retired_whatever_its_kind(arn: str) -> None:
    """A target may have become another kind."""
    assert published("RoleArn", RetiredArns=[arn]).retired == {arn}


@pytest.mark.parametrize(
    ("arn", "error"), [(f"{SHARED}:1", InvalidProperty), (f"{SHARED}".replace(OWNER, "444444444444"), ForeignArn)]
)
def test_only_what_the_name_may_have_stood_for_is_retired(arn: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"RetiredArns\[1\]"):
        published("RoleArn", RetiredArns=[f"{SHARED}:old", arn])


@pytest.mark.parametrize("given", ["Refuse", "Close", "CloseWhileGranted", None])
def test_methods_without_authorization_are_refused_unless_said_otherwise(given: str | None) -> None:
    assert published("RestApiId", MethodsWithoutAuthorization=given).open_methods == (given or OpenMethods.REFUSE)


@pytest.mark.parametrize("name", ["AllowOrganization", "AllowDeletionWithConsumers", "RedeployOnChange"])
@pytest.mark.parametrize("given", ["yes", 1, "True", None, ""])
def test_true_is_true_alone(name: str, given: object) -> None:
    """CloudFormation sends booleans as text (docs/aws-behaviour.md §5)."""
    if given is None:
        found = published("RestApiId")
        assert (found.organization, found.allow_deletion, found.redeploy) == (False, False, False)
        return
    with pytest.raises(InvalidProperty) as refusal:
        published("RestApiId", **{name: given})
    assert refusal.value.name == name


@pytest.mark.parametrize("name", ["MaximumGrantDays", "MaximumGrantsPerAccount"])
@pytest.mark.parametrize(("given", "taken"), [("30", 30), (30, 30), ("9999", 9999)])
def test_numbers_are_taken_as_cloudformation_sends_them(name: str, given: object, taken: int) -> None:
    found = published("RoleArn", **{name: given})
    assert taken == (found.maximum_days if name == "MaximumGrantDays" else found.per_account)


@pytest.mark.parametrize("name", ["MaximumGrantDays", "MaximumGrantsPerAccount"])
@pytest.mark.parametrize("given", ["0", 0, "-1", "1.5", "10000", 10_000, "thirty", True, ""])
def test_what_is_no_number_of_them_is_refused(name: str, given: object) -> None:
    with pytest.raises(InvalidProperty) as refusal:
        published("RoleArn", **{name: given})
    assert refusal.value.name == name


def test_every_property_of_a_target_has_words_for_what_to_do() -> None:
    rules = schema(TARGET)["properties"]
    assert [name for name, one in rules.items() if not one.get("x-remedy", "").endswith(".")] == []
