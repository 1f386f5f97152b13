"""The alarms and the dashboard look at what is measured, and each alarm says where to read on."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from template_documents import resolved

from provider.controller.metering import NAMESPACE, SERVICE
from provider.core.findings import FULL_SHARE
from provider.core.measuring import Measure

ROOT = Path(__file__).parents[2]
TOPIC = "arn:aws-test:sns:us-east-1:222222222222:alarms"
OURS = {"Namespace": NAMESPACE, "Dimensions": [{"Name": "service", "Value": SERVICE}]}


def resources(kind: str, **given: str) -> list[dict[str, Any]]:
    found = resolved("central.yaml", **given).values()
    return [one["Properties"] for one in found if one["Type"] == f"AWS::CloudWatch::{kind}"]


def by_metric() -> dict[str, dict[str, Any]]:
    return {one["MetricName"]: one for one in resources("Alarm")}


def test_there_is_an_alarm_for_all_that_somebody_must_see_to() -> None:
    expected = {Measure.OLDEST_WAITING, Measure.FULLNESS, Measure.FAILED_PASSES, Measure.ORPHANS, Measure.UNEXPLAINED}
    assert set(by_metric()) == {*expected, "ApproximateNumberOfMessagesVisible"}


def test_each_alarm_looks_at_what_the_controller_measures() -> None:
    alarms = by_metric()
    dead_letters = alarms.pop("ApproximateNumberOfMessagesVisible")
    assert dead_letters["Namespace"] == "AWS/SQS"
    assert [one["Name"] for one in dead_letters["Dimensions"]] == ["QueueName"]
    for name, alarm in alarms.items():
        assert name in set(Measure)
        assert {key: alarm[key] for key in OURS} == OURS


def test_a_request_that_waits_for_two_minutes_and_a_controller_that_does_not_run_are_alarming() -> None:
    alarm = by_metric()[Measure.OLDEST_WAITING]
    assert (alarm["Statistic"], alarm["Threshold"], alarm["TreatMissingData"]) == ("Maximum", 120, "breaching")


def test_a_policy_is_alarming_when_it_is_a_finding() -> None:
    alarm = by_metric()[Measure.FULLNESS]
    assert (alarm["Statistic"], alarm["Threshold"] / 100) == ("Maximum", FULL_SHARE)


@pytest.mark.parametrize("name", [Measure.ORPHANS, Measure.UNEXPLAINED, Measure.FULLNESS])
def test_what_is_measured_once_an_hour_is_looked_at_by_the_hour(name: str) -> None:
    """Each resource has its turn hourly; a shorter period would end the alarm in between."""
    assert (by_metric()[name]["Period"], by_metric()[name]["TreatMissingData"]) == (3600, "ignore")


def test_each_alarm_says_where_to_read_what_to_do() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    headings = {
        re.sub(r"[^a-z -]", "", one.lower()).replace(" ", "-") for one in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }
    for alarm in resources("Alarm"):
        [anchor] = re.findall(r"docs/operations\.md#([a-z-]+)\.", alarm["AlarmDescription"])
        assert anchor in headings


def test_alarms_tell_the_topic_that_is_given_and_nobody_else() -> None:
    assert all("AlarmActions" not in one for one in resources("Alarm"))
    told = [(one["AlarmActions"], one["OKActions"]) for one in resources("Alarm", AlarmTopicArn=TOPIC)]
    assert told == [([TOPIC], [TOPIC])] * 6


def test_the_dashboard_shows_every_measure_and_the_dead_letters() -> None:
    [dashboard] = resources("Dashboard")
    shown = [
        one for widget in json.loads(dashboard["DashboardBody"])["widgets"] for one in widget["properties"]["metrics"]
    ]
    ours = {name for namespace, name, *dimension in shown if (namespace, *dimension) == (NAMESPACE, "service", SERVICE)}
    assert ours == set(Measure)
    assert [one[1] for one in shown if one[0] == "AWS/SQS"] == ["ApproximateNumberOfMessagesVisible"]
