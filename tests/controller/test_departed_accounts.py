"""An account that leaves the organization or is closed: found, suspended when found again, and withdrawn after a month."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from centre import CONSUMER, OTHER, OWNER, Centre, permission, source, target

from provider.core.absences import DAY, is_too_many
from provider.core.auditing import Happening
from provider.core.identifiers import AccountId
from provider.core.records import GrantRecord


@pytest.fixture
def shared(centre: Centre) -> Centre:
    """Two accounts have a grant on the function, by pipelines: no stack is to be looked at."""
    ask_by(centre, [CONSUMER, OTHER])
    days_pass(centre, 2)
    return centre


def ask_by(centre: Centre, accounts: Sequence[str]) -> None:
    assert centre.ask(OWNER, target(AllowedAccounts=list(accounts)).event("Create")).status == "SUCCESS"
    for account in accounts:
        assert centre.ask(account, permission(account).event("Create")).status == "SUCCESS"


def days_pass(centre: Centre, days: float) -> None:
    for _ in range(int(days * 4)):
        centre.clock.time += DAY / 4
        centre.round()


def happenings(centre: Centre) -> list[str]:
    return [event.happening for event in centre.journal.events if event.detail.get("account") == OTHER]


def test_who_has_left_is_found_first_suspended_a_day_later_and_withdrawn_after_thirty(shared: Centre) -> None:
    shared.members.departed.add(OTHER)
    days_pass(shared, 1.25)
    assert happenings(shared)[-1] == Happening.DEPARTED
    assert source(account=OTHER) in shared.sources(), "a finding is no action"
    days_pass(shared, 1.5)
    assert shared.sources() == [source()]
    assert shared.ledger.quarantined(0.0) == {OTHER}
    days_pass(shared, 25)
    assert len([row for row in shared.ledger.rows.values() if isinstance(row, GrantRecord)]) == 2
    days_pass(shared, 6)
    [left] = [row for row in shared.ledger.rows.values() if isinstance(row, GrantRecord)]
    assert left.grant.origin.account == CONSUMER
    assert happenings(shared)[-1] == Happening.WITHDRAWN


def test_who_comes_back_within_thirty_days_has_everything_again(shared: Centre) -> None:
    shared.members.departed.add(OTHER)
    days_pass(shared, 20)
    assert shared.sources() == [source()]
    shared.members.departed.clear()
    days_pass(shared, 1.25)
    assert shared.sources() == sorted([source(), source(account=OTHER)])
    assert shared.ledger.quarantined(0.0) == frozenset()
    assert Happening.RETURNED in happenings(shared)


def test_an_operators_quarantine_is_not_lifted_because_the_account_is_a_member(shared: Centre) -> None:
    shared.ledger.quarantine.add(AccountId(OTHER))
    shared.members.departed.add(OTHER)
    days_pass(shared, 3)
    shared.members.departed.clear()
    days_pass(shared, 3)
    assert shared.ledger.quarantined(0.0) == {OTHER}


def test_nothing_is_concluded_while_the_organization_does_not_tell(shared: Centre) -> None:
    shared.members.departed.add(OTHER)
    days_pass(shared, 1.25)
    shared.members.silent = True
    days_pass(shared, 60)
    assert source(account=OTHER) in shared.sources()


def test_a_withdrawal_rests_on_what_the_organization_says_today(shared: Centre) -> None:
    shared.members.departed.add(OTHER)
    days_pass(shared, 28)
    shared.members.silent = True
    days_pass(shared, 10)
    assert len([row for row in shared.ledger.rows.values() if isinstance(row, GrantRecord)]) == 2


def test_of_many_that_seem_to_have_left_at_once_none_is_suspended_or_withdrawn(
    centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    """More likely the wrong organization is asked."""
    accounts = [f"55555555555{number}" for number in range(6)]
    ask_by(centre, accounts)
    centre.members.departed.update(accounts)
    days_pass(centre, 40)
    assert len(centre.sources()) == 6
    assert centre.ledger.quarantined(0.0) == frozenset()
    assert "held back" in [one.message for one in caplog.records]


def test_an_account_that_an_operator_has_accepted_is_suspended_however_many_seem_to_have_left(centre: Centre) -> None:
    accounts = [f"55555555555{number}" for number in range(6)]
    ask_by(centre, accounts)
    centre.members.departed.update(accounts)
    days_pass(centre, 3)
    accepted = AccountId(accounts[0])
    centre.ledger.members[accepted] = replace(centre.ledger.members[accepted], accepted=True)
    days_pass(centre, 1.25)
    assert centre.ledger.quarantined(0.0) == {accepted}


def test_accounts_that_left_long_ago_do_not_count_against_the_next(centre: Centre) -> None:
    """Over the years many leave."""
    accounts = [f"55555555555{number}" for number in range(6)]
    ask_by(centre, accounts)
    for number in range(0, 6, 2):
        centre.members.departed.update(accounts[number : number + 2])
        days_pass(centre, 3)
    assert centre.ledger.quarantined(0.0) == set(accounts)


def test_of_an_account_that_holds_nothing_any_more_nothing_is_remembered(shared: Centre) -> None:
    shared.members.departed.add(OTHER)
    days_pass(shared, 70)
    assert OTHER not in shared.ledger.members
    assert shared.ledger.quarantined(0.0) == frozenset()
    assert CONSUMER in shared.ledger.members


def test_the_organization_is_asked_once_a_day_for_each_account(shared: Centre) -> None:
    before = len(shared.members.asked)
    days_pass(shared, 10)
    assert 3 * 9 <= len(shared.members.asked) - before <= 3 * 11


def test_without_leave_to_ask_no_account_ever_seems_to_have_left(shared: Centre) -> None:
    shared.observer.members = None
    shared.members.departed.add(OTHER)
    days_pass(shared, 40)
    assert source(account=OTHER) in shared.sources()


@pytest.mark.parametrize(("going", "of", "too_many"), [(3, 3, False), (4, 30, True), (4, 40, False), (11, 100, True)])
def test_three_or_a_tenth_may_go(going: int, of: int, too_many: bool) -> None:
    assert is_too_many(going, of) is too_many
