"""Which grants a policy is planned for: what stands keeps its place, what is new comes in as it asked while there is room."""

from collections.abc import Sequence

import pytest
from asked import API, BETA, CONSUMER, CONSUMERS_OF, OURS, OWNER, PROD, RESOURCES, Asked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standing_policies import foreign, standing

from provider.core.documents import Document, statements_of
from provider.core.errors import Permanent, PolicyFull, VpcEndpointsOnPublicApi
from provider.core.fitting import Fitted, fit
from provider.core.identifiers import AccountId, Arn, DeclarationId, IssuedAt, Target
from provider.core.plans import permissions, plan
from provider.core.records import GrantRecord
from provider.core.room import Policy, Standing
from provider.core.statements import Statement, closed, merge, render, taken_apart

KINDS = ["function", "api", "role"]
LAW = settings(
    derandomize=True, database=None, max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def a_grant(asked: Asked, number: int = 0, moved_to: Arn | None = None) -> Standing:
    """A grant asked for as the n-th, whose target has moved meanwhile or not."""
    name = Target(AccountId(OWNER), "default", "orders")
    at = IssuedAt(f"20261121T0318{number:02}Z")
    row = GrantRecord(asked.grant, name, asked.arn, at)
    rest = render(asked.grant, moved_to) if moved_to else ()
    return Standing(row, (*asked.statements, *rest), asked.statements)


def distinct(asked: Sequence[Asked]) -> list[Asked]:
    """What is asked for, each once: a grant is on one ARN, wherever its target is."""
    return list({one.grant.id: one for one in reversed(asked)}.values())[::-1]


def different(asked: Sequence[Asked]) -> list[Standing]:
    """The grants of what is asked for, each once."""
    return [a_grant(each, number) for number, each in enumerate(distinct(asked))]


def of(grants: Sequence[Standing]) -> list[Statement]:
    return [part for one in grants for part in one.statements]


def size_of(policy: Policy, statements: Sequence[Statement]) -> int:
    return plan(merge(statements), policy.actual, OURS).size


def one_by_one(policy: Policy, grants: Sequence[Standing]) -> tuple[set[DeclarationId], dict[DeclarationId, str]]:
    """Who is let in, and what is said to the others, were each planned for by itself."""
    stand = [one for one in grants if taken_apart(one.statements) <= permissions(policy.actual, OURS)]
    let_in, refused = list(stand), {}
    for one in sorted(grants, key=lambda each: (each.row.asked_at, each.id)):
        size = size_of(policy, [*of(let_in), *one.statements])
        if one in stand:
            continue
        if policy.limit is None or size <= policy.limit:
            let_in.append(one)
        else:
            refused[one.id] = str(PolicyFull(policy.arn, size, policy.limit))
    return {one.id for one in let_in}, refused


def said(found: Fitted) -> dict[DeclarationId, str]:
    return {one: str(error) for one, error in found.left_out.items()}


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_new_grants_come_in_as_they_asked_as_long_as_they_fit_to_the_character(kind: str, data: st.DataObject) -> None:
    """So what is said to take so many characters takes so many, and none is left out that would fit."""
    theirs, stood = data.draw(foreign(kind)), distinct(data.draw(CONSUMERS_OF[kind]))
    actual = data.draw(st.one_of(st.none(), standing(theirs, stood, in_any_form=True)))
    grants = different([*(stood if actual else []), *data.draw(CONSUMERS_OF[kind])])
    everything = size_of(Policy(RESOURCES[kind], actual, OURS, None), of(grants))
    instead = data.draw(st.sampled_from([None, closed(RESOURCES[kind], OURS)])) if kind != "function" else None
    limit = data.draw(
        st.one_of(st.none(), st.integers(1, everything + 1), st.just(everything + 1), st.just(everything or 1))
    )
    policy = Policy(RESOURCES[kind], actual, OURS, limit, instead)
    let_in, refused = one_by_one(policy, grants)
    found = fit(policy, grants)
    assert {one.id for one in grants} - set(found.left_out) == let_in
    assert said(found) == refused
    ours = [one.document(OURS) for one in merge(of([one for one in grants if one.id in let_in]))]
    if ours or not instead:
        assert [one for one in statements_of(found.plan.document) if OURS.owns(one)] == ours


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_what_stands_stays_however_small_the_limit_and_whatever_is_said_against_it(
    kind: str, data: st.DataObject
) -> None:
    stood, asked = distinct(data.draw(CONSUMERS_OF[kind])), data.draw(CONSUMERS_OF[kind])
    actual = data.draw(standing(data.draw(foreign(kind)), stood, in_any_form=True))
    stands, grants = different(stood), different([*stood, *asked])
    refused: dict[DeclarationId, Permanent] = {one.id: VpcEndpointsOnPublicApi(API) for one in grants}
    found = fit(Policy(RESOURCES[kind], actual, OURS, 0), grants, refused=refused)
    assert not found.plan.changed
    assert not found.plan.removed
    assert not found.new
    assert set(found.left_out).isdisjoint(one.id for one in stands)


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_what_goes_makes_room_for_what_comes(kind: str, data: st.DataObject) -> None:
    stood, asked = distinct(data.draw(CONSUMERS_OF[kind])), data.draw(CONSUMERS_OF[kind])
    actual = data.draw(standing([], stood))
    policy = Policy(
        RESOURCES[kind], actual, OURS, size_of(Policy(RESOURCES[kind], actual, OURS, None), of(different(asked)))
    )
    found = fit(policy, different(asked))
    assert not found.left_out
    assert permissions(found.plan.document, OURS) == taken_apart(of(different(asked)))


def test_a_grant_that_does_not_fit_keeps_no_smaller_one_out() -> None:
    long = Asked(
        CONSUMER, PROD, {"GrantType": "ExecuteApi", "Paths": [f"/{'x' * 200}{number}" for number in range(20)]}
    )
    short = Asked(CONSUMER, PROD, {"GrantType": "ExecuteApi", "Methods": ["GET"]})
    grants = [a_grant(long, 1), a_grant(short, 2)]
    found = fit(Policy(API, None, OURS, 1_000), grants)
    assert found.new == (grants[1].id,)
    assert set(found.left_out) == {grants[0].id}


def test_who_asked_first_comes_first() -> None:
    grants = [
        a_grant(
            Asked(CONSUMER, RESOURCES["role"], {"GrantType": "AssumeRole", "ExternalId": f"shop-{number}"}), 9 - number
        )
        for number in range(5)
    ]
    limit = size_of(Policy(RESOURCES["role"], None, OURS, None), of(grants[2:]))
    assert fit(Policy(RESOURCES["role"], None, OURS, limit), grants).new == tuple(one.id for one in grants[:1:-1])


def test_a_refused_grant_is_not_let_in_and_is_told_why() -> None:
    grants = [a_grant(Asked(CONSUMER, PROD, {"GrantType": "ExecuteApi", "Methods": [one]})) for one in ("GET", "PUT")]
    error = VpcEndpointsOnPublicApi(API)
    found = fit(Policy(API, None, OURS, None), grants, refused={grants[0].id: error})
    assert (found.new, found.left_out) == ((grants[1].id,), {grants[0].id: error})


@given(CONSUMERS_OF["function"], CONSUMERS_OF["function"])
@LAW
def test_what_is_kept_without_a_grant_stays_beside_what_fits(stood: list[Asked], asked: list[Asked]) -> None:
    kept = merge(part for one in stood for part in one.statements)
    actual: Document = {"Statement": [one.document(OURS) for one in kept]}
    found = fit(Policy(RESOURCES["function"], actual, OURS, None), different(asked), kept)
    assert permissions(found.plan.document, OURS) == taken_apart(kept) | taken_apart(of(different(asked)))


# --- moved targets --------------------------------------------------------------------------------


def moved(count: int) -> list[Standing]:
    """Grants that were told one stage of an API, whose target is another one of it by now."""
    return [
        a_grant(Asked(f"{number:012}", PROD, {"GrantType": "ExecuteApi"}), number, moved_to=BETA)
        for number in range(count)
    ]


def where(found: Fitted) -> dict[str, int]:
    """How many may call each stage."""
    statements = {one["Resource"].split("/")[1]: one for one in statements_of(found.plan.document)}
    return {stage: len(one["Condition"]["StringEquals"]["aws:PrincipalAccount"]) for stage, one in statements.items()}


def told(grants: Sequence[Standing]) -> Document:
    return {
        "Version": "2012-10-17",
        "Statement": [one.document(OURS) for one in merge(part for each in grants for part in each.first)],
    }


def test_a_moved_target_takes_nothing_from_what_stands_where_there_is_no_room_for_both() -> None:
    grants = moved(20)
    everything = size_of(Policy(API, None, OURS, None), of(grants))
    found = fit(Policy(API, told(grants), OURS, everything - 1), grants)
    assert where(found) == {"prod": 20, "beta": 19}
    assert (found.new, found.left_out) == ((), {})
    assert found.more == tuple(one.id for one in grants[:19])
    assert not found.plan.removed


def test_a_moved_target_opens_both_where_there_is_room_for_both() -> None:
    grants = moved(20)
    found = fit(Policy(API, told(grants), OURS, None), grants)
    assert where(found) == {"prod": 20, "beta": 20}
    assert len(found.more) == 20


def test_a_grant_that_may_not_be_let_in_anew_keeps_what_its_stack_was_told() -> None:
    grants = moved(5)
    found = fit(Policy(API, told(grants), OURS, None), grants, only=frozenset({grants[2].id}))
    assert (where(found), found.more, found.left_out) == ({"prod": 5, "beta": 1}, (grants[2].id,), {})


def test_only_those_who_may_are_let_in_anew_and_the_others_are_not_left_out() -> None:
    """They are tried apart from each other, whether they would have room beside each other or not."""
    grants = [a_grant(Asked(f"{number:012}", PROD, {"GrantType": "ExecuteApi"}), number) for number in range(5)]
    some = frozenset(one.id for one in grants[1:4])
    two = size_of(Policy(API, None, OURS, None), of(grants[1:3]))
    found = fit(Policy(API, None, OURS, two), grants, only=some)
    assert found.new == tuple(one.id for one in grants[1:3])
    assert set(found.left_out) == {grants[3].id}


def test_a_grant_of_a_moved_target_whose_statement_was_wiped_is_new() -> None:
    grants = moved(2)
    found = fit(Policy(API, told(grants[:1]), OURS, 0), grants)
    assert (where(found), set(found.left_out)) == ({"prod": 1}, {grants[1].id})
