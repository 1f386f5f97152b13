"""The one line that each event leaves in the log, and the silence of everything else.

At DEBUG, crhelper logs events and botocore logs session tokens, so neither may. A line has names and an outcome,
never a property, a reason or a URL.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LOGGER = logging.getLogger("provider.function")
_LONGEST = 512
_SILENCED = {"botocore": logging.WARNING, "urllib3": logging.WARNING, "crhelper": logging.CRITICAL}
_NAMES = {
    "request": "RequestId",
    "stack": "StackId",
    "logicalId": "LogicalResourceId",
    "resourceType": "ResourceType",
    "requestType": "RequestType",
}


@dataclass(slots=True)
class Line:
    """What is told of one event; filled in while it is dealt with."""

    outcome: str = "FAILED"
    failure: str = ""

    def write(self, event: object, milliseconds: int) -> None:
        """Log the line at INFO, as JSON."""
        names = {name: _shown(event, key) for name, key in _NAMES.items()}
        failure = {"failure": self.failure} if self.failure else {}
        line = {**names, "outcome": self.outcome, **failure, "milliseconds": milliseconds}
        _LOGGER.info(json.dumps(line))


def silence() -> None:
    """Let only our own lines through, whatever levels the function was configured to, down to single modules."""
    for name in [*_SILENCED, *logging.root.manager.loggerDict]:
        level = _SILENCED.get(name.partition(".")[0])
        if level is not None:
            logging.getLogger(name).setLevel(level)
    _LOGGER.setLevel(logging.INFO)


def place_of(error: BaseException) -> str:
    """Say what type of error it was and where it was raised, without its text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
    return type(error).__name__ + where


def _shown(event: object, key: str) -> Any:
    """A name of the event, unless it is none or so long that it might be anything."""
    value = event.get(key) if isinstance(event, Mapping) else None
    return value if isinstance(value, str) and len(value) <= _LONGEST and "://" not in value else None
