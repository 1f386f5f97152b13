"""What ends without an event: a healthy centre whose consumer's stack goes in one way, and what is found and done."""

from dataclasses import replace
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OWNER, Centre, Resource, permission, source, target

from provider.core.absences import ABANDONED_FOR, DAY, Absence, AbsenceKind, Seen, Sight
from provider.core.auditing import Happening
from provider.core.findings import FindingKind
from provider.core.identifiers import AccountId, Arn
from provider.core.records import GrantRecord, PublicationRecord

STACK = f"arn:aws:cloudformation:us-east-1:{CONSUMER}:stack/orders/0d1c2b3a-0000-11ee-8000-0123456789ab"
OWNERS = f"arn:aws:cloudformation:us-east-1:{OWNER}:stack/token/0d1c2b3a-0000-11ee-8000-ba9876543210"


def of_a_stack(resource: Resource, stack: str = STACK, logical_id: str = "Permission", **more: Any) -> dict[str, Any]:
    """The creation of a resource of a stack that CloudFormation has made."""
    return {**resource.event("Create", **more), "StackId": stack, "LogicalResourceId": logical_id}


def ask(centre: Centre, number: int = 0) -> str:
    """One more permission of the stack, for an API of its own; its id."""
    logical_id = f"Permission{number}" if number else "Permission"
    event = of_a_stack(permission(ApiId=f"api{number:07}"), logical_id=logical_id)
    answer = centre.ask(CONSUMER, event)
    assert answer.status == "SUCCESS", answer.reason
    centre.stacks.stacks.setdefault(STACK, {})[logical_id] = Sight(Seen.STANDS, answer.physical_id)
    return answer.physical_id


@pytest.fixture
def healthy(published: Centre) -> Centre:
    """One grant of a real stack stands; a day of looks has found nothing."""
    ask(published)
    days_pass(published, 2)
    assert kinds(published) == []
    return published


def days_pass(centre: Centre, days: float) -> None:
    """The schedule's rounds of some days, one in six hours."""
    for _ in range(int(days * 4)):
        centre.clock.time += DAY / 4
        centre.round()


def kinds(centre: Centre, arn: str = FUNCTION) -> list[str]:
    found = centre.ledger.resources.get(Arn(arn))
    return [kind for kind, _ in found.findings] if found else []


def happenings(centre: Centre) -> list[str]:
    return [event.happening for event in centre.journal.events]


def the_grant(centre: Centre) -> GrantRecord:
    [row] = [row for row in centre.ledger.rows.values() if isinstance(row, GrantRecord)]
    return row


ABANDONED = [
    pytest.param(lambda centre: centre.stacks.stacks.clear(), id="no such stack"),
    pytest.param(lambda centre: centre.stacks.stacks[STACK].clear(), id="not in its stack"),
    pytest.param(
        lambda centre: centre.stacks.stacks[STACK].update(Permission=Sight(Seen.DELETED, "x")), id="deleted unheard"
    ),
]


@pytest.mark.parametrize("vanish", ABANDONED)
def test_what_no_stack_declares_is_found_first_and_withdrawn_three_days_later(healthy: Centre, vanish: Any) -> None:
    vanish(healthy)
    days_pass(healthy, 1.25)
    assert kinds(healthy) == [FindingKind.ABANDONED]
    assert Happening.ABANDONED in happenings(healthy)
    assert healthy.sources() == [source("api0000000")], "a finding is no action"
    days_pass(healthy, 1.5)
    assert healthy.sources() == [source("api0000000")]
    days_pass(healthy, 2.5)
    assert healthy.sources() == []
    assert happenings(healthy)[-1] == Happening.WITHDRAWN
    [gone] = healthy.ledger.history
    assert isinstance(gone, GrantRecord)
    assert gone.absence is not None
    assert gone.absence.kind is AbsenceKind.ABANDONED


def test_a_withdrawn_origin_leaves_nothing_that_is_looked_at_for_ever(healthy: Centre) -> None:
    healthy.stacks.stacks.clear()
    days_pass(healthy, 8)
    origin = healthy.ledger.origins[healthy.stacks.looked_at[0]]
    assert (origin.held, origin.places, origin.look_at) == (frozenset(), {}, None)
    looks = len(healthy.stacks.looked_at)
    days_pass(healthy, 3)
    assert len(healthy.stacks.looked_at) == looks


RETAINED = [
    pytest.param(Sight(Seen.LET_GO, "x"), id="DeletionPolicy"),
    pytest.param(Sight(Seen.STANDS, "another"), id="UpdateReplacePolicy"),
]


