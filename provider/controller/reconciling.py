"""Reconciling: passes over one resource until its policy says what the ledger wants, then the answers.

A pass carries every grant that waits. Each resource has a lease, so that two controllers never write
the same policy at once; whatever changes meanwhile moves `wanted`, and the holder goes round again.
"""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from provider.controller.ports import Clock, Desk, Ledger, LivePolicy, PolicyStore
from provider.core.concluding import Conclusion, Outcome, Passed, conclude
from provider.core.errors import (
    CrossAccountError,
    LedgerConflict,
    Permanent,
    PolicyFull,
    PolicyRefused,
    ResourceGone,
    ShutOut,
    Temporary,
    WriteUnsettled,
)
from provider.core.fitting import Fitted, Policy, fit, unexplained
from provider.core.identifiers import Arn, DeclarationId, Target
from provider.core.records import GrantRecord, PublicationRecord, ResourceRecord, TargetView
from provider.core.statements import CentreId

_LOG = logging.getLogger(__name__)

LEASE = 75.0
"""Seconds for which a resource belongs to one controller."""
LAST_WRITE = 40.0
"""Seconds after which a pass begins no write, so that none outlives the lease: a write is bounded in `sessions`."""
PASS = 60.0
"""Seconds after which a pass has ended, its conclusions included."""

UNEXPLAINED = 3
UNEXPLAINED_SHARE = 0.1
"""A pass removes at most so many permissions of ours that no record explains: the larger of number and share."""

_ATTEMPTS = 8
_PAUSE = 0.2
_REFUSALS = 3  # of the owner's account: IAM takes a while to know a new role or tag
_WRITES = 24  # to find the grants for which AWS refuses a document
_SOON = 20.0
_HOURLY = 3600.0


@dataclass(frozen=True, slots=True)
class Round:
    """What has come of reconciling a resource: whether its lease was to be had, whether it is not settled, what else is concerned."""

    taken: bool
    again: bool
    concerned: frozenset[Arn]


class _RefusedWithNew(Exception):  # noqa: N818 - it carries what was new in the document
    """AWS refused a document; these were the new grants in it."""

    def __init__(self, error: Permanent, new: Sequence[DeclarationId]) -> None:
        super().__init__(str(error))
        self.error = error
        self.new = new


