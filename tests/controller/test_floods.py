"""One account cannot fill a target, nor take the controller's time from the others."""

from typing import Any

import pytest
from centre import CONSUMER, OTHER, OWNER, Centre, Resource, permission, target

from provider.controller.rates import BURST, PER_SECOND, Rates
from provider.core.errors import TooManyRequests
from provider.core.identifiers import AccountId


@pytest.fixture
def narrow(centre: Centre) -> Centre:
    """Three grants an account."""
    centre.ask(OWNER, target(MaximumGrantsPerAccount="3", AllowedAccounts=[CONSUMER, OTHER]).event("Create"))
    return centre


def numbered(number: int, account: str = CONSUMER, **given: Any) -> Resource:
    one = permission(account, ApiId=f"api{number:07}", **given)
    return Resource(account, one.type, one.properties, f"P{number}")


def test_an_account_gets_as_many_grants_as_the_owner_lets_one_have(narrow: Centre) -> None:
    answers = [narrow.ask(CONSUMER, numbered(number).event("Create")) for number in range(4)]
    assert [one.status for one in answers] == ["SUCCESS"] * 3 + ["FAILED"]
    assert f"Account {CONSUMER} has 3 grants on {OWNER}/token-service already" in answers[3].reason
    assert answers[3].reason.endswith("MaximumGrantsPerAccount.")
    assert narrow.ask(OTHER, numbered(9, OTHER).event("Create")).status == "SUCCESS"


def test_an_account_at_its_limit_updates_and_rolls_back_as_ever(narrow: Centre) -> None:
    ids = [narrow.ask(CONSUMER, numbered(number).event("Create")).physical_id for number in range(3)]
    changed = narrow.ask(CONSUMER, numbered(0, AuthorizerIds=["auth1"]).event("Update", ids[0]))
    assert changed.status == "SUCCESS"
    back = narrow.ask(CONSUMER, numbered(0).event("Update", changed.physical_id))
    assert (back.status, back.physical_id) == ("SUCCESS", ids[0])


def test_what_is_deleted_makes_room(narrow: Centre) -> None:
    ids = [narrow.ask(CONSUMER, numbered(number).event("Create")).physical_id for number in range(3)]
    narrow.ask(CONSUMER, numbered(0).event("Delete", ids[0]))
    assert narrow.ask(CONSUMER, numbered(7).event("Create")).status == "SUCCESS"


def test_unless_its_owner_says_otherwise_an_account_gets_a_hundred(published: Centre) -> None:
    keys = [published.file(CONSUMER, numbered(number).event("Create")) for number in range(101)]
    published.handle(*keys)
    statuses = [published.desk.answers[key].status for key in keys]
    assert statuses == ["SUCCESS"] * 100 + ["FAILED"]


def test_an_account_that_floods_is_answered_and_the_others_are_served(published: Centre) -> None:
    keys = [published.file(OTHER, numbered(0, OTHER).event("Create")) for _ in range(BURST + 50)]
    published.clock.time -= BURST + 50  # all at once
    reads: list[object] = []
    origin = published.ledger.origin
    published.ledger.origin = lambda one: (reads.append(one), origin(one))[1]  # type: ignore[method-assign]
    published.handle(*keys)
    assert all(key in published.desk.answers for key in keys)
    refused = [key for key in keys if "more requests than are taken" in published.desk.answers[key].reason]
    assert len(refused) >= 40
    assert len(reads) <= BURST + 10, "what is refused costs no look at the ledger"
    assert published.ask(CONSUMER, permission().event("Create")).status == "SUCCESS"


def test_an_account_may_send_again_when_time_has_passed() -> None:
    rates, account = Rates(), AccountId(CONSUMER)
    for _ in range(BURST):
        rates.count(account, 0.0)
    with pytest.raises(TooManyRequests):
        rates.count(account, 0.0)
    for _ in range(int(PER_SECOND)):
        rates.count(account, 1.0)
    with pytest.raises(TooManyRequests):
        rates.count(account, 1.0)


def test_accounts_are_counted_apart() -> None:
    rates = Rates()
    for _ in range(BURST):
        rates.count(AccountId(OTHER), 0.0)
    rates.count(AccountId(CONSUMER), 0.0)
