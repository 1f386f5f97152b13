"""Reconciling: passes over one resource until its policy says what the ledger wants, then the answers.

A pass carries every grant that waits. Each resource has a lease, so that two controllers never write
the same policy at once; whatever changes meanwhile moves `wanted`, and the holder goes round again.
"""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from provider.controller.leases import LAST_WRITE
from provider.controller.passes import Pass
from provider.controller.ports import Clock, Desk, Journal, Ledger, Meter, PolicyStore
from provider.core import auditing
from provider.core.adopting import Ended, Ending
from provider.core.concluding import Conclusion, Outcome, Passed, conclude
from provider.core.errors import LedgerConflict, WriteUnsettled
from provider.core.identifiers import Arn, Target
from provider.core.pass_measures import of_a_pass
from provider.core.records import GrantRecord, PublicationRecord, ResourceRecord, TargetView
from provider.core.statements import CentreId

_LOG = logging.getLogger(__name__)

_TOGETHER = 25  # conclusions in one transaction: a row that leaves is three writes, and DynamoDB takes 100
_SOON = 20.0
_HOURLY = 3300.0  # and a few minutes until its turn comes
_UNDEPLOYED = 300.0  # to notice that an owner has deployed a changed policy
_EXPIRING = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Round:
    """What has come of reconciling a resource: whether its lease was to be had, whether it is not settled, what else is concerned."""

    taken: bool
    again: bool
    concerned: frozenset[Arn]


@dataclass(frozen=True, slots=True)
class _Passed:
    """What a pass leaves: the names that remain, when the resource is due again, what else is concerned, its policy's size."""

    resource: ResourceRecord
    names: frozenset[Target]
    due_at: float
    settled: bool
    concerned: frozenset[Arn]
    size: int | None


