"""Laws: whatever properties, events and rows say, no statement names anybody outside the account that IAM has proven."""

import json
from typing import Any

import pytest
from centre import CONSUMER, OTHER, OWNER, Resource
from hostile import WHOLES, properties, spoilt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openings import ANY_STAGE, strays
from strict_centre import FITTING, ON, PUBLISHED, StrictCentre, prepared

TOGETHER = 12
"""Events that one centre gets, so that they meet in one policy."""

LAW = settings(derandomize=True, database=None, max_examples=90, deadline=None, suppress_health_check=list(HealthCheck))
FITS = {
    "Authorizer": {"ApiId": True, "AuthorizerIds": False},
    "InvokeFunction": {"Principals": False},
    "ExecuteApi": dict.fromkeys(("Principals", "StageName", "Methods", "Paths", "VpcEndpointIds"), False),
    "AssumeRole": {"Principals": False, "ExternalId": False},
}
EVERYWHERE = {"Environment": False, "Revision": False, "ExpiresAt": False, "TargetArn": False, "ServiceTimeout": False}
OFFERS = {
    "FunctionArn": {"FunctionArn": True, "Qualifiers": False},
    "RestApiId": {
        "RestApiId": True,
        "StageName": True,
        "RedeployOnChange": False,
        "MethodsWithoutAuthorization": False,
    },
    "RoleArn": {"RoleArn": True},
}
OFFERED = {
    "Name": True,
    "AllowedAccounts": True,
    "AllowOrganization": False,
    "AllowDeletionWithConsumers": False,
    "RetiredArns": False,
    "MaximumGrantDays": False,
    "MaximumGrantsPerAccount": False,
    "MaximumPolicySharePerAccount": False,
    "AllowedGrantTypes": False,
}
REQUEST_TYPES = st.sampled_from(["Create", "Create", "Create", "Update", "Delete"])


def many(one: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(one, min_size=TOGETHER, max_size=TOGETHER)


def held_to(centre: StrictCentre, *keys: Any) -> None:
    """Every event has its one answer, and none lies there any more."""
    for answer in centre.answered(*keys):
        assert answer.physical_id
        assert answer.physical_id.isprintable()
        assert len(answer.reason) <= 256
    assert centre.desk.requests == {}


def wanted(grant_type: str) -> st.SearchStrategy[dict[str, Any]]:
    foreign = tuple(sorted({name for fits in FITS.values() for name in fits} - set(FITS[grant_type])))
    return properties({**FITS[grant_type], **EVERYWHERE}, (*foreign, "Target", "GrantType", "ServiceToken"))


@pytest.mark.parametrize("grant_type", FITS)
@given(st.data())
@LAW
def test_what_a_permission_asks_opens_what_is_published_to_its_own_account_alone(
    grant_type: str, data: st.DataObject
) -> None:
    centre = prepared()
    keys = []
    for number, given_properties in enumerate(data.draw(many(wanted(grant_type)))):
        asked = {
            "Target": f"{OWNER}/{ON[grant_type]}",
            "GrantType": grant_type,
            **FITTING[grant_type],
            **given_properties,
        }
        event = Resource(CONSUMER, "Permission", asked, f"Wish{number}").event(
            data.draw(REQUEST_TYPES), f"old-{number}"
        )
        keys.append(centre.file(CONSUMER, event))
    held_to(centre, *keys)
    assert strays(centre.documents(), [CONSUMER], OWNER) == []


@pytest.mark.parametrize("kind", OFFERS)
@given(st.data())
@LAW
def test_what_a_target_publishes_is_its_own_accounts_whoever_asks_for_it(kind: str, data: st.DataObject) -> None:
    """The attacker publishes, the consumer asks for all types on it: what is the owner's stays as it is."""
    centre = prepared()
    before = centre.documents()
    foreign = tuple(name for offers in OFFERS.values() for name in offers if name not in OFFERS[kind])
    types = {"FunctionArn": ["Authorizer", "InvokeFunction"], "RestApiId": ["ExecuteApi"], "RoleArn": ["AssumeRole"]}[
        kind
    ]
    offered = properties({**OFFERS[kind], **OFFERED}, foreign)
    keys = []
    for number, given_properties in enumerate(data.draw(many(offered))):
        offer = {"AllowedGrantTypes": types, **given_properties}
        event = Resource(OTHER, "Target", offer, f"Target{number}").event(data.draw(REQUEST_TYPES), f"old-{number}")
        keys.append(centre.file(OTHER, event))
        named = offer["Name"] if isinstance(offer["Name"], str) else "mine"
        wishes = {"Target": f"{OTHER}/{named}", "GrantType": types[0], **FITTING[types[0]]}
        keys.append(centre.file(CONSUMER, Resource(CONSUMER, "Permission", wishes, f"Wish{number}").event("Create")))
    held_to(centre, *keys)
    after = centre.documents()
    assert {arn: after[arn] for arn in before} == before
    mine = {arn: one for arn, one in after.items() if arn not in before}
    assert strays(mine, [CONSUMER], OTHER, ANY_STAGE) == []


@given(many(properties({"Target": True, "Environment": False, "Revision": False}, ("ServiceToken", "GrantType"))))
@LAW
def test_what_a_lookup_says_opens_nothing_and_is_answered(given_properties: list[dict[str, Any]]) -> None:
    centre = prepared()
    keys = [
        centre.file(OTHER, Resource(OTHER, "TargetLookup", one, f"Lookup{number}").event("Create"))
        for number, one in enumerate(given_properties)
    ]
    held_to(centre, *keys)
    assert centre.policies.writes == []
    assert not any(centre.desk.answers[key].data for key in keys), "no target lets the attacker see where it is"


# --- events and rows ------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.sampled_from(WHOLES)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=10), inner, max_size=3)),
    max_leaves=6,
)
FIELDS = {
    "RequestType": "Create",
    "StackId": f"arn:aws:cloudformation:us-east-1:{OTHER}:stack/orders/0d1c",
    "LogicalResourceId": "Wish",
    "ResourceType": "Custom::CrossAccountPermission",
    "PhysicalResourceId": "grant-0123456789abcdef0123456789abcdef",
    "ResourceProperties": {"ServiceToken": "t", "Target": f"{OWNER}/function", "GrantType": "InvokeFunction"},
}
EVENTS = st.sampled_from(sorted(FIELDS)).flatmap(
    lambda name: st.one_of(st.just(FIELDS[name]), ANYTHING, spoilt(str(FIELDS[name]))).map(
        lambda value: {**FIELDS, name: value}
    )
)
AS_IT_IS, LEFT_OUT = object(), object()
TIMES = st.one_of(
    st.just(AS_IT_IS),
    st.just(AS_IT_IS),
    st.just(LEFT_OUT),
    spoilt("20261119T000000Z"),
    st.datetimes().map(lambda when: when.strftime("%Y%m%dT%H%M%SZ")),
    st.text(max_size=20),
)
TEXTS = st.one_of(
    EVENTS.map(json.dumps), ANYTHING.map(json.dumps), EVENTS.map(json.dumps).flatmap(spoilt), st.just(LEFT_OUT)
)


