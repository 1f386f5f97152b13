"""A ledger that older code has written is gone on with: `ledger.jsonl` has records without what was added later.

Added since their form is as it is: `share` and `units` of a publication, `absence` of both, an origin's `dueAt`, a resource's
`findings`. The lines are never changed.
"""

import json
from pathlib import Path

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Centre, permission, source, target
from dynamodb_twin import DynamoDBTwin

from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.core.declarations import SHARE
from provider.core.identifiers import AccountId, Target
from provider.core.records import GrantState

LINES = Path(__file__).with_name("ledger.jsonl").read_text().splitlines()
NAME = Target(AccountId(OWNER), "default", "token-service")


@pytest.fixture
def older() -> Centre:
    tables = DynamoDBTwin()
    for item in map(json.loads, LINES):
        tables.put("grants", item, item)
    centre = Centre(ledger=DynamoDBLedger(tables, "grants"))  # type: ignore[arg-type]
    centre.policies.create(FUNCTION)
    centre.clock.time += 3_600
    return centre


def test_older_records_are_read_with_what_they_did_not_say_yet(older: Centre) -> None:
    view = older.ledger.view(NAME, older.clock.now())
    [publication], [grant] = view.publications, view.grants
    assert (publication.publication.share, publication.publication.units) == (SHARE, frozenset())
    assert (grant.state, grant.absence, publication.absence) == (GrantState.IN_FORCE, None, None)


def test_the_schedule_keeps_in_force_what_an_older_ledger_holds(older: Centre) -> None:
    older.round()
    assert older.sources() == [source()]


def test_stacks_change_and_delete_what_older_code_has_granted(older: Centre) -> None:
    older.ask(OWNER, target(AllowedAccounts=[CONSUMER, OTHER]).event("Create"))
    [grant] = older.ledger.view(NAME, older.clock.now()).grants
    changed = permission(ApiId="apibbbbbbb")
    assert older.ask(CONSUMER, changed.event("Update", grant.id)).status == "SUCCESS"
    assert older.ask(CONSUMER, changed.event("Delete", grant.id)).status == "SUCCESS"
    assert older.sources() == [source("apibbbbbbb")]
