"""What an origin holds after an event, and which events are overtaken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.core.identifiers import AccountId, DeclarationId, IssuedAt, Origin, RequestId
from provider.core.requests import Request, RequestKey, RequestType
from provider.core.settling import LastEvent, is_overtaken, settle

A, B, C = (DeclarationId(f"grant-{letter * 32}") for letter in "abc")
MADE_UP = "orders-Permission-1A2B3C4D"


def event(kind: RequestType, known: str | None = None, issued_at: str = "20261121T031800Z") -> Request:
    key = RequestKey(AccountId("111111111111"), RequestId("r"))
    origin = Origin(key.account, "arn:aws:cloudformation:us-east-1:111111111111:stack/s/1", "Permission")
    return Request(key, kind, origin, IssuedAt(issued_at), "Custom::CrossAccountPermission", known, {})


CREATE, UPDATE, DELETE = RequestType

TABLE = [
    ("a create", set(), CREATE, None, A, {A}),
    ("a create after a lost answer", {B}, CREATE, None, A, {A}),
    ("an update to another specification", {A}, UPDATE, A, B, {A, B}),
    ("an update to the same", {A}, UPDATE, A, A, {A}),
    ("a rollback of an update", {A, B}, UPDATE, B, A, {A, B}),
    ("a rollback after a timed-out update", {A, B}, UPDATE, A, A, {A}),
    ("an update whose predecessor was lost", {B}, UPDATE, A, C, {C}),
    ("an ask beside what stands", {A}, UPDATE, MADE_UP, B, {A, B}),
    ("an ask beside what stands, settled", {A, B}, CREATE, None, B, {B}),
    ("an ask without an id", {A}, UPDATE, None, B, {A, B}),
    ("a clean-up", {A, B}, DELETE, A, None, {B}),
    ("a repeated clean-up", {B}, DELETE, A, None, {B}),
    ("a delete", {A}, DELETE, A, None, set()),
    ("a delete after a failed create", {A}, DELETE, "failed-request-1", None, set()),
    ("a delete of a cancelled create", {A, B}, DELETE, MADE_UP, None, set()),
    ("a delete without an id", {A}, DELETE, None, None, set()),
]


@pytest.mark.parametrize(
    ("held", "kind", "known", "asked", "after"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_is_held_follows_from_the_event(
    held: set[DeclarationId], kind: RequestType, known: str, asked: DeclarationId, after: set[DeclarationId]
) -> None:
    assert settle(frozenset(held), event(kind, known), asked) == after


HELD = st.frozensets(st.sampled_from([A, B, C]))


@given(HELD, st.sampled_from([CREATE, UPDATE]), st.sampled_from([None, A, B, MADE_UP]), st.sampled_from([A, B, C]))
def test_what_was_asked_is_held_and_nothing_is_held_that_was_neither_held_nor_asked(
    held: frozenset[DeclarationId], kind: RequestType, known: str | None, asked: DeclarationId
) -> None:
    after = settle(held, event(kind, known), asked)
    assert asked in after
    assert after <= held | {asked}


@given(HELD, st.sampled_from(list(RequestType)), st.sampled_from([None, A, B, MADE_UP]), st.sampled_from([A, B, C]))
def test_settling_the_same_event_again_changes_nothing(
    held: frozenset[DeclarationId], kind: RequestType, known: str | None, asked: DeclarationId
) -> None:
    declared = None if kind is DELETE else asked
    once = settle(held, event(kind, known), declared)
    assert settle(once, event(kind, known), declared) == once


EARLY, LATE = "20261121T031800Z", "20261121T031801Z"


OURS, INVENTED = "ours", "invented"
"""Whether the last event was a Delete of an id that its stack was told, or of one that CloudFormation made up."""


@pytest.mark.parametrize(
    ("kind", "issued_at", "last", "overtaken"),
    [
        (CREATE, EARLY, None, False),
        (CREATE, LATE, (EARLY, INVENTED), False),
        (CREATE, EARLY, (LATE, OURS), True),
        (DELETE, EARLY, (LATE, OURS), True),
        (CREATE, EARLY, (EARLY, INVENTED), True),
        (UPDATE, EARLY, (EARLY, INVENTED), True),
        (DELETE, EARLY, (EARLY, INVENTED), False),
        (CREATE, EARLY, (EARLY, OURS), False),
        (UPDATE, EARLY, (EARLY, OURS), False),
    ],
)
def test_events_are_ordered_by_their_time_and_a_cancelled_create_loses_a_tie(
    kind: RequestType, issued_at: str, last: tuple[str, str] | None, overtaken: bool
) -> None:
    before = LastEvent(IssuedAt(last[0]), cancels=last[1] == INVENTED) if last else None
    assert is_overtaken(event(kind, None, issued_at), before) is overtaken


@pytest.mark.parametrize(
    ("kind", "known", "cancels"),
    [(CREATE, None, False), (UPDATE, A, False), (DELETE, A, False), (DELETE, MADE_UP, True)],
)
def test_only_a_delete_of_what_was_never_told_cancels(kind: RequestType, known: str | None, cancels: bool) -> None:
    assert LastEvent.of(event(kind, known)) == LastEvent(event(kind, known).issued_at, cancels)
