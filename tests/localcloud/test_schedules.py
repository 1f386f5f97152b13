"""A test need not wait for a schedule."""

import time
from collections.abc import Callable

from identities import a_name

from provider.localcloud import LocalCloud


def test_schedules_fire_at_the_keepers_word(cloud: LocalCloud, make_function: Callable[..., str]) -> None:
    """Once each time; a rule that is not enabled stays quiet."""
    arn = make_function("def handler(event, context): print('at', event['resources'][0])")
    events, functions = cloud.client("events", "consumer"), cloud.client("lambda", "consumer")
    rules = {}
    for state in ("ENABLED", "DISABLED"):
        name = a_name("rule")
        rules[state] = events.put_rule(Name=name, ScheduleExpression="rate(7 days)", State=state)["RuleArn"]
        functions.add_permission(
            FunctionName=arn,
            StatementId=name,
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=rules[state],
        )
        events.put_targets(Rule=name, Targets=[{"Id": "f", "Arn": arn}])
    cloud.fire_schedules()
    end = time.monotonic() + 10
    while rules["ENABLED"] not in cloud.logs(arn) and time.monotonic() < end:
        time.sleep(0.02)
    assert cloud.logs(arn).count(f"at {rules['ENABLED']}") == 1
    assert rules["DISABLED"] not in cloud.logs(arn)
