"""Somebody asks for more than he may have, or takes away what others have: by ids of theirs, old events, or large words."""

from typing import Any

import pytest
from centre import CONSUMER, OTHER, OWNER, Resource
from openings import strays
from resources import ALIASES
from strict_centre import PUBLISHED, StrictCentre, prepared, wish

from provider.core.errors import ShutOut
from provider.core.identifiers import Arn
from provider.core.records import GrantRecord

BLUE = Arn(f"{ALIASES}:blue")
KINDS = ("Authorizer", "InvokeFunction", "ExecuteApi", "AssumeRole")


def republished(**changes: Any) -> Resource:
    """The function's target as its owner changes it."""
    properties = {"Name": "function", "AllowedAccounts": [CONSUMER], **PUBLISHED["function"], **changes}
    return Resource(OWNER, "Target", properties, "Targetfunction", "owner")


@pytest.fixture
def shared() -> StrictCentre:
    """What is published is for the consumer and the attacker both, and the consumer has a grant of each type."""
    centre = prepared(CONSUMER, OTHER)
    for grant_type in KINDS:
        assert centre.ask(CONSUMER, wish(grant_type, logical_id=grant_type).event("Create")).status == "SUCCESS"
    return centre


def ids(centre: StrictCentre) -> list[str]:
    """All ids that the ledger knows."""
    return sorted(declaration for _, declaration in centre.ledger.rows)


@pytest.mark.parametrize("account", [OTHER, OWNER])
@pytest.mark.parametrize("kind", ["Permission", "Target", "TargetLookup"])
def test_a_delete_with_an_id_of_somebody_elses_takes_nothing_away(
    shared: StrictCentre, account: str, kind: str
) -> None:
    """Grants and publications alike; nor does one of the same account's other stack."""
    documents, known = shared.documents(), ids(shared)
    for one in known:
        event = Resource(account, kind, {}, "Thief", "thief").event("Delete", one)
        assert shared.ask(account, event).status == "SUCCESS"
    assert (shared.documents(), ids(shared)) == (documents, known)


def test_a_delete_with_a_grant_id_of_another_stack_of_the_account_takes_nothing_away(shared: StrictCentre) -> None:
    documents, known = shared.documents(), standing(shared)
    for one in ids(shared):
        for holder in (kind for kind in KINDS if one in known and one != next(iter(standing_of(shared, kind)))):
            shared.ask(CONSUMER, wish(holder, logical_id=holder).event("Delete", one))
        shared.ask(CONSUMER, Resource(CONSUMER, "Permission", {}, "Thief", "another").event("Delete", one))
        shared.ask(CONSUMER, Resource(CONSUMER, "Permission", {}, "ExecuteApi", "orders2").event("Delete", one))
    assert shared.documents() == documents


def test_an_update_of_somebody_elses_id_changes_nothing_of_his(shared: StrictCentre) -> None:
    known, before = ids(shared), standing(shared)
    for number, one in enumerate(known):
        asked = wish("Authorizer", OTHER, logical_id=f"Thief{number}", ApiId=f"api{number:07}")
        assert shared.ask(OTHER, asked.event("Update", one)).status == "SUCCESS"
    assert set(known) <= set(ids(shared))
    assert standing(shared) == before
    assert strays(shared.documents(), [CONSUMER, OTHER], OWNER) == []


def standing_of(centre: StrictCentre, logical_id: str) -> list[str]:
    """The grants of one of the consumer's resources."""
    return [one for one, (grant, *_) in standing(centre).items() if grant.origin.logical_id == logical_id]


def standing(centre: StrictCentre) -> dict[str, Any]:
    """What the consumer's grants are, and where they stand."""
    rows = centre.ledger.rows.values()
    grants = [row for row in rows if isinstance(row, GrantRecord) and row.grant.origin.account == CONSUMER]
    return {row.id: (row.grant, row.told, row.state, row.placed) for row in grants}


