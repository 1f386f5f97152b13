"""EventBridge's condition keys of PutEvents: in whose name events come, and what they tell of."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import supplant


def apply() -> None:
    """Give IAM the sources and detail types of the events that are put."""
    supplant("core.iam_actions", "request_tag_context", _with_events)


@behaviour(
    call="events:PutEvents",
    expected="events:source and events:detail-type are those of the entries",
    source="Service Authorization Reference, Amazon EventBridge",
    test="tests/localcloud/test_event_keys.py::test_events_come_in_the_name_that_a_policy_allows",
)
def _with_events(old: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def context(service: str, action: str, body: bytes, query: Mapping[str, Any]) -> dict[str, Any]:
        found = old(service, action, body, query)
        if service != "events":
            return found
        entries = _entries(body)
        named = {"events:source": "Source", "events:detail-type": "DetailType"}
        keys = {key: [str(one[name]) for one in entries if name in one] for key, name in named.items()}
        return {**found, **{key: values for key, values in keys.items() if values}}

    return context


def _entries(body: bytes) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(body or b"{}").get("Entries", [])
    except (ValueError, AttributeError):
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
