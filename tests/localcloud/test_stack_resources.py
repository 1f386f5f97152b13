"""What CloudFormation tells of one resource, also when its stack is gone."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError
from stacks import PROVIDER, Stack, of, thing

from provider.localcloud import LocalCloud

QUEUE = {"Type": "AWS::SQS::Queue"}
FAILS = {"status": "FAILED", "reason": "no"}


@pytest.fixture
def stack(cloud: LocalCloud) -> Stack:
    """A stack of the consumer that does not exist yet."""
    return Stack(cloud)


@pytest.fixture
def provider(make_function: Callable[..., str]) -> str:
    """A provider that does as its resource's properties tell it; its ARN."""
    return make_function(PROVIDER)


def status(stack: Stack, logical_id: str) -> str:
    """The status of a resource of a stack, which is named by its id."""
    found = stack.api.describe_stack_resource(StackName=stack.id, LogicalResourceId=logical_id)
    detail = found["StackResourceDetail"]
    assert detail["PhysicalResourceId"]
    return str(detail["ResourceStatus"])


def test_a_deleted_stack_tells_what_became_of_each_resource(stack: Stack, provider: str) -> None:
    """By what was asked for: DeletionPolicy, or RetainResources when it could not be deleted."""
    stubborn = thing(provider, {"Delete": FAILS})
    stack.create(of(Goes=QUEUE, Stays={**QUEUE, "DeletionPolicy": "Retain"}, Thing=stubborn))
    assert {status(stack, name) for name in ("Goes", "Stays", "Thing")} == {"CREATE_COMPLETE"}
    assert stack.delete() == "DELETE_FAILED"
    assert status(stack, "Thing") == "DELETE_FAILED"
    assert stack.delete(RetainResources=["Thing"]) == "DELETE_COMPLETE"
    assert [status(stack, name) for name in ("Goes", "Stays", "Thing")] == [
        "DELETE_COMPLETE",
        "DELETE_SKIPPED",
        "DELETE_SKIPPED",
    ]


def test_a_forced_deletion_skips_what_cannot_be_deleted(stack: Stack, provider: str) -> None:
    """After it has tried."""
    stack.create(of(Thing=thing(provider, {"Delete": FAILS})))
    assert stack.delete() == "DELETE_FAILED"
    assert stack.delete(DeletionMode="FORCE_DELETE_STACK") == "DELETE_COMPLETE"
    assert status(stack, "Thing") == "DELETE_SKIPPED"


def test_what_is_not_there_is_said_in_awss_words(stack: Stack) -> None:
    """What an update has taken out, whatever its policy, and what never was: of the resource, and of the stack."""
    stack.create(of(Queue=QUEUE, Stays={**QUEUE, "DeletionPolicy": "Retain"}, Goes=QUEUE))
    assert stack.update(of(Queue=QUEUE)) == "UPDATE_COMPLETE"
    for name in ("Stays", "Goes", "Never"):
        with pytest.raises(ClientError, match=rf"\(ValidationError\).*: Resource {name} does not exist for stack "):
            status(stack, name)
    stack.delete()
    for named in (stack.name, "nothing", f"{stack.id}x"):
        with pytest.raises(ClientError, match=rf"\(ValidationError\).*: Stack '{named}' does not exist"):
            stack.api.describe_stack_resource(StackName=named, LogicalResourceId="Queue")
