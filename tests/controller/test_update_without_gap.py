"""Updating any property of any type: at every write the old or the new stands, and afterwards nothing but the new."""

from collections.abc import Mapping
from typing import Any

import pytest
from centre import CONSUMER, OWNER, Centre
from resources import ALIASES, API, BUYER, PRIVATE, ROLE, SELLER, asked, create_all, published

ONE, TWO = "vpce-0123456789abcdef0", "vpce-0fedcba9876543210"

# what is asked, and what each update makes of it
LIVES: dict[str, tuple[str, str, Mapping[str, Any], list[Mapping[str, Any]]]] = {
    "Authorizer": (
        "function",
        f"{ALIASES}:blue",
        {"ApiId": "apiaaaaa"},
        [{"ApiId": "apibbbbb"}, {"AuthorizerIds": ["auth1"]}, {"ExpiresAt": "2099-01-01T00:00:00Z"}, {"Revision": "2"}],
    ),
    "InvokeFunction": (
        "function",
        f"{ALIASES}:blue",
        {"Principals": [BUYER]},
        [{"Principals": [SELLER]}, {"Principals": [BUYER, SELLER]}, {"Principals": None}, {"Revision": "2"}],
    ),
    "ExecuteApi": (
        "api",
        API,
        {"Principals": [BUYER], "Methods": ["GET"], "Paths": ["/orders"]},
        [
            {"Principals": [SELLER]},
            {"Methods": ["GET", "POST"]},
            {"Methods": None},
            {"Paths": ["/orders/*"]},
            {"Paths": None},
            {"StageName": "prod"},
            {"Principals": None},
            {"Revision": "2"},
        ],
    ),
    "a private ExecuteApi": (
        "private",
        PRIVATE,
        {"VpcEndpointIds": [ONE]},
        [{"VpcEndpointIds": [TWO]}, {"VpcEndpointIds": [ONE, TWO]}, {"VpcEndpointIds": None}],
    ),
    "AssumeRole": (
        "role",
        ROLE,
        {"Principals": [BUYER]},
        [
            {"ExternalId": "orders"},
            {"Principals": [SELLER]},
            {"Principals": None},
            {"ExpiresAt": "2099-01-01T00:00:00Z"},
        ],
    ),
}
CASES = [(name, change) for name, life in LIVES.items() for change in life[3]]


@pytest.fixture
def centre() -> Centre:
    centre = Centre()
    create_all(centre)
    for kind in ("function", "api", "private", "role"):
        assert (
            centre.ask(
                OWNER, published(kind, RedeployOnChange="true" if kind in ("api", "private") else None).event("Create")
            ).status
            == "SUCCESS"
        )
    return centre


def ours(centre: Centre, arn: str) -> list[dict[str, Any]]:
    """Our statements, without the one that lets nobody in."""
    statements = (centre.policies.document(arn) or {"Statement": []})["Statement"]
    return [one for one in statements if centre.id.owns(one) and not one["Sid"].endswith("Closed")]


def only(centre: Centre, kind: str, grant_type: str, wish: Mapping[str, Any], arn: str) -> list[dict[str, Any]]:
    """The statements of a fresh centre in which nothing but this is asked."""
    create_all(fresh := Centre())
    fresh.ask(OWNER, published(kind).event("Create"))
    assert fresh.ask(CONSUMER, asked(kind, grant_type, **wish).event("Create")).status == "SUCCESS"
    return ours(fresh, arn)


@pytest.mark.parametrize(("name", "change"), CASES, ids=[f"{name}-{next(iter(change))}" for name, change in CASES])
def test_an_update_opens_the_new_before_it_closes_the_old_and_leaves_nothing_of_it(
    centre: Centre, name: str, change: Mapping[str, Any]
) -> None:
    kind, arn, wish, _ = LIVES[name]
    grant_type = name.rpartition(" ")[2]
    before = asked(kind, grant_type, **wish)
    then = {**wish, **change}
    first = centre.ask(CONSUMER, before.event("Create"))
    old, new = ours(centre, arn), only(centre, kind, grant_type, {k: v for k, v in then.items() if v is not None}, arn)
    stood: list[bool] = []
    centre.policies.on_write = lambda: stood.append(covers(ours(centre, arn), old) or covers(ours(centre, arn), new))
    second = centre.ask(CONSUMER, asked(kind, grant_type, **then).event("Update", first.physical_id))
    assert second.status == "SUCCESS"
    assert second.physical_id != first.physical_id
    assert covers(ours(centre, arn), old), "the old one stands until CloudFormation cleans it up"
    assert covers(ours(centre, arn), new)
    assert centre.ask(CONSUMER, before.event("Delete", first.physical_id)).status == "SUCCESS"
    assert ours(centre, arn) == new
    assert all(stood)
    assert centre.ask(CONSUMER, before.event("Delete", second.physical_id)).status == "SUCCESS"
    assert ours(centre, arn) == []


def covers(statements: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> bool:
    """Whether each wanted statement stands, alone or merged with others of its frame."""
    return all(any(one["Sid"] == other["Sid"] and names(one) >= names(other) for one in statements) for other in wanted)


def names(statement: Mapping[str, Any]) -> set[str]:
    """Whom a statement lists, in its conditions or as principals."""
    tests = statement.get("Condition", {})
    listed = [values for found in tests.values() for values in found.values() if isinstance(values, list)]
    principals = statement["Principal"].get("AWS", [])
    return {name for one in listed for name in one} | set(principals if isinstance(principals, list) else [])
