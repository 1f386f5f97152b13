"""The alarms: there, telling somebody, and silent only where nothing is wrong."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from provider.cli.checkups.expected import PREFIX, Expected
from provider.cli.checkups.faults import REVERT, Fault, fault

WHERE = "alarms"
_KIND = "AWS::CloudWatch::Alarm"


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as CloudWatch tells it; `told` are the ARNs that it tells, none where its actions are off."""

    name: str
    state: str
    told: tuple[str, ...]


def names(expected: Expected) -> tuple[str, ...]:
    """The alarms that the template makes."""
    made = [name for name, one in expected.template["Resources"].items() if one["Type"] == _KIND]
    return tuple(sorted(str(expected.properties(name)["AlarmName"]) for name in made))


def read(client: Any, wanted: Iterable[str]) -> tuple[Alarm, ...]:
    """Those of the alarms that are there."""
    found = client.describe_alarms(AlarmNames=list(wanted), AlarmTypes=["MetricAlarm"])["MetricAlarms"]
    return tuple(
        Alarm(one["AlarmName"], one["StateValue"], tuple(one["AlarmActions"]) if one["ActionsEnabled"] else ())
        for one in found
    )


def faults(alarms: Iterable[Alarm], wanted: Iterable[str]) -> Iterator[Fault]:
    """What is wrong with the alarms, and which of them ring."""
    found = {one.name: one for one in alarms}
    for name in wanted:
        place, alarm = f"alarm {name}", found.get(name)
        if alarm is None:
            yield fault("AlarmMissing", place, f"It is not there. {REVERT}")
            continue
        if not alarm.told:
            remedy = "Run `crossaccount deploy --parameter central.AlarmTopicArn=…`, or `aws cloudwatch enable-alarm-actions`."
            yield fault("AlarmSilent", place, f"It tells nobody. {remedy}")
        if alarm.state == "ALARM":
            page = f"docs/operations.md#{name.removeprefix(f'{PREFIX}-')}"
            yield fault("AlarmRinging", place, f"It is in the state ALARM. {page} says what to do.")