class Reconciler:
    """Brings policies and ledger together."""

    def __init__(self, ledger: Ledger, desk: Desk, policies: PolicyStore, clock: Clock, centre: CentreId) -> None:
        self._ledger = ledger
        self._desk = desk
        self._policies = policies
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
        taken, again, concerned = False, False, frozenset[Arn]()
        while (resource := self._ledger.acquire(arn, holder, self._clock.now())) is not None:
            taken = True
            try:
                names, due_at, more = self._pass(resource)
                concerned |= more
                again = due_at - self._clock.now() <= _SOON
                released = self._ledger.release(resource, names, due_at)
            except BaseException:
                self._ledger.give_back(resource, self._clock.now() + _SOON)
                raise
            if released:
                break
            if self._clock.now() >= until:
                self._ledger.give_back(resource, self._clock.now())
                break
        return Round(taken, again, concerned - {arn})

    def _pass(self, resource: ResourceRecord) -> tuple[frozenset[Target], float, frozenset[Arn]]:
        """One pass: the names that remain, when the resource is due again, and what else is concerned."""
        started = self._clock.now()
        views = [self._ledger.view(name) for name in sorted(resource.names)]
        try:
            passed = self._brought_together(resource.arn, views, started + LAST_WRITE)
        except LedgerConflict as conflict:
            passed = Passed(resource.arn, Outcome.UNSETTLED, self._clock.now(), conflict)
        except Exception as fault:  # noqa: BLE001 - what nobody has thought of must be answered, and free the lease
            _LOG.exception("failed", extra={"resource": resource.arn})
            error = WriteUnsettled(resource.arn, type(fault).__name__)
            passed = Passed(resource.arn, Outcome.UNSETTLED, self._clock.now(), error)
        self._log(passed)
        concluded = [self._commit(view, passed) for view in views]
        names = frozenset(view.target for view, settled, _ in concluded if not settled or view.concerns(resource.arn))
        settled = (
            all(settled for _, settled, _ in concluded) and passed.outcome is not Outcome.UNSETTLED and not passed.later
        )
        more = frozenset(arn for _, _, arns in concluded for arn in arns)
        return names, self._clock.now() + (_HOURLY if settled else _SOON), more

    # --- policy ------------------------------------------------------------------------------------

    # `views` are kept as they are committed: what is marked before a write stays marked when that fails.

    def _brought_together(self, arn: Arn, views: list[TargetView], latest: float) -> Passed:
        try:
            return self._admitted(arn, views, latest)
        except ResourceGone as gone:
            return Passed(arn, Outcome.GONE, self._clock.now(), gone)
        except ShutOut as shut_out:
            return Passed(arn, Outcome.SHUT_OUT, self._clock.now(), shut_out)
        except LedgerConflict:
            raise
        except Temporary as unsettled:
            return Passed(arn, Outcome.UNSETTLED, self._clock.now(), unsettled)

    def _admitted(self, arn: Arn, views: list[TargetView], latest: float) -> Passed:
        """Write; where AWS refuses the document, first without what is new, then with it by halves.

        One bad grant, or a document that AWS counts longer than we do, holds back nobody else.
        """
        refused: dict[DeclarationId, CrossAccountError] = {}
        tries: list[frozenset[DeclarationId] | None] = [None]
        passed = Passed(arn, Outcome.UNSETTLED, self._clock.now())
        for _ in range(_WRITES):
            if not tries:
                break
            try:
                passed = self._settled(arn, views, latest, tries.pop())
            except _RefusedWithNew as refusal:
                if not refusal.new:
                    return Passed(arn, Outcome.REFUSED, self._clock.now(), refusal.error)
                if len(refusal.new) == 1:
                    refused[refusal.new[0]] = refusal.error
                tries += _halves(refusal.new)
                if passed.outcome is Outcome.UNSETTLED:  # removals, and what stands, wait for nobody
                    tries.append(frozenset())
                continue
            refused |= passed.left_out or {}
        later = frozenset(declaration for group in tries for declaration in group or ())
        return replace(passed, left_out=refused, later=later)

    def _settled(
        self, arn: Arn, views: list[TargetView], latest: float, only: frozenset[DeclarationId] | None
    ) -> Passed:
        """Attempts until one goes through; what may pass is tried again, a refusal by the account a few times."""
        refusals = 0
        error: Temporary | ShutOut = WriteUnsettled(arn, "there was no time left")
        for _ in range(_ATTEMPTS):
            if self._clock.now() >= latest:
                break
            try:
                return self._attempt(arn, views, latest, only)
            except LedgerConflict:
                raise
            except Temporary as unsettled:
                error = unsettled
            except ShutOut as shut_out:
                error = shut_out
                refusals += 1
                if refusals >= _REFUSALS:
                    break
            self._clock.sleep(_PAUSE * (1 + 4 * refusals) + secrets.randbelow(200) / 1000)
        raise error

    def _attempt(
        self, arn: Arn, views: list[TargetView], latest: float, only: frozenset[DeclarationId] | None
    ) -> Passed:
        fitted, revision = self._fitted(arn, views, self._policies.read(arn), only)
        if fitted.plan.changed:
            views[:] = [self._mark(arn, view, fitted) for view in views]
            if self._clock.now() >= latest:
                raise WriteUnsettled(arn, "there was no time left")
            try:
                self._policies.write(arn, fitted.plan.document, revision)
            except (PolicyFull, PolicyRefused) as refused:
                raise _RefusedWithNew(refused, fitted.new) from refused
            again, _ = self._fitted(arn, views, self._policies.read(arn), only)
            if again.plan.changed:
                raise WriteUnsettled(arn, "what was read back is not what was written")
        return Passed(arn, Outcome.WRITTEN, self._clock.now(), left_out=fitted.left_out)

    def _fitted(
        self, arn: Arn, views: list[TargetView], live: LivePolicy, only: frozenset[DeclarationId] | None
    ) -> tuple[Fitted, str | None]:
        """The plan for a policy as it stands, with of the new grants `only` these (None: all)."""
        policy = Policy(arn, live.document, self._centre, self._policies.limit)
        standing = [row for view in views for row in view.grants if arn in view.open_on(row)]
        found = fit(policy, standing)
        if only is not None:
            standing = [row for row in standing if row.id not in found.new or row.id in only]
            found = fit(policy, standing)
        kept = unexplained(policy, found.plan.removed, _explained(arn, views))
        ours = len(found.plan.removed) + len(standing)
        if len(kept) > max(UNEXPLAINED, UNEXPLAINED_SHARE * ours):
            # It may be the ledger that is wrong: what it does not explain stays, and is reported.
            _LOG.error("unexplained", extra={"resource": arn, "permissions": len(kept)})
            found = fit(policy, standing, kept)
        return found, live.revision

    # --- ledger ------------------------------------------------------------------------------------

    def _mark(self, arn: Arn, view: TargetView, fitted: Fitted) -> TargetView:
        """Record, before the statement can stand, that it may stand here: no crash leaves one unrecorded."""
        marked = {
            row.id: replace(row, placed=row.placed | {arn})
            for row in view.grants
            if arn in view.open_on(row) - row.placed and row.id not in fitted.left_out
        }
        rows = list(marked.values())
        for start in range(0, len(rows), _TOGETHER):
            self._ledger.commit(rows[start : start + _TOGETHER], [], self._clock.now())
        grants = [replace(marked[row.id], version=row.version + 1) if row.id in marked else row for row in view.grants]
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
            concerned |= _newly_concerned(one)
        for arn in concerned:
            self._ledger.want(arn, frozenset({view.target}), self._clock.now())
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

    def _log(self, passed: Passed) -> None:
        extra = {"resource": passed.arn, "outcome": passed.outcome, "reason": str(passed.error or "")}
        _LOG.log(logging.INFO if passed.error is None else logging.WARNING, "passed", extra=extra)


def _halves(new: Sequence[DeclarationId]) -> list[frozenset[DeclarationId]]:
    """Both halves of more than one, the first one last: it is tried next."""
    half = len(new) // 2
    return [frozenset(new[half:]), frozenset(new[:half])] if half else []


_TOGETHER = 50  # records in one transaction; DynamoDB takes 100 writes


def _explained(arn: Arn, views: list[TargetView]) -> list[GrantRecord]:
    """Grants that must not stand on a resource, with a record that says why.

    It is withdrawn, or its owner does not let it; but where a name has lost all its publications, nothing says so.
    """
    return [
        row
        for view in views
        for row in view.grants
        if arn not in view.open_on(row) and (row.withdrawn or row.closed or view.publications)
    ]


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