@pytest.mark.parametrize("sight", RETAINED)
def test_what_cloudformation_was_told_to_retain_is_kept_and_said(healthy: Centre, sight: Sight) -> None:
    healthy.stacks.stacks[STACK]["Permission"] = sight
    days_pass(healthy, 40)
    assert healthy.sources() == [source("api0000000")]
    assert kinds(healthy) == [FindingKind.RETAINED]
    assert happenings(healthy).count(Happening.RETAINED) == 1
    healthy.stacks.stacks.clear()  # deleted stacks are known for 90 days
    days_pass(healthy, 10)
    assert kinds(healthy) == [FindingKind.RETAINED]
    assert healthy.sources() == [source("api0000000")]


def test_a_stack_that_is_there_again_ends_the_finding(healthy: Centre) -> None:
    stands = dict(healthy.stacks.stacks[STACK])
    healthy.stacks.stacks[STACK].clear()
    days_pass(healthy, 1.25)
    healthy.stacks.stacks[STACK] = stands
    days_pass(healthy, 10)
    assert kinds(healthy) == []
    assert the_grant(healthy).absence is None
    assert healthy.sources() == [source("api0000000")]


def test_an_event_of_the_stack_ends_the_finding(healthy: Centre) -> None:
    healthy.stacks.stacks[STACK].clear()
    days_pass(healthy, 1.25)
    event = {**of_a_stack(permission(ApiId="api0000000")), "RequestType": "Update"}
    assert healthy.ask(CONSUMER, {**event, "PhysicalResourceId": the_grant(healthy).id}).status == "SUCCESS"
    assert the_grant(healthy).absence is None


@pytest.mark.parametrize("silent", [True, False], ids=["CloudFormation does not say", "there is no observer role"])
def test_nothing_is_concluded_where_nobody_tells(healthy: Centre, silent: bool) -> None:
    healthy.stacks.stacks.clear()
    healthy.stacks.silent = silent
    healthy.stacks.without_role.add(CONSUMER)
    days_pass(healthy, 10)
    assert healthy.sources() == [source("api0000000")]
    assert kinds(healthy) == []


@pytest.mark.parametrize("silent", [True, False], ids=["CloudFormation does not say", "there is no observer role"])
def test_nothing_is_withdrawn_on_what_was_found_once_and_cannot_be_found_again(healthy: Centre, silent: bool) -> None:
    healthy.stacks.stacks.clear()
    days_pass(healthy, 1.25)
    healthy.stacks.silent = silent
    healthy.stacks.without_role.add(CONSUMER)
    days_pass(healthy, 20)
    assert healthy.sources() == [source("api0000000")]
    healthy.stacks.silent = False
    healthy.stacks.without_role.clear()
    days_pass(healthy, 1.25)
    assert healthy.sources() == []