def test_an_old_create_that_comes_again_after_the_delete_opens_nothing(centre: StrictCentre) -> None:
    """By its old request id it gets its old answer; under a new one its time is past."""
    created = centre.file(CONSUMER, wish("Authorizer").event("Create"))
    item = dict(centre.desk.requests[created])
    centre.handle(created)
    known = centre.desk.answers[created].physical_id
    assert centre.ask(CONSUMER, wish("Authorizer").event("Delete", known)).status == "SUCCESS"
    centre.desk.requests[created] = item
    centre.handle(created)
    again = centre.row(CONSUMER, event=item["event"], issuedAt=item["issuedAt"])
    [answer] = centre.answered(again)
    assert answer.status == "FAILED"
    assert "is older than the last answered event" in answer.reason
    assert centre.policies.document(BLUE) is None


@pytest.mark.parametrize("days", [5, 7, 9, 400])
def test_an_old_create_is_refused_however_much_later_it_comes_again(centre: StrictCentre, days: int) -> None:
    """Emptied origins are forgotten after eight days, and events are taken for six."""
    created = centre.file(CONSUMER, wish("Authorizer").event("Create"))
    item = dict(centre.desk.requests[created])
    centre.handle(created)
    known = centre.desk.answers[created].physical_id
    centre.ask(CONSUMER, wish("Authorizer").event("Delete", known))
    centre.clock.time += days * 86_400
    if days > 7:
        centre.desk.answers.clear()
        centre.ledger.origins.clear()
    [answer] = centre.answered(centre.row(CONSUMER, event=item["event"], issuedAt=item["issuedAt"]))
    assert answer.status == "FAILED"
    assert centre.policies.document(BLUE) is None


def test_a_delete_that_comes_late_leaves_what_was_created_since(centre: StrictCentre) -> None:
    first = centre.ask(CONSUMER, wish("Authorizer").event("Create")).physical_id
    late = centre.file(CONSUMER, wish("Authorizer").event("Delete", first))
    centre.clock.time += 60
    assert centre.ask(CONSUMER, wish("Authorizer").event("Create")).physical_id == first
    document = centre.policies.document(BLUE)
    [answer] = centre.answered(late)
    assert answer.status == "FAILED"
    assert centre.policies.document(BLUE) == document


REFUSED: dict[str, tuple[Resource, str]] = {
    "an account that is not allowed": (wish("Authorizer", OTHER), "is not allowed by target"),
    "the owner itself, unless it allows itself": (wish("InvokeFunction", OWNER), "is not allowed by target"),
    "what is not published": (wish("Authorizer", Target=f"{OWNER}/secret"), "is not published"),
    "what nobody owns": (wish("Authorizer", Target="999999999999/function"), "is not published"),
    "another environment": (wish("Authorizer", Environment="prod"), "is not published"),
    "a grant type that is not offered": (wish("Authorizer", Target=f"{OWNER}/api"), "is not offered"),
    "a role's power on a function": (wish("AssumeRole", Target=f"{OWNER}/function"), "is not offered"),
    "an invocation of a REST API": (wish("InvokeFunction", Target=f"{OWNER}/api"), "is not offered"),
    "another stage": (wish("ExecuteApi", StageName="beta"), "is not published by"),
    "an ARN beside the target": (wish("Authorizer", TargetArn=f"{ALIASES}:green"), "is not of target"),
    "an ARN of one's own": (
        wish("Authorizer", TargetArn=f"arn:aws:lambda:eu-west-1:{CONSUMER}:function:own"),
        "is not of target",
    ),
    "an API as an ARN": (wish("Authorizer", ApiId=f"arn:aws:execute-api:us-east-1:{OTHER}:a1b2c3d4e5"), "ApiId"),
    "an API of an account": (wish("Authorizer", ApiId=f"{OTHER}:a1b2c3d4e5"), "ApiId"),
    "every API": (wish("Authorizer", ApiId="*"), "ApiId"),
    "every authorizer of every API": (wish("Authorizer", AuthorizerIds=["*", "*/authorizers/*"]), "AuthorizerIds"),
    "a lookup that is not allowed": (
        Resource(OTHER, "TargetLookup", {"Target": f"{OWNER}/function"}),
        "is not allowed by target",
    ),
}


@pytest.mark.parametrize(("asked", "says"), REFUSED.values(), ids=REFUSED)
def test_what_its_owner_does_not_offer_is_refused_and_told_nothing_about(
    centre: StrictCentre, asked: Resource, says: str
) -> None:
    answer = centre.ask(asked.account, asked.event("Create"))
    assert answer.status == "FAILED"
    assert says in answer.reason
    assert answer.data == {}
    assert centre.policies.writes == []
    hidden = ALIASES if asked.account != CONSUMER or "TargetArn" not in asked.properties else "nothing"
    assert hidden not in answer.reason, "where a target is, only those hear whom it allows"


