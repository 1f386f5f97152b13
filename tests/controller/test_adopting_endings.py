"""How adoptions end, whatever comes in between; on REST APIs and roles as on functions; and who cannot adopt."""

from collections.abc import Callable
from typing import Any

import pytest
from adopting import BY, Access, Adopting, Call, Caller, access, adopting, by_gateway, by_hand, document
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Centre, Resource, permission, target
from interleaving import Died
from resources import API, BUYER, OWN_TRUST, ROLE, SELLER, asked, create_all, published

from provider.core.adopting import Adoption, Ending
from provider.core.auditing import Happening
from provider.core.documents import statement_id
from provider.core.errors import PolicyRefused
from provider.core.findings import FindingKind
from provider.core.identifiers import Arn
from provider.core.records import GrantRecord

__all__ = ["adopting"]


@pytest.mark.parametrize("step", ["write", "end"])
def test_a_crash_between_write_and_record_is_made_up_for(adopting: Adopting, step: str) -> None:
    adopting.adopt(FUNCTION, "orders111")
    ledger = adopting.centre.ledger
    end = ledger.end

    def dies(*_: Any) -> None:
        raise Died

    if step == "end":
        ledger.end = dies  # type: ignore[method-assign]
    else:
        adopting.centre.policies.on_write = dies
    key = adopting.centre.file(CONSUMER, permission().event("Create"))
    with pytest.raises(Died):
        adopting.centre.handle(key)
    assert "orders111" not in adopting.sids()
    assert adopting.endings() == []
    ledger.end = end  # type: ignore[method-assign]
    adopting.centre.policies.on_write = adopting.look
    adopting.centre.clock.time += 100
    adopting.centre.round()
    assert adopting.endings() == [("orders111", Ending.TAKEN_OVER)]
    assert adopting.centre.desk.answers[key].status == "SUCCESS"


def test_a_statement_that_its_owner_has_taken_away_is_remembered_as_gone(adopting: Adopting) -> None:
    adopting.adopt(FUNCTION, "orders111")
    adopting.calls.clear()
    adopting.centre.policies.put(Arn(FUNCTION), document(by_hand(OTHER)))
    adopting.want()
    assert adopting.endings() == [("orders111", Ending.GONE)]
    assert adopting.centre.ledger.adopted == {}


def test_it_is_told_who_has_adopted_what_was_taken_over_and_for_whom(adopting: Adopting) -> None:
    adopting.adopt()
    adopting.ask(permission())
    told = [one.detail for one in adopting.centre.journal.events if one.happening is Happening.TAKEN_OVER]
    assert [(one["sid"], one["accounts"], one["adoptedBy"], one["resource"]) for one in told] == [
        ("orders111", [CONSUMER], BY, FUNCTION)
    ]


def test_an_owner_who_writes_it_back_has_it_back(adopting: Adopting) -> None:
    """A word is for one statement that stands; what comes later is foreign again."""
    adopting.adopt(FUNCTION, "orders111")
    adopting.ask(permission())
    found = adopting.centre.policies.document(FUNCTION)
    adopting.centre.policies.put(Arn(FUNCTION), document(by_hand(), *found["Statement"]))
    adopting.want()
    assert "orders111" in adopting.sids()
    assert "orders111" in adopting.findings()[FindingKind.FOREIGN]


def lose_grants(adopting: Adopting) -> None:
    """Eight are granted, the statement's among them, and the ledger knows none of them any more."""
    for number in range(8):
        api = f"api{number:07}" if number else "a1b2c3d4e5"
        adopting.ask(Resource(CONSUMER, "Permission", permission(ApiId=api).properties, f"Permission{number}"))
        adopting.calls.append((FUNCTION, by_gateway(api=api)))
    rows = adopting.centre.ledger.rows
    for key in [key for key, row in rows.items() if isinstance(row, GrantRecord)]:
        del rows[key]


def test_too_many_unexplained_permissions_stay_and_the_adopted_statement_goes(adopting: Adopting) -> None:
    """The limit is on what is ours; that nobody is refused holds besides."""
    lose_grants(adopting)
    adopting.adopt(FUNCTION, "orders111")
    adopting.ask(permission())
    assert len(adopting.centre.sources()) == 8
    assert adopting.sids() == ["orders444", "Own"]


def test_what_only_an_unexplained_statement_allows_is_not_granted(adopting: Adopting) -> None:
    """Too many to be taken away, they stand; but nothing says that they will."""
    lose_grants(adopting)
    adopting.adopt(FUNCTION, "orders111")
    assert len(adopting.centre.sources()) == 8
    assert "orders111" in adopting.sids()


# --- REST APIs and roles ------------------------------------------------------------------------------


