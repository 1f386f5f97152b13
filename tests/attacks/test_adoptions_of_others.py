"""Somebody would have a statement go that is not his to take: an owner's own, or the one by which another account is let in."""

from collections.abc import Mapping
from typing import Any

import pytest
from adopting import BY, Adopting, adopting, by_gateway, by_hand, document
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Resource, permission, source, target

from provider.core.adopting import Adoption
from provider.core.identifiers import Arn

__all__ = ["adopting"]
ADOPTED = {
    "pk": f"ADOPTION#{FUNCTION}",
    "statement": "orders111",
    "adopt": ["orders111"],
    "Statements": ["orders111"],
}


@pytest.mark.parametrize("account", [CONSUMER, OTHER, OWNER])
@pytest.mark.parametrize("kind", ["Permission", "Target", "TargetLookup", "Guard", "Adoption"])
def test_no_request_adopts_whatever_its_type_and_properties_say(adopting: Adopting, account: str, kind: str) -> None:
    words = {**permission(account).properties, **target(AllowedAccounts=[CONSUMER, OTHER]).properties, **ADOPTED}
    for properties in (words, {**ADOPTED, "Target": f"{OWNER}/token-service"}):
        adopting.centre.ask(account, Resource(account, kind, properties, "orders111", "orders111").event("Create"))
    adopting.ask(permission())
    assert adopting.centre.ledger.adopted == {}
    assert adopting.sids() == ["orders111", "orders444", "Own"]


def test_what_one_account_is_granted_never_lets_anothers_statement_go(adopting: Adopting) -> None:
    """Whatever it asks, all of it granted."""
    adopting.adopt()
    adopting.ask(permission(OTHER))
    for number, changes in enumerate(({"AuthorizerIds": ["x1"]}, {"ApiId": "apibbbbbbb"})):
        adopting.ask(Resource(OTHER, "Permission", {**permission(OTHER).properties, **changes}, f"P{number}"))
    assert adopting.sids() == ["orders111", "Own"]


TWISTED: list[Mapping[str, Any]] = [
    by_hand(sid="orders444"),
    by_hand(OTHER, sid="orders444", Effect="Deny"),
    by_hand(OTHER, sid="orders444", Condition={"ArnLike": {"AWS:SourceArn": [source(), source(account=OTHER)]}}),
    by_hand(OTHER, sid="orders444", Condition={"ArnLike": {"AWS:SourceArn": "*"}}),
    by_hand(OTHER, sid="orders444", Action="lambda:*"),
    by_hand(OTHER, sid="orders444", Principal="*"),
]


@pytest.mark.parametrize("twisted", TWISTED)
def test_a_statement_put_under_the_sid_of_an_adopted_one_does_not_go_in_its_place(
    adopting: Adopting, twisted: Mapping[str, Any]
) -> None:
    adopting.adopt(FUNCTION, "orders444")
    adopting.calls = [(FUNCTION, by_gateway())]
    adopting.centre.policies.put(Arn(FUNCTION), document(by_hand(), twisted))
    adopting.ask(permission(OTHER))
    assert adopting.sids() == ["orders111", "orders444"]
    assert twisted in adopting.centre.policies.document(FUNCTION)["Statement"]


def test_an_adoption_is_of_one_resource_alone(adopting: Adopting) -> None:
    """The same statement elsewhere stays, even where the same is granted."""
    statement = by_hand()
    elsewhere = Adoption.of(Arn(f"{FUNCTION}2"), statement, adopting.target, BY, 0.0)
    adopting.centre.ledger.adopted[elsewhere.resource, elsewhere.id] = elsewhere
    adopting.want()
    adopting.ask(permission())
    assert "orders111" in adopting.sids()
