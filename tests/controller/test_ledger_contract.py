"""The in-memory ledger and desk behave as the ones in DynamoDB, and so does what stands in for DynamoDB: the same truths for all."""

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OWNER, permission, target
from dynamodb_twin import DynamoDBTwin
from twins import ManualClock, MemoryDesk, MemoryLedger

from provider.controller.dynamodb_desk import HOPELESS, DynamoDBDesk
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.controller.leases import LEASE
from provider.controller.names import NameTaken, Reservation, reservations, reserve
from provider.controller.ports import Desk, Ledger
from provider.core.absences import Absence, AbsenceKind, AccountRecord
from provider.core.answers import Answer, Status
from provider.core.declarations import Grant, Publication, declared
from provider.core.errors import InvalidProperty, LedgerConflict
from provider.core.identifiers import AccountId, Arn, IssuedAt, RequestId, Target, UnitId
from provider.core.membership import UnitsRecord
from provider.core.records import GrantRecord, OriginRecord, PublicationRecord, Waiting
from provider.core.requests import RequestKey, parse
from provider.core.settling import LastEvent
from provider.localcloud import LocalCloud

NOW = 1_795_000_000.0
ISSUED = IssuedAt("20261118T000000Z")
ARN = Arn(FUNCTION)
_numbers = itertools.count()


