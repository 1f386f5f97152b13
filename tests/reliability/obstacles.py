"""What may be broken around a provider that has an event to answer; each is whole again afterwards."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from unittest.mock import patch

from botocore.exceptions import ReadTimeoutError
from controller_process import ENVIRONMENT
from crash_hooks import Wire
from deployed_names import ANSWERS, PREFIX, REQUESTS
from hours import Hours
from provider_process import ProviderProcess
from stage import Stage

_READ_TIMEOUT = 5.0


@contextmanager
def no_table(table: str, stage: Stage, _process: ProviderProcess) -> Iterator[None]:
    """Somebody has deleted a table; afterwards it is there again, empty."""
    database = stage.parts.database
    found = database.describe_table(TableName=table)["Table"]
    database.update_table(TableName=table, DeletionProtectionEnabled=False)
    database.delete_table(TableName=table)
    try:
        yield
    finally:
        kept = {name: found[name] for name in ("TableName", "AttributeDefinitions", "KeySchema")}
        database.create_table(**kept, BillingMode="PAY_PER_REQUEST")


@contextmanager
def no_permission(stage: Stage, _process: ProviderProcess) -> Iterator[None]:
    """The request role may be assumed and may do nothing."""
    iam, role = stage.parts.cloud.client("iam", "central"), f"{PREFIX}-request"
    name = iam.list_role_policies(RoleName=role)["PolicyNames"][0]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName=name)
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@contextmanager
def no_trust(stage: Stage, _process: ProviderProcess) -> Iterator[None]:
    """The request role trusts nobody."""
    iam, role = stage.parts.cloud.client("iam", "central"), f"{PREFIX}-request"
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    nobody = {**trust, "Statement": [{**one, "Effect": "Deny"} for one in trust["Statement"]]}
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(nobody))
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))


@contextmanager
def no_ledger(stage: Stage, _process: ProviderProcess) -> Iterator[None]:
    """The controller may not touch its own ledger."""
    iam, role, name = stage.parts.cloud.client("iam", "central"), f"{PREFIX}-controller", "KeepTheLedger"
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName=name)
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@contextmanager
def no_controller(_stage: Stage, process: ProviderProcess) -> Iterator[None]:
    """Nobody takes requests."""
    with patch.object(process, "meanwhile", lambda: None):
        yield


@contextmanager
def nobody_listens(_stage: Stage, process: ProviderProcess) -> Iterator[None]:
    """Every connection to AWS is refused."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with process.elsewhere(f"http://127.0.0.1:{closed.getsockname()[1]}"):
            yield


@contextmanager
def never_replying(calls: str, wire: Wire, hours: Hours) -> Iterator[None]:
    """Whoever sends on a wire gets no reply to calls whose names begin so."""

    def fault(_number: int, name: str) -> Exception | None:
        if not name.startswith(calls):
            return None
        hours.sleep(_READ_TIMEOUT)
        return ReadTimeoutError(endpoint_url="https://aws")

    wire.fault = fault
    try:
        yield
    finally:
        wire.fault = lambda _number, _name: None


def silence(calls: str, _stage: Stage, process: ProviderProcess) -> AbstractContextManager[None]:
    """A service takes the provider's connections and never replies."""
    return never_replying(calls, process.wire, process.hours)


def silence_of_the_owners(calls: str, stage: Stage) -> AbstractContextManager[None]:
    """A service takes the controller's connections and never replies."""
    return never_replying(calls, stage.controller.wire, stage.hours)


@contextmanager
def not_configured(name: str, _stage: Stage, process: ProviderProcess) -> Iterator[None]:
    """The function was deployed without a variable."""
    with patch.object(process, "environment", {**ENVIRONMENT, name: ""}):
        yield


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What is broken, and what the reason must say of it."""

    name: str
    breaks: Callable[[Stage, ProviderProcess], AbstractContextManager[None]]
    says: tuple[str, ...]


OBSTACLES = (
    Obstacle("no table of requests", partial(no_table, REQUESTS), (REQUESTS, "Deploy central.yaml")),
    Obstacle("no table of answers", partial(no_table, ANSWERS), (ANSWERS, "Deploy central.yaml")),
    Obstacle("no permission", no_permission, ("PutItem", "AccessDenied", "Deploy central.yaml")),
    Obstacle("no trust", no_trust, ("may not assume", "account-roles.yaml")),
    Obstacle("no ledger", no_ledger, ("",)),
    Obstacle("no controller", no_controller, ("has not answered", "log group")),
    Obstacle("nobody listens", nobody_listens, ("STS", "EndpointConnectionError", "network")),
    Obstacle("STS is silent", partial(silence, "sts"), ("STS", "ReadTimeoutError", "network")),
    Obstacle("DynamoDB is silent", partial(silence, "dynamodb.PutItem"), ("DynamoDB", "ReadTimeoutError", "network")),
    Obstacle("answers are silent", partial(silence, "dynamodb.GetItem"), ("DynamoDB", "ReadTimeoutError", "network")),
    *(
        Obstacle(f"no {name}", partial(not_configured, name), (name, "Deploy account-provider.yaml"))
        for name in ("REQUEST_ROLE_ARN", "HOME_REGION", "REQUESTS_TABLE", "ANSWERS_TABLE")
    ),
)
