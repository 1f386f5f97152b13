"""Somebody fills, floods or poisons what is shared: it costs himself, and delays nobody else for long."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any

import pytest
from centre import CONSUMER, OTHER, OWNER, Resource
from openings import strays
from resources import ALIASES
from strict_centre import PUBLISHED, StrictCentre, StrictDesk, prepared, wish
from twins import ManualClock

from provider.controller.rates import BURST
from provider.core.answers import Answer
from provider.core.errors import shown
from provider.core.identifiers import Arn, Origin
from provider.core.records import OriginRecord, PublicationRecord
from provider.core.requests import RequestKey

BLUE = Arn(f"{ALIASES}:blue")


def numbered(number: int, account: str = OTHER, **given: Any) -> Resource:
    """One of many permissions of an account."""
    return wish("Authorizer", account, f"Wish{number}", ApiId=f"api{number:07}", **given)


def offer(**changes: Any) -> Resource:
    """The function's target as its owner changes it."""
    properties = {"Name": "function", "AllowedAccounts": [CONSUMER, OTHER], **PUBLISHED["function"], **changes}
    return Resource(OWNER, "Target", properties, "Targetfunction", "owner")


def publication(centre: StrictCentre) -> str:
    """The id of the function's publication."""
    rows = [row for (target, _), row in centre.ledger.rows.items() if target.name == "function"]
    return next(row.id for row in rows if isinstance(row, PublicationRecord))


# --- filling a target ------------------------------------------------------------------------------------


def test_an_account_gets_no_more_grants_on_a_target_than_its_owner_lets_one_have() -> None:
    """The owner's later word counts too; what stands already stays."""
    centre = prepared(CONSUMER, OTHER)
    answers = centre.answered(*(centre.file(OTHER, numbered(number).event("Create")) for number in range(110)))
    assert [one.status for one in answers].count("SUCCESS") == 100
    assert centre.ask(CONSUMER, numbered(0, CONSUMER).event("Create")).status == "SUCCESS"
    narrowed = centre.ask(OWNER, offer(MaximumGrantsPerAccount="2").event("Update", publication(centre)))
    assert narrowed.status == "SUCCESS"
    assert centre.ask(CONSUMER, numbered(1, CONSUMER).event("Create")).status == "SUCCESS"
    third = centre.ask(CONSUMER, numbered(2, CONSUMER).event("Create"))
    assert third.status == "FAILED"
    assert "has 2 grants on 333333333333/function already" in third.reason


def greedy(number: int, size: int, made: str = "") -> Resource:
    """A permission for many roles with long names."""
    roles = [f"arn:aws:iam::{OTHER}:role/{'x' * 64}/{number}{made}-{one}" for one in range(size)]
    return wish("InvokeFunction", OTHER, f"Wish{number}", Principals=roles)


def test_an_account_that_asks_for_many_roles_fills_no_policy_that_others_share() -> None:
    """A single grant may name a hundred roles; a few would fill a policy that their owner has opened to the account."""
    centre = prepared(CONSUMER, OTHER)
    assert centre.ask(CONSUMER, wish("InvokeFunction").event("Create")).status == "SUCCESS"
    asked = [greedy(number, size) for number, size in enumerate((100, 80, 40, 20, 10, 5, 3, 2, 1, 1, 1))]
    answers = [centre.ask(OTHER, one.event("Create")) for one in asked]
    held = [one for one in zip(asked, answers, strict=True) if one[1].status == "SUCCESS"]
    assert "of the 8192 characters that one may have" in answers[0].reason
    assert held
    for one, answer in held:  # an old grant stands until its stack lets it go, and nothing says that it ever does
        number = int(one.logical_id.removeprefix("Wish"))
        again = greedy(number, len(one.properties["Principals"]), "again")
        centre.ask(OTHER, again.event("Update", answer.physical_id))
    for number in range(40):
        assert centre.ask(CONSUMER, numbered(number, CONSUMER).event("Create")).status == "SUCCESS"
    assert len(strays(centre.documents(), [OTHER], OWNER)) == 2, "the consumer's grants stand"


