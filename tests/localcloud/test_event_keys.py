"""Who may put which events on a bus."""

import json
from typing import Any

import pytest
from identities import allow, refused, someone

from provider.localcloud import LocalCloud

OURS = {"StringEquals": {"events:source": "ours"}}


def entry(source: str) -> dict[str, Any]:
    return {"Source": source, "DetailType": "Happened", "Detail": json.dumps({"a": 1})}


def test_events_come_in_the_name_that_a_policy_allows(cloud: LocalCloud) -> None:
    bus = "arn:aws:events:us-east-1:222222222222:event-bus/default"
    client = someone(cloud, "central", allow("events:PutEvents", bus, Condition=OURS)).client("events")
    assert client.put_events(Entries=[entry("ours")])["FailedEntryCount"] == 0
    with refused("AccessDeniedException"):
        client.put_events(Entries=[entry("theirs")])


@pytest.mark.parametrize("bus", ["another", "default"])
def test_another_bus_is_another_resource(cloud: LocalCloud, bus: str) -> None:
    allowed = allow("events:PutEvents", "arn:aws:events:us-east-1:222222222222:event-bus/default")
    client = someone(cloud, "central", allowed).client("events")
    if bus == "default":
        assert client.put_events(Entries=[entry("ours")])["FailedEntryCount"] == 0
        return
    with refused("AccessDeniedException"):
        client.put_events(Entries=[{**entry("ours"), "EventBusName": bus}])
