"""Somebody holds a session of the observer role: what it shows, and that it changes nothing."""

import pytest
from bad_hands import Doors, open_doors, taken_over
from identities import Someone, a_name
from rolled_out import TEMPLATES, Organization

from provider.controller.stacks import seen_by, session_policy
from provider.core.absences import Seen
from provider.core.identifiers import AccountId, Origin

CONSUMER = AccountId("111111111111")
OBSERVER = f"arn:aws:iam::{CONSUMER}:role/cross-account-permission/cross-account-permission-observer"
REFUSED = ("AccessDenied", "AccessDeniedException")


@pytest.fixture(scope="module")
def controller(org: Organization) -> Someone:
    """A session of the controller's role: as if the controller itself were in bad hands."""
    return taken_over(org, "central", "cross-account-permission-controller")


@pytest.fixture(scope="module")
def stacks(org: Organization) -> list[str]:
    """The ids of two stacks of the consumer's."""
    names = [a_name("seen") for _ in range(2)]
    for name in names:
        org.deploy("consumer", name, TEMPLATES / "function.yaml", Tag="refused")
    client = org.cloud.client("cloudformation", "consumer")
    return [client.describe_stacks(StackName=name)["Stacks"][0]["StackId"] for name in names]


def test_an_observer_changes_nothing_and_reads_no_template(controller: Someone, stacks: list[str]) -> None:
    """With all its power, which the controller itself never asks for."""
    observer = controller.assume(OBSERVER)
    client = observer.client("cloudformation")
    named = {"StackName": stacks[0]}
    doors: Doors = {
        "template": lambda: client.get_template(**named),
        "parameters": lambda: client.describe_stacks(**named),
        "events": lambda: client.describe_stack_events(**named),
        "all resources": lambda: client.list_stack_resources(**named),
        "delete": lambda: client.delete_stack(**named),
        "update": lambda: client.update_stack(**named, UsePreviousTemplate=True),
        "create": lambda: client.create_stack(StackName=a_name("x"), TemplateBody="{}"),
        "functions": lambda: observer.client("lambda").list_functions(),
        "roles": lambda: observer.client("iam").list_roles(),
        "data": lambda: observer.client("dynamodb").list_tables(),
    }
    assert open_doors(doors, *REFUSED) == []


def test_an_observer_as_the_controller_takes_it_sees_one_stack(controller: Someone, stacks: list[str]) -> None:
    """Its session policy leaves the one stack at hand."""
    mine, other = stacks
    narrowed = controller.assume(OBSERVER, Policy=session_policy(mine)).client("cloudformation")
    assert seen_by(narrowed, Origin(CONSUMER, mine, "Function")).seen is Seen.STANDS
    doors: Doors = {
        "another stack": lambda: narrowed.describe_stack_resource(StackName=other, LogicalResourceId="Function")
    }
    assert open_doors(doors, *REFUSED) == []
