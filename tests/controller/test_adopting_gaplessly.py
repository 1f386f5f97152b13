"""Adopted statements: each goes with the write by which grants allow all that it did, never before, and nobody is refused meanwhile."""

from dataclasses import replace

import pytest
from adopting import Adopting, adopting, by_gateway, by_hand, document
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Centre, Resource, permission, source, target

from provider.core.absences import Absence, AbsenceKind
from provider.core.adopting import Ending
from provider.core.documents import text_of
from provider.core.findings import FindingKind
from provider.core.identifiers import AccountId, Arn
from provider.core.records import GrantRecord

__all__ = ["adopting"]


def test_a_statement_goes_in_the_write_that_puts_the_grant(adopting: Adopting) -> None:
    adopting.adopt(FUNCTION, "orders111", "orders444")
    assert adopting.centre.policies.writes == []
    adopting.ask(permission())
    assert adopting.sids() == ["orders444", "Own"]
    assert adopting.centre.sources() == [source()]
    assert len(adopting.centre.policies.writes) == 1
    assert adopting.endings() == [("orders111", Ending.TAKEN_OVER)]


def test_a_statement_of_what_is_granted_already_goes_when_it_is_adopted(adopting: Adopting) -> None:
    adopting.ask(permission())
    assert adopting.sids() == ["orders111", "orders444", "Own"]
    adopting.adopt(FUNCTION, "orders111")
    assert adopting.sids() == ["orders444", "Own"]


def test_nothing_goes_that_nobody_has_adopted(adopting: Adopting) -> None:
    adopting.adopt(FUNCTION, "orders444")
    adopting.ask(permission())
    assert adopting.sids() == ["orders111", "orders444", "Own"]


def test_what_is_for_the_owners_own_account_stays_even_if_it_is_adopted(adopting: Adopting) -> None:
    adopting.adopt()
    for account in (CONSUMER, OTHER):
        adopting.ask(permission(account))
    assert adopting.sids() == ["Own"]


def test_a_statement_for_two_accounts_stays_until_both_have_asked(adopting: Adopting) -> None:
    both = [source(account=CONSUMER), source(account=OTHER)]
    shared = by_hand(sid="Shared", Condition={"ArnLike": {"AWS:SourceArn": both}})
    adopting.centre.policies.put(Arn(FUNCTION), document(shared))
    adopting.adopt()
    adopting.ask(permission())
    assert adopting.sids() == ["Shared"]
    assert adopting.findings()[FindingKind.ADOPTED] == "Shared"
    assert FindingKind.FOREIGN not in adopting.findings()
    adopting.ask(permission(OTHER))
    assert adopting.sids() == []
    adopting.want()
    assert adopting.findings() == {}


def test_a_grant_for_less_leaves_the_statement(adopting: Adopting) -> None:
    adopting.adopt()
    adopting.ask(permission(AuthorizerIds=["x1"]))
    assert "orders111" in adopting.sids()
    adopting.ask(Resource(CONSUMER, "Permission", permission().properties, "Whole"))
    assert "orders111" not in adopting.sids()


def test_a_statement_that_was_changed_since_stays_and_is_reported(adopting: Adopting) -> None:
    adopting.adopt(FUNCTION, "orders111")
    changed = by_hand(Condition={"ArnLike": {"AWS:SourceArn": [source(), source("a9b9c9d9e9")]}})
    adopting.centre.policies.put(Arn(FUNCTION), document(changed))
    adopting.calls = [(FUNCTION, by_gateway()), (FUNCTION, by_gateway(api="a9b9c9d9e9"))]
    adopting.ask(permission())
    assert adopting.sids() == ["orders111"]
    assert adopting.findings()[FindingKind.ADOPTION_CHANGED] == "orders111"
    assert adopting.endings() == []


def test_the_same_statement_in_another_form_is_the_same(adopting: Adopting) -> None:
    """AWS may hand it back with a list for one, or the key in another case."""
    adopting.adopt(FUNCTION, "orders111")
    again = by_hand(Action=["lambda:InvokeFunction"], Condition={"ArnLike": {"aws:SourceArn": [source()]}})
    adopting.centre.policies.put(Arn(FUNCTION), document(again))
    adopting.calls = [(FUNCTION, by_gateway())]
    adopting.ask(permission())
    assert adopting.sids() == []


