"""Observing: whether what the ledger holds is still declared anywhere, for stacks that end without saying so.

A look comes at most once a day to each origin, those first that have waited longest. What it finds is written down; a later
look acts on it. An event of the origin that comes meanwhile wins.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from provider.controller.ports import Clock, Journal, Ledger, Members, Stacks
from provider.controller.units import Units
from provider.core import auditing
from provider.core.abandoning import Given, concerned, given_up, held_back, over, sighted
from provider.core.absences import (
    BETWEEN_LOOKS,
    DEPARTED_BEFORE_SUSPENSION,
    FORGOTTEN_AFTER,
    SOON,
    AccountRecord,
    Seen,
    Sight,
    Standing,
    is_too_many,
)
from provider.core.errors import LedgerConflict
from provider.core.identifiers import AccountId, Origin
from provider.core.records import GrantRecord, OriginRecord, Row

_LOG = logging.getLogger(__name__)

LOOKS = 50
"""Looks of one round at most; 72,000 a day."""
_LEFT = "The organization says that it has left, or is closed."


@dataclass(slots=True)
class Observer:
    """Looks at stacks and accounts; `members` is None where the organization is not to be asked."""

    ledger: Ledger
    stacks: Stacks
    members: Members | None
    journal: Journal
    clock: Clock
    _accounts: dict[AccountId, AccountRecord] = field(default_factory=dict)

    def look_around(self, until: float) -> None:
        """Look at the origins whose time has come, as far as there is time; `until` in epoch seconds: no look begins later."""
        Units(self.ledger, self.members, self.clock).refresh(until)
        self._accounts = {}
        for number, origin in enumerate(self.ledger.to_look_at(self.clock.now())):
            if number >= LOOKS or self.clock.now() >= until:
                break
            if not self._accounts:
                self._accounts = self._known_accounts()
            try:
                self._look(self._claimed(origin))
            except LedgerConflict:  # it has just had an event, or another controller looks at it
                continue
            except Exception:  # noqa: BLE001 - the boundary: its turn comes again tomorrow, the others are not held up
                _LOG.exception("failed", extra={"stack": origin.origin.stack_id})

    def _claimed(self, origin: OriginRecord) -> OriginRecord:
        """Put the next look off before this one, so that no other controller makes it too, and none that fails is made at once."""
        claimed = replace(origin, look_at=self.clock.now() + BETWEEN_LOOKS)
        self.ledger.commit([claimed], [], self.clock.now())
        return replace(claimed, version=claimed.version + 1)

    def _look(self, origin: OriginRecord) -> None:
        now = self.clock.now()
        found = (self.ledger.row(target, declaration) for declaration, target in origin.places.items())
        rows = [row for row in found if row is not None]
        if any(row.awaiting for row in rows):  # an event of it is being worked on
            return
        account = self._account(origin.origin.account)
        sight = self._sight(origin.origin, rows) if account.departed_since is None else None
        after = sighted(rows, sight, now) if sight is not None else tuple(rows)
        going = self._left_behind(account, after, now) or self._leaving(after, sight, now)
        told_later = sight is not None and sight.seen is Seen.NOT_TOLD
        self._conclude(origin, rows, after, given_up(origin, after, going), told_later=told_later)

    def _conclude(
        self, origin: OriginRecord, before: Sequence[Row], after: Sequence[Row], given: Given, *, told_later: bool
    ) -> None:
        """Commit what was found, and have what it concerns looked at."""
        now = self.clock.now()
        known = {row.id: row for row in before}
        found = [row for row in after if row.absence != known[row.id].absence]
        rows = [row for row in given.rows if row != known[row.id]]
        record = replace(given.origin, look_at=now + SOON) if told_later else given.origin
        if record == origin and not rows and not given.deletes:
            return
        self.ledger.commit([record, *rows], given.deletes, now)
        for arn, names in {**concerned(found), **given.wanted}.items():
            self.ledger.want(arn, names, now)
        self._tell(found, given)

    def _tell(self, found: Sequence[Row], given: Given) -> None:
        for row in found:
            extra = {"declaration": row.id, "absence": row.absence and row.absence.kind}
            _LOG.warning("absent", extra=extra)
        self.journal.tell([*auditing.absent(found), *auditing.ended(given.deletes)])

    def _left_behind(self, account: AccountRecord, rows: Sequence[Row], now: float) -> list[GrantRecord]:
        """The grants of an account that has left for good."""
        return [row for row in rows if _may_go(row)] if account.has_left_for_good(now) else []

    def _leaving(self, rows: Sequence[Row], sight: Sight | None, now: float) -> list[GrantRecord]:
        """The grants to withdraw: those absent for long enough, unless these are too many of their name."""
        going = over(rows, sight, now)
        views = {row.target: self.ledger.view(row.target, now) for row in going}
        kept = {row.id for view in views.values() for row in held_back(view)}
        if kept:
            _LOG.error("held back", extra={"grants": sorted(kept)})
        return [row for row in going if row.id not in kept]

    # --- what is asked ---------------------------------------------------------------------------------

    def _sight(self, origin: Origin, rows: Sequence[Row]) -> Sight | None:
        """What is seen of a resource; who has no stack, and what is going already, is not looked for."""
        if not origin.stack.is_real or all(row.withdrawn for row in rows):
            return None
        sight = self.stacks.look(origin)
        account, shut_out = self._accounts[origin.account], sight.seen is Seen.SHUT_OUT
        if sight.seen is not Seen.NOT_TOLD and shut_out != (account.unobserved_since is not None):
            if shut_out:
                _LOG.warning("found", extra={"account": origin.account, "finding": "Unobserved"})
            self._keep(replace(account, unobserved_since=self.clock.now() if shut_out else None))
        return sight

    def _known_accounts(self) -> dict[AccountId, AccountRecord]:
        """The accounts of which something was looked at lately; what the others held has long been withdrawn."""
        known, now = dict(self.ledger.accounts()), self.clock.now()
        for number, account in list(known.items()):
            if now - account.looked_at >= FORGOTTEN_AFTER:
                self.ledger.resume(number)
                self.ledger.forget(number)
                del known[number]
        return known

    def _account(self, number: AccountId) -> AccountRecord:
        """What is known of an account; the organization is asked once a day."""
        account, now = self._accounts.setdefault(number, AccountRecord(number)), self.clock.now()
        if now - account.looked_at < BETWEEN_LOOKS / 2:
            return account
        account = replace(account, looked_at=now)
        match self.members.membership(number).standing if self.members is not None else Standing.NOT_TOLD:
            case Standing.NOT_TOLD:
                return self._keep(account)
            case Standing.MEMBER:
                return self._keep(replace(self._returned(account), told_at=now))
            case Standing.DEPARTED:
                return self._keep(replace(self._departed(account, now), told_at=now))

    def _returned(self, account: AccountRecord) -> AccountRecord:
        if account.departed_since is not None:
            self.ledger.resume(account.account)
            self.journal.tell([auditing.returned(account.account)])
        return replace(account, departed_since=None, suspended=False, accepted=False)

    def _departed(self, account: AccountRecord, now: float) -> AccountRecord:
        """First a finding; suspended when it is found again, unless too many seem to have left at once."""
        if account.departed_since is None:
            _LOG.warning("found", extra={"account": account.account, "finding": "Departed"})
            self.journal.tell([auditing.departed(account.account)])
            return replace(account, departed_since=now)
        early = not account.has_departed_for(DEPARTED_BEFORE_SUSPENSION, now)
        if early or account.suspended or (account.waits and self._too_many_wait()):
            return account
        self.ledger.suspend(account.account, _LEFT, now)
        return replace(account, suspended=True)

    def _too_many_wait(self) -> bool:
        """Whether so many accounts seem to have left that it may be the question that was wrong."""
        waiting = [one.account for one in self._accounts.values() if one.waits]
        found = is_too_many(len(waiting), len(self._accounts))
        if found:
            _LOG.error("held back", extra={"accounts": sorted(waiting)})
        return found

    def _keep(self, account: AccountRecord) -> AccountRecord:
        self._accounts[account.account] = account
        self.ledger.keep(account)
        return account


def _may_go(row: Row) -> TypeGuard[GrantRecord]:
    return isinstance(row, GrantRecord) and not row.withdrawn
