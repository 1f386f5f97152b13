"""What only an installation on AWS shows. `make conformance` runs this file; without it nothing here is collected."""

import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from rolled_out import EXAMPLES, Organization

from provider.cli.organization import ACCOUNTS

_PATIENCE = 120  # seconds


def test_a_permission_takes_effect_and_ends(
    org: Organization, stack: str, record_property: Callable[[str, Any], None]
) -> None:
    """A caller gets through the authorizer soon after its stack was told so, and does not soon after it was withdrawn."""
    name, token = f"{stack}-owner", "Bearer demo-token"
    template = EXAMPLES / "token-service.yaml"
    owner = org.deploy("owner", name, template, ConsumerAccountIds=ACCOUNTS["consumer"])
    began = time.monotonic()
    url = org.deploy("consumer", stack, EXAMPLES / "orders-api.yaml", Target=owner["TargetName"])["OrdersUrl"]
    deployed = time.monotonic() - began
    opened = _seconds_until(lambda: _status(org, url, token) == 200)
    org.deploy("owner", name, template, ConsumerAccountIds="999999999999")
    numbers = iter(range(10_000))  # API Gateway keeps an authorizer's answer by its token
    closed = _seconds_until(lambda: _status(org, url, f"Bearer {next(numbers)}") == 500)
    org.delete("consumer", stack)
    org.delete("owner", name)
    record_property("seen", f"stack {deployed:.0f} s; in force after {opened:.1f} s; withdrawn after {closed:.1f} s")


def test_the_stream_wakes_the_controller(org: Organization) -> None:
    """Lambda has taken the mapping, and reads the stream, by the permissions that `central.yaml` gives."""
    client = org.cloud.client("lambda", "central")
    found = client.list_event_source_mappings(FunctionName="cross-account-permission-controller")
    (mapping,) = found["EventSourceMappings"]
    assert mapping["State"] == "Enabled"
    assert not mapping.get("LastProcessingResult", "").startswith("PROBLEM")


def _status(org: Organization, url: str, token: str) -> int:
    """Of a call at once: whatever else calls waits until changes have settled."""
    parts = urlsplit(url)
    local = org.cloud.endpoint is not None
    with closing(org.cloud.connect(parts.netloc) if local else HTTPSConnection(parts.netloc, timeout=30)) as connection:
        connection.request("GET", parts.path, headers={"Host": parts.netloc, "Authorization": token})
        return connection.getresponse().status


def _seconds_until(holds: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < _PATIENCE, f"not so after {_PATIENCE} seconds"
        time.sleep(1)
    return time.monotonic() - began
