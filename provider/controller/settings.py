"""What the controller's environment tells it, read once and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


class SettingMissing(Exception):  # noqa: N818 - it is the setting that is missing
    """The function was deployed without a setting that it needs."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Environment variable {name} is not set. Deploy the controller with central.yaml.")


@dataclass(frozen=True, slots=True)
class Settings:
    """Table names; the grantor and the observer role as path and name without a leading slash; whether to ask the organization."""

    requests_table: str
    answers_table: str
    grants_table: str
    grantor_role: str
    observer_role: str
    asks_organization: bool

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """The settings in a function's environment.

        Raises:
            SettingMissing: one of them is absent or empty.
        """
        names = ("REQUESTS_TABLE", "ANSWERS_TABLE", "GRANTS_TABLE", "GRANTOR_ROLE", "OBSERVER_ROLE")
        for name in names:
            if not environment.get(name):
                raise SettingMissing(name)
        requests, answers, grants, grantor, observer = (environment[name] for name in names)
        return cls(requests, answers, grants, grantor, observer, environment.get("ASK_ORGANIZATION") == "true")