def test_an_account_that_its_owner_lets_fill_a_policy_goes_when_its_owner_says_so() -> None:
    centre = prepared(CONSUMER, OTHER)
    shared = offer(MaximumPolicySharePerAccount="100").event("Update", publication(centre))
    assert centre.ask(OWNER, shared).status == "SUCCESS"
    assert centre.ask(CONSUMER, wish("InvokeFunction").event("Create")).status == "SUCCESS"
    for number, size in enumerate((100, 80, 40, 20, 10, 5, 3, 2, 1, 1, 1)):
        centre.ask(OTHER, greedy(number, size).event("Create"))
    full = centre.ask(CONSUMER, numbered(1, CONSUMER).event("Create"))
    assert "of 20480 characters long" in full.reason
    assert len(strays(centre.documents(), [OTHER], OWNER)) == 1, "the consumer's grant stands"
    centre.ask(OWNER, offer(AllowedAccounts=[CONSUMER]).event("Update", publication(centre)))
    assert strays(centre.documents(), [CONSUMER], OWNER) == []
    assert centre.ask(CONSUMER, numbered(2, CONSUMER).event("Create")).status == "SUCCESS"


def test_a_statements_sid_has_too_many_digits_to_look_for_another_with_the_same() -> None:
    """AWS takes no policy with two statements of one Sid: whoever found one would keep another consumer out."""
    centre = prepared()
    for grant_type in ("Authorizer", "InvokeFunction", "ExecuteApi", "AssumeRole"):
        centre.ask(CONSUMER, wish(grant_type, logical_id=grant_type).event("Create"))
    sids = [one.get("Sid", "") for document in centre.documents().values() if document for one in document["Statement"]]
    digits = [sid[-16:] for sid in sids if sid.startswith("CrossAccount")]
    assert len(digits) == 4
    assert all(set(one) <= set("0123456789abcdef") for one in digits)


# --- flooding --------------------------------------------------------------------------------------------


def test_an_account_that_floods_is_refused_and_the_others_are_served(centre: StrictCentre) -> None:
    event = wish("Authorizer", OTHER).event("Create")
    keys = [centre.file(OTHER, event) for _ in range(BURST + 100)]
    centre.clock.time -= len(keys)  # all at once
    answers = centre.answered(*keys)
    assert sum("more requests than are taken of one account" in one.reason for one in answers) >= 90
    assert centre.ask(CONSUMER, wish("Authorizer").event("Create")).status == "SUCCESS"


