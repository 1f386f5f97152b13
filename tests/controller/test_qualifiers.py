"""A function with several aliases: grants are placed on the least full, for good."""

from typing import Any

import pytest
from centre import CONSUMER, OWNER, Centre, Resource
from resources import ALIASES, asked, create_all, published

from provider.core.identifiers import Arn

BLUE, GREEN = f"{ALIASES}:blue", f"{ALIASES}:green"


@pytest.fixture
def centre() -> Centre:
    created = Centre()
    create_all(created)
    created.ask(OWNER, published("aliases").event("Create"))
    return created


def permission(number: int, **given: Any) -> Resource:
    return asked("aliases", "Authorizer", f"P{number}", ApiId=f"api{number:07}", **given)


def create(centre: Centre, number: int, **given: Any) -> Any:
    return centre.ask(CONSUMER, permission(number, **given).event("Create"))


def counts(centre: Centre) -> tuple[int, int]:
    return len(centre.sources(BLUE)), len(centre.sources(GREEN))


def test_grants_alternate_between_equally_full_aliases(centre: Centre) -> None:
    told = [create(centre, number).data["TargetArn"] for number in range(6)]
    assert told == [BLUE, GREEN] * 3
    assert counts(centre) == (3, 3)


def test_what_waits_for_the_same_pass_is_spread_as_well(centre: Centre) -> None:
    keys = [centre.file(CONSUMER, permission(number).event("Create")) for number in range(20)]
    centre.handle(*keys)
    assert counts(centre) == (10, 10)


def test_a_foreign_statement_makes_an_alias_fuller(centre: Centre) -> None:
    statement = {"Sid": "theirs", "Effect": "Deny", "Principal": "*", "Action": "lambda:*", "Resource": "x" * 900}
    centre.policies.put(Arn(BLUE), {"Version": "2012-10-17", "Statement": [statement]})
    centre.clock.time += 3700
    centre.round()
    assert {create(centre, number).data["TargetArn"] for number in range(5)} == {GREEN}


def test_a_grant_stays_where_it_is_when_its_alias_is_the_fuller_one(centre: Centre) -> None:
    first = create(centre, 0)
    for number in range(1, 5):
        create(centre, number, TargetArn=BLUE)
    assert counts(centre) == (5, 0)
    again = centre.ask(CONSUMER, permission(0).event("Update", first.physical_id))
    assert (again.physical_id, again.data["TargetArn"]) == (first.physical_id, BLUE)
    narrowed = centre.ask(CONSUMER, permission(0, AuthorizerIds=["auth1"]).event("Update", first.physical_id))
    assert narrowed.data["TargetArn"] == BLUE


def test_a_permission_is_placed_where_its_lookup_has_said(centre: Centre) -> None:
    lookup = Resource(CONSUMER, "TargetLookup", {"Target": f"{OWNER}/aliases"}, "Lookup")
    told = centre.ask(CONSUMER, lookup.event("Create")).data["TargetArn"]
    assert told == BLUE
    create(centre, 1)  # somebody else comes between
    assert create(centre, 2, TargetArn=told).data["TargetArn"] == BLUE


def test_an_arn_that_the_target_does_not_have_is_refused_by_name(centre: Centre) -> None:
    answer = create(centre, 0, TargetArn=f"{ALIASES}:red")
    assert answer.status == "FAILED"
    assert "Property TargetArn" in answer.reason
    assert counts(centre) == (0, 0)


def test_a_full_target_says_how_full_of_what_limit_and_what_to_do(centre: Centre) -> None:
    centre.policies.limits["lambda"] = 700
    answers = [create(centre, number) for number in range(12)]
    failed = [one for one in answers if one.status == "FAILED"]
    assert failed
    assert "of 700 characters long" in failed[0].reason
    assert failed[0].reason.endswith("list more aliases in Qualifiers, or have AWS raise the quota.")
    assert min(counts(centre)) > 2


def test_a_qualifier_with_grants_is_not_taken_away(centre: Centre) -> None:
    known = next(row.id for row in centre.ledger.rows.values())
    create(centre, 0)
    answer = centre.ask(OWNER, published("aliases", Qualifiers=["green"]).event("Update", known))
    assert (answer.status, answer.physical_id) == ("FAILED", known)
    assert f"1 grant stands on {BLUE}" in answer.reason
    assert counts(centre) == (1, 0)


def test_a_qualifier_without_grants_is_taken_away_and_another_one_added(centre: Centre) -> None:
    known = next(row.id for row in centre.ledger.rows.values())
    create(centre, 0)
    centre.policies.create(f"{ALIASES}:red")
    answer = centre.ask(OWNER, published("aliases", Qualifiers=["blue", "red"]).event("Update", known))
    assert answer.status == "SUCCESS"
    assert create(centre, 1).data["TargetArn"] == f"{ALIASES}:red"


def test_a_retired_qualifier_closes_and_its_grants_open_on_another(centre: Centre) -> None:
    known = next(row.id for row in centre.ledger.rows.values())
    first = create(centre, 0)
    changed = published("aliases", Qualifiers=["green"], RetiredArns=[BLUE])
    assert centre.ask(OWNER, changed.event("Update", known)).status == "SUCCESS"
    assert counts(centre) == (0, 1)
    told = centre.ask(CONSUMER, permission(0).event("Update", first.physical_id))
    assert told.data["TargetArn"] == GREEN


def test_a_roll_back_to_fewer_qualifiers_works_although_grants_have_come_meanwhile(centre: Centre) -> None:
    """The stack holds the earlier publication still: it must not get stuck."""
    known = next(row.id for row in centre.ledger.rows.values())
    centre.policies.create(f"{ALIASES}:red")
    wide = centre.ask(OWNER, published("aliases", Qualifiers=["blue", "green", "red"]).event("Update", known))
    told = [create(centre, number).data["TargetArn"] for number in range(3)]
    assert f"{ALIASES}:red" in told
    back = centre.ask(OWNER, published("aliases").event("Update", wide.physical_id))
    assert back.status == "SUCCESS"
    assert len(centre.sources(f"{ALIASES}:red")) == 1, "it stays open where its stack was told"


def test_a_target_with_an_alias_that_does_not_exist_is_not_published(centre: Centre) -> None:
    answer = centre.ask(OWNER, published("aliases", Name="other", Qualifiers=["blue", "nothing"]).event("Create"))
    assert answer.status == "FAILED"
    assert f"{ALIASES}:nothing does not exist" in answer.reason
