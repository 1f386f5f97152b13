"""Grants that end: suspended when their time has come, said beforehand, and as long as their owner lets them be."""

import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from centre import CONSUMER, OWNER, Centre
from resources import ALIASES, BUYER, asked, create_all, published

from provider.core.records import GrantRecord, GrantState

ARN = f"{ALIASES}:blue"
DAY = 86_400


@pytest.fixture
def centre() -> Centre:
    created = Centre()
    create_all(created)
    created.ask(OWNER, published("function").event("Create"))
    created.ask(OWNER, published("function", Name="short", MaximumGrantDays="30").event("Create"))
    return created


def at(centre: Centre, seconds: float) -> str:
    return datetime.fromtimestamp(centre.clock.now() + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def create(centre: Centre, expires_at: str | None, kind: str = "function", logical_id: str = "Permission") -> Any:
    wish = asked(kind, "InvokeFunction", logical_id, Principals=[BUYER], ExpiresAt=expires_at)
    return centre.ask(CONSUMER, wish.event("Create"))


def states(centre: Centre) -> list[GrantState]:
    return [row.state for row in centre.ledger.rows.values() if isinstance(row, GrantRecord)]


def test_it_stands_until_its_time_and_is_suspended_by_the_next_round(centre: Centre) -> None:
    assert create(centre, at(centre, 7200)).status == "SUCCESS"
    centre.clock.time += 7100
    centre.round()
    assert centre.policies.document(ARN) is not None
    centre.clock.time += 160
    centre.round()
    assert centre.policies.document(ARN) is None
    assert states(centre) == [GrantState.SUSPENDED]


def test_a_resource_is_looked_at_when_its_first_grant_ends_and_not_an_hour_later(centre: Centre) -> None:
    create(centre, at(centre, 600))
    create(centre, at(centre, 5000), logical_id="Later")
    centre.clock.time += 660
    centre.round()
    assert sorted(states(centre)) == [GrantState.IN_FORCE, GrantState.SUSPENDED]


def test_the_log_says_a_week_before_which_stacks_grants_end(centre: Centre, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="provider")
    granted = create(centre, ends := at(centre, 20 * DAY))
    for day in range(19):
        caplog.clear()
        centre.clock.time += DAY
        centre.round()
        told = [record for record in caplog.records if record.message == "expiring"]
        assert bool(told) == (day >= 13 - 1), day
    [record] = told
    [listed] = record.grants  # type: ignore[attr-defined]
    assert (listed["grant"], listed["at"]) == (granted.physical_id, ends)
    assert "stack/orders" in listed["stack"]


def test_a_later_time_is_another_grant_and_prolongs_it_without_a_gap(centre: Centre) -> None:
    first = create(centre, at(centre, 600))
    wish = asked("function", "InvokeFunction", Principals=[BUYER], ExpiresAt=at(centre, 900_000))
    second = centre.ask(CONSUMER, wish.event("Update", first.physical_id))
    assert second.status == "SUCCESS"
    centre.clock.time += 700
    centre.round()
    assert centre.policies.document(ARN) is not None
    centre.ask(CONSUMER, wish.event("Delete", first.physical_id))
    assert states(centre) == [GrantState.IN_FORCE]


def test_a_stack_whose_grant_is_over_rolls_back_and_deletes_as_ever(centre: Centre) -> None:
    expires_at = at(centre, 600)
    first = create(centre, expires_at)
    centre.clock.time += 700
    centre.round()
    wish = asked("function", "InvokeFunction", Principals=[BUYER], ExpiresAt=expires_at)
    assert centre.ask(CONSUMER, wish.event("Update", first.physical_id)).status == "SUCCESS"
    assert centre.policies.document(ARN) is None
    assert centre.ask(CONSUMER, wish.event("Delete", first.physical_id)).status == "SUCCESS"
    assert states(centre) == []


@pytest.mark.parametrize(
    ("seconds", "kind", "says"),
    [
        (-60, "function", "is no time to come"),
        (0, "function", "is no time to come"),
        (31 * DAY, "short", "for at most 30 days"),
        (None, "short", "ExpiresAt is missing"),
    ],
)
def test_a_time_that_may_not_be_is_refused_by_name(centre: Centre, seconds: float | None, kind: str, says: str) -> None:
    answer = create(centre, None if seconds is None else at(centre, seconds), kind)
    assert answer.status == "FAILED"
    assert says in answer.reason
    assert centre.policies.document(ARN) is None


def test_a_grant_within_the_owners_maximum_is_given(centre: Centre) -> None:
    assert create(centre, at(centre, 29 * DAY), "short").status == "SUCCESS"


@pytest.mark.parametrize("text", ["2026-13-01T00:00:00Z", "tomorrow", "2027-01-31", "2027-01-31T00:00:00+01:00"])
def test_what_is_no_time_is_refused(centre: Centre, text: str) -> None:
    answer = create(centre, text)
    assert answer.status == "FAILED"
    assert "ExpiresAt" in answer.reason
