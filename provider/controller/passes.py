"""One pass over one resource: its policy is read, planned, written and read back, until it says what the ledger wants."""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from provider.controller.deployments import Deployments
from provider.controller.ports import Clock, Ledger, LivePolicy, PolicyStore
from provider.core.absences import is_too_many
from provider.core.adopting import Adoption, Stock, taken_stock
from provider.core.concluding import Outcome, Passed
from provider.core.declarations import OpenMethods
from provider.core.documents import Document, statements_of
from provider.core.errors import (
    CrossAccountError,
    LedgerConflict,
    Permanent,
    PolicyFull,
    PolicyRefused,
    ResourceGone,
    ShutOut,
    StageNotFound,
    Temporary,
    WriteUnsettled,
)
from provider.core.findings import Finding, FindingKind, Look, found_in, orphaned_on
from provider.core.fitting import Fitted, fit, let_in_several, standing_on, unexplained, unsuited
from provider.core.identifiers import Arn, DeclarationId, RestApiArn, RoleArn, resource_of, target_arn
from provider.core.records import GrantRecord, PublicationRecord, ResourceRecord, TargetView
from provider.core.room import Policy, Standing
from provider.core.statements import CentreId, Statement, closed

_LOG = logging.getLogger(__name__)

WRITE = 30.0
"""Seconds that a write takes at most, whatever hangs (`sessions`)."""

_ATTEMPTS = 8
_PAUSE = 0.2
_REFUSALS = 3  # of the owner's account: IAM takes a while to know a new role or tag
_WRITES = 24  # to find the grants for which AWS refuses a document
_TOGETHER = 50  # records in one transaction; DynamoDB takes 100 writes


class _RefusedWithNew(Exception):  # noqa: N818 - it carries what was new in the document
    """AWS refused a document.

    These were the new grants in it, and those that `stand` of which it held more; the others were not in it.
    """

    def __init__(self, error: Permanent, fitted: Fitted) -> None:
        super().__init__(str(error))
        self.error = error
        self.new = (*fitted.new, *fitted.more)
        self.stand = fitted.more
        self.others = frozenset(fitted.left_out)


