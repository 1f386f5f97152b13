"""Parameters of a request as the base hands them over: by name, each a text or a list of texts. Pure."""

from collections.abc import Mapping
from typing import Any


def first(given: Mapping[str, Any], name: str) -> str:
    """The first value of a parameter, empty when there is none."""
    value = given.get(name) or ""
    return str(value[0] if isinstance(value, list) else value)
