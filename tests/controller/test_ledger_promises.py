"""Further truths for both ledgers: decisions that rest on others' records, and leases that are given back early."""

from dataclasses import replace
from typing import Any

import pytest
from tables import create_ledger
from test_ledger_contract import NOW, arn, grant_row, name, publication_row
from twins import MemoryLedger

from provider.controller import adoptions
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.controller.ports import Ledger
from provider.core.adopting import Adoption, Ending
from provider.core.errors import LedgerConflict
from provider.localcloud import LocalCloud


@pytest.fixture(scope="module")
def table(cloud: LocalCloud) -> tuple[Any, str]:
    client = cloud.client("dynamodb", "central")
    create_ledger(client, "promises")
    return client, "promises"


@pytest.fixture(params=["memory", "dynamodb"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """One of the two ledgers; the names below keep its tests apart."""
    return MemoryLedger() if request.param == "memory" else DynamoDBLedger(*request.getfixturevalue("table"))


def test_what_rests_on_a_record_that_has_changed_is_not_committed(ledger: Ledger) -> None:
    publication, grant = publication_row(), grant_row()
    ledger.commit([publication], [], NOW)
    seen = replace(publication, version=1)
    ledger.commit([seen], [], NOW)
    with pytest.raises(LedgerConflict):
        ledger.commit([grant], [], NOW, [seen])
    assert ledger.row(grant.target, grant.id) is None


def test_what_rests_on_a_record_that_has_gone_is_not_committed(ledger: Ledger) -> None:
    publication, grant = publication_row(), grant_row()
    ledger.commit([publication], [], NOW)
    ledger.commit([], [replace(publication, version=1)], NOW)
    with pytest.raises(LedgerConflict):
        ledger.commit([grant], [], NOW, [replace(publication, version=1)])


def test_what_rests_on_an_unchanged_record_is_committed_and_leaves_it_alone(ledger: Ledger) -> None:
    publication, grant = publication_row(), grant_row()
    ledger.commit([publication], [], NOW)
    seen = replace(publication, version=1)
    ledger.commit([grant], [], NOW, [seen])
    assert ledger.row(grant.target, grant.id) == replace(grant, version=1)
    assert ledger.row(publication.target, publication.id) == seen


def test_a_record_may_rest_on_itself(ledger: Ledger) -> None:
    publication = publication_row()
    ledger.commit([publication], [], NOW)
    seen = replace(publication, version=1)
    ledger.commit([seen], [], NOW, [seen])
    assert ledger.row(publication.target, publication.id) == replace(publication, version=2)


def test_a_lease_that_is_given_back_is_free_although_more_is_wanted(ledger: Ledger) -> None:
    one, names = arn(), frozenset({name()})
    ledger.want(one, names, NOW)
    mine = ledger.acquire(one, "me", NOW)
    more = frozenset({name()})
    ledger.want(one, more, NOW)
    assert mine is not None
    assert not ledger.release(mine, names, NOW + 3600, None)
    ledger.give_back(mine, NOW + 20)
    assert one in list(ledger.due(NOW + 20))
    other = ledger.acquire(one, "you", NOW)
    assert other is not None
    assert other.names == names | more


def test_a_lease_that_another_has_taken_over_is_not_given_back(ledger: Ledger) -> None:
    one = arn()
    ledger.want(one, frozenset({name()}), NOW)
    mine = ledger.acquire(one, "me", NOW)
    assert mine is not None
    assert ledger.acquire(one, "you", NOW + 600)
    ledger.give_back(mine, NOW)
    assert ledger.acquire(one, "they", NOW + 600) is None


def test_adopted_statements_are_found_by_their_resource_until_they_end(ledger: Ledger) -> None:
    one, other = arn(), arn()
    first, second, elsewhere = (
        Adoption.of(where, {"Sid": sid, "Effect": "Allow"}, name(), "arn:aws:iam::222222222222:user/operator", NOW)
        for where, sid in ((one, "First"), (one, "Second"), (other, "First"))
    )
    for adoption in (first, second, elsewhere):
        adopt(ledger, adoption)
    assert {found.id: found for found in ledger.adoptions(one)} == {first.id: first, second.id: second}
    ledger.end(first, Ending.TAKEN_OVER, NOW + 1)
    ledger.end(first, Ending.TAKEN_OVER, NOW + 1)
    assert ledger.adoptions(one) == (second,)
    assert ledger.adoptions(other) == (elsewhere,)


def adopt(ledger: Ledger, adoption: Adoption) -> None:
    """As an operator does; it is no power of the controller's."""
    if isinstance(ledger, MemoryLedger):
        ledger.adopted[adoption.resource, adoption.id] = adoption
    else:
        assert adoptions.adopt(ledger._client, ledger._table, adoption)  # type: ignore[attr-defined]


def test_a_resource_whose_statements_were_adopted_says_so_from_then_on(ledger: Ledger) -> None:
    one, names = arn(), frozenset({name()})
    ledger.want(one, names, NOW)
    before = ledger.acquire(one, "me", NOW)
    assert before is not None
    assert not before.adopting
    ledger.want(one, names, NOW, adopting=True)
    assert not ledger.release(before, names, NOW + 3600, None), "the holder goes round again"
    for _ in range(2):
        ledger.want(one, names, NOW)
        after = ledger.acquire(one, "me", NOW)
        assert after is not None
        assert after.adopting
        assert ledger.release(after, names, NOW + 3600, None)