def on_api(**changes: Any) -> dict[str, Any]:
    """As API Gateway hands it back: the ARN for `execute-api:/`, a scalar for a list of one (docs/aws-behaviour.md §3)."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{CONSUMER}:root"},
        "Action": "execute-api:Invoke",
        "Resource": f"{API}/prod/GET/orders/*",
        **changes,
    }


def buys(resource: str = f"{API}/prod/GET/orders/1") -> Call:
    return Call(Caller(BUYER), "execute-api:Invoke", resource)


@pytest.mark.parametrize("redeploys", ["true", "false"])
def test_a_rest_api_is_deployed_as_for_any_change_and_serves_its_callers_all_along(
    centre: Centre, redeploys: str
) -> None:
    create_all(centre)
    deny = on_api(Effect="Deny", Principal="*", Resource=f"{API}/prod/DELETE/*")
    centre.policies.put(Arn(API), document(on_api(), deny))
    centre.policies.owner_deploys(f"{API}/prod")
    centre.clock.time += 60
    one = Adopting(centre, "api", [])
    one.ask(published("api", RedeployOnChange=redeploys))
    one.adopt(API)
    one.ask(asked("api", "ExecuteApi", Methods=["GET"], Paths=["/orders/*"]))
    assert one.sids(API) == ["-"], "the Deny"
    served = [each for each in centre.policies.served(f"{API}/prod")["Statement"] if each["Effect"] == "Allow"]
    assert access(served, buys(), OWNER) is Access.WITH_IAM
    assert (on_api() in served) == (redeploys == "false")


def test_a_role_is_taken_over_and_its_own_trust_stays(centre: Centre) -> None:
    create_all(centre)
    theirs = {**OWN_TRUST, "Sid": "Shop", "Principal": {"AWS": [BUYER, SELLER]}}
    centre.policies.put(Arn(ROLE), document(OWN_TRUST, theirs))
    calls = [(ROLE, Call(Caller(one), "sts:AssumeRole")) for one in (BUYER, SELLER)]
    one = Adopting(centre, "role", calls)
    one.ask(published("role"))
    one.adopt(ROLE)
    one.ask(asked("role", "AssumeRole", Principals=[BUYER]))
    assert one.sids(ROLE) == ["Own", "Shop"]
    one.ask(asked("role", "AssumeRole", "Second", Principals=[SELLER]))
    assert one.sids(ROLE) == ["Own"]


def test_a_statement_with_a_deleted_principal_no_longer_poisons_the_policy_once_it_is_adopted(centre: Centre) -> None:
    """AWS shows it by its unique id and takes no document with it any more (docs/aws-behaviour.md §4)."""
    create_all(centre)
    theirs = {**OWN_TRUST, "Sid": "Shop", "Principal": {"AWS": ["AROAEXAMPLEEXAMPLE12", BUYER]}}
    centre.policies.put(Arn(ROLE), document(OWN_TRUST, theirs))
    one = Adopting(centre, "role", [(ROLE, Call(Caller(BUYER), "sts:AssumeRole"))])
    one.ask(published("role"))
    one.adopt(ROLE)
    one.ask(asked("role", "AssumeRole", Principals=[BUYER]))
    assert one.sids(ROLE) == ["Own"]


@pytest.mark.parametrize("asks", [lambda: target(Name="Orders111"), lambda: permission(ApiId="x", Sid="orders111")])
def test_nothing_that_an_owner_or_a_consumer_may_ask_adopts_a_statement(
    adopting: Adopting, asks: Callable[[], Resource]
) -> None:
    resource = asks()
    assert adopting.centre.ask(resource.account, resource.event("Create")).status == "FAILED"
    adopting.ask(permission())
    assert adopting.sids() == ["orders111", "orders444", "Own"]


def test_a_word_that_is_not_of_the_statement_it_names_moves_nothing(adopting: Adopting) -> None:
    """Whoever has brought it into the ledger: what is granted is not what would go."""
    foreign = adopting.centre.policies.document(FUNCTION)["Statement"]
    ids = {one["Sid"]: statement_id(one) for one in foreign}
    false = Adoption(Arn(FUNCTION), ids["orders444"], by_hand(), adopting.target, BY, 0.0)
    adopting.centre.ledger.adopted[Arn(FUNCTION), false.id] = false
    adopting.want()
    adopting.ask(permission())
    assert adopting.sids() == ["orders111", "orders444", "Own"]


def test_an_adoption_lapses_when_the_target_is_unpublished(adopting: Adopting) -> None:
    """Nobody looks at the policy any more, and what is published there later is another matter."""
    adopting.adopt(FUNCTION, "orders111")
    known = next(iter(adopting.centre.ledger.rows.values())).id
    assert adopting.centre.ask(OWNER, target().event("Delete", known)).status == "SUCCESS"
    adopting.centre.round()
    assert adopting.endings() == [("orders111", Ending.LAPSED)]
    assert adopting.sids() == ["orders111", "orders444", "Own"]
    assert adopting.centre.journal.events[-1].happening is Happening.LAPSED


def test_what_aws_does_not_take_is_no_reason_to_call_an_adopted_statement_foreign(adopting: Adopting) -> None:
    adopting.ask(permission())

    def refuse(arn: Arn, *_: Any) -> None:
        raise PolicyRefused(arn, "no")

    adopting.centre.policies.write = refuse  # type: ignore[method-assign]
    adopting.adopt(FUNCTION, "orders111")
    assert "orders111" in adopting.sids()
    assert adopting.findings()[FindingKind.ADOPTED] == "orders111"
    assert "orders111" not in adopting.findings()[FindingKind.FOREIGN]
