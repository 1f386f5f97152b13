"""The organizational units of accounts that targets allow by their unit: asked for when something new is, and again within the hour.

Where the organization does not tell, nothing new is granted on the strength of a unit, and what stands, stays.
"""

from dataclasses import dataclass

from provider.controller.ports import Clock, Ledger, Members
from provider.core.absences import Standing
from provider.core.identifiers import AccountId, UnitId
from provider.core.membership import UnitsRecord

ASKED_AT_ONCE = 60
"""Accounts asked for in one round at most: 3,600 an hour."""


@dataclass(frozen=True, slots=True)
class Units:
    """What is known of accounts' units; `members` is None where the organization is not to be asked."""

    ledger: Ledger
    members: Members | None
    clock: Clock

    def known(self, account: AccountId) -> frozenset[UnitId] | None:
        """What was told last, however long ago; None for an account that was never asked for."""
        record = self.ledger.units_of(account)
        return record.units if record else None

    def now(self, account: AccountId) -> frozenset[UnitId] | None:
        """What was told within the hour, or is told now; None where the organization does not tell."""
        record = self.ledger.units_of(account)
        if record is not None and record.is_fresh(self.clock.now()):
            return record.units
        told = self._ask(account, record)
        return told.units if told is not None and told.is_fresh(self.clock.now()) else None

    def refresh(self, until: float) -> None:
        """Ask for accounts whose hour is over, those first that have waited longest; none once nobody tells; `until` in epoch seconds."""
        now = self.clock.now()
        if self.members is None:
            return
        stale = sorted((one for one in self.ledger.units() if not one.is_fresh(now)), key=lambda one: one.told_at)
        for record in stale[:ASKED_AT_ONCE]:
            if self.clock.now() >= until or self._ask(record.account, record) is None:
                return

    def _ask(self, account: AccountId, before: UnitsRecord | None) -> UnitsRecord | None:
        """Ask, and keep what is told; where an account is elsewhere than before, all that it holds is looked at.

        What has left the organization keeps its units: its end has a way of its own (`observing`), with its own care.
        """
        told = self.members.membership(account) if self.members is not None else None
        if (
            told is None
            or told.standing is Standing.NOT_TOLD
            or (told.standing is Standing.MEMBER and told.units is None)
        ):
            return None
        left = before.units if before else frozenset()
        units = told.units if told.standing is Standing.MEMBER and told.units is not None else left
        record = UnitsRecord(account, units, self.clock.now())
        self.ledger.keep_units(record)
        if before is not None and before.units != units:
            self.ledger.want_all_of(account, self.clock.now())
        return record
