"""What CloudFormation and the organization say, read: on the local cloud, and in errors that it does not make."""

import json
import secrets
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from provider.controller.members import OrganizationMembers
from provider.controller.sessions import new_session
from provider.controller.stacks import AccountStacks, seen_by, session_policy
from provider.core.absences import Seen, Sight, Standing
from provider.core.identifiers import AccountId, Origin
from provider.localcloud import LocalCloud

CONSUMER = AccountId("111111111111")
TOPIC = {"Type": "AWS::SNS::Topic"}
STACK = f"arn:aws:cloudformation:us-east-1:{CONSUMER}:stack/orders/0d1c2b3a-0000-11ee-8000-0123456789ab"
ORIGIN = Origin(CONSUMER, STACK, "Permission")


def test_what_the_local_cloud_tells_is_read(cloud: LocalCloud) -> None:
    """What stands, what an update took out, what a deletion deleted and kept, and a stack that never was."""
    client, name = cloud.client("cloudformation", "consumer"), f"s-{secrets.token_hex(4)}"
    resources = {"Goes": TOPIC, "Leaves": TOPIC, "Stays": {**TOPIC, "DeletionPolicy": "Retain"}}
    stack = client.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))["StackId"]

    def seen(logical_id: str) -> Seen:
        return seen_by(client, Origin(CONSUMER, stack, logical_id)).seen

    topic = client.describe_stack_resource(StackName=name, LogicalResourceId="Goes")["StackResourceDetail"]
    assert seen_by(client, Origin(CONSUMER, stack, "Goes")) == Sight(Seen.STANDS, topic["PhysicalResourceId"])
    del resources["Leaves"]
    client.update_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    assert seen("Leaves") is Seen.NOT_IN_STACK
    client.delete_stack(StackName=name)
    assert (seen("Goes"), seen("Stays"), seen("Leaves")) == (Seen.DELETED, Seen.LET_GO, Seen.NOT_IN_STACK)
    assert seen_by(client, ORIGIN).seen is Seen.NO_STACK


class Service:
    """A client whose one operation answers, or fails."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def describe_stack_resource(self, **_: Any) -> Any:
        return self._said()

    def describe_account(self, **_: Any) -> Any:
        return self._said()

    def assume_role(self, **_: Any) -> Any:
        return self._said()

    def _said(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def error(code: str, message: str = "x") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


NOTHING_SAID = [
    error("Throttling", "Rate exceeded"),
    error("AccessDenied", "User: … is not authorized to perform: cloudformation:DescribeStackResource"),
    error("ValidationError", "1 validation error detected: Value at 'stackName' failed to satisfy constraint"),
    error("InternalFailure"),
    ConnectTimeoutError(endpoint_url="https://cloudformation.us-east-1.amazonaws.com"),
]


@pytest.mark.parametrize("failure", NOTHING_SAID, ids=lambda one: str(one)[:60])
def test_a_failure_tells_nothing_of_a_stack(failure: Exception) -> None:
    assert seen_by(Service(failure), ORIGIN) == Sight(Seen.NOT_TOLD)


@pytest.mark.parametrize("status", ["DELETE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS"])
def test_what_is_under_way_tells_nothing(status: str) -> None:
    detail = {"ResourceStatus": status, "PhysicalResourceId": "x"}
    assert seen_by(Service({"StackResourceDetail": detail}), ORIGIN) == Sight(Seen.NOT_TOLD)


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED", "EXPORT_COMPLETE"])
def test_every_other_status_is_of_what_stands(status: str) -> None:
    detail = {"ResourceStatus": status, "PhysicalResourceId": "x"}
    assert seen_by(Service({"StackResourceDetail": detail}), ORIGIN) == Sight(Seen.STANDS, "x")


@pytest.mark.parametrize(
    ("failure", "seen"),
    [
        (error("AccessDenied"), Seen.SHUT_OUT),
        (error("Throttling"), Seen.NOT_TOLD),
        (ConnectTimeoutError(endpoint_url="https://sts.us-east-1.amazonaws.com"), Seen.NOT_TOLD),
    ],
    ids=["no observer role", "throttled", "no connection"],
)
def test_an_account_that_refuses_the_role_is_told_from_a_fault(failure: Exception, seen: Seen) -> None:
    stacks = AccountStacks(new_session(), "path/observer", frozenset({"us-east-1"}), Service(failure))
    assert stacks.look(ORIGIN) == Sight(seen)


def test_a_region_that_nobody_knows_is_not_asked() -> None:
    """Whoever asks writes the stack's id."""
    stacks = AccountStacks(new_session(), "path/observer", frozenset({"eu-west-1"}), Service(AssertionError()))
    assert stacks.look(ORIGIN) == Sight(Seen.NOT_TOLD)


def test_a_session_sees_one_stack_and_nothing_else() -> None:
    [statement] = json.loads(session_policy(STACK))["Statement"]
    assert statement == {"Effect": "Allow", "Action": "cloudformation:DescribeStackResource", "Resource": STACK}


def test_the_organization_tells_members_from_strangers(cloud: LocalCloud) -> None:
    members = OrganizationMembers(cloud.client("organizations", "consumer"))
    assert members.membership(AccountId("333333333333")).standing is Standing.MEMBER
    assert members.membership(AccountId("999999999999")).standing is Standing.DEPARTED
    not_asked = OrganizationMembers(cloud.client("organizations", "owner"))
    assert not_asked.membership(AccountId("999999999999")).standing is Standing.NOT_TOLD


@pytest.mark.parametrize(
    ("account", "standing"),
    [
        ({"State": "ACTIVE"}, Standing.MEMBER),
        ({"State": "PENDING_CLOSURE"}, Standing.MEMBER),
        ({"State": "SUSPENDED"}, Standing.DEPARTED),
        ({"State": "CLOSED"}, Standing.DEPARTED),
        ({"Status": "SUSPENDED"}, Standing.DEPARTED),
    ],
)
def test_a_closed_account_has_left(account: dict[str, str], standing: Standing) -> None:
    """An older library knows Status alone."""
    assert OrganizationMembers(Service({"Account": account})).membership(CONSUMER).standing is standing


def test_a_silent_organization_tells_nothing() -> None:
    for failure in (error("AccessDeniedException"), error("TooManyRequestsException"), NOTHING_SAID[-1]):
        assert OrganizationMembers(Service(failure)).membership(CONSUMER).standing is Standing.NOT_TOLD
