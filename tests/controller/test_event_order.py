"""Events that come again, late, in the same second or are taken back: what stands is what the stacks believe."""

from datetime import UTC, datetime
from typing import Any

from centre import CONSUMER, FUNCTION, OTHER, OWNER, SECOND, Centre, Resource, permission, source, target

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


def elsewhere(**changes: Any) -> Resource:
    """The same name, published by another stack of the owner."""
    return Resource(OWNER, "Target", target(**changes).properties, "Elsewhere", "another-stack")


def minutes_pass(centre: Centre) -> None:
    for _ in range(3):
        centre.clock.time += 100
        centre.round()


def test_a_publication_that_counts_again_opens_its_function_before_the_hour_is_over(published: Centre) -> None:
    """The newer one has gone: what was granted under it stands on the older one's function as well."""
    newer = published.ask(OWNER, elsewhere(FunctionArn=SECOND).event("Create")).physical_id
    assert published.ask(CONSUMER, permission().event("Create")).data["TargetArn"] == SECOND
    assert published.ask(OWNER, elsewhere().event("Delete", newer)).status == "SUCCESS"
    minutes_pass(published)
    assert (published.sources(FUNCTION), published.sources(SECOND)) == ([source()], [source()])


def test_a_publication_that_may_not_go_stays_although_another_one_counts_for_a_while(published: Centre) -> None:
    """Its stack still has it (DELETE_FAILED); the other one shuts everybody out, and is rolled back."""
    old = next(row.id for row in published.ledger.rows.values() if row.id.startswith("publication-"))
    published.ask(CONSUMER, permission().event("Create"))
    assert published.ask(OWNER, target().event("Delete", old)).status == "FAILED"
    other = published.ask(OWNER, elsewhere(AllowedAccounts=[OTHER]).event("Create")).physical_id
    published.ask(OWNER, elsewhere().event("Delete", other))
    minutes_pass(published)
    assert published.sources() == [source()]
