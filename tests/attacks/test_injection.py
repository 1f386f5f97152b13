"""Somebody writes a policy, a path, a key or a log line into a text: it is refused, or stands there as the text that it is."""

from typing import Any

import pytest
from centre import CONSUMER, OTHER, OWNER, Resource
from hostile import GOOD, PIECES, POLICY, WHOLES
from openings import ANY_STAGE, strays
from resources import ROLE
from strict_centre import FITTING, prepared, wish

from provider.core.properties import LOOKUP, PERMISSION, TARGET, schema

OFFERS: dict[str, dict[str, Any]] = {
    "FunctionArn": {"FunctionArn": GOOD["FunctionArn"][0], "AllowedGrantTypes": ["Authorizer", "InvokeFunction"]},
    "RestApiId": {"RestApiId": "mineapi000", "StageName": "prod", "AllowedGrantTypes": ["ExecuteApi"]},
    "RoleArn": {"RoleArn": GOOD["RoleArn"][0], "AllowedGrantTypes": ["AssumeRole"]},
}


def texts(name: str) -> list[Any]:
    """All that is put into a property: pieces alone, in front of, within and behind what belongs there, and whole values."""
    value = GOOD[name][0]
    plain = str(value[0] if isinstance(value, list) else value)
    half = len(plain) // 2
    mixed = [
        one
        for piece in PIECES
        for one in (f"{plain}{piece}", f"{piece}{plain}", f"{plain[:half]}{piece}{plain[half:]}")
    ]
    alone = [*PIECES, *mixed]
    return [*WHOLES, {"a": [POLICY]}, *([[one] for one in alone] if isinstance(value, list) else mixed)]


@pytest.mark.parametrize("grant_type", FITTING)
@pytest.mark.parametrize("name", sorted(schema(PERMISSION)["properties"]))
def test_a_text_in_a_property_of_a_permission_opens_nothing_else(grant_type: str, name: str) -> None:
    """Each of some 200 values is answered; what is granted names the asking account and the published resource alone."""
    centre = prepared()
    for number, text in enumerate(texts(name)):
        asked = wish(grant_type, logical_id=f"Wish{number}", **{name: text})
        answer = centre.ask(CONSUMER, asked.event("Create"))
        assert len(answer.reason) <= 256
        assert answer.reason.isprintable()
    assert strays(centre.documents(), [CONSUMER], OWNER) == []


@pytest.mark.parametrize("kind", OFFERS)
@pytest.mark.parametrize("name", sorted(schema(TARGET)["properties"]))
def test_a_text_in_a_property_of_a_target_opens_nothing_of_others(kind: str, name: str) -> None:
    """Published by the attacker, and asked for by a consumer: what is opened is the attacker's own, if anything."""
    for start in range(0, len(texts(name)), 40):
        centre = prepared()
        before = centre.documents()
        for number, text in enumerate(texts(name)[start : start + 40]):
            offer = {"Name": f"mine-{number}", "AllowOrganization": "true", **OFFERS[kind], name: text}
            answer = centre.ask(OTHER, Resource(OTHER, "Target", offer, f"Target{number}").event("Create"))
            assert answer.reason.isprintable()
            grant_type = OFFERS[kind]["AllowedGrantTypes"][0]
            target = answer.data.get("Name", f"{OTHER}/mine-{number}")
            asked = {"Target": target, "GrantType": grant_type, **FITTING[grant_type]}
            centre.ask(CONSUMER, Resource(CONSUMER, "Permission", asked, f"Wish{number}").event("Create"))
        after = centre.documents()
        assert {arn: after[arn] for arn in before} == before
        mine = {arn: one for arn, one in after.items() if arn not in before}
        assert strays(mine, [CONSUMER], OTHER, ANY_STAGE) == []


@pytest.mark.parametrize("name", sorted(schema(LOOKUP)["properties"]))
def test_a_text_in_a_property_of_a_lookup_changes_nothing(name: str) -> None:
    centre = prepared()
    for number, text in enumerate(texts(name)):
        properties = {"Target": f"{OWNER}/function", name: text}
        centre.ask(CONSUMER, Resource(CONSUMER, "TargetLookup", properties, f"Lookup{number}").event("Create"))
    assert centre.policies.writes == []


STACK = f"arn:aws:cloudformation:us-east-1:{CONSUMER}:stack/orders/0d1c"
FIELDS = {
    "StackId": (STACK, STACK.replace(CONSUMER, OTHER), STACK.replace("arn:aws:", "arn:aws-cn:")),
    "LogicalResourceId": ("Wish", "a/b"),
    "RequestId": ("r1", "../r2"),
    "PhysicalResourceId": ("grant-0123456789abcdef0123456789abcdef", "publication-*"),
    "ResourceType": ("Custom::CrossAccountPermission", "Custom::CrossAccountTarget"),
    "RequestType": ("Create", "create"),
    "OldResourceProperties": ({}, {"Target": "*"}),
}


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
@pytest.mark.parametrize("field", FIELDS)
def test_a_text_in_a_field_of_an_event_opens_nothing_else(field: str, request_type: str) -> None:
    centre = prepared()
    whole = str(FIELDS[field][0])
    mixed = [
        one for piece in PIECES for one in (f"{whole}{piece}", f"{piece}{whole}", f"{whole[:9]}{piece}{whole[9:]}")
    ]
    for text in (*FIELDS[field], *WHOLES, *mixed):
        event = {**wish("InvokeFunction").event(request_type, "something"), field: text}
        answer = centre.ask(CONSUMER, event)
        assert answer.physical_id.isprintable()
        assert answer.reason.isprintable()
    assert strays(centre.documents(), [CONSUMER], OWNER) == []


@pytest.mark.parametrize(
    "path",
    [
        "/orders/../admin",
        "/orders/./admin",
        "/..",
        "/.",
        "//admin",
        "/orders//admin",
        "/%2e%2e/admin",
        "/%2E%2E%2fadmin",
        "/orders%2f..%2fadmin",
        "/orders%5c..%5cadmin",
        "/%2A",
        "/orders%3fx",
        "/orders?x",
        "/orders#x",
        "/${stageVariables.x}",
        "/{proxy+}",
        "orders",
        "*",
        "/orders\\..\\admin",
        "/orders\n",
        "/ord\u00e9rs",
        "",
    ],
    ids=ascii,
)
def test_a_path_leads_to_no_other_place(path: str) -> None:
    centre = prepared()
    for paths in ([path], ["/orders", path], path):
        assert centre.ask(CONSUMER, wish("ExecuteApi", Paths=paths).event("Create")).status == "FAILED"
    assert centre.policies.writes == []


@pytest.mark.parametrize(
    "stage", ["prod/../beta", "prod/*", "*", "pro?", "beta", "PROD", "prod ", "prod%2f", "../prod", ""]
)
def test_a_stage_is_the_published_one_or_refused(stage: str) -> None:
    centre = prepared()
    assert centre.ask(CONSUMER, wish("ExecuteApi", StageName=stage).event("Create")).status == "FAILED"
    assert centre.policies.writes == []


def test_a_text_that_is_taken_stands_in_the_policy_as_it_was_given() -> None:
    """Of all characters that it may have, an external id keeps each."""
    centre, given = prepared(), "A0_+=,.@:/-z"
    assert centre.ask(CONSUMER, wish("AssumeRole", ExternalId=given).event("Create")).status == "SUCCESS"
    [ours] = [one for one in centre.policies.document(ROLE)["Statement"] if one["Sid"].startswith("CrossAccount")]
    assert ours["Condition"]["StringEquals"]["sts:ExternalId"] == given
