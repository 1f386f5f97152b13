"""What the controller measures: each measure is recorded when the thing happens, and then only."""

import json

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Centre, permission, target

from provider.controller.metering import NAMESPACE, SERVICE, CloudWatchMeter
from provider.core.absences import UNEXPLAINED
from provider.core.errors import ShutOut, WriteUnsettled
from provider.core.identifiers import Arn
from provider.core.measuring import Measure
from provider.core.statements import CentreId

ARN = Arn(FUNCTION)
HAPPENINGS = frozenset({Measure.GRANTED, Measure.WITHDRAWN, Measure.REFUSED, Measure.SUSPENDED})
ALARMING = frozenset({Measure.FAILED_PASSES, Measure.DRIFT, Measure.ORPHANS, Measure.UNEXPLAINED})


def counted(centre: Centre) -> dict[Measure, float]:
    """What was counted since the last time, by measure."""
    found: dict[Measure, float] = {}
    for measure, value in centre.meter.measured:
        if measure in HAPPENINGS | ALARMING:
            found[measure] = found.get(measure, 0) + value
    centre.meter.measured.clear()
    return found


@pytest.fixture
def quiet(published: Centre) -> Centre:
    """A centre with a grant, of which everything has been counted."""
    assert published.ask(CONSUMER, permission().event("Create")).status == "SUCCESS"
    counted(published)
    return published


def an_hour_passes(centre: Centre) -> None:
    centre.clock.time += 3601
    centre.round()


def test_a_grant_is_counted_once_when_it_comes_and_once_when_it_goes(published: Centre) -> None:
    created = published.ask(CONSUMER, permission().event("Create"))
    assert counted(published) == {Measure.GRANTED: 1}
    an_hour_passes(published)
    assert counted(published) == {}
    published.ask(CONSUMER, permission().event("Delete", created.physical_id))
    assert counted(published) == {Measure.WITHDRAWN: 1}


@pytest.mark.parametrize("event", [permission(OTHER).event("Create"), {"RequestType": "Create"}])
def test_a_refusal_is_counted_whatever_is_wrong(published: Centre, event: dict[str, object]) -> None:
    assert published.ask(OTHER, event).status == "FAILED"
    assert counted(published) == {Measure.REFUSED: 1}


def test_a_grant_that_its_owner_suspends_is_counted(quiet: Centre) -> None:
    quiet.ask(OWNER, target(AllowedAccounts=[OTHER]).event("Update"))
    assert counted(quiet)[Measure.SUSPENDED] == 1


def test_a_healthy_hour_counts_nothing_and_measures_its_passes(quiet: Centre) -> None:
    an_hour_passes(quiet)
    measured = {measure for measure, _ in quiet.meter.measured}
    assert measured == {Measure.RECONCILE_TIME, Measure.FULLNESS, Measure.OLDEST_WAITING}


def test_a_pass_takes_the_time_that_the_clock_says(quiet: Centre) -> None:
    def waits() -> None:
        quiet.clock.time += 7

    quiet.policies.put(ARN, None)
    quiet.policies.before_write = waits
    an_hour_passes(quiet)
    assert max(quiet.meter.values(Measure.RECONCILE_TIME)) == 7


def test_fullness_is_the_share_of_the_limit_that_the_policy_has_after_the_pass(published: Centre) -> None:
    published.policies.limits["lambda"] = 1_000
    published.ask(CONSUMER, permission().event("Create"))
    length = len(json.dumps(published.policies.document(ARN), separators=(",", ":")))
    assert published.meter.values(Measure.FULLNESS)[-1] == round(length / 10, 1)


def test_a_pass_that_does_not_get_through_is_counted(quiet: Centre) -> None:
    quiet.policies.put(ARN, None)
    quiet.policies.faults.extend(WriteUnsettled(ARN, "AWS throttles") for _ in range(100))
    an_hour_passes(quiet)
    assert counted(quiet)[Measure.FAILED_PASSES] >= 1


