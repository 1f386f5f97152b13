"""Targets that allow accounts by their organizational unit: who is in it may ask, who leaves it is suspended, and silence changes nothing."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Centre, permission, source, target

from provider.controller.members import OrganizationMembers
from provider.controller.units import ASKED_AT_ONCE
from provider.core.absences import Standing
from provider.core.fitting import let_in_several
from provider.core.identifiers import AccountId, UnitId
from provider.core.membership import HOUR, UnitsRecord
from provider.core.records import PublicationRecord

PAYMENTS, RETAIL, CARDS = "ou-ab12-paymentspay", "ou-ab12-retailreta", "ou-ab12-cardscards"
ROOT = "r-ab12"


@pytest.fixture
def shared(centre: Centre) -> Centre:
    """The target allows one unit; the consumer's account is in a unit below it, the other one elsewhere."""
    centre.members.units = {CONSUMER: {ROOT, PAYMENTS, CARDS}, OTHER: {ROOT, RETAIL}}
    allow(centre, AllowedOrganizationalUnits=[PAYMENTS])
    return centre


def allow(centre: Centre, request: str = "Create", physical_id: str | None = None, **allowed: Any) -> str:
    event = target(**{"AllowedAccounts": None, **allowed}).event(request, physical_id)
    answer = centre.ask(OWNER, event)
    assert answer.status == "SUCCESS", answer.reason
    return answer.physical_id


def ask(centre: Centre, account: str = CONSUMER, **changes: Any) -> str:
    """How a permission that is asked for is answered: "" for success, else why not."""
    answer = centre.ask(account, permission(account, **changes).event("Create"))
    return "" if answer.status == "SUCCESS" else answer.reason


def hours_pass(centre: Centre, hours: float) -> None:
    for _ in range(int(hours * 4)):
        centre.clock.time += HOUR / 4
        centre.round()


def test_an_account_in_the_unit_or_below_it_is_granted_and_another_is_not(shared: Centre) -> None:
    assert ask(shared) == ""
    assert "Account 444444444444 is not allowed" in ask(shared, OTHER)
    assert shared.sources() == [source()]


def test_the_root_means_everybody(centre: Centre) -> None:
    centre.members.units = {CONSUMER: {ROOT, PAYMENTS}, OTHER: {ROOT}}
    allow(centre, AllowedOrganizationalUnits=[ROOT])
    assert (ask(centre), ask(centre, OTHER)) == ("", "")


def test_an_account_is_allowed_by_its_number_or_by_its_unit(centre: Centre) -> None:
    centre.members.units = {CONSUMER: {ROOT, PAYMENTS}}
    allow(centre, AllowedOrganizationalUnits=[PAYMENTS], AllowedAccounts=[OTHER])
    assert (ask(centre), ask(centre, OTHER)) == ("", "")


def test_only_those_in_the_unit_are_told_where_the_target_is(shared: Centre) -> None:
    answers = {
        account: shared.ask(
            account,
            permission(account, GrantType=None, ApiId=None).event("Create")
            | {"ResourceType": "Custom::CrossAccountTargetLookup"},
        ).status
        for account in (CONSUMER, OTHER)
    }
    assert answers == {CONSUMER: "SUCCESS", OTHER: "FAILED"}


def test_who_moves_out_is_suspended_within_the_hour_and_returns_when_it_moves_back(shared: Centre) -> None:
    assert ask(shared) == ""
    shared.members.units[CONSUMER] = {ROOT, RETAIL}
    hours_pass(shared, 1.25)
    assert shared.sources() == []
    assert "is not allowed" in ask(shared, ApiId="z9y8x7w6v5")
    shared.members.units[CONSUMER] = {ROOT, PAYMENTS}
    hours_pass(shared, 1.25)
    assert shared.sources() == [source()]


def test_a_unit_counts_as_several_accounts_none_of_which_may_fill_the_policy(shared: Centre) -> None:
    """As the whole organization does: how many are in it is not asked."""
    [row] = [row for row in shared.ledger.rows.values() if isinstance(row, PublicationRecord)]
    assert let_in_several([shared.ledger.view(row.target, shared.clock.now())])


def test_an_owner_who_takes_a_unit_back_suspends_its_accounts_at_once(shared: Centre) -> None:
    assert ask(shared) == ""
    [known] = [row.id for row in shared.ledger.rows.values() if isinstance(row, PublicationRecord)]
    allow(shared, "Update", known, AllowedOrganizationalUnits=[RETAIL])
    assert shared.sources() == []


