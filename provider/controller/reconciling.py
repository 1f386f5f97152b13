"""Reconciling: passes over one resource until its policy says what the ledger wants, then the answers.

A pass carries every grant that waits. Each resource has a lease, so that two controllers never write
the same policy at once; whatever changes meanwhile moves `wanted`, and the holder goes round again.
"""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from provider.controller.ports import Clock, Desk, Ledger, LivePolicy, PolicyStore
from provider.core.concluding import Conclusion, Outcome, Passed, conclude
from provider.core.documents import statements_of
from provider.core.errors import (
    CrossAccountError,
    LedgerConflict,
    Permanent,
    ResourceGone,
    ShutOut,
    Temporary,
    TooManyRemovals,
    WriteUnsettled,
)
from provider.core.fitting import Fitted, fit
from provider.core.identifiers import Arn, DeclarationId, Target
from provider.core.plans import permissions
from provider.core.records import GrantRecord, PublicationRecord, ResourceRecord, TargetView
from provider.core.statements import CentreId, render

_LOG = logging.getLogger(__name__)

LEASE = 75.0
"""Seconds for which a resource belongs to one controller."""
PASS = 60.0
"""Seconds after which a pass writes nothing any more, so that it never outlives its lease."""

_ATTEMPTS = 8
_PAUSE = 0.2
_SOON = 20.0
_HOURLY = 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How many permissions a pass may remove that no record explains: the larger of a number and a share."""

    number: int = 3
    share: float = 0.1


class Reconciler:
    """Brings policies and ledger together."""

    def __init__(self, ledger: Ledger, desk: Desk, policies: PolicyStore, clock: Clock, centre: CentreId) -> None:
        self._ledger = ledger
        self._desk = desk
        self._policies = policies
        self._clock = clock
        self._centre = centre
        self._limits = Limits()

    def reconcile(self, arn: Arn, until: float) -> frozenset[Arn]:
        """Passes over one resource until nothing has changed meanwhile.

        Where another controller holds the lease there is nothing to do: it goes round again in our stead.

        Args:
            arn: the resource.
            until: epoch seconds after which no other pass begins; what is left stays due for the schedule.

        Returns:
            Resources that turn out to be concerned as well.
        """
        holder = secrets.token_hex(8)
        concerned: frozenset[Arn] = frozenset()
        while (resource := self._ledger.acquire(arn, holder, self._clock.now())) is not None:
            names, due_at, more = self._pass(resource)
            concerned |= more
            if self._ledger.release(resource, names, due_at) or self._clock.now() >= until:
                break
        return concerned - {arn}

    def _pass(self, resource: ResourceRecord) -> tuple[frozenset[Target], float, frozenset[Arn]]:
        started = self._clock.now()
        views: Sequence[TargetView] = [self._ledger.view(name) for name in sorted(resource.names)]
        try:
            views, passed = self._write(resource.arn, views, started + PASS)
        except LedgerConflict as conflict:
            passed = Passed(resource.arn, Outcome.UNSETTLED, self._clock.now(), conflict)
        self._log(passed)
        concluded = [self._commit(view, passed) for view in views]
        names = frozenset(view.target for view, settled, _ in concluded if not settled or view.concerns(resource.arn))
        settled = all(settled for _, settled, _ in concluded) and passed.outcome is not Outcome.UNSETTLED
        more = frozenset(arn for _, _, arns in concluded for arn in arns)
        return names, self._clock.now() + (_HOURLY if settled else _SOON), more

    def _write(self, arn: Arn, views: Sequence[TargetView], latest: float) -> tuple[Sequence[TargetView], Passed]:
        error: CrossAccountError | None = None
        for _ in range(_ATTEMPTS):
            if self._clock.now() >= latest:
                break
            try:
                return self._attempt(arn, views)
            except ResourceGone as gone:
                return views, Passed(arn, Outcome.GONE, self._clock.now(), gone)
            except ShutOut as shut_out:
                return views, Passed(arn, Outcome.SHUT_OUT, self._clock.now(), shut_out)
            except Permanent as refused:
                return views, Passed(arn, Outcome.REFUSED, self._clock.now(), refused)
            except LedgerConflict:
                raise
            except Temporary as unsettled:
                error = unsettled
                self._clock.sleep(_PAUSE + secrets.randbelow(200) / 1000)
        return views, Passed(arn, Outcome.UNSETTLED, self._clock.now(), error)

    def _attempt(self, arn: Arn, views: Sequence[TargetView]) -> tuple[Sequence[TargetView], Passed]:
        live = self._policies.read(arn)
        fitted = self._fit(arn, views, live)
        if fitted.plan.changed:
            self._check_removals(arn, views, live, fitted)
            views = [self._mark(arn, view, fitted.left_out) for view in views]
            self._policies.write(arn, fitted.plan.document, live.revision)
            if self._fit(arn, views, self._policies.read(arn)).plan.changed:
                raise WriteUnsettled(arn, "what was read back is not what was written")
        return views, Passed(arn, Outcome.WRITTEN, self._clock.now(), left_out=fitted.left_out)

    def _fit(self, arn: Arn, views: Sequence[TargetView], live: LivePolicy) -> Fitted:
        standing = [row for view in views for row in view.grants if arn in view.open_on(row)]
        return fit(arn, standing, live.document, self._centre, self._policies.limit)

    def _check_removals(self, arn: Arn, views: Sequence[TargetView], live: LivePolicy, fitted: Fitted) -> None:
        """Stop where the ledger does not explain what would go: it may be the ledger that is wrong."""
        gone = [row for view in views for row in view.grants if arn not in view.open_on(row)]
        explained = permissions([part.document(self._centre) for row in gone for part in render(row.grant, arn)])
        ours = permissions([one for one in statements_of(live.document) if self._centre.owns(one)])
        unexplained = len(fitted.plan.removed - explained)
        if unexplained > max(self._limits.number, self._limits.share * len(ours)):
            raise TooManyRemovals(arn, unexplained)

    def _mark(self, arn: Arn, view: TargetView, left_out: Mapping[DeclarationId, CrossAccountError]) -> TargetView:
        """Record, before the statement can stand, that it may stand here: no crash leaves one unrecorded."""
        grants: list[GrantRecord] = []
        for row in view.grants:
            after = row
            if arn in view.open_on(row) - row.placed and row.id not in left_out:
                after = replace(row, placed=row.placed | {arn})
                self._ledger.commit([after], [], self._clock.now())
                after = replace(after, version=after.version + 1)
            grants.append(after)
        return replace(view, grants=tuple(grants))

    def _commit(self, view: TargetView, passed: Passed) -> tuple[TargetView, bool, frozenset[Arn]]:
        """Commit and answer; the view as it stands then, whether all could be committed, and what else is concerned."""
        settled = True
        concerned: frozenset[Arn] = frozenset()
        for one in conclude(view, passed):
            try:
                self._settle(one)
            except LedgerConflict:
                settled = False  # somebody changed it: `wanted` moves, and the next pass sees both
                continue
            view = _with(view, one)
            if isinstance(one.before, PublicationRecord) and one.after is None:
                concerned |= self._want_again(view)
        return view, settled, concerned

    def _settle(self, one: Conclusion) -> None:
        now = self._clock.now()
        if one.after is None:
            self._ledger.commit([], [one.before], now)
        else:
            self._ledger.commit([one.after], [], now)
        for key, answer in one.answers:
            self._desk.answer(key, answer)
            extra = {"account": key.account, "request": key.request_id, "declaration": one.before.id}
            _LOG.info("answered", extra={**extra, "status": answer.status})

    def _want_again(self, view: TargetView) -> frozenset[Arn]:
        """A publication has gone: whatever another one says now counts for all that was granted under it."""
        arns = frozenset(arn for row in view.grants for arn in row.placed | view.open_on(row))
        for arn in arns:
            self._ledger.want(arn, frozenset({view.target}), self._clock.now())
        return arns

    def _log(self, passed: Passed) -> None:
        extra = {"resource": passed.arn, "outcome": passed.outcome, "reason": str(passed.error or "")}
        _LOG.log(logging.INFO if passed.error is None else logging.WARNING, "passed", extra=extra)


def _with(view: TargetView, one: Conclusion) -> TargetView:
    """The view after a conclusion has been committed."""
    after = replace(one.after, version=one.after.version + 1) if one.after is not None else None
    if isinstance(one.before, PublicationRecord):
        publications = [after if row.id == one.before.id else row for row in view.publications]
        return replace(view, publications=tuple(row for row in publications if isinstance(row, PublicationRecord)))
    grants = [after if row.id == one.before.id else row for row in view.grants]
    return replace(view, grants=tuple(row for row in grants if isinstance(row, GrantRecord)))
