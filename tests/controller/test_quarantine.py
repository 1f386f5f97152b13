"""The kill switch: an account in quarantine holds nothing open anywhere and asks in vain, until it is lifted."""

import time
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Centre, permission, source, target
from tables import create_ledger

from provider.controller import quarantine
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.controller.quarantine import Quarantine
from provider.core.errors import InvalidProperty
from provider.core.identifiers import AccountId, Arn
from provider.core.records import GrantRecord, GrantState
from provider.localcloud import LocalCloud


@pytest.fixture
def shared(centre: Centre) -> Centre:
    """Two accounts have a grant on the function."""
    centre.ask(OWNER, target(AllowedAccounts=[CONSUMER, OTHER]).event("Create"))
    for account in (CONSUMER, OTHER):
        assert centre.ask(account, permission(account).event("Create")).status == "SUCCESS"
    return centre


def impose(centre: Centre, account: str) -> None:
    centre.ledger.quarantine.add(AccountId(account))
    look(centre)


def lift(centre: Centre, account: str) -> None:
    centre.ledger.quarantine.discard(AccountId(account))
    look(centre)


def look(centre: Centre) -> None:
    """What the command does: have the account's policies looked at."""
    names = frozenset(row.target for row in centre.ledger.rows.values())
    centre.ledger.want(Arn(FUNCTION), names, centre.clock.now())
    centre.round()


def test_what_an_account_holds_is_suspended_within_a_pass_and_comes_back(shared: Centre) -> None:
    impose(shared, OTHER)
    assert shared.sources() == [source()]
    states = {
        row.grant.origin.account: row.state for row in shared.ledger.rows.values() if isinstance(row, GrantRecord)
    }
    assert states == {CONSUMER: GrantState.IN_FORCE, OTHER: GrantState.SUSPENDED}
    lift(shared, OTHER)
    assert shared.sources() == sorted([source(), source(account=OTHER)])


def test_what_it_asks_is_refused_by_name(shared: Centre) -> None:
    impose(shared, OTHER)
    event = {**permission(OTHER, ApiId="apiccccc").event("Create"), "LogicalResourceId": "Another"}
    answer = shared.ask(OTHER, event)
    assert answer.status == "FAILED"
    assert f"Account {OTHER} is in quarantine" in answer.reason
    assert answer.reason.endswith("crossaccount quarantine --lift`.")
    assert shared.sources() == [source()]


def test_its_deletes_go_through_since_they_only_take_away(shared: Centre) -> None:
    known = next(
        row.id
        for row in shared.ledger.rows.values()
        if isinstance(row, GrantRecord) and row.grant.origin.account == OTHER
    )
    impose(shared, OTHER)
    assert shared.ask(OTHER, permission(OTHER).event("Delete", known)).status == "SUCCESS"
    lift(shared, OTHER)
    assert shared.sources() == [source()]


def test_nothing_new_is_granted_on_its_targets_and_what_stands_stays(shared: Centre) -> None:
    impose(shared, OWNER)
    event = {**permission(ApiId="apiccccc").event("Create"), "LogicalResourceId": "Another"}
    answer = shared.ask(CONSUMER, event)
    assert answer.status == "FAILED"
    assert f"Account {OWNER} is in quarantine" in answer.reason
    assert shared.sources() == sorted([source(), source(account=OTHER)])


def test_a_request_that_waits_when_the_switch_is_turned_is_refused(shared: Centre) -> None:
    key = shared.file(OTHER, {**permission(OTHER, ApiId="apiccccc").event("Create"), "LogicalResourceId": "Another"})
    read = shared.policies.read

    def turned(arn: Any) -> Any:
        shared.ledger.quarantine.add(AccountId(OTHER))
        return read(arn)

    shared.policies.read = turned  # type: ignore[method-assign]
    shared.handle(key)
    look(shared)
    assert shared.sources() == [source()]


def test_the_switch_and_its_lifting_are_remembered_with_who_turned_it(cloud: LocalCloud) -> None:
    client, table = cloud.client("dynamodb", "central"), "quarantine-grants"
    create_ledger(client, table)
    account, by = AccountId(OTHER), "arn:aws:iam::222222222222:user/operator"
    quarantine.impose(client, table, Quarantine(account, time.time(), by, "leaked keys"))
    assert [(one.account, one.by, one.reason) for one in quarantine.quarantined(client, table)] == [
        (account, by, "leaked keys")
    ]
    ledger = DynamoDBLedger(client, table)
    assert ledger.quarantined(100.0) == {account}
    assert quarantine.lift(client, table, account, by)
    assert not quarantine.lift(client, table, account, by)
    assert ledger.quarantined(103.0, 5.0) == {account}, "it may be some seconds old"
    assert ledger.quarantined(103.0) == frozenset()
    history = client.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "HISTORY#QUARANTINE"}},
    )["Items"]
    assert [(item["happened"]["S"], item["by"]["S"]) for item in history] == [("imposed", by), ("lifted", by)]


@pytest.mark.parametrize("text", ["", "44444444444", "4444444444444", "\u0664" * 12, "*"])
def test_what_is_no_account_is_refused(text: str) -> None:
    with pytest.raises(InvalidProperty, match="12 digits"):
        quarantine.impose(None, "t", Quarantine(AccountId(text), 0.0, "x", ""))
    with pytest.raises(InvalidProperty, match="12 digits"):
        quarantine.lift(None, "t", AccountId(text), "x")


def test_the_controller_neither_replaces_nor_lifts_an_operators_quarantine(cloud: LocalCloud) -> None:
    client, table = cloud.client("dynamodb", "central"), "controllers-quarantine-grants"
    create_ledger(client, table)
    by = "arn:aws:iam::222222222222:user/operator"
    quarantine.impose(client, table, Quarantine(AccountId(OTHER), time.time(), by, "leaked keys"))
    ledger = DynamoDBLedger(client, table)
    ledger.suspend(AccountId(OTHER), "left", time.time())
    ledger.resume(AccountId(OTHER))
    assert [(one.account, one.by, one.reason) for one in quarantine.quarantined(client, table)] == [
        (OTHER, by, "leaked keys")
    ]
