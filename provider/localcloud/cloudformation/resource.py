"""A resource as operations hand it about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource to work on: which, and with which properties (tags of the stack included)."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
