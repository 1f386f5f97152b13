"""The journal on the central account's default event bus, where whoever is interested makes a rule."""

import json
import logging
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from provider.core.auditing import AuditEvent

SOURCE = "cross-account-permission"
"""The events' source; the controller's role may put no others."""

_LOG = logging.getLogger(__name__)
_AT_ONCE = 10  # entries that PutEvents takes


class EventBridgeJournal:
    """See `ports.Journal`; `client` is an EventBridge client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def tell(self, events: Sequence[AuditEvent]) -> None:
        """See `ports.Journal.tell`."""
        for start in range(0, len(events), _AT_ONCE):
            entries = [_entry(one) for one in events[start : start + _AT_ONCE]]
            try:
                answer = self._client.put_events(Entries=entries)
            except (BotoCoreError, ClientError) as error:
                _LOG.warning("events lost", extra={"events": len(entries), "error": type(error).__name__})
                continue
            if answer.get("FailedEntryCount"):
                _LOG.warning("events lost", extra={"events": answer["FailedEntryCount"]})


def _entry(event: AuditEvent) -> dict[str, str]:
    return {
        "Source": SOURCE,
        "DetailType": event.happening.value,
        "Detail": json.dumps(event.detail, separators=(",", ":"), default=str),
    }