def test_what_has_drifted_is_counted_until_it_is_right_again(quiet: Centre) -> None:
    quiet.policies.put(ARN, None)
    an_hour_passes(quiet)
    assert counted(quiet) == {Measure.DRIFT: 1}
    an_hour_passes(quiet)
    assert counted(quiet) == {}


def test_foreign_statements_are_no_drift(quiet: Centre) -> None:
    theirs = {"Sid": "theirs", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction"}
    document = quiet.policies.document(ARN)
    quiet.policies.put(ARN, {**document, "Statement": [theirs, *document["Statement"]]})
    an_hour_passes(quiet)
    assert counted(quiet) == {}


def test_orphans_are_counted_as_long_as_they_stay(quiet: Centre) -> None:
    known = next(row.id for row in quiet.ledger.rows.values() if row.id.startswith("grant-"))
    quiet.policies.shut[ARN] = ShutOut(ARN, "lambda:GetResourcePolicy")
    quiet.ask(CONSUMER, permission().event("Delete", known))
    counted(quiet)
    an_hour_passes(quiet)
    assert counted(quiet)[Measure.ORPHANS] == 1
    del quiet.policies.shut[ARN]
    an_hour_passes(quiet)
    assert Measure.ORPHANS not in counted(quiet)


def test_removals_that_nothing_explains_are_counted_when_they_are_held_back(quiet: Centre) -> None:
    document = quiet.policies.document(ARN)
    [ours] = document["Statement"]
    assert CentreId.owns(quiet.id, ours)
    sources = [f"arn:aws:execute-api:us-east-1:{CONSUMER}:lost{one}/authorizers/*" for one in range(UNEXPLAINED + 2)]
    both = [*_many(ours["Condition"]["ArnLike"]["AWS:SourceArn"]), *sources]
    quiet.policies.put(ARN, {**document, "Statement": [{**ours, "Condition": {"ArnLike": {"AWS:SourceArn": both}}}]})
    an_hour_passes(quiet)
    assert counted(quiet) == {Measure.UNEXPLAINED: UNEXPLAINED + 2, Measure.DRIFT: 1}


def _many(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def test_the_oldest_waiting_request_is_as_old_as_it_says_and_zero_where_none_waits(published: Centre) -> None:
    published.round()
    assert published.meter.values(Measure.OLDEST_WAITING)[-1] == 0
    published.file(CONSUMER, permission().event("Create"))
    published.file(CONSUMER, permission(ApiId="other00000").event("Create"))
    published.clock.time += 300
    published.round()
    assert published.meter.values(Measure.OLDEST_WAITING)[-1] == pytest.approx(302, abs=1)


def test_what_is_no_time_makes_nobody_wait(published: Centre) -> None:
    published.file(CONSUMER, permission().event("Create"), issued_at="yesterday")
    published.round()
    assert published.meter.values(Measure.OLDEST_WAITING)[-1] == 0


def test_a_line_of_the_log_is_what_cloudwatch_takes_metrics_from(capsys: pytest.CaptureFixture[str]) -> None:
    """The embedded metric format: `_aws` names namespace, dimensions and metrics, which stand beside it (the AWS specification)."""
    meter = CloudWatchMeter()
    meter.record([(Measure.GRANTED, 1), (Measure.GRANTED, 1), (Measure.FULLNESS, 81.5)])
    meter.flush()
    line = json.loads(capsys.readouterr().out)
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert isinstance(line["_aws"]["Timestamp"], int)
    assert directive["Namespace"] == NAMESPACE
    assert directive["Dimensions"] == [["service"]]
    assert {one["Name"]: one["Unit"] for one in directive["Metrics"]} == {
        "Granted": "Count",
        "PolicyFullness": "Percent",
    }
    assert (line["service"], line["Granted"], line["PolicyFullness"]) == (SERVICE, [1, 1], [81.5])


def test_an_invocation_that_measures_nothing_writes_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    meter = CloudWatchMeter()
    meter.record([(Measure.GRANTED, 1)])
    meter.flush()
    capsys.readouterr()
    meter.flush()
    assert capsys.readouterr().out == ""
