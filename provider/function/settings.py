"""Where the centre is, as account-provider.yaml has written it into the function's environment.

Read anew for each event: what is missing fails that event alone, with an answer, and not the start of the function.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from provider.function.failures import SettingMissing


@dataclass(frozen=True, slots=True)
class Settings:
    """The request role's ARN, the home Region, and the names of the two tables."""

    request_role: str
    home_region: str
    requests: str
    answers: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            SettingMissing: a variable is absent or empty.
        """

        def value(name: str) -> str:
            found = environment.get(name, "").strip()
            if not found:
                raise SettingMissing(name)
            return found

        return cls(
            request_role=value("REQUEST_ROLE_ARN"),
            home_region=value("HOME_REGION"),
            requests=value("REQUESTS_TABLE"),
            answers=value("ANSWERS_TABLE"),
        )