def test_what_is_withdrawn_stays(adopting: Adopting) -> None:
    adopting.adopt(FUNCTION, "orders111")
    adopting.centre.ledger.adopted.clear()
    adopting.ask(permission())
    assert "orders111" in adopting.sids()


def test_a_grant_that_goes_before_the_statement_leaves_it(adopting: Adopting) -> None:
    known = adopting.ask(permission())
    answer = adopting.centre.ask(CONSUMER, permission().event("Delete", known))
    assert answer.status == "SUCCESS"
    adopting.adopt()
    assert adopting.sids() == ["orders111", "orders444", "Own"]


@pytest.mark.parametrize("ends", ["quarantine", "expiry", "absence"])
def test_a_grant_that_will_not_last_is_none_to_rest_on(adopting: Adopting, ends: str) -> None:
    if ends == "quarantine":
        adopting.ask(permission())
        adopting.centre.ledger.quarantine.add(AccountId(CONSUMER))
    elif ends == "expiry":
        adopting.ask(permission(ExpiresAt="2027-01-01T00:00:00Z"))
    else:
        adopting.ask(permission())
        absent(adopting.centre)
    adopting.adopt()
    assert "orders111" in adopting.sids()


def test_an_update_under_way_is_none_to_rest_on_for_it_may_be_rolled_back(adopting: Adopting) -> None:
    """Until its stack has given one of the two grants up, nobody knows which of them stays."""
    adopting.adopt(FUNCTION, "orders111")
    narrow, wide = permission(AuthorizerIds=["x2"]), permission()
    before = adopting.ask(narrow)
    widened = adopting.centre.ask(CONSUMER, wide.event("Update", before)).physical_id
    assert "orders111" in adopting.sids()
    assert adopting.centre.ask(CONSUMER, narrow.event("Update", widened)).physical_id == before
    assert adopting.centre.ask(CONSUMER, wide.event("Delete", widened)).status == "SUCCESS"
    assert adopting.allows(FUNCTION, by_gateway()), "it was rolled back, and is let in as before"
    again = adopting.centre.ask(CONSUMER, wide.event("Update", before)).physical_id
    assert adopting.centre.ask(CONSUMER, narrow.event("Delete", before)).status == "SUCCESS"
    assert again == widened
    assert "orders111" not in adopting.sids(), "the update went through"


def absent(centre: Centre) -> None:
    """A look has not found the grants in their stacks."""
    for key, row in centre.ledger.rows.items():
        if isinstance(row, GrantRecord):
            centre.ledger.rows[key] = replace(row, absence=Absence(AbsenceKind.ABANDONED, centre.clock.now()))


def test_where_its_owner_has_every_grant_end_such_a_one_will_do(adopting: Adopting) -> None:
    known = next(iter(adopting.centre.ledger.rows.values())).id
    changed = target(AllowedAccounts=[CONSUMER, OTHER], MaximumGrantDays="90")
    assert adopting.centre.ask(OWNER, changed.event("Update", known)).status == "SUCCESS"
    adopting.ask(permission(ExpiresAt="2027-01-01T00:00:00Z"))
    adopting.adopt()
    assert "orders111" not in adopting.sids()


def test_a_full_policy_has_room_for_the_grants_that_replace_what_fills_it(centre: Centre) -> None:
    """One statement each, as AddPermission writes them, fills it; all in one list do not. There is no room for one more of either."""
    apis = [f"api{number:07}" for number in range(12)]
    full = document(*(by_hand(api=api, sid=f"orders-api-of-the-shop-{api}") for api in apis))
    centre.policies.create(FUNCTION, full)
    one = Adopting(centre, calls=[(FUNCTION, by_gateway(api=api)) for api in apis])
    one.ask(target())
    one.adopt()
    centre.policies.limits["lambda"] = len(text_of(full)) + 60  # a Sid of ours is longer; a statement more is 340
    for number, api in enumerate(apis):
        one.ask(Resource(CONSUMER, "Permission", permission(ApiId=api).properties, f"Permission{number}"))
    assert one.sids() == []
    assert len(centre.sources()) == len(apis)


def test_what_finds_no_room_leaves_the_statement(adopting: Adopting) -> None:
    """Its grant is longer than it, and left out, so nothing of it is covered."""
    adopting.adopt()
    adopting.centre.policies.limits["lambda"] = len(text_of(adopting.centre.policies.document(FUNCTION)))
    answer = adopting.centre.ask(CONSUMER, permission().event("Create"))
    assert answer.status == "FAILED"
    assert "orders111" in adopting.sids()
