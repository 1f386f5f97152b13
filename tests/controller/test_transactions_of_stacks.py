"""DynamoDB cancels a transaction of which another has an item just then (docs/aws-behaviour.md §7): stacks must not meet there."""

from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Centre, permission, target
from dynamodb_twin import DynamoDBTwin

from provider.controller.codec import to_wire
from provider.controller.dynamodb_desk import DynamoDBDesk
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.core.identifiers import AccountId, Target
from provider.core.records import PublicationRecord

NAME = Target(AccountId(OWNER), "default", "token-service")


@pytest.fixture
def tables() -> DynamoDBTwin:
    return DynamoDBTwin()


@pytest.fixture
def centre(tables: DynamoDBTwin) -> Centre:
    """A centre whose ledger lies in tables; the function is published for two accounts."""
    ledger: Any = DynamoDBLedger(tables, "grants")
    one = Centre(ledger=ledger)
    one.policies.create(FUNCTION)
    assert one.ask(OWNER, target(AllowedAccounts=[CONSUMER, OTHER]).event("Create")).status == "SUCCESS"
    return one


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_no_item_is_in_the_transactions_of_two_accounts(
    centre: Centre, tables: DynamoDBTwin, request_type: str
) -> None:
    known = [centre.ask(account, permission(account).event("Create")).physical_id for account in (CONSUMER, OTHER)]
    held: list[set[str]] = []
    for account, physical_id in zip((CONSUMER, OTHER), known, strict=True):
        tables.transactions.clear()
        asked = permission(account, ApiId="b1b2c3d4e5") if request_type != "Delete" else permission(account)
        event = asked.event(request_type, None if request_type == "Create" else physical_id)
        centre.ask(account, {**event, "LogicalResourceId": "Another"} if request_type == "Create" else event)
        held.append({key for keys in tables.transactions for key in keys})
    assert all(held)
    assert not held[0] & held[1]


def test_a_publication_goes_only_while_the_one_that_stays_is_as_it_was_read(
    centre: Centre, tables: DynamoDBTwin
) -> None:
    """Of two that go at once, each because of the other, one stays; what a grant rests on is looked at by each pass."""
    centre.ask(CONSUMER, permission().event("Create"))
    moved = target(AllowedAccounts=[CONSUMER])
    known = next(row.id for row in _publications(centre))
    assert centre.ask(OWNER, moved.event("Update", known)).status == "SUCCESS"
    tables.transactions.clear()
    assert centre.ask(OWNER, target().event("Delete", known)).status == "SUCCESS"
    (stays,) = (row.id for row in _publications(centre))
    assert any(stays in key for key in tables.transactions[0])


def test_fifty_grants_at_once_are_concluded_in_a_few_transactions(centre: Centre, tables: DynamoDBTwin) -> None:
    """One by one they would take a pass longer than its lease when there are thousands."""
    desk: Any = DynamoDBDesk(tables, "requests", "answers", centre.clock)
    keys = [
        centre.file(
            CONSUMER, {**permission(ApiId=f"api{number:07}").event("Create"), "LogicalResourceId": f"P{number}"}
        )
        for number in range(50)
    ]
    items = [centre.desk.requests[key] for key in keys]
    centre.desk = desk
    centre.controller = centre.new_controller()
    for item in items:
        tables.put_item(TableName="requests", Item=to_wire(item))
    tables.calls.clear()
    centre.controller.take(items, centre.clock.now() + 60)
    assert all(desk.is_answered(key) for key in keys)
    taken_in, marked, concluded, answered = 50, 1, 2, 2
    assert tables.calls["TransactWriteItems"] == taken_in + marked + concluded + answered
    assert tables.calls["PutItem"] == tables.calls["DeleteItem"] == 0
    assert list(desk.unanswered()) == []


def test_a_grant_that_changes_meanwhile_holds_back_no_other_answer(centre: Centre) -> None:
    """Of those that are concluded together, all but this one are answered by this pass."""
    keys = [
        centre.file(
            CONSUMER, {**permission(ApiId=f"api{number:07}").event("Create"), "LogicalResourceId": f"P{number}"}
        )
        for number in range(3)
    ]

    def somebody_changes_one() -> None:
        if keys[0] in centre.desk.requests and not changed:
            row = next(
                row for row in centre.ledger.view(NAME, 0).grants if keys[0] in {one.key for one in row.awaiting}
            )
            centre.ledger.commit([row], [], centre.clock.now())
            changed.append(row.id)

    changed: list[str] = []
    centre.policies.on_write = somebody_changes_one
    answered: list[set[Any]] = []
    release = centre.ledger.release

    def released(*arguments: Any) -> bool:
        answered.append(set(centre.desk.answers))
        return release(*arguments)

    centre.ledger.release = released  # type: ignore[method-assign]
    centre.handle(*keys)
    assert changed
    assert set(keys) - answered[0] == {keys[0]}


def _publications(centre: Centre) -> list[PublicationRecord]:
    return list(centre.ledger.publications(NAME))
