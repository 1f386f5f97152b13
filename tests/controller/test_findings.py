"""What a pass finds: a healthy centre is broken in one way, and sees it reported, and repaired where that is its business."""

import logging
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OWNER, Centre, permission, source
from resources import API, asked, create_all
from resources import published as publishing

from provider.core.absences import UNEXPLAINED
from provider.core.errors import PolicyRefused, ResourceGone, ShutOut
from provider.core.findings import FindingKind
from provider.core.identifiers import AccountId, Arn
from provider.core.records import GrantRecord
from provider.core.statements import CentreId

ARN = Arn(FUNCTION)
THEIRS = {
    "Sid": "theirs",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
    "Action": "lambda:InvokeFunction",
    "Resource": FUNCTION,
}


@pytest.fixture
def healthy(published: Centre) -> Centre:
    """One grant stands, an hour has passed, nothing was found."""
    assert published.ask(CONSUMER, permission().event("Create")).status == "SUCCESS"
    an_hour_passes(published)
    assert findings(published) == []
    return published


def an_hour_passes(centre: Centre) -> None:
    centre.clock.time += 3601
    centre.round()


def findings(centre: Centre, arn: str = FUNCTION) -> list[tuple[str, str]]:
    return list(centre.ledger.resources[Arn(arn)].findings)


def kinds(centre: Centre, arn: str = FUNCTION) -> list[str]:
    return [kind for kind, _ in findings(centre, arn)]


def policy(centre: Centre) -> dict[str, Any]:
    found: dict[str, Any] = centre.policies.document(FUNCTION)
    return found


def put(centre: Centre, *statements: dict[str, Any]) -> None:
    centre.policies.put(ARN, {"Version": "2012-10-17", "Statement": list(statements)} if statements else None)


def nobodys(centre: Centre, number: int) -> dict[str, Any]:
    """Our statement with so many sources that no grant explains."""
    [ours] = [one for one in policy(centre)["Statement"] if centre.id.owns(one)]
    unknown = [source(f"unknown{one}") for one in range(number)]
    return {
        **ours,
        "Condition": {"ArnLike": {"AWS:SourceArn": [*ours["Condition"]["ArnLike"]["AWS:SourceArn"], *unknown]}},
    }


def test_what_an_owner_has_wiped_is_put_back_and_said(healthy: Centre, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="provider")
    put(healthy)
    an_hour_passes(healthy)
    assert healthy.sources() == [source()]
    [(kind, detail)] = findings(healthy)
    assert (kind, detail[:6]) == (FindingKind.REPAIRED, "grant-")
    [record] = [one for one in caplog.records if one.message == "found"]
    assert (record.finding, record.resource) == (FindingKind.REPAIRED, FUNCTION)  # type: ignore[attr-defined]
    an_hour_passes(healthy)
    assert findings(healthy) == [], "what is whole again is no finding any more"


def test_a_few_permissions_that_no_record_explains_are_taken_away_and_said(healthy: Centre) -> None:
    put(healthy, nobodys(healthy, 2))
    an_hour_passes(healthy)
    assert healthy.sources() == [source()]
    [(kind, detail)] = findings(healthy)
    assert kind == FindingKind.REMOVED
    assert source("unknown0") in detail
    assert source("unknown1") in detail


def test_many_permissions_that_no_record_explains_are_left_and_said_until_somebody_looks(healthy: Centre) -> None:
    put(healthy, nobodys(healthy, UNEXPLAINED + 2))
    for _ in range(2):
        an_hour_passes(healthy)
        assert len(healthy.sources()) == UNEXPLAINED + 3
        assert kinds(healthy) == [FindingKind.UNEXPLAINED]


def test_a_ledger_restored_to_an_older_state_removes_nothing_of_what_it_does_not_know(published: Centre) -> None:
    """The limit on unexplained removals, and what the design has it for."""
    old = (dict(published.ledger.rows), dict(published.ledger.origins))
    for number in range(20):
        event = {**permission(ApiId=f"api{number:07}").event("Create"), "LogicalResourceId": f"P{number}"}
        published.ask(CONSUMER, event)
    published.ledger.rows, published.ledger.origins = old
    an_hour_passes(published)
    assert len(published.sources()) == 20
    assert kinds(published) == [FindingKind.UNEXPLAINED]


