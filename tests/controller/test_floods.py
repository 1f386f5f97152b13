"""One account cannot fill a target, nor take the controller's time from the others."""

from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Centre, Resource, permission, target

from provider.controller.rates import BURST, PER_SECOND, Rates
from provider.core.errors import TooManyRequests
from provider.core.identifiers import AccountId, Arn


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


def roles(number: int, account: str = CONSUMER, paths: int = 0) -> Resource:
    """A permission for so many roles, of some 50 characters each, to invoke the function."""
    named = [f"arn:aws:iam::{account}:role/p{paths}/worker{one:04}" for one in range(number)]
    one = permission(account, GrantType="InvokeFunction", Principals=named)
    del one.properties["ApiId"]
    return Resource(account, one.type, one.properties, f"Roles{number}")


@pytest.fixture
def shared(centre: Centre) -> Centre:
    """A tenth of the policy's 20,480 characters an account."""
    centre.ask(OWNER, sharing(MaximumPolicySharePerAccount="10").event("Create"))
    return centre


def sharing(**given: Any) -> Resource:
    return target(AllowedGrantTypes=["Authorizer", "InvokeFunction"], **{"AllowedAccounts": [CONSUMER, OTHER], **given})


def test_an_account_takes_no_more_of_a_policy_than_its_owner_lets_one_have(shared: Centre) -> None:
    assert shared.ask(CONSUMER, roles(30).event("Create")).status == "SUCCESS"
    refused = shared.ask(CONSUMER, roles(60).event("Create"))
    assert refused.status == "FAILED"
    assert f"Account {CONSUMER} would take" in refused.reason
    assert "of the 2048 characters that one may have in the policy of arn:aws:lambda:" in refused.reason
    assert refused.reason.endswith("MaximumPolicySharePerAccount.")
    assert shared.ask(OTHER, roles(30, OTHER).event("Create")).status == "SUCCESS"


def test_what_an_update_replaces_is_not_counted(shared: Centre) -> None:
    created = shared.ask(CONSUMER, roles(30).event("Create"))
    assert shared.ask(CONSUMER, roles(30, paths=1).event("Update", created.physical_id)).status == "SUCCESS"


def test_an_account_that_is_let_in_alone_has_the_whole_policy(centre: Centre) -> None:
    alone = sharing(MaximumPolicySharePerAccount="10", AllowedAccounts=[CONSUMER])
    centre.ask(OWNER, alone.event("Create"))
    assert centre.ask(CONSUMER, roles(60).event("Create")).status == "SUCCESS"


def test_a_share_that_is_lowered_takes_nothing_away(shared: Centre) -> None:
    assert shared.ask(CONSUMER, roles(30).event("Create")).status == "SUCCESS"
    before = shared.policies.document(Arn(FUNCTION))
    published = shared.ask(OWNER, sharing(MaximumPolicySharePerAccount="1").event("Update"))
    assert published.status == "SUCCESS"
    assert shared.policies.document(Arn(FUNCTION)) == before
    assert shared.ask(CONSUMER, roles(1, paths=1).event("Create")).status == "FAILED"


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
