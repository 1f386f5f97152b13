"""Which permissions of ours no record explains: exactly those that stand, go, and are of no grant that has to go."""

from collections.abc import Sequence
from typing import Any

import pytest
from asked import API, BETA, CONSUMER, CONSUMERS_OF, OURS, OWNER, PROD, RESOURCES, Asked, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standing_policies import foreign, standing

from provider.core.fitting import unexplained
from provider.core.identifiers import AccountId, Arn, IssuedAt, Target
from provider.core.plans import plan
from provider.core.records import GrantRecord
from provider.core.room import Policy
from provider.core.statements import merge, taken_apart, understood

KINDS = ["function", "api", "role"]
LAW = settings(
    derandomize=True, database=None, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def row(asked: Asked, told: Arn | None = None) -> GrantRecord:
    name = Target(AccountId(OWNER), "default", "orders")
    return GrantRecord(asked.grant, name, told or asked.arn, IssuedAt("20261121T031800Z"))


def permissions_of(asked: Sequence[Asked]) -> frozenset[Any]:
    return taken_apart(part for one in asked for part in one.statements)


def on_every_stage(asked: Sequence[Asked], kind: str) -> list[Asked]:
    """A record does not say on which stages its statements stood: its target may have moved."""
    arns = [PROD, BETA] if kind == "api" else [RESOURCES[kind]]
    return [Asked(one.account, arn, one.properties) for one in asked for arn in arns]


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@LAW
def test_what_no_record_explains_is_named_and_nothing_else(kind: str, data: st.DataObject) -> None:
    """Of what stands: some stays, some goes with a record, and some is of nobody that the ledger knows."""
    stays, goes, nobodys = (data.draw(CONSUMERS_OF[kind]) for _ in range(3))
    actual = data.draw(standing(data.draw(foreign(kind)), [*stays, *goes, *nobodys], in_any_form=True))
    removed = plan(merge(part for one in stays for part in one.statements), actual, OURS).removed
    found = unexplained(Policy(RESOURCES[kind], actual, OURS, None), removed, [row(one) for one in goes])
    explained = permissions_of(stays) | permissions_of(on_every_stage(goes, kind))
    assert frozenset(found) == permissions_of(nobodys) - explained


def test_a_grant_that_has_moved_explains_its_statement_on_the_stage_that_it_was_on() -> None:
    asked = Asked(CONSUMER, BETA, {"GrantType": "ExecuteApi", "Methods": ["GET"], "Paths": ["/orders"]})
    actual = {"Statement": written([asked])}
    removed = plan((), actual, OURS).removed
    assert unexplained(Policy(API, actual, OURS, None), removed, [row(asked, told=PROD)]) == ()
    assert len(unexplained(Policy(API, actual, OURS, None), removed, [])) == 1


def test_another_accounts_grant_of_the_same_explains_nothing() -> None:
    mine, other = (Asked(account, PROD, {"GrantType": "ExecuteApi"}) for account in ("111111111111", "444444444444"))
    actual = {"Statement": written([mine, other])}
    removed = plan((), actual, OURS).removed
    (found,) = unexplained(Policy(API, actual, OURS, None), removed, [row(mine)])
    assert found.names == ("444444444444",)


@pytest.mark.parametrize(
    "resource", [f"{API}/*", "*", f"{API}/prod", "arn:aws:execute-api:us-east-1:*:ordersapi0/prod/GET/x"]
)
def test_a_statement_that_somebody_has_forged_under_our_sid_is_unexplained_and_stops_nothing(resource: str) -> None:
    """Sids can be worked out; whoever may write the policy must not be able to stop the removal of others."""
    asked = Asked(CONSUMER, PROD, {"GrantType": "ExecuteApi"})
    (real,) = asked.statements
    forged = type(real)(**{**{name: getattr(real, name) for name in real.__slots__}, "resources": (resource,)})
    actual = {"Statement": [forged.document(OURS), *written([asked])]}
    assert understood(forged.document(OURS), OURS) == forged
    removed = plan((), actual, OURS).removed
    assert unexplained(Policy(API, actual, OURS, None), removed, [row(asked)]) == (forged,)