def test_a_statement_with_our_sid_that_means_something_else_is_taken_away_and_said(healthy: Centre) -> None:
    [ours] = policy(healthy)["Statement"]
    put(healthy, {**ours, "Principal": "*"})
    an_hour_passes(healthy)
    assert policy(healthy)["Statement"] == [ours]
    assert FindingKind.TAMPERED in kinds(healthy)


def test_foreign_statements_are_reported_and_never_touched(healthy: Centre) -> None:
    put(healthy, THEIRS, *policy(healthy)["Statement"])
    an_hour_passes(healthy)
    assert findings(healthy) == [(FindingKind.FOREIGN, "theirs")]
    assert policy(healthy)["Statement"][0] == THEIRS


def test_statements_of_another_centre_are_left_alone_and_reported(healthy: Centre) -> None:
    other = CentreId.of(AccountId("888888888888"), "eu-west-1")
    statement = {**THEIRS, "Sid": f"{other.prefix}Authorizer{'0' * 16}"}
    put(healthy, statement, *policy(healthy)["Statement"])
    an_hour_passes(healthy)
    assert findings(healthy) == [(FindingKind.OTHER_CENTRE, statement["Sid"])]
    assert policy(healthy)["Statement"][0] == statement


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ResourceGone(ARN), FindingKind.GONE),
        (ShutOut(ARN, "lambda:GetResourcePolicy"), FindingKind.SHUT_OUT),
        (ShutOut(ARN, "Assuming the grantor role for a change"), FindingKind.SHUT_OUT),
    ],
    ids=["gone", "its tag", "its role"],
)
def test_a_target_that_is_gone_or_closed_to_us_is_noticed(healthy: Centre, error: Any, kind: FindingKind) -> None:
    healthy.policies.shut[ARN] = error
    an_hour_passes(healthy)
    assert findings(healthy) == [(kind, error.fact)]
    del healthy.policies.shut[ARN]
    an_hour_passes(healthy)
    assert findings(healthy) == []
    assert healthy.sources() == [source()]


def test_an_orphan_is_noticed_until_its_account_lets_us_remove_it(healthy: Centre) -> None:
    known = next(row.id for row in healthy.ledger.rows.values() if isinstance(row, GrantRecord))
    healthy.policies.shut[ARN] = ShutOut(ARN, "lambda:GetResourcePolicy")
    assert healthy.ask(CONSUMER, permission().event("Delete", known)).status == "SUCCESS"
    an_hour_passes(healthy)
    assert kinds(healthy) == [FindingKind.SHUT_OUT, FindingKind.ORPHANED]
    assert known in findings(healthy)[1][1]
    del healthy.policies.shut[ARN]
    an_hour_passes(healthy)
    assert (kinds(healthy), healthy.sources()) == ([], [])


def test_a_document_that_aws_refuses_is_noticed(healthy: Centre) -> None:
    put(healthy)
    refusal = PolicyRefused(ARN, "The provided principal was invalid")
    healthy.policies.before_write = lambda: healthy.policies.faults.append(refusal)
    an_hour_passes(healthy)
    assert (FindingKind.REFUSED, refusal.fact) in findings(healthy)
    an_hour_passes(healthy)
    assert healthy.sources() == [source()]


def test_a_policy_that_is_nearly_full_says_how_full(healthy: Centre) -> None:
    healthy.policies.limits["lambda"] = 400
    an_hour_passes(healthy)
    [(kind, detail)] = findings(healthy)
    assert kind == FindingKind.NEARLY_FULL
    assert detail.endswith("of 400 characters")


def test_an_api_whose_policy_waits_for_a_deployment_says_so_until_it_is_deployed(centre: Centre) -> None:
    create_all(centre)
    centre.ask(OWNER, publishing("api").event("Create"))
    centre.ask(CONSUMER, asked("api", "ExecuteApi").event("Create"))
    assert kinds(centre, API) == [FindingKind.UNDEPLOYED]
    centre.clock.time += 400
    centre.policies.owner_deploys(f"{API}/prod")
    centre.clock.time += 400
    centre.round()
    assert kinds(centre, API) == []