def test_nothing_new_is_granted_and_what_stands_stays_while_the_organization_does_not_tell(shared: Centre) -> None:
    assert ask(shared) == ""
    shared.members.silent = True
    shared.members.units[CONSUMER] = {ROOT, RETAIL}
    hours_pass(shared, 30)
    assert shared.sources() == [source()]
    refused = ask(shared, ApiId="z9y8x7w6v5")
    assert "which account 111111111111 is in is not known" in refused
    assert shared.sources() == [source()]


def test_a_rollback_to_what_is_held_succeeds_while_the_organization_does_not_tell(shared: Centre) -> None:
    asked = permission()
    held = shared.ask(CONSUMER, asked.event("Create")).physical_id
    shared.members.silent = True
    hours_pass(shared, 2)
    shared.policies.create(FUNCTION)  # made anew: its policy is gone, and what is asked for again is seen to
    answer = shared.ask(CONSUMER, asked.event("Update", held))
    assert (answer.status, answer.physical_id) == ("SUCCESS", held)
    assert shared.sources() == [source()]


def test_without_leave_to_ask_nobody_is_granted_for_a_unit_and_the_remedy_is_said(centre: Centre) -> None:
    centre.members.units = {CONSUMER: {ROOT, PAYMENTS}}
    centre.controller._intake._units = type(centre.controller._intake._units)(centre.ledger, None, centre.clock)
    allow(centre, AllowedOrganizationalUnits=[PAYMENTS], AllowedAccounts=[OTHER])
    assert ask(centre).endswith("have AskOrganization of central.yaml set to true.")
    assert ask(centre, OTHER) == ""


def test_the_organization_is_asked_once_an_hour_and_not_for_who_is_allowed_by_number(shared: Centre) -> None:
    assert ask(shared) == ""
    assert ask(shared, ApiId="z9y8x7w6v5") == ""
    assert len(shared.members.asked) == 1
    hours_pass(shared, 10)
    asked = [one for one in shared.members.asked if one == CONSUMER]
    assert 8 <= len(asked) <= 13


def test_targets_without_units_never_ask_the_organization(centre: Centre) -> None:
    allow(centre, AllowedAccounts=[CONSUMER])
    assert ask(centre) == ""
    assert "not allowed" in ask(centre, OTHER)
    assert centre.members.asked == []


def test_a_round_asks_for_so_many_and_for_one_alone_while_nobody_tells(shared: Centre) -> None:
    for number in range(3 * ASKED_AT_ONCE):
        shared.ledger.keep_units(UnitsRecord(AccountId(f"{number:012}"), frozenset({UnitId(ROOT)}), number))
    shared.round()
    assert len(shared.members.asked) == ASKED_AT_ONCE
    assert shared.members.asked[0] == AccountId("000000000000"), "those first that have waited longest"
    shared.members.silent = True
    shared.round()
    assert len(shared.members.asked) == ASKED_AT_ONCE + 1


def test_who_has_left_the_organization_ends_by_its_own_way(shared: Centre) -> None:
    """After a day, with care for a question that was wrong: not within the hour."""
    assert ask(shared) == ""
    shared.members.departed.add(CONSUMER)
    hours_pass(shared, 3)
    assert shared.sources() == [source()]


class Service:
    """An Organizations client that says one thing."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def describe_account(self, *, AccountId: str) -> Any:  # noqa: ARG002, N803 - boto3's
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Account": self.answer}


def test_a_path_tells_all_units_up_to_the_root() -> None:
    path = f"o-a1b2c3d4e5/{ROOT}/{PAYMENTS}/{CARDS}/{CONSUMER}/"
    told = OrganizationMembers(Service({"State": "ACTIVE", "Paths": [path]})).membership(AccountId(CONSUMER))
    assert (told.standing, told.units) == (Standing.MEMBER, {ROOT, PAYMENTS, CARDS})


@pytest.mark.parametrize("account", [{"State": "ACTIVE"}, {"State": "ACTIVE", "Paths": []}])
def test_an_account_without_a_path_is_a_member_whose_units_are_not_known(account: dict[str, Any]) -> None:
    """An older library knows no paths; that must not look as if the account had left them."""
    told = OrganizationMembers(Service(account)).membership(AccountId(CONSUMER))
    assert (told.standing, told.units) == (Standing.MEMBER, None)


def test_a_refusal_tells_nothing() -> None:
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeAccount")
    assert OrganizationMembers(Service(denied)).membership(AccountId(CONSUMER)).units is None
