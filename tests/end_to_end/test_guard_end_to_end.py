"""A provider's stack is not deleted from under permissions, on the whole system."""

import re
from collections.abc import Iterator

import pytest
from rolled_out import ROOT, TEMPLATES, Organization

from provider.cli.organization import ACCOUNTS
from provider.rollout.stacks import Stack, StackFailed, deploy

REGION, PROVIDER = "eu-west-1", "cross-account-permission-account-provider"


@pytest.fixture
def provider(org: Organization) -> Iterator[Stack]:
    """The stack of the intruder's provider in the second Region, which is there again afterwards."""
    client = org.cloud.client("cloudformation", "intruder", REGION)
    [found] = client.describe_stacks(StackName=PROVIDER)["Stacks"]
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in found["Parameters"]}
    stack = Stack(PROVIDER, (ROOT / "templates" / "account-provider.yaml").read_text("utf-8"), parameters)
    yield stack
    deploy(client, stack)


def test_an_accounts_provider_stays_while_a_stack_of_its_region_holds_a_grant(
    org: Organization, stack: str, provider: Stack
) -> None:
    arn = org.function()
    _, target = org.publish(arn, accounts=ACCOUNTS["intruder"])
    org.deploy("intruder", stack, TEMPLATES / "permission.yaml", REGION, Target=target)
    with pytest.raises(StackFailed, match=re.escape(f"1 grant of stacks in {REGION} needs this function")):
        org.delete("intruder", provider.name, REGION)
    functions = org.cloud.client("lambda", "intruder", REGION)
    assert functions.get_function(FunctionName="cross-account-permission"), "nothing of the stack has gone"
    org.delete("intruder", stack, REGION)
    assert org.sources(arn) == []
    org.delete("intruder", provider.name, REGION)
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function(FunctionName="cross-account-permission")
