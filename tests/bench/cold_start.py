"""How long a new process takes until its first call of AWS, beside one that imports boto3 and creates a client of the same service.

Each runs on the interpreter and libraries of Lambda's runtime as the local cloud has them. As there, the zip's folder keeps no
compiled code, while the runtime's libraries have theirs. The first call is heard where it arrives: at a port of loopback.
What counts is the time of the processor, so that whoever else uses the machine does not: a cold start does little else than compute.
"""

import json
import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from provider.localcloud.environments import Environment, ensure, python

_BASELINE = """
import boto3, os, socket, sys
boto3.client(sys.argv[1], region_name="us-east-1")
socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
"""
_FUNCTION = """
import importlib, json, sys
from types import SimpleNamespace
handler = importlib.import_module(sys.argv[1]).handler
arn = "arn:aws:lambda:us-east-1:222222222222:function:a-function"
handler(json.loads(sys.argv[2]), SimpleNamespace(invoked_function_arn=arn, aws_request_id="r", get_remaining_time_in_millis=lambda: 120000))
"""
_EVENT = {
    "RequestType": "Create",
    "RequestId": "5f0c1ad4-70f2-4d3c-9b5f-6a2f0f3b6a11",
    "StackId": "arn:aws:cloudformation:us-east-1:222222222222:stack/orders/0aeb1c10-c6a1-11f1-9d1c-0e1a2b3c4d5e",
    "LogicalResourceId": "Permission",
    "ResourceType": "Custom::CrossAccountPermission",
    "ResourceProperties": {
        "ServiceToken": "arn",
        "Target": "333333333333/token-service",
        "GrantType": "InvokeFunction",
    },
}
_ITEM = {"account": "222222222222", "request": "r", "issuedAt": "20261121T031800Z", "event": json.dumps(_EVENT)}
_RECORD = {"eventName": "INSERT", "dynamodb": {"NewImage": {name: {"S": text} for name, text in _ITEM.items()}}}
EVENTS = {"provider": _EVENT, "controller": {"Records": [_RECORD]}}
FIRST_CALLED = {"provider": "sts", "controller": "dynamodb"}
ENTRIES = {"provider": "provider.function.entry", "controller": "provider.controller.entry"}
_SETTINGS = {
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "REQUEST_ROLE_ARN": "arn:aws:iam::222222222222:role/cross-account-permission/cross-account-permission-request",
    "HOME_REGION": "us-east-1",
    "REQUESTS_TABLE": "requests",
    "ANSWERS_TABLE": "answers",
    "GRANTS_TABLE": "grants",
    "GRANTOR_ROLE": "grantor",
    "OBSERVER_ROLE": "observer",
}


@dataclass(frozen=True, slots=True)
class Start:
    """Until the first call, of each run: the processor's seconds, and those that passed; beside them the baseline's."""

    seconds: Sequence[tuple[float, float]]
    baseline: Sequence[tuple[float, float]]

    @property
    def ratio(self) -> float:
        """How many times the processor's time of the baseline, by the medians."""
        return self.median(0) / self.median_of_baseline(0)

    @property
    def passed(self) -> float:
        """How many times the time that passed."""
        return self.median(1) / self.median_of_baseline(1)

    def median(self, which: int) -> float:
        """The median of the function's: 0 for the processor's time, 1 for what passed."""
        return median(one[which] for one in self.seconds)

    def median_of_baseline(self, which: int) -> float:
        """Likewise of the baseline's."""
        return median(one[which] for one in self.baseline)


def measured(zips: Mapping[str, str], runs: int) -> dict[str, Start]:
    """Start each function and its baseline in turn, so often; the first turn only warms the disk."""
    interpreter = str(python(ensure(Environment.RUNTIME)))
    commands = {}
    for kind, entry in ENTRIES.items():
        commands[FIRST_CALLED[kind]] = [interpreter, "-c", _BASELINE, FIRST_CALLED[kind]]
        commands[kind] = [interpreter, "-c", _FUNCTION, entry, json.dumps(EVENTS[kind])]
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        for turn in range(runs + 1):
            for name, command in commands.items():
                taken = _until_first_call(command, server, zips.get(name, ""))
                seconds[name] += [taken] if turn else []
    return {kind: Start(seconds[kind], seconds[FIRST_CALLED[kind]]) for kind in ENTRIES}


def _until_first_call(command: Sequence[str], server: socket.socket, folder: str) -> tuple[float, float]:
    port = server.getsockname()[1]
    environment = {
        **_SETTINGS,
        "PATH": os.defpath,
        "HOME": str(Path(os.devnull)),
        "PORT": str(port),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "PYTHONPATH": folder,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    began = time.perf_counter()
    child = subprocess.Popen(command, cwd=os.sep, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        connection, _ = server.accept()
        taken = time.perf_counter() - began
        # Nanoseconds that its one thread has been running (Linux, Documentation/scheduler/sched-stats).
        running = int(Path(f"/proc/{child.pid}/schedstat").read_text().split()[0]) / 1e9
        connection.close()
    finally:
        child.kill()
        child.wait()
    return running, taken