@dataclass
class FullDesk(StrictDesk):
    """A desk on which requests of this second lie in their thousands; looking at one takes a tenth of a second."""

    clock: ManualClock = field(default_factory=ManualClock)
    looked: int = 0

    def unanswered(self) -> Iterator[Mapping[str, Any]]:
        """Those first, as the order of a scan may have it."""
        stamp = datetime.fromtimestamp(self.clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        for item in chain(repeat({"account": OTHER, "request": "r", "issuedAt": stamp}, 100_000), super().unanswered()):
            self.looked += 1
            self.clock.time += 0.1
            yield item


def test_a_table_full_of_requests_does_not_take_the_schedules_time() -> None:
    """Looking through it has a third; what is due is seen to in the rest."""
    centre = prepared()
    assert centre.ask(CONSUMER, wish("Authorizer").event("Create")).status == "SUCCESS"
    before = centre.documents()
    centre.policies.put(BLUE, None)
    centre.desk = full = FullDesk(clock=centre.clock)
    centre.controller = centre.new_controller()
    centre.clock.time += 3700
    centre.round()
    assert centre.documents() == before, "what had drifted is back"
    assert 100 < full.looked < 300


@pytest.mark.parametrize("issued_at", ["29990101T000000Z", "20991231T235959Z", "~", "", "9", "٢٠٢٦"])
def test_a_request_that_claims_to_be_of_the_future_does_not_lie_there_for_ever(
    centre: StrictCentre, issued_at: str
) -> None:
    """Where the stream has missed it: the schedule leaves to the stream what is new, and nothing else."""
    key = centre.row(OTHER, issuedAt=issued_at)
    centre.clock.time += 60
    centre.round()
    assert centre.desk.answers[key].status == "FAILED"


# --- poison ----------------------------------------------------------------------------------------------

HALF = "\ud800"
POISON = {
    "an id that no table holds": {"PhysicalResourceId": HALF, "RequestType": "Delete"},
    "an id that no table holds, of an update": {"PhysicalResourceId": f"grant-{HALF}", "RequestType": "Update"},
    "an id that is too long for an answer": {"PhysicalResourceId": "é" * 1000, "RequestType": "Delete"},
    "an id of control characters": {"PhysicalResourceId": "a\x1b[31m\n", "RequestType": "Delete"},
    "a revision that no table holds": {
        "ResourceProperties": {**wish("Authorizer", OTHER).properties, "ServiceToken": "t", "Revision": HALF}
    },
    "a type that no log holds": {"ResourceType": HALF},
}


@pytest.mark.parametrize("fields", POISON.values(), ids=POISON)
def test_a_text_that_cannot_be_kept_is_answered(fields: dict[str, Any]) -> None:
    centre = prepared(OTHER)
    [answer] = centre.answered(centre.file(OTHER, {**wish("Authorizer", OTHER).event("Create"), **fields}), minutes=0)
    assert answer.status == "FAILED"


def test_a_request_that_breaks_the_controller_keeps_it_from_nobody(centre: StrictCentre) -> None:
    """Not even one that cannot be set aside either: the schedule goes on with the others, and with what is due."""
    answer = centre.desk.answer

    def breaks(key: RequestKey, given: Answer) -> None:
        if key.account == OTHER:
            raise RuntimeError("whatever nobody has thought of")
        answer(key, given)

    centre.desk.answer = breaks
    poisoned = [centre.file(OTHER, wish("Authorizer", OTHER).event("Create")) for _ in range(3)]
    for _ in range(10):
        centre.clock.time += 60
        centre.round()
    late = centre.file(CONSUMER, wish("Authorizer").event("Create"))
    centre.clock.time += 60
    centre.round()
    assert centre.desk.answers[late].status == "SUCCESS"
    assert all(key not in centre.desk.answers for key in poisoned)


def test_a_request_on_which_the_controller_fails_is_set_aside_and_answered(centre: StrictCentre) -> None:
    """After so many attempts, counted before each: whatever it does, it does not do it for ever."""
    origin, attempts = centre.ledger.origin, []

    def breaks(one: Origin) -> OriginRecord:
        if one.account == OTHER:
            attempts.append(one)
            raise RuntimeError("whatever nobody has thought of")
        return origin(one)

    centre.ledger.origin = breaks
    [answer] = centre.answered(centre.file(OTHER, wish("Authorizer", OTHER).event("Create")), minutes=20)
    assert "The controller failed on request" in answer.reason
    assert len(attempts) < 10


@pytest.mark.parametrize("depth", [50, 500, 900, 990, 5_000, 30_000])
def test_what_is_nested_deeply_is_answered(centre: StrictCentre, depth: int) -> None:
    """Also where JSON is just read, and what is said of it would nest too deeply."""
    whole = wish("Authorizer", OTHER, ApiId="DEEP").event("Create")
    for name in ("ResourceProperties", "StackId", "PhysicalResourceId", "Surplus"):
        event = str({**whole, name: whole[name] if name == "ResourceProperties" else "DEEP"}).replace("'", '"')
        row = centre.row(OTHER, event=event.replace('"DEEP"', "[" * depth + "]" * depth))
        assert centre.answered(row, minutes=0)[0].status == "FAILED"
    nested: list[Any] = []
    for _ in range(depth):
        nested = [nested]
    assert len(shown(nested)) <= 60


def test_a_resource_that_never_settles_keeps_no_other_from_its_turn(centre: StrictCentre) -> None:
    """Its passes may take all the time there is, again and again: who has waited longer is served first."""
    for grant_type in ("Authorizer", "ExecuteApi"):
        centre.ask(CONSUMER, wish(grant_type, logical_id=grant_type).event("Create"))
    before = centre.documents()
    read = centre.policies.read
    slow = Arn("arn:aws:execute-api:us-east-1:333333333333:ordersapi0")
    found = centre.ledger.resources
    centre.ledger.resources = {slow: found[slow], **found}  # it would come first by name, shard or insertion

    def takes_long(arn: Arn) -> Any:
        if arn == slow:
            centre.clock.time += 50
        return read(arn)

    centre.policies.read = takes_long
    centre.clock.time += 3700
    centre.policies.put(BLUE, None)
    for _ in range(2):
        centre.ledger.resources[slow].due_at = centre.clock.time - 1
        centre.controller.round(centre.clock.time + 40)
        centre.clock.time += 60
    assert centre.policies.document(BLUE) == before[BLUE]