@dataclass(slots=True)
class Pass:
    """A pass, and what it has come to know.

    `views` are kept as they are committed: what is marked before a write stays marked when that fails. `latest` is when
    its last write may begin, in epoch seconds. `limit` is what AWS has said of the policy's length, `size` its length;
    `look` is how it stood at first, `stock` where the adoptions of its statements stand at last.
    """

    ledger: Ledger
    policies: PolicyStore
    clock: Clock
    centre: CentreId
    resource: ResourceRecord
    views: list[TargetView]
    latest: float
    limit: int | None = None
    size: int | None = None
    look: Look | None = None
    adoptions: tuple[Adoption, ...] = ()
    stock: Stock = field(default_factory=Stock)

    def bring_together(self) -> Passed:
        """Let the policy say what the ledger wants, and stages serve it.

        Raises:
            LedgerConflict: somebody else has changed the records.
        """
        arn = self.resource.arn
        quota = self.policies.quota(arn)
        self.limit = quota.characters if quota.fixed else None
        before = list(self.views)
        try:
            missing = self._missing_stages()
            passed = self._admitted()
        except ResourceGone as gone:
            self._report((Finding(FindingKind.GONE, gone.fact),))
            return Passed(arn, Outcome.GONE, self.clock.now(), gone)
        except ShutOut as shut_out:
            self._report((Finding(FindingKind.SHUT_OUT, shut_out.fact), *orphaned_on(arn, before)))
            return Passed(arn, Outcome.SHUT_OUT, self.clock.now(), shut_out)
        except LedgerConflict:
            raise
        except Temporary as unsettled:
            return Passed(arn, Outcome.UNSETTLED, self.clock.now(), unsettled)
        passed = replace(passed, left_out={**missing, **(passed.left_out or {})})
        found = found_in(arn, self.centre, before, self.look, self.stock) if self.look else ()
        refusals = (passed.error, *(passed.left_out or {}).values())
        told = sorted({one.fact for one in refusals if isinstance(one, PolicyRefused | PolicyFull)})
        found = (*found, *(Finding(FindingKind.REFUSED, fact) for fact in told))
        if passed.outcome is Outcome.WRITTEN and isinstance(target_arn(arn), RestApiArn):
            serving = Deployments(self.ledger, self.policies, self.clock).see_to(self.resource, self.views, self.latest)
            self.resource = replace(self.resource, undeployed_since=serving.undeployed_since)
            passed = replace(passed, stages=serving.stages, now=self.clock.now())
            waiting = sorted({one.reason for one in serving.stages.values() if not one.done})
            found = (*found, *(Finding(FindingKind.UNDEPLOYED, reason) for reason in waiting))
        self._report(found)
        return passed

    def _report(self, found: Sequence[Finding]) -> None:
        """Keep the findings with the resource, and log those that it had not before."""
        kept = tuple((one.kind.value, one.detail) for one in found)
        for kind, detail in kept:
            if (kind, detail) not in self.resource.findings:
                _LOG.warning("found", extra={"resource": self.resource.arn, "finding": kind, "detail": detail})
        self.resource = replace(self.resource, findings=kept)

    # --- what a document must hold, and whether AWS takes it -----------------------------------------

    def _admitted(self) -> Passed:
        """Write; where AWS refuses the document, first without what is new, then with it by halves.

        One bad grant, or a document that AWS counts longer than we do, holds back nobody else.
        """
        arn = self.resource.arn
        refused: dict[DeclarationId, CrossAccountError] = {}
        tries: list[frozenset[DeclarationId] | None] = [None]
        passed = Passed(arn, Outcome.UNSETTLED, self.clock.now())
        for _ in range(_WRITES):
            if not tries:
                break
            only = tries.pop()
            try:
                passed = self._settled(only)
            except _RefusedWithNew as refusal:
                if self._learns_the_limit(refusal.error):
                    tries.append(only)
                    continue
                if not refusal.new:
                    return Passed(arn, Outcome.REFUSED, self.clock.now(), refusal.error)
                if len(refusal.new) == 1 and refusal.new != refusal.stand:
                    refused[refusal.new[0]] = refusal.error
                tries += [refusal.others] if refusal.others else []  # what had no room beside them
                tries += _halves(refusal.new)
                if passed.outcome is Outcome.UNSETTLED:  # removals, and what stands, wait for nobody
                    tries.append(frozenset())
                continue
            refused |= passed.left_out or {}
        later = frozenset(declaration for group in tries for declaration in group or ())
        return replace(passed, left_out=refused, later=later)

    def _learns_the_limit(self, error: Permanent) -> bool:
        """Whether AWS has just told a quota that we did not know: then what is over it is left out at once."""
        if not isinstance(error, PolicyFull) or self.limit is not None:
            return False
        self.limit = error.limit
        return True

    def _settled(self, only: frozenset[DeclarationId] | None) -> Passed:
        """Attempts until one goes through; what may pass is tried again, a refusal by the account a few times."""
        refusals = 0
        error: Temporary | ShutOut = WriteUnsettled(self.resource.arn, "there was no time left")
        for _ in range(_ATTEMPTS):
            if self.clock.now() >= self.latest:
                break
            try:
                return self._attempt(only)
            except LedgerConflict:
                raise
            except Temporary as unsettled:
                error = unsettled
            except ShutOut as shut_out:
                error = shut_out
                refusals += 1
                if refusals >= _REFUSALS:
                    break
            self.clock.sleep(_PAUSE * (1 + 4 * refusals) + secrets.randbelow(200) / 1000)
        raise error

    def _attempt(self, only: frozenset[DeclarationId] | None) -> Passed:
        arn = self.resource.arn
        self.adoptions = self.ledger.adoptions(arn) if self.resource.adopting else ()
        self.stock = Stock(waiting=self.adoptions)
        live = self.policies.read(arn)
        fitted = self._fitted(live, only)
        if fitted.plan.changed:
            self.views[:] = [self._mark(view, fitted) for view in self.views]
            if self.clock.now() >= self.latest:
                raise WriteUnsettled(arn, "there was no time left")
            self._write(fitted, live.revision)
            if self._fitted(self.policies.read(arn), only).plan.changed:
                raise WriteUnsettled(arn, "what was read back is not what was written")
        elif self._may_be_served_still():
            now = self.clock.now()
            self.ledger.changing(self.resource, now)
            self.resource = replace(self.resource, undeployed_since=now)
        self.size = fitted.plan.size
        self.stock = taken_stock(self.adoptions, fitted.plan.document, self.centre, fitted.covered)
        return Passed(arn, Outcome.WRITTEN, self.clock.now(), left_out=fitted.left_out)

    def _write(self, fitted: Fitted, revision: str | None) -> None:
        arn = self.resource.arn
        served_later = isinstance(target_arn(arn), RestApiArn)
        if served_later:  # should we not come to say when the write was, it was no later than this
            self.ledger.changing(self.resource, self.latest + WRITE)
        try:
            self.policies.write(arn, fitted.plan.document, revision)
        except (PolicyFull, PolicyRefused) as refused:
            raise _RefusedWithNew(refused, fitted) from refused
        finally:
            if served_later:
                self.resource = replace(self.resource, undeployed_since=self.clock.now())

    # --- planning ------------------------------------------------------------------------------------

    def _fitted(self, live: LivePolicy, only: frozenset[DeclarationId] | None) -> Fitted:
        """The plan for a policy as it stands, with of the new grants `only` these (None: all)."""
        arn = self.resource.arn
        standing = [one for view in self.views for one in standing_on(arn, view)]
        characters = self.limit or self.policies.quota(arn).characters
        shared = characters if let_in_several(self.views) else None
        adopted = {one.id: one.needs for one in self.adoptions}
        policy = Policy(arn, live.document, self.centre, self.limit, shared=shared, adopted=adopted)
        found = self._within(policy, live, standing, only)
        nobodys = unexplained(policy, found.plan.removed, _explained(self.views))
        ours = len(found.plan.removed) + len(standing)
        keeps = is_too_many(len(nobodys), ours)
        if keeps:
            # It may be the ledger that is wrong: what it does not explain stays, and is reported.
            _LOG.error("unexplained", extra={"resource": arn, "permissions": len(nobodys)})
            found = self._within(policy, live, standing, only, nobodys)
        if self.look is None or keeps:  # as it stood before anything was written
            self.look = Look(live.document, found.new, nobodys, keeps, found.plan.size, characters)
        return found

    def _within(
        self,
        policy: Policy,
        live: LivePolicy,
        standing: Sequence[Standing],
        only: frozenset[DeclarationId] | None,
        kept: Sequence[Statement] = (),
    ) -> Fitted:
        """Fit without shutting out others, or letting them in, by a first or last statement."""
        is_api = isinstance(target_arn(policy.arn), RestApiArn)
        refused = unsuited(policy.arn, self.views, private=live.private, closing=()) if is_api else None
        found = fit(policy, standing, kept, refused, only)
        if is_api and live.document is None and not live.private and found.new:
            closing = self.policies.methods_for_everybody(policy.arn)
            refused = unsuited(policy.arn, self.views, private=live.private, closing=closing)
            return fit(policy, standing, kept, refused, only)
        if found.plan.document is None and statements_of(live.document):
            return fit(replace(policy, instead=self._instead(live)), standing, kept, refused, only)
        return found

    def _instead(self, live: LivePolicy) -> Document | None:
        """What to leave of a policy that would become empty: a role must have one, an API may open or be of no use."""
        arn, statement = self.resource.arn, closed(self.resource.arn, self.centre)
        match target_arn(arn):
            case RoleArn():
                return statement
            case RestApiArn():
                return statement if live.private or self._must_stay_closed() else None
            case _:
                return None

    def _must_stay_closed(self) -> bool:
        publications = [view.current for view in self.views if view.current is not None]
        if publications and all(one.open_methods is OpenMethods.CLOSE_WHILE_GRANTED for one in publications):
            return False
        return bool(self.policies.methods_for_everybody(self.resource.arn))

    # --- ledger --------------------------------------------------------------------------------------

    def _missing_stages(self) -> dict[DeclarationId, CrossAccountError]:
        """Publications that wait to be seen, of stages that their API does not have."""
        missing: dict[DeclarationId, CrossAccountError] = {}
        for row in (row for view in self.views for row in view.publications):
            if _is_to_be_seen(row, self.resource.arn) and row.publication.stage:
                try:
                    self.policies.stage(row.publication.arns[0])
                except StageNotFound as error:
                    missing[row.id] = error
        return missing

    def _may_be_served_still(self) -> bool:
        """Whether a REST API's policy was wiped of what has ended since: its stage may let it in until it is deployed."""
        arn = self.resource.arn
        ended = (row for view in self.views for row in view.grants if arn in row.placed - view.open_on(row))
        return isinstance(target_arn(arn), RestApiArn) and next(ended, None) is not None

    def _mark(self, view: TargetView, fitted: Fitted) -> TargetView:
        """Record, before a statement can stand, that it may stand here: no crash leaves one unrecorded.

        What was wiped and comes back has yet to be deployed.
        """
        arn = self.resource.arn
        anew = {row.id for row in view.grants if row.id in fitted.new and resource_of(row.told) == arn}
        marked = {
            row.id: replace(row, placed=row.placed | {arn}, deployed=row.deployed and row.id not in anew)
            for row in view.grants
            if row.id not in fitted.left_out
            and arn in view.open_on(row)
            and (arn not in row.placed or (row.deployed and row.id in anew))
        }
        rows = list(marked.values())
        for start in range(0, len(rows), _TOGETHER):
            self.ledger.commit(rows[start : start + _TOGETHER], [], self.clock.now())
        grants = [replace(marked[row.id], version=row.version + 1) if row.id in marked else row for row in view.grants]
        return replace(view, grants=tuple(grants))


def _is_to_be_seen(row: PublicationRecord, arn: Arn) -> bool:
    return not row.seen and not row.withdrawn and arn in row.publication.resources


def _halves(new: Sequence[DeclarationId]) -> list[frozenset[DeclarationId]]:
    """Both halves of more than one, the first one last: it is tried next."""
    half = len(new) // 2
    return [frozenset(new[half:]), frozenset(new[:half])] if half else []


def _explained(views: list[TargetView]) -> list[GrantRecord]:
    """Grants that have something not to stand on a resource, with a record that says why.

    A grant is withdrawn, or its owner does not let it; but where a name has lost all its publications, nothing says so.
    """
    return [row for view in views for row in view.grants if row.withdrawn or row.closed or view.publications]
