"""The guard of a provider's stack: it goes when no grant of a stack of its account and Region lives."""

from dataclasses import replace
from typing import Any

import pytest
from centre import CONSUMER, OTHER, OWNER, Centre, Resource, permission, target

from provider.core.absences import Absence, AbsenceKind
from provider.core.identifiers import AccountId
from provider.core.properties import validate
from provider.core.records import GrantRecord, GrantState

NEIGHBOUR = "eu-west-1"


def guard(account: str = CONSUMER, **changes: Any) -> Resource:
    return Resource(account, "Guard", changes, "Guard", "provider")


def of_region(event: dict[str, Any], region: str) -> dict[str, Any]:
    return {**event, "StackId": event["StackId"].replace("us-east-1", region)}


def delete(centre: Centre, account: str = CONSUMER, region: str = "us-east-1", **changes: Any) -> Any:
    made = centre.ask(account, of_region(guard(account).event("Create"), region))
    assert made.status == "SUCCESS", made.reason
    return centre.ask(account, of_region(guard(account, **changes).event("Delete", made.physical_id), region))


@pytest.fixture
def granted(published: Centre) -> Centre:
    """The consumer has a grant by its stack `orders` of us-east-1."""
    assert published.ask(CONSUMER, permission().event("Create")).status == "SUCCESS"
    return published


def record(centre: Centre) -> GrantRecord:
    [found] = [row for row in centre.ledger.rows.values() if isinstance(row, GrantRecord)]
    return found


def test_a_guard_is_made_and_changed_without_anything_being_recorded(centre: Centre) -> None:
    made = centre.ask(CONSUMER, guard().event("Create"))
    assert (made.status, made.data) == ("SUCCESS", {})
    changed = centre.ask(CONSUMER, guard(AllowDeletionWithGrants="true").event("Update", made.physical_id))
    assert changed.physical_id == made.physical_id, "or CloudFormation would delete the one before"
    assert (centre.ledger.origins, centre.ledger.rows, centre.ledger.resources) == ({}, {}, {})


def test_it_goes_where_its_account_holds_nothing(published: Centre) -> None:
    assert delete(published).status == "SUCCESS"


def test_it_stays_while_a_grant_lives_and_says_which(granted: Centre) -> None:
    answer = delete(granted)
    assert answer.status == "FAILED"
    assert answer.reason.startswith("1 grant of stacks in us-east-1 needs this function, first Permission of 'orders'.")
    assert answer.reason.endswith("update this one with AllowDeletionWithGrants=true.")
    assert granted.sources(), "and the grant stands as it did"


def test_it_goes_once_the_last_grant_has_gone(granted: Centre) -> None:
    assert granted.ask(CONSUMER, permission().event("Delete", record(granted).id)).status == "SUCCESS"
    assert delete(granted).status == "SUCCESS"


def test_whoever_says_so_may_delete_it_all_the_same(granted: Centre) -> None:
    assert delete(granted, AllowDeletionWithGrants="true").status == "SUCCESS"
    assert granted.sources(), "which takes no grant away"


def test_grants_of_other_accounts_and_other_regions_do_not_hold_it(granted: Centre) -> None:
    assert delete(granted, account=OTHER).status == "SUCCESS"
    assert delete(granted, account=OWNER).status == "SUCCESS"
    assert delete(granted, region=NEIGHBOUR).status == "SUCCESS"


def test_a_suspended_grant_holds_it_since_its_resource_stands_in_a_stack(granted: Centre) -> None:
    granted.ledger.quarantine.add(AccountId(CONSUMER))
    granted.round()
    assert delete(granted).status == "FAILED"


def test_a_quarantined_account_may_have_and_delete_its_guard(published: Centre) -> None:
    published.ledger.quarantine.add(AccountId(CONSUMER))
    assert delete(published).status == "SUCCESS"


@pytest.mark.parametrize("kind", list(AbsenceKind))
def test_a_grant_whose_resource_no_stack_has_any_more_does_not_hold_it(granted: Centre, kind: AbsenceKind) -> None:
    row = record(granted)
    granted.ledger.rows[row.target, row.id] = replace(row, absence=Absence(kind, 1.0))
    assert delete(granted).status == "SUCCESS"


@pytest.mark.parametrize("state", [GrantState.WITHDRAWN, GrantState.ORPHANED])
def test_a_grant_that_its_stack_has_given_up_does_not_hold_it(granted: Centre, state: GrantState) -> None:
    row = record(granted)
    granted.ledger.rows[row.target, row.id] = replace(row, state=state)
    assert delete(granted).status == "SUCCESS"


def test_a_failed_creation_is_rolled_back_whatever_lives(granted: Centre) -> None:
    failed = granted.ask(CONSUMER, guard(Nonsense="x").event("Create"))
    assert failed.status == "FAILED"
    assert "Nonsense" in failed.reason
    assert granted.ask(CONSUMER, guard().event("Delete", failed.physical_id)).status == "SUCCESS"


def test_the_sentence_ends_with_its_remedy_whatever_the_stack_is_called(published: Centre) -> None:
    for number in range(3):
        event = permission(ApiId=f"api{number:07}").event("Create")
        stack = event["StackId"].replace("orders", "s" * 128)
        published.ask(CONSUMER, {**event, "StackId": stack, "LogicalResourceId": "L" * 250 + str(number)})
    answer = delete(published)
    assert answer.reason.startswith("3 grants of stacks in us-east-1 need this function")
    assert answer.reason.endswith("AllowDeletionWithGrants=true.")
    assert len(answer.reason) <= 256


def test_a_publication_holds_no_guard(centre: Centre) -> None:
    """Its own consumers do: the owner's stack cannot be deleted while they live."""
    assert centre.ask(OWNER, target().event("Create")).status == "SUCCESS"
    assert delete(centre, account=OWNER).status == "SUCCESS"


def test_the_properties_are_those_of_the_schema() -> None:
    validate(
        "Custom::CrossAccountGuard",
        {"ServiceToken": "arn:x", "ServiceTimeout": "300", "AllowDeletionWithGrants": "false"},
    )