def test_a_target_that_its_owner_has_not_tagged_is_neither_published_nor_opened(centre: StrictCentre) -> None:
    """IAM says so where it is tried, and the twin as IAM does; `test_powers_of_roles` asks IAM."""
    function = Arn(f"arn:aws:lambda:eu-west-1:{OWNER}:function:untagged")
    centre.policies.shut[function] = ShutOut(function, "lambda:PutResourcePolicy")
    asked = republished(Name="untagged", FunctionArn=function)
    answer = centre.ask(OWNER, {**asked.event("Create"), "LogicalResourceId": "Untagged"})
    assert answer.status == "FAILED"
    assert centre.ask(CONSUMER, wish("Authorizer", Target=f"{OWNER}/untagged").event("Create")).status == "FAILED"
    assert centre.policies.writes == []


@pytest.mark.parametrize(
    "changes", [{"AllowedAccounts": [OTHER]}, {"AllowedAccounts": []}, {"AllowedGrantTypes": ["InvokeFunction"]}]
)
def test_consent_that_is_withdrawn_closes_and_asking_anew_does_not_help(
    centre: StrictCentre, changes: dict[str, Any]
) -> None:
    granted = centre.ask(CONSUMER, wish("Authorizer").event("Create")).physical_id
    known = next(one for one in ids(centre) if one.startswith("publication") and "function" in _name(centre, one))
    assert centre.ask(OWNER, republished(**changes).event("Update", known)).status == "SUCCESS"
    assert centre.policies.document(BLUE) is None
    assert centre.ask(CONSUMER, wish("Authorizer").event("Update", granted)).status == "SUCCESS"
    assert centre.ask(CONSUMER, wish("Authorizer", Revision="2").event("Update", granted)).status == "FAILED"
    assert centre.policies.document(BLUE) is None


def _name(centre: StrictCentre, declaration: str) -> str:
    rows = centre.ledger.rows.items()
    return next(target.name for (target, found), _ in rows if found == declaration)


STRANGERS = [
    "*",
    OTHER,
    CONSUMER,
    f"arn:aws:iam::{OTHER}:role/buyer",
    f"arn:aws:iam::{OWNER}:role/admin",
    f"arn:aws:iam::{CONSUMER}:root",
    "arn:aws:iam::*:role/buyer",
    f"arn:aws:iam::{CONSUMER}:role/*",
    f"arn:aws:iam::{CONSUMER}:role/bu?er",
    f"arn:aws:iam::{CONSUMER}:*",
    f"arn:aws:iam::{CONSUMER}:role/${{aws:username}}",
    f"arn:aws:iam::{CONSUMER}:role/buyer\n",
    f"arn:aws:iam::{CONSUMER}:group/buyers",
    f"arn:aws:iam::{CONSUMER}:role/buyer:{OTHER}",
    f"arn:aws:sts::{CONSUMER}:assumed-role/buyer/session",
    f"arn:aws:sts::{CONSUMER}:federated-user/buyer",
    f"arn:aws-cn:iam::{CONSUMER}:role/buyer",
    f"arn:aws:iam:{OTHER}:{CONSUMER}:role/buyer",
    f"arn:aws:iam::{CONSUMER}:role/buyer,arn:aws:iam::{OTHER}:role/buyer",
    f"arn:aws:iam::{chr(0xFF11) * 12}:role/buyer",
    "lambda.amazonaws.com",
    "AROAEXAMPLEEXAMPLEEXA",
    "",
]


@pytest.mark.parametrize("principal", STRANGERS, ids=ascii)
@pytest.mark.parametrize("grant_type", KINDS[1:])
def test_no_principal_is_named_but_roles_and_users_of_the_account_that_asks(
    centre: StrictCentre, grant_type: str, principal: str
) -> None:
    own = f"arn:aws:iam::{CONSUMER}:role/buyer"
    for named in ([principal], [own, principal], principal, {"AWS": principal}, [[principal]], [{"AWS": principal}]):
        answer = centre.ask(CONSUMER, wish(grant_type, Principals=named).event("Create"))
        assert answer.status == "FAILED", named
    assert centre.policies.writes == []
