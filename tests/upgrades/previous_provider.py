"""Runs in a process of its own on the zip of a released provider function: events in, results out, a line of JSON each.

STS and DynamoDB are whoever started the process: each call of the provider is a line, and so is its reply.
"""

import itertools
import json
import os
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, sys.argv[1])

from provider.function import entry
from provider.function.centre import Centre
from provider.function.clock import Clock

if not str(entry.__file__).startswith(sys.argv[1]):
    sys.exit("not the zip's entry")
seconds = itertools.count(float(sys.argv[2]))
clock = Clock(lambda: next(seconds), lambda _: None)


def say(**message: Any) -> None:
    print(json.dumps(message), file=out, flush=True)


def call(operation: str, **arguments: Any) -> Any:
    say(call=operation, arguments=arguments)
    return json.loads(sys.stdin.readline())


def assume_role(**_: Any) -> Any:
    return {"Credentials": {"Expiration": datetime(2099, 1, 1, tzinfo=UTC)}}


def open_client(service: str, _region: str, _session: Any = None) -> Any:
    if service == "sts":
        return SimpleNamespace(assume_role=assume_role)
    return SimpleNamespace(
        put_item=lambda **arguments: call("put_item", **arguments),
        get_item=lambda **arguments: call("get_item", **arguments),
    )


def refuse(*_: Any) -> None:
    raise AssertionError("events without a ResponseURL are answered to their caller")


provider = entry.Provider(os.environ, clock, lambda of, account: Centre(of, account, open_client, clock), refuse)
out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    asked = json.loads(line)
    context = SimpleNamespace(
        invoked_function_arn=f"arn:aws:lambda:us-east-1:{asked['account']}:function:cross-account-permission",
        get_remaining_time_in_millis=lambda: 120_000,
    )
    try:
        say(result=provider(asked["event"], context))
    except Exception as error:  # noqa: BLE001 - as Lambda tells it to who has invoked the function
        say(failed=str(error))
