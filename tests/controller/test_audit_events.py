"""What is told of grants: who asked, by which stack and request, for what, what has become of it; nothing twice, no secret."""

import json
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Centre, Resource, permission, target
from resources import API, BUYER, asked, create_all
from resources import published as publishing

from provider.core.auditing import Happening
from provider.core.errors import ShutOut
from provider.core.identifiers import Arn
from provider.core.records import GrantRecord


def told(centre: Centre) -> list[tuple[str, str]]:
    """What was told since, with the request that it names."""
    found = [(one.happening.value, one.detail["requestId"]) for one in centre.journal.events]
    centre.journal.events.clear()
    return found


def ask(centre: Centre, account: str, event: dict[str, Any]) -> tuple[Any, str]:
    """The answer, and the request's id."""
    answer = centre.ask(account, event)
    return answer, f"request-{centre.requests}"


def test_a_publication_a_grant_and_their_going_are_told_once_each(centre: Centre) -> None:
    offered, request = ask(centre, OWNER, target().event("Create"))
    assert told(centre) == [("Target Published", request)]
    granted, request = ask(centre, CONSUMER, permission().event("Create"))
    [event] = centre.journal.events
    assert event.happening is Happening.GRANTED
    assert event.detail == {
        "account": CONSUMER,
        "stackId": f"arn:aws:cloudformation:us-east-1:{CONSUMER}:stack/orders/0d1c",
        "logicalId": "Permission",
        "requestId": request,
        "askedBy": request,
        "declarationId": granted.physical_id,
        "target": f"{OWNER}/token-service",
        "environment": "default",
        "grantType": "Authorizer",
        "targetArn": FUNCTION,
        "properties": {"ApiId": "a1b2c3d4e5"},
        "resources": [FUNCTION],
    }
    centre.journal.events.clear()
    for _ in range(3):
        centre.clock.time += 3700
        centre.round()
    assert told(centre) == [], "nothing has happened"
    _, request = ask(centre, CONSUMER, permission().event("Delete", granted.physical_id))
    [event] = centre.journal.events
    assert (event.happening, event.detail["requestId"], event.detail["resources"]) == (
        Happening.WITHDRAWN,
        request,
        [FUNCTION],
    )
    centre.journal.events.clear()
    _, request = ask(centre, OWNER, target().event("Delete", offered.physical_id))
    assert told(centre) == [("Target Unpublished", request)]


@pytest.mark.parametrize(
    ("account", "event", "reason"),
    [
        (OTHER, permission(OTHER).event("Create"), "is not allowed"),
        (CONSUMER, permission(ApiId="no id").event("Create"), "Property ApiId"),
        (CONSUMER, {**permission().event("Create"), "StackId": "orders"}, "StackId"),
        (CONSUMER, permission(Target=f"{OWNER}/nothing").event("Create"), "is not published"),
    ],
)
def test_a_refusal_is_told_with_its_reason(published: Centre, account: str, event: dict[str, Any], reason: str) -> None:
    published.journal.events.clear()
    _, request = ask(published, account, {**event, "LogicalResourceId": "Another"})
    [one] = published.journal.events
    assert one.happening is Happening.REFUSED
    assert (one.detail["account"], one.detail["requestId"]) == (account, request)
    assert reason in one.detail["reason"]


def test_what_a_pass_refuses_is_told_by_name(published: Centre) -> None:
    published.policies.limits["lambda"] = 100
    published.journal.events.clear()
    _, request = ask(published, CONSUMER, permission().event("Create"))
    happenings = [(one.happening, one.detail["requestId"]) for one in published.journal.events]
    assert (Happening.REFUSED, request) in happenings
    assert not any(one.happening is Happening.GRANTED for one in published.journal.events)


def test_a_suspension_and_a_return_are_told(published: Centre) -> None:
    known = next(row.id for row in published.ledger.rows.values())
    granted = published.ask(CONSUMER, permission().event("Create"))
    published.journal.events.clear()
    narrowed = published.ask(OWNER, target(AllowedAccounts=[OTHER]).event("Update", known))
    assert "Grant Suspended" in [one.happening for one in published.journal.events]
    published.journal.events.clear()
    published.ask(OWNER, target().event("Update", narrowed.physical_id))
    again = [one for one in published.journal.events if one.happening is Happening.GRANTED]
    assert [one.detail["declarationId"] for one in again] == [granted.physical_id]


def test_an_orphan_is_told(published: Centre) -> None:
    granted = published.ask(CONSUMER, permission().event("Create"))
    published.journal.events.clear()
    published.policies.shut[Arn(FUNCTION)] = ShutOut(FUNCTION, "lambda:PutResourcePolicy")
    published.ask(CONSUMER, permission().event("Delete", granted.physical_id))
    assert [one.happening for one in published.journal.events] == [Happening.ORPHANED]


def test_events_are_json_and_hold_no_credential(published: Centre) -> None:
    event = {**permission().event("Create"), "ResponseURL": "https://secret.example/?X-Amz-Signature=abc"}
    published.ask(CONSUMER, event)
    text = json.dumps([one.detail for one in published.journal.events], default=str)
    assert "Signature" not in text
    assert "ResponseURL" not in text


def test_the_ledger_remembers_who_asked_when_it_came_into_force_and_who_took_it_back(published: Centre) -> None:
    granted, request = ask(published, CONSUMER, permission().event("Create"))
    [row] = [one for one in published.ledger.rows.values() if isinstance(one, GrantRecord)]
    assert row.request == request
    assert row.since is not None
    assert abs(row.since - published.clock.now()) < 5
    _, deleted = ask(published, CONSUMER, permission().event("Delete", granted.physical_id))
    [history] = published.ledger.history
    assert isinstance(history, GrantRecord)
    assert history.request == request
    assert [waiting.key.request_id for waiting in history.awaiting] == [deleted]
    assert history.placed == {FUNCTION}


def test_a_grant_of_any_type_says_what_was_asked(centre: Centre) -> None:
    create_all(centre)
    centre.ask(OWNER, publishing("api").event("Create"))
    centre.journal.events.clear()
    centre.ask(CONSUMER, asked("api", "ExecuteApi", Principals=[BUYER], Methods=["GET"]).event("Create"))
    [event] = centre.journal.events
    assert event.detail["properties"] == {"Principals": [BUYER], "Methods": ["GET"]}
    assert event.detail["resources"] == [API]


def test_a_lookup_is_nothing_to_tell(published: Centre) -> None:
    published.journal.events.clear()
    published.ask(CONSUMER, Resource(CONSUMER, "TargetLookup", {"Target": f"{OWNER}/token-service"}).event("Create"))
    assert published.journal.events == []
