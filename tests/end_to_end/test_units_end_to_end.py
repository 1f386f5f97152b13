"""A target for an organizational unit, on the whole system: who is in the unit gets its permission, who is moved out of it loses it.

The organization is another than that of the other tests: its central account is the management account, which AWS Organizations answers.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rolled_out import ROOT, TEMPLATES, Organization

from provider.cli.organization import organization
from provider.rollout.stacks import Stack, StackFailed, deploy

CONSUMER = "111111111111"
ACCOUNTS = {"central": "222222222222", "owner": "333333333333", "consumer": CONSUMER}
GRANTS = "cross-account-permission-grants"
PATIENCE = 30.0


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organization]:
    """An organization that its centre asks."""
    with organization(tmp_path_factory.mktemp("asked"), accounts=ACCOUNTS) as cloud:
        template = (ROOT / "templates" / "central.yaml").read_text("utf-8")
        stack = Stack("cross-account-permission-central", template, {"AskOrganization": "true"})
        deploy(cloud.client("cloudformation", "central"), stack)
        yield Organization(cloud)


def test_an_account_is_granted_by_its_unit_and_suspended_once_it_has_moved_out(asked: Organization) -> None:
    """An account that is not in it is refused; the hour after which AWS is asked again is taken out of the record."""
    organizations = asked.cloud.client("organizations", "central")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="payments")["OrganizationalUnit"]["Id"]
    function = asked.function()
    target = asked.deploy("owner", "t", TEMPLATES / "target-of-unit.yaml", Name="t", FunctionArn=function, Unit=unit)
    with pytest.raises(StackFailed, match=f"Account {CONSUMER} is not allowed"):
        asked.deploy("consumer", "early", TEMPLATES / "permission.yaml", Target=target["Name"])
    moved(organizations, root, unit)
    an_hour_passes(asked)
    asked.deploy("consumer", "in", TEMPLATES / "permission.yaml", Target=target["Name"])
    [source] = asked.sources(function)
    assert f":{CONSUMER}:" in source
    moved(organizations, unit, root)
    an_hour_passes(asked)
    asked.cloud.fire_schedules()
    wait_until(lambda: unit not in str(items(asked, "UNITS")), "nobody has asked where it is")
    asked.cloud.fire_schedules()
    wait_until(lambda: states(asked) == ["Suspended"], "what it holds is not suspended")
    assert asked.sources(function) == []


def states(org: Organization) -> list[str]:
    """Of the grants on the target."""
    rows = items(org, f"TARGET#{ACCOUNTS['owner']}#default#t")
    return [str(one["state"]["S"]) for one in rows if one["sk"]["S"].startswith("GRANT#")]


def moved(organizations: Any, before: str, after: str) -> None:
    organizations.move_account(AccountId=CONSUMER, SourceParentId=before, DestinationParentId=after)


def an_hour_passes(org: Organization) -> None:
    """Since AWS Organizations told where the consumer is."""
    [key] = [{"pk": one["pk"], "sk": one["sk"]} for one in items(org, "UNITS")]
    earlier = {":then": {"N": str(int(time.time()) - 3700)}}
    org.cloud.client("dynamodb", "central").update_item(
        TableName=GRANTS, Key=key, UpdateExpression="SET toldAt = :then", ExpressionAttributeValues=earlier
    )


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Look again and again, for a while."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def items(org: Organization, key: str) -> list[dict[str, Any]]:
    """What lies in the ledger under a partition key."""
    asked = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": key}}}
    found: list[dict[str, Any]] = org.cloud.client("dynamodb", "central").query(TableName=GRANTS, **asked)["Items"]
    return found
