"""Events that come again, late, or in the same second: what stands is what the stack believes."""

from datetime import UTC, datetime
from typing import Any

from centre import CONSUMER, FUNCTION, OTHER, OWNER, Centre, permission, source, target

from provider.core.errors import ShutOut
from provider.core.identifiers import Arn
from provider.core.records import GrantRecord


def second_of(centre: Centre) -> str:
    return datetime.fromtimestamp(centre.clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")


def at(centre: Centre, issued_at: str, event: dict[str, Any]) -> Any:
    key = centre.file(CONSUMER, event, issued_at)
    centre.handle(key)
    return centre.desk.answers[key]


def test_a_refused_event_that_comes_again_stays_refused(published: Centre) -> None:
    """Nobody would ever delete what it got the second time: its stack was told of a failure."""
    key = published.file(OTHER, permission(OTHER).event("Create"))
    item = published.desk.requests[key]
    published.handle(key)
    assert published.desk.answers[key].status == "FAILED"
    old = next(row.id for row in published.ledger.rows.values() if row.id.startswith("publication-"))
    published.ask(OWNER, target(AllowedAccounts=[CONSUMER, OTHER]).event("Update", old))
    published.desk.requests[key] = item
    published.handle(key)
    assert published.sources() == []
    assert not published.desk.requests


def test_an_event_that_comes_again_in_the_second_of_a_later_one_changes_nothing(published: Centre) -> None:
    second = second_of(published)
    create = published.file(CONSUMER, permission().event("Create"), second)
    item = published.desk.requests[create]
    published.handle(create)
    first = published.desk.answers[create].physical_id
    at(published, second, permission(AuthorizerIds=["abc123"]).event("Update", first))
    published.desk.requests[create] = item
    published.handle(create)
    assert published.sources() == [source(), source(authorizer="abc123")]


def test_a_delete_wins_over_a_create_of_the_same_second(published: Centre) -> None:
    """A cancelled Create may come after the Delete that CloudFormation sent for it."""
    second = second_of(published)
    assert at(published, second, permission().event("Delete", "orders-Permission-1A2B3C")).status == "SUCCESS"
    assert at(published, second, permission().event("Create")).status == "FAILED"
    assert published.sources() == []


def test_an_update_whose_answer_was_lost_leaves_nothing_when_it_is_rolled_back(published: Centre) -> None:
    """The stack has never heard of the new id, so no Delete for it will come."""
    first = published.ask(CONSUMER, permission().event("Create")).physical_id
    published.ask(CONSUMER, permission(ApiId="zzzzzzzzzz").event("Update", first))
    back = published.ask(CONSUMER, permission().event("Update", first))
    assert (back.status, back.physical_id) == ("SUCCESS", first)
    assert published.sources() == [source()]


def test_a_roll_back_to_what_is_held_succeeds_although_the_function_is_out_of_reach(published: Centre) -> None:
    """Otherwise the stack could neither go forward nor back."""
    first = published.ask(CONSUMER, permission().event("Create")).physical_id
    arn = Arn(FUNCTION)
    published.policies.shut[arn] = ShutOut(arn, "lambda:GetResourcePolicy")
    back = published.ask(CONSUMER, permission().event("Update", first))
    assert (back.status, back.physical_id) == ("SUCCESS", first)
    assert [row.id for row in published.ledger.rows.values() if isinstance(row, GrantRecord)] == [first]
