"""One bad grant never holds back the others: it alone is refused, by name."""

from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, Centre, permission, source
from lambda_twin import LambdaTwin, centre_on, functions_without_policies
from test_grant_lifecycle import FOREIGN

from provider.controller.ports import Quota
from provider.core.records import GrantRecord


@pytest.fixture
def aws() -> LambdaTwin:
    return functions_without_policies()


@pytest.fixture
def on_lambda(aws: LambdaTwin) -> Centre:
    return centre_on(aws)


def another(api: str) -> dict[str, Any]:
    return {**permission(ApiId=api).event("Create"), "LogicalResourceId": f"P{api}"}


def test_a_policy_that_is_too_long_says_how_long_and_what_its_owner_can_do(on_lambda: Centre, aws: LambdaTwin) -> None:
    aws.limit = 200
    answer = on_lambda.ask(CONSUMER, permission().event("Create"))
    assert answer.status == "FAILED"
    assert "200" in answer.reason
    assert answer.reason.endswith("have AWS raise the quota.")


@pytest.mark.parametrize("several", [2, 9])
def test_one_grant_that_aws_refuses_does_not_hold_back_the_others(
    on_lambda: Centre, aws: LambdaTwin, several: int
) -> None:
    aws.refuses = lambda document: "badbadbad0" in str(document)
    apis = [f"good{number:06}" for number in range(several)]
    keys = {api: on_lambda.file(CONSUMER, another(api)) for api in [*apis[:1], "badbadbad0", *apis[1:]]}
    on_lambda.handle(*keys.values())
    answers = {api: on_lambda.desk.answers[key].status for api, key in keys.items()}
    assert answers == {**dict.fromkeys(apis, "SUCCESS"), "badbadbad0": "FAILED"}
    assert on_lambda.sources() == [source(api) for api in apis]


def test_a_refused_grant_does_not_hold_back_a_delete(on_lambda: Centre, aws: LambdaTwin) -> None:
    first = on_lambda.ask(CONSUMER, permission().event("Create")).physical_id
    aws.refuses = lambda document: "badbadbad0" in str(document)
    bad = on_lambda.file(CONSUMER, another("badbadbad0"))
    gone = on_lambda.file(CONSUMER, permission().event("Delete", first))
    on_lambda.handle(bad, gone)
    assert [on_lambda.desk.answers[key].status for key in (bad, gone)] == ["FAILED", "SUCCESS"]


def test_where_aws_counts_more_than_we_do_only_what_does_not_fit_is_refused(on_lambda: Centre, aws: LambdaTwin) -> None:
    aws.limit = 500
    keys = [on_lambda.file(CONSUMER, another(f"api{number:07}")) for number in range(9)]
    on_lambda.handle(*keys)
    statuses = [on_lambda.desk.answers[key].status for key in keys]
    assert statuses[0] == "SUCCESS"
    assert statuses[-1] == "FAILED"
    assert on_lambda.sources() == [source(f"api{number:07}") for number in range(statuses.count("SUCCESS"))]


@pytest.mark.parametrize("number", [1, 9])
def test_where_aws_refuses_whatever_is_written_every_new_grant_fails_and_the_old_ones_stand(
    on_lambda: Centre, aws: LambdaTwin, number: int
) -> None:
    """A foreign statement is to blame then, and no grant."""
    assert on_lambda.ask(CONSUMER, permission().event("Create")).status == "SUCCESS"
    document = aws.document(FUNCTION) or {}
    dead = {**FOREIGN, "Sid": "dead", "Principal": {"AWS": "AROAEXAMPLE1234567890"}}
    aws.change(FUNCTION, {**document, "Statement": [dead, *document["Statement"]]})
    aws.refuses = lambda document: "AROAEXAMPLE1234567890" in str(document)
    keys = [on_lambda.file(CONSUMER, another(f"api{each:07}")) for each in range(number)]
    on_lambda.handle(*keys)
    assert {on_lambda.desk.answers[key].status for key in keys} == {"FAILED"}
    assert all("statement dead" in on_lambda.desk.answers[key].reason for key in keys)
    assert on_lambda.sources() == [source()]
    on_lambda.clock.time += 3601
    on_lambda.round()
    assert len([row for row in on_lambda.ledger.rows.values() if isinstance(row, GrantRecord)]) == 1


def test_whoever_is_told_of_a_success_stands_however_many_are_refused(on_lambda: Centre, aws: LambdaTwin) -> None:
    """Finding the bad ones may take more writes than one pass has; nobody is forgotten over it."""
    bad = {f"bad{number:07}" for number in range(8)}
    aws.refuses = lambda document: "bad00" in str(document)
    apis = sorted(bad | {f"api{number:07}" for number in range(40)}, key=lambda api: api[-7:])
    keys = {api: on_lambda.file(CONSUMER, another(api)) for api in apis}
    on_lambda.handle(*keys.values())
    for _ in range(3):
        on_lambda.clock.time += 60
        on_lambda.round()
    told = {api for api, key in keys.items() if on_lambda.desk.answers[key].status == "SUCCESS"}
    assert on_lambda.sources() == sorted(source(api) for api in told)
    assert told == set(apis) - bad


def test_what_does_not_fit_and_what_is_refused_are_told_apart(on_lambda: Centre, aws: LambdaTwin) -> None:
    """Where one grant is refused and the policy is full as well, only those succeed that stand."""
    policies: Any = on_lambda.policies
    policies.quota = lambda _arn: Quota(800, fixed=True)
    aws.refuses = lambda document: "badbadbad0" in str(document)
    apis = ["badbadbad0", *(f"api{number:07}" for number in range(12))]
    keys = {api: on_lambda.file(CONSUMER, another(api)) for api in apis}
    on_lambda.handle(*keys.values())
    for _ in range(2):
        on_lambda.clock.time += 60
        on_lambda.round()
    told = {api for api, key in keys.items() if on_lambda.desk.answers[key].status == "SUCCESS"}
    assert told
    assert on_lambda.sources() == sorted(source(api) for api in told)