class Reconciler:
    """Brings policies and ledger together."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that a controller has outside
        self,
        ledger: Ledger,
        desk: Desk,
        policies: PolicyStore,
        journal: Journal,
        meter: Meter,
        clock: Clock,
        centre: CentreId,
    ) -> None:
        self._ledger = ledger
        self._desk = desk
        self._policies = policies
        self._journal = journal
        self._meter = meter
        self._clock = clock
        self._centre = centre

    def reconcile(self, arn: Arn, until: float) -> Round:
        """Passes over one resource until nothing has changed meanwhile.

        Where another controller holds the lease there is nothing to do: it goes round again in our stead.

        Args:
            arn: the resource.
            until: epoch seconds after which no other pass begins; what is left stays due for the schedule.
        """
        holder = secrets.token_hex(8)
        concerned: frozenset[Arn] = frozenset()
        passed: _Passed | None = None
        while (resource := self._ledger.acquire(arn, holder, self._clock.now())) is not None:
            if passed is not None:  # the lease is still ours: what the pass before knows is newer than what is stored
                resource = replace(
                    resource, undeployed_since=passed.resource.undeployed_since, findings=passed.resource.findings
                )
            try:
                passed = self._pass(resource)
                concerned |= passed.concerned
                released = self._ledger.release(passed.resource, passed.names, passed.due_at, passed.size)
            except BaseException:
                self._ledger.give_back(resource, self._clock.now() + _SOON)
                raise
            if released:
                self._lapse(passed)
                break
            if self._clock.now() >= until:
                self._ledger.give_back(resource, self._clock.now())
                break
        return Round(passed is not None, passed is not None and not passed.settled, concerned - {arn})

    def _pass(self, resource: ResourceRecord) -> _Passed:
        """One pass, its conclusions committed and answered."""
        started = self._clock.now()
        quarantined = self._ledger.quarantined(started)
        views = [replace(self._ledger.view(name, started), quarantined=quarantined) for name in sorted(resource.names)]
        one = Pass(self._ledger, self._policies, self._clock, self._centre, resource, views, started + LAST_WRITE)
        try:
            passed = one.bring_together()
        except LedgerConflict as conflict:
            passed = Passed(resource.arn, Outcome.UNSETTLED, self._clock.now(), conflict)
        except Exception as fault:  # noqa: BLE001 - what nobody has thought of must be answered, and free the lease
            _LOG.exception("failed", extra={"resource": resource.arn})
            error = WriteUnsettled(resource.arn, type(fault).__name__)
            passed = Passed(resource.arn, Outcome.UNSETTLED, self._clock.now(), error)
        self._log(passed)
        concluded = [self._commit(view, passed) for view in one.views]
        names = frozenset(view.target for view, settled, _ in concluded if not settled or view.concerns(resource.arn))
        waits = passed.later or any(one.soon for one in passed.stages.values())
        settled = all(settled for _, settled, _ in concluded) and passed.outcome is not Outcome.UNSETTLED and not waits
        more = frozenset(arn for _, _, arns in concluded for arn in arns)
        due_at = self._due_at(one.resource, [view for view, _, _ in concluded], settled=settled)
        self._end(one.stock.ended)
        took = self._clock.now() - started
        self._meter.record(of_a_pass(passed, one.resource.findings, one.look, one.size, took))
        return _Passed(one.resource, names, due_at, settled, more, one.size)

    def _due_at(self, resource: ResourceRecord, views: Sequence[TargetView], *, settled: bool) -> float:
        """When to look again: soon, or when a grant ends, an owner may have deployed, or the hour is over."""
        now = self._clock.now()
        if not settled:
            return now + _SOON
        ends = _ends(resource.arn, views)
        if ends and ends[0][0] - now <= _EXPIRING:
            listed = [
                {"grant": row.id, "stack": row.grant.origin.stack_id, "at": row.grant.expires_at}
                for _, row in ends[:20]
            ]
            _LOG.warning("expiring", extra={"resource": resource.arn, "grants": listed})
        undeployed = _UNDEPLOYED if resource.undeployed_since is not None else _HOURLY
        return min(now + undeployed, *(end for end, _ in ends[:1]), now + _HOURLY)

    # --- ledger ------------------------------------------------------------------------------------

    def _commit(self, view: TargetView, passed: Passed) -> tuple[TargetView, bool, frozenset[Arn]]:
        """Commit and answer; the view as it stands then, whether all could be committed, and what else is concerned."""
        conclusions = conclude(view, passed)
        concerned: frozenset[Arn] = frozenset()
        events: list[auditing.AuditEvent] = []
        done: list[Conclusion] = []
        for start in range(0, len(conclusions), _TOGETHER):
            done += self._settled(conclusions[start : start + _TOGETHER])
        for one in done:
            view = _with(view, one)
            concerned |= _newly_concerned(one)
            events += auditing.concluded(one)
        for arn in concerned:
            self._ledger.want(arn, frozenset({view.target}), self._clock.now())
        self._journal.tell(events)
        return view, len(done) == len(conclusions), concerned

    def _end(self, ended: Sequence[Ended]) -> None:
        """Forget the adoptions that have ended, and tell of them; should we not come to it, the next pass finds them again."""
        for adoption, ending in ended:
            self._ledger.end(adoption, ending, self._clock.now())
        self._journal.tell([auditing.adopted(*one) for one in ended])

    def _lapse(self, passed: _Passed) -> None:
        """Where nothing of ours has to do with a resource any more, neither has an operator's word on its statements."""
        if passed.resource.adopting and not passed.names:
            self._end([(one, Ending.LAPSED) for one in self._ledger.adoptions(passed.resource.arn)])

    def _settled(self, together: Sequence[Conclusion]) -> list[Conclusion]:
        """Commit conclusions in one transaction, and answer; those that could be committed."""
        try:
            self._settle(together)
        except LedgerConflict:
            # Somebody has changed one of them: `wanted` moves, and the next pass sees both. The others go through by themselves.
            return [one for each in together for one in self._settled([each])] if len(together) > 1 else []
        return list(together)

    def _settle(self, together: Sequence[Conclusion]) -> None:
        afters = [one.after for one in together if one.after is not None]
        self._ledger.commit(afters, [one.before for one in together if one.after is None], self._clock.now())
        self._desk.answer_all([answer for one in together for answer in one.answers])
        for one in together:
            for key, answer in one.answers:
                row = one.before
                asked = {
                    "stack": row.origin.stack_id,
                    "logical_id": row.origin.logical_id,
                    "target": row.target.full_name,
                }
                extra = {"account": key.account, "request": key.request_id, "declaration": row.id, **asked}
                _LOG.info("answered", extra={**extra, "status": answer.status})

    def _log(self, passed: Passed) -> None:
        extra = {"resource": passed.arn, "outcome": passed.outcome, "reason": str(passed.error or "")}
        _LOG.log(logging.INFO if passed.error is None else logging.WARNING, "passed", extra=extra)


def _newly_concerned(one: Conclusion) -> frozenset[Arn]:
    """Resources that a conclusion makes pending; a publication that counts from now on concerns its own anew."""
    if one.after is None:
        return frozenset()
    match one:
        case Conclusion(PublicationRecord(seen=False), PublicationRecord(seen=True, pending=pending)):
            return pending
    return one.after.pending - one.before.pending


def _with(view: TargetView, one: Conclusion) -> TargetView:
    """The view after a conclusion has been committed."""
    after = replace(one.after, version=one.after.version + 1) if one.after is not None else None
    if isinstance(one.before, PublicationRecord):
        publications = [after if row.id == one.before.id else row for row in view.publications]
        return replace(view, publications=tuple(row for row in publications if isinstance(row, PublicationRecord)))
    grants = [after if row.id == one.before.id else row for row in view.grants]
    return replace(view, grants=tuple(row for row in grants if isinstance(row, GrantRecord)))


def _ends(arn: Arn, views: Sequence[TargetView]) -> list[tuple[float, GrantRecord]]:
    """When grants that stand on a resource end, and which, the first one first."""
    rows = (row for view in views for row in view.grants if arn in view.open_on(row))
    ends = ((row.grant.expiry, row) for row in rows)
    return sorted(((end, row) for end, row in ends if end is not None), key=lambda pair: (pair[0], pair[1].id))