@pytest.fixture(scope="session")
def database(cloud: LocalCloud) -> Any:
    """DynamoDB of the local cloud with the three tables, as central.yaml describes them."""
    client = cloud.client("dynamodb", "central")
    for table, keys in (
        ("requests", ("account", "request")),
        ("answers", ("account", "request")),
        ("grants", ("pk", "sk")),
    ):
        index: dict[str, Any] = {}
        attributes = [{"AttributeName": key, "AttributeType": "S"} for key in keys]
        if table == "grants":
            attributes += [
                {"AttributeName": "dueShard", "AttributeType": "S"},
                {"AttributeName": "dueAt", "AttributeType": "N"},
            ]
            schema = [
                {"AttributeName": "dueShard", "KeyType": "HASH"},
                {"AttributeName": "dueAt", "KeyType": "RANGE"},
            ]
            due = {"IndexName": "due", "KeySchema": schema, "Projection": {"ProjectionType": "KEYS_ONLY"}}
            index = {"GlobalSecondaryIndexes": [due]}
        client.create_table(
            TableName=f"contract-{table}",
            AttributeDefinitions=attributes,
            KeySchema=[
                {"AttributeName": keys[0], "KeyType": "HASH"},
                {"AttributeName": keys[1], "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
            **index,
        )
    return client


@pytest.fixture(params=["memory", "dynamodb", "twin of dynamodb"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """One of the ledgers; the names below keep its tests apart."""
    if request.param == "memory":
        return MemoryLedger()
    client = DynamoDBTwin() if "twin" in request.param else request.getfixturevalue("database")
    return DynamoDBLedger(client, "contract-grants")


@pytest.fixture(params=["memory", "dynamodb", "twin of dynamodb"])
def desk(request: pytest.FixtureRequest) -> Iterator[tuple[Desk, Any]]:
    """One of the two desks, and a way to put a request on it."""
    if request.param == "memory":
        memory = MemoryDesk()
        yield memory, memory.requests.__setitem__
        return
    client = DynamoDBTwin() if "twin" in request.param else request.getfixturevalue("database")

    def put(_: RequestKey, item: dict[str, str]) -> None:
        client.put_item(TableName="contract-requests", Item={name: {"S": value} for name, value in item.items()})

    yield DynamoDBDesk(client, "contract-requests", "contract-answers", ManualClock()), put


def fresh(kind: str) -> Grant | Publication:
    """A declaration of an origin and a name that no other test uses."""
    name = f"name-{next(_numbers)}"
    resource = target(Name=name) if kind == "publication" else permission(Target=f"{OWNER}/{name}")
    item = {"request": "r1", "issuedAt": ISSUED, "event": json.dumps(resource.event("Create", None))}
    found = declared(parse(item, AccountId(resource.account)))
    assert isinstance(found, Grant | Publication)
    origin = replace(found.origin, logical_id=name.replace("-", ""))
    return replace(found, origin=origin)


def grant_row() -> GrantRecord:
    grant = fresh("grant")
    assert isinstance(grant, Grant)
    waiting = Waiting(
        RequestKey(AccountId(CONSUMER), RequestId("r1")), "failed-r1", deleting=False, fresh=True, since=NOW
    )
    place = Target(AccountId(OWNER), "default", grant.reference.name)
    row = GrantRecord(grant, place, ARN, ISSUED, awaiting=(waiting,))
    return replace(row, placed=frozenset({ARN}), pending=frozenset({ARN, Arn(f"{FUNCTION}2")}))


def publication_row() -> PublicationRecord:
    publication = fresh("publication")
    assert isinstance(publication, Publication)
    return PublicationRecord(replace(publication, retired=frozenset({Arn(f"{FUNCTION}2")})), ISSUED)


def test_an_unknown_origin_holds_nothing(ledger: Ledger) -> None:
    origin = fresh("grant").origin
    assert ledger.origin(origin) == OriginRecord(origin)


def test_what_is_committed_is_read_back_with_the_next_version(ledger: Ledger) -> None:
    grant, publication = grant_row(), publication_row()
    last = LastEvent(ISSUED, cancels=False)
    origin = OriginRecord(grant.grant.origin, frozenset({grant.id}), {grant.id: grant.target}, last)
    ledger.commit([origin, grant, publication], [], NOW)
    assert ledger.origin(origin.origin) == replace(origin, version=1)
    assert ledger.row(grant.target, grant.id) == replace(grant, version=1)
    assert ledger.publications(publication.target) == (replace(publication, version=1),)
    assert ledger.view(grant.target, NOW).grants == (replace(grant, version=1),)


def test_a_record_that_somebody_changed_since_is_not_overwritten(ledger: Ledger) -> None:
    row = grant_row()
    ledger.commit([row], [], NOW)
    ledger.commit([replace(row, version=1)], [], NOW)
    with pytest.raises(LedgerConflict):
        ledger.commit([replace(row, version=1)], [], NOW)
    with pytest.raises(LedgerConflict):
        ledger.commit([], [replace(row, version=1)], NOW)
    with pytest.raises(LedgerConflict):
        ledger.commit([row], [], NOW)


def test_a_commit_is_all_or_nothing(ledger: Ledger) -> None:
    one, two = grant_row(), grant_row()
    ledger.commit([one], [], NOW)
    with pytest.raises(LedgerConflict):
        ledger.commit([two, one], [], NOW)
    assert ledger.row(two.target, two.id) is None


def test_a_deleted_row_is_gone(ledger: Ledger) -> None:
    row = grant_row()
    ledger.commit([row], [], NOW)
    ledger.commit([], [replace(row, version=1)], NOW)
    assert ledger.row(row.target, row.id) is None
    assert ledger.view(row.target, NOW).grants == ()


def arn() -> Arn:
    return Arn(f"{FUNCTION}{next(_numbers)}")


def name() -> Target:
    return Target(AccountId(OWNER), "default", f"name-{next(_numbers)}")


def test_a_resource_is_due_as_soon_as_it_is_wanted_and_when_it_was_released_for(ledger: Ledger) -> None:
    one, names = arn(), frozenset({name()})
    ledger.want(one, names, NOW)
    assert one in list(ledger.due(NOW))
    resource = ledger.acquire(one, "me", NOW)
    assert resource is not None
    assert resource.names == names
    assert ledger.release(resource, names, NOW + 3600, 100)
    assert one not in list(ledger.due(NOW + 3599))
    assert one in list(ledger.due(NOW + 3600))


def test_what_has_waited_longest_is_due_first_whatever_its_shard(ledger: Ledger) -> None:
    """So that no resource that is due again and again keeps others from their turn."""
    arns = [arn() for _ in range(12)]
    for age, one in enumerate(arns):
        ledger.want(one, frozenset({name()}), NOW - 1000 - age)
    assert [one for one in ledger.due(NOW) if one in arns] == arns[::-1]


def test_only_one_holder_has_the_lease_until_it_ends(ledger: Ledger) -> None:
    one = arn()
    ledger.want(one, frozenset({name()}), NOW)
    assert ledger.acquire(one, "me", NOW)
    assert ledger.acquire(one, "you", NOW + LEASE - 1) is None
    assert ledger.acquire(one, "me", NOW + 1)
    assert ledger.acquire(one, "you", NOW + LEASE + 3)


def test_a_lease_is_not_released_when_more_is_wanted_meanwhile(ledger: Ledger) -> None:
    one, names = arn(), frozenset({name()})
    ledger.want(one, names, NOW)
    resource = ledger.acquire(one, "me", NOW)
    ledger.want(one, frozenset({name()}), NOW)
    assert resource is not None
    assert not ledger.release(resource, names, NOW, None)
    again = ledger.acquire(one, "me", NOW)
    assert again is not None
    assert len(again.names) == 2
    assert ledger.release(again, frozenset(), NOW, None)
    assert ledger.acquire(one, "me", NOW) is None


def test_a_lease_that_another_has_taken_over_is_not_released(ledger: Ledger) -> None:
    one, names = arn(), frozenset({name()})
    ledger.want(one, names, NOW)
    mine = ledger.acquire(one, "me", NOW)
    assert ledger.acquire(one, "you", NOW + LEASE + 3)
    assert mine is not None
    assert not ledger.release(mine, names, NOW, None)


def test_an_unknown_resource_has_no_lease(ledger: Ledger) -> None:
    assert ledger.acquire(arn(), "me", NOW) is None


def test_a_short_name_is_whose_it_was_reserved_for_first(database: Any) -> None:
    ledger = DynamoDBLedger(database, "contract-grants")
    short = Reservation("dev", f"short-{next(_numbers)}", AccountId(OWNER))
    assert ledger.reserved("dev", short.name) is None
    reserve(database, "contract-grants", short)
    reserve(database, "contract-grants", short)
    with pytest.raises(NameTaken, match=f"reserved for account {OWNER}"):
        reserve(database, "contract-grants", replace(short, owner=AccountId(CONSUMER)))
    assert ledger.reserved("dev", short.name) == OWNER
    assert ledger.reserved("prod", short.name) is None
    assert short in list(reservations(database, "contract-grants"))


@pytest.mark.parametrize(
    "bad", [Reservation("dev", "Token", AccountId(OWNER)), Reservation("dev", "t", AccountId("12"))]
)
def test_a_reservation_of_another_form_than_in_templates_is_refused(database: Any, bad: Reservation) -> None:
    with pytest.raises(InvalidProperty):
        reserve(database, "contract-grants", bad)


@pytest.mark.parametrize("written", [{"N": "-1000000"}, {"N": "-1"}, {"S": "none"}, {"N": "9" * 38}, {"NS": ["1"]}])
def test_attempts_that_an_account_has_written_itself_are_too_many(database: Any, written: Any) -> None:
    """Counting on from far below nothing, a request that breaks the controller would never be set aside."""
    item = {"account": {"S": CONSUMER}, "request": {"S": f"r{next(_numbers)}"}, "attempts": written}
    database.put_item(TableName="contract-requests", Item=item)
    one = DynamoDBDesk(database, "contract-requests", "contract-answers", ManualClock())
    assert one.attempted(RequestKey(AccountId(CONSUMER), RequestId(item["request"]["S"]))) >= HOPELESS


def test_the_first_answer_stands_and_takes_the_request_away(desk: tuple[Desk, Any]) -> None:
    one, put = desk
    key = RequestKey(AccountId(CONSUMER), RequestId(f"r{next(_numbers)}"))
    item = {"account": key.account, "request": key.request_id, "event": "{}", "issuedAt": ISSUED}
    put(key, item)
    assert item in list(one.unanswered())
    assert not one.is_answered(key)
    one.answer(key, Answer(Status.SUCCESS, "grant-1", data={"A": ["b"]}))
    one.answer(key, Answer(Status.FAILED, "grant-1", "too late"))
    assert one.is_answered(key)
    assert item not in list(one.unanswered())


def test_several_answers_at_once_are_each_as_one_alone(desk: tuple[Desk, Any]) -> None:
    """One that stands already keeps none of the others back."""
    one, put = desk
    keys = [RequestKey(AccountId(CONSUMER), RequestId(f"r{next(_numbers)}")) for _ in range(3)]
    for key in keys:
        put(key, {"account": key.account, "request": key.request_id, "event": "{}", "issuedAt": ISSUED})
    lying = {item["request"] for item in one.unanswered()}
    assert lying >= {key.request_id for key in keys}
    one.answer_all([(key, Answer(Status.SUCCESS, "grant-1")) for key in keys[:1]])
    one.answer_all([(key, Answer(Status.FAILED, "grant-1", "late")) for key in keys])
    assert all(one.is_answered(key) for key in keys)
    assert not {item["request"] for item in one.unanswered()} & {key.request_id for key in keys}
    one.answer_all([])


def test_an_origin_is_to_be_looked_at_when_its_time_has_come_those_first_that_have_waited_longest(
    ledger: Ledger,
) -> None:
    origins = [OriginRecord(fresh("grant").origin, look_at=NOW - 1000 + age) for age in range(12)]
    for origin in reversed(origins):
        ledger.commit([origin], [], NOW)
    never, later = OriginRecord(fresh("grant").origin), OriginRecord(fresh("grant").origin, look_at=NOW + 1)
    ledger.commit([never, later], [], NOW)
    found = [one for one in ledger.to_look_at(NOW) if one.origin in {one.origin for one in [*origins, never, later]}]
    assert found == [replace(one, version=1) for one in origins]
    assert all(str(one).startswith("arn:") for one in ledger.due(NOW)), "they are no resources"


def test_what_is_known_of_a_records_absence_is_read_back(ledger: Ledger) -> None:
    rows = [
        replace(grant_row(), absence=Absence(AbsenceKind.ABANDONED, NOW)),
        replace(publication_row(), absence=Absence(AbsenceKind.RETAINED, NOW, accepted=True)),
    ]
    ledger.commit(rows, [], NOW)
    assert [ledger.row(row.target, row.id) for row in rows] == [replace(row, version=1) for row in rows]


def test_what_is_known_of_an_account_is_read_back(ledger: Ledger) -> None:
    number = AccountId(f"{next(_numbers):012}")
    record = AccountRecord(
        number, NOW, NOW - 5, departed_since=NOW - 10, suspended=True, accepted=True, unobserved_since=NOW - 20
    )
    for one in (record, AccountRecord(number, NOW)):
        ledger.keep(one)
        assert ledger.accounts()[number] == one
    ledger.forget(number)
    assert number not in ledger.accounts()


def test_an_accounts_units_are_read_back_and_seen_where_a_target_asks_for_them(ledger: Ledger) -> None:
    number = AccountId(f"{next(_numbers):012}")
    assert ledger.units_of(number) is None
    for units in ({UnitId("r-ab12"), UnitId("ou-ab12-cdefgh34")}, frozenset[UnitId]()):
        record = UnitsRecord(number, frozenset(units), NOW)
        ledger.keep_units(record)
        assert ledger.units_of(number) == record
        assert record in list(ledger.units())
    row = publication_row()
    asking = replace(row, publication=replace(row.publication, units=frozenset({UnitId("r-ab12")})))
    ledger.commit([asking], [], NOW)
    view = ledger.view(asking.target, NOW)
    assert view.publications[0].publication.units == {"r-ab12"}
    assert view.units[number] == frozenset()


def test_all_that_an_account_holds_is_wanted(ledger: Ledger) -> None:
    row = replace(grant_row(), awaiting=())
    account = AccountId(f"{next(_numbers):012}")
    origin = replace(row.grant.origin, account=account)
    row = replace(row, grant=replace(row.grant, origin=origin), told=arn(), placed=frozenset())
    ledger.commit([row], [], NOW)
    ledger.want_all_of(account, NOW)
    assert row.told in list(ledger.due(time.time()))


def test_what_an_account_holds_is_found_whatever_the_target(ledger: Ledger) -> None:
    account = AccountId(f"7{next(_numbers):011}")
    rows = [grant_row() for _ in range(3)]
    theirs = [replace(row, grant=replace(row.grant, origin=replace(row.grant.origin, account=account))) for row in rows]
    ledger.commit([*theirs[:2], grant_row(), publication_row()], [], NOW)
    assert {row.id for row in ledger.held_by(account)} == {row.id for row in theirs[:2]}
    ledger.commit([], [replace(theirs[0], version=1)], NOW)
    assert list(ledger.held_by(account)) == [replace(theirs[1], version=1)]
    assert list(ledger.held_by(AccountId("888888888888"))) == []


def test_the_controllers_quarantine_is_lifted_by_it_and_has_policies_looked_at(ledger: Ledger) -> None:
    row = replace(grant_row(), awaiting=())
    account = AccountId(f"{next(_numbers):012}")
    origin = replace(row.grant.origin, account=account)
    row = replace(row, grant=replace(row.grant, origin=origin), told=arn(), placed=frozenset())
    ledger.commit([row], [], NOW)
    ledger.suspend(account, "left", NOW)
    assert account in ledger.quarantined(NOW + 10)
    assert row.told in list(ledger.due(time.time()))
    ledger.resume(account)
    assert account not in ledger.quarantined(NOW + 20)