@given(many(st.fixed_dictionaries({"event": TEXTS, "issuedAt": TIMES})))
@LAW
def test_whatever_row_an_account_writes_is_answered_and_opens_nothing_to_others(rows: list[dict[str, Any]]) -> None:
    """Attributes that are no text are left out on the way (`codec.text_from_wire`), so a missing one stands for those."""
    centre = prepared(OTHER)
    keys = []
    for written in rows:
        key = centre.row(OTHER, **{name: value for name, value in written.items() if value is not AS_IT_IS})
        row = centre.desk.requests[key]
        centre.desk.requests[key] = {name: value for name, value in row.items() if value is not LEFT_OUT}
        keys.append(key)
    held_to(centre, *keys)
    assert strays(centre.documents(), [OTHER], OWNER) == []


def test_the_laws_are_broken_by_a_statement_that_names_anybody_else() -> None:
    """What the laws are held by sees each kind of stray."""
    centre = prepared()
    for grant_type in FITS:
        asked = {"Target": f"{OWNER}/{ON[grant_type]}", "GrantType": grant_type, **FITTING[grant_type]}
        answer = centre.ask(CONSUMER, Resource(CONSUMER, "Permission", asked, grant_type).event("Create"))
        assert answer.status == "SUCCESS"
    documents = centre.documents()
    assert strays(documents, [CONSUMER], OWNER) == []
    assert len(strays(documents, [OTHER], OWNER)) == len(FITS)
    assert len(strays(documents, [CONSUMER], OTHER)) == len(FITS)
    for arn, document in documents.items():
        for statement in (document or {"Statement": []})["Statement"]:
            if not statement.get("Sid", "").startswith("CrossAccount"):
                continue
            for change in (
                {"Action": "*"},
                {"Principal": "*"},
                {"Condition": {}},
                {"Resource": "*"},
                {"Effect": "Deny"},
            ):
                changed = {arn: {"Statement": [{**statement, **change}]}}
                is_plain = change == {"Condition": {}} and "Condition" not in statement
                assert bool(strays(changed, [CONSUMER], OWNER)) != is_plain, change
    assert set(PUBLISHED) >= set(ON.values())
