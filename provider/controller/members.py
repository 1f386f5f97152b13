"""Which accounts the organization has and where they are in it, asked of AWS Organizations one by one: docs/aws-behaviour.md §7."""

import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from provider.core.absences import Standing
from provider.core.identifiers import AccountId
from provider.core.membership import Membership, units_on

_LOG = logging.getLogger(__name__)
_LEFT = ("SUSPENDED", "CLOSED")


class OrganizationMembers:
    """See `ports.Members`; `client` is an Organizations client of an account that may ask."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def membership(self, account: AccountId) -> Membership:
        """See `ports.Members.membership`."""
        try:
            found = self._client.describe_account(AccountId=account)["Account"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "AccountNotFoundException":
                return Membership(Standing.DEPARTED)
            _LOG.warning("organization does not tell", extra={"account": account, "error": code})
            return Membership(Standing.NOT_TOLD)
        except BotoCoreError as error:
            _LOG.warning("organization does not tell", extra={"account": account, "error": type(error).__name__})
            return Membership(Standing.NOT_TOLD)
        # State has taken the place of Status; a runtime's library may be too old to know it.
        if found.get("State", found.get("Status")) in _LEFT:
            return Membership(Standing.DEPARTED)
        return Membership(Standing.MEMBER, units_on(found["Paths"]) if found.get("Paths") else None)