def test_an_account_without_an_observer_role_is_reported_once_until_it_has_one(
    healthy: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    healthy.stacks.without_role.add(CONSUMER)
    days_pass(healthy, 5)
    found = [one for one in caplog.records if one.message == "found"]
    assert [(one.finding, one.account) for one in found] == [("Unobserved", CONSUMER)]  # type: ignore[attr-defined]
    assert healthy.ledger.members[AccountId(CONSUMER)].unobserved_since is not None
    healthy.stacks.without_role.clear()
    days_pass(healthy, 2)
    assert healthy.ledger.members[AccountId(CONSUMER)].unobserved_since is None


def test_who_has_no_stack_is_not_looked_for(published: Centre) -> None:
    event = permission().event("Create")
    pipeline = f"arn:aws:cloudformation:us-east-1:{CONSUMER}:stack/deploy/crossaccount-pipeline"
    assert published.ask(CONSUMER, {**event, "StackId": pipeline}).status == "SUCCESS"
    days_pass(published, 10)
    assert published.stacks.looked_at == []
    assert published.sources() == [source()]


def test_each_origin_is_looked_at_about_once_a_day(published: Centre) -> None:
    for number in range(1, 11):
        ask(published, number)
    days_pass(published, 10)
    assert 9 * 10 <= len(published.stacks.looked_at) <= 11 * 10


def test_the_looks_of_a_round_are_bounded_and_none_is_left_out(
    published: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provider.controller.observing.LOOKS", 3)
    for number in range(1, 11):
        ask(published, number)
    published.clock.time += 2 * DAY
    looked_at = published.stacks.looked_at
    for _ in range(4):  # one of eleven has no stack, and takes its turn all the same
        before = len(looked_at)
        published.round()
        assert len(looked_at) - before in (2, 3)
    assert len(looked_at) == len(set(looked_at)) == 10


def test_a_look_that_takes_long_ends_the_round_and_the_others_come_next(published: Centre) -> None:
    for number in range(1, 4):
        ask(published, number)
    look = published.stacks.look

    def slow(origin: Any) -> Sight:
        published.clock.time += 50
        return look(origin)

    published.stacks.look = slow  # type: ignore[method-assign]
    published.clock.time += 2 * DAY
    for looked_at in (1, 2, 3):
        published.round()
        assert len(set(published.stacks.looked_at)) == looked_at


def test_a_look_that_breaks_holds_up_no_other_and_is_not_made_again_at_once(
    published: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    ask(published, 1)
    ask(published, 2)
    look = published.stacks.look

    def broken(origin: Any) -> Sight:
        look(origin)
        if origin.logical_id == "Permission1":
            raise RuntimeError
        return Sight(Seen.NOT_IN_STACK)

    published.stacks.look = broken  # type: ignore[method-assign]
    published.clock.time += 2 * DAY
    published.round()
    published.round()
    assert len(published.stacks.looked_at) == 2
    assert [one.message for one in caplog.records if one.levelname == "ERROR"] == ["failed"]


def test_a_look_that_is_cut_short_after_its_commit_is_finished_by_the_hourly_pass(healthy: Centre) -> None:
    healthy.stacks.stacks.clear()
    days_pass(healthy, 3)
    healthy.ledger.want = _dying  # type: ignore[method-assign,assignment]
    days_pass(healthy, 1.25)
    assert healthy.sources() == []
    assert [row for row in healthy.ledger.rows.values() if isinstance(row, GrantRecord)] == []


def _dying(*_: Any, **__: Any) -> None:
    raise RuntimeError


# --- the limit -------------------------------------------------------------------------------------


def test_of_many_that_seem_abandoned_at_once_none_is_withdrawn(published: Centre) -> None:
    """It may be the question that is wrong, or the ledger."""
    for number in range(1, 6):
        ask(published, number)
    published.stacks.stacks.clear()
    days_pass(published, 10)
    assert len(published.sources()) == 5
    assert kinds(published) == [FindingKind.HELD_BACK]


def test_what_an_operator_has_accepted_is_withdrawn_however_many_it_is(published: Centre) -> None:
    for number in range(1, 6):
        ask(published, number)
    published.stacks.stacks.clear()
    days_pass(published, 10)
    for key, row in published.ledger.rows.items():
        if row.absence is not None:
            published.ledger.rows[key] = replace(row, absence=replace(row.absence, accepted=True))
    days_pass(published, 1.25)
    assert published.sources() == []


def test_what_a_ledger_of_an_older_state_has_forgotten_to_withdraw_is_withdrawn(published: Centre) -> None:
    """It was restored to before three stacks had deleted their permissions, and has opened them again."""
    ids = [ask(published, number) for number in range(1, 4)]
    before = (dict(published.ledger.rows), dict(published.ledger.origins), dict(published.ledger.resources))
    for number, known in enumerate(ids, 1):
        event = of_a_stack(permission(ApiId=f"api{number:07}"), logical_id=f"Permission{number}")
        gone = published.ask(CONSUMER, {**event, "RequestType": "Delete", "PhysicalResourceId": known})
        assert gone.status == "SUCCESS"
        published.stacks.stacks[STACK][f"Permission{number}"] = Sight(Seen.DELETED, known)
    published.ledger.rows, published.ledger.origins, published.ledger.resources = before
    days_pass(published, 1)
    assert len(published.sources()) == 3, "the older state is in force again"
    days_pass(published, 5)
    assert published.sources() == []


# --- publications ----------------------------------------------------------------------------------


def test_an_abandoned_publication_is_reported_and_never_ended(centre: Centre) -> None:
    event = of_a_stack(target(), OWNERS, "Target")
    assert centre.ask(OWNER, event).status == "SUCCESS"
    ask(centre)
    days_pass(centre, 40)
    assert kinds(centre) == [FindingKind.ABANDONED]
    assert centre.sources() == [source("api0000000")]
    [row] = [row for row in centre.ledger.rows.values() if isinstance(row, PublicationRecord)]
    assert row.absence is not None


def test_an_abandoned_grant_counts_three_days_from_when_it_was_found() -> None:
    found = Absence(AbsenceKind.ABANDONED, 1000.0)
    assert not found.is_over(1000.0 + ABANDONED_FOR - 1)
    assert found.is_over(1000.0 + ABANDONED_FOR)
