"""What a pass over a resource means for the rows of the ledger: their next state, and the answers that are due.

Pure: the controller commits each conclusion's row first, under its version, and only then answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from provider.core.answers import Answer, Status, target_data
from provider.core.consent import authorise, authorises
from provider.core.errors import AccountQuarantined, CrossAccountError, ExpiryPassed, TargetNotPublished
from provider.core.identifiers import Arn, DeclarationId, are_alike, resource_of
from provider.core.records import GrantRecord, GrantState, PublicationRecord, Row, TargetView, Waiting
from provider.core.requests import RequestKey
from provider.core.specifications import ApiExecution, AuthorizerUse

PATIENCE = 45.0
"""Seconds after which a request that waits for what may pass is answered at the next pass.

There is a pass at least every minute, so the answer is there before the provider function gives up, after 112 seconds.
"""


class Outcome(StrEnum):
    """How a pass over a resource ended."""

    WRITTEN = "Written"  # the policy says what it must, read back
    GONE = "Gone"  # the resource does not exist, and so no statement of ours
    SHUT_OUT = "ShutOut"  # its account refuses us: what stands there stays there
    REFUSED = "Refused"  # this document is not accepted, or must not be written
    UNSETTLED = "Unsettled"  # not now: throttled, or somebody else is writing


@dataclass(frozen=True, slots=True)
class Deployment:
    """Whether a stage serves the policy as it stands, as far as is known; `reason` says why not, `soon` that we see to it."""

    done: bool
    reason: str = ""
    soon: bool = False


@dataclass(frozen=True, slots=True)
class Passed:
    """A pass: its resource, its end, and the error that explains it.

    `left_out` are the errors of single declarations; `later` those for which it had no time; `stages` says of a REST API's
    stages whether they serve its policy.
    """

    arn: Arn
    outcome: Outcome
    now: float
    error: CrossAccountError | None = None
    left_out: Mapping[DeclarationId, CrossAccountError] | None = None
    later: frozenset[DeclarationId] = frozenset()
    stages: Mapping[Arn, Deployment] = field(default_factory=dict)

    def waits_for_deployment(self, row: Row) -> bool:
        """Whether a row's requests are to wait for a deployment that we are about to make."""
        if not isinstance(row, GrantRecord) or not any(one.soon for one in self.stages.values()):
            return False
        asked = [waiting for waiting in row.awaiting if self.now - waiting.since < PATIENCE]
        return bool(asked) and self.arn in row.pending

    def leaves_undeployed(self, row: PublicationRecord) -> bool:
        """Whether a stage is yet to be deployed that we may deploy on the word of this publication alone."""
        mine = (self.stages[arn] for arn in row.publication.arns if arn in self.stages)
        return row.publication.redeploy and any(one.soon for one in mine)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """`before` becomes `after` (None: it leaves the ledger); then these requests are answered."""

    before: Row
    after: Row | None
    answers: tuple[tuple[RequestKey, Answer], ...]


def conclude(view: TargetView, passed: Passed) -> tuple[Conclusion, ...]:
    """The conclusions of a pass for all rows of one name; rows for which nothing changes are left out."""
    rows: tuple[Row, ...] = (*view.grants, *view.publications)
    concluded = tuple(_conclude(view, row, passed) for row in rows)
    found = tuple(one for one in concluded if one.after != one.before)
    return (*found, *_left_without_consumers(view, concluded, passed))


def _left_without_consumers(
    view: TargetView, concluded: tuple[Conclusion, ...], passed: Passed
) -> tuple[Conclusion, ...]:
    """Publications whose deletion was refused go with the last consumer that they let in, whatever else counts for now."""
    grants = [one.after for one in concluded if isinstance(one.after, GrantRecord) and not one.after.withdrawn]
    untouched = (one.before for one in concluded if one.after == one.before)
    leaving = (row for row in untouched if isinstance(row, PublicationRecord) and row.leaving and not row.awaiting)
    lonely = (row for row in leaving if not any(_lets_in(row, grant, view) for grant in grants))
    return tuple(Conclusion(row, None, ()) for row in lonely if not passed.leaves_undeployed(row))


def _lets_in(row: PublicationRecord, grant: GrantRecord, view: TargetView) -> bool:
    units = view.units.get(grant.grant.origin.account)
    return authorises(grant.grant, row.publication, units) and not grant.has_expired(view.now)


def _conclude(view: TargetView, row: Row, passed: Passed) -> Conclusion:
    if row.id in passed.later or passed.waits_for_deployment(row):
        return Conclusion(row, row, ())
    error = _obstacle(view, row, passed)
    if error is not None and _gives_up(row, passed):
        return _given_up(row, passed, error)
    if passed.outcome in (Outcome.REFUSED, Outcome.UNSETTLED):
        return _still_pending(row, passed)
    after = _advanced(view, row, passed)
    if isinstance(row, PublicationRecord) and row.withdrawn and passed.leaves_undeployed(row):
        return _left_behind(row, passed)
    if after.pending:
        return Conclusion(row, after, ())
    reason = passed.stages[after.told].reason if isinstance(after, GrantRecord) and after.told in passed.stages else ""
    answers = tuple((waiting.key, _success(after, waiting, reason)) for waiting in row.awaiting)
    after = replace(after, awaiting=())
    return Conclusion(row, None if _is_over(after) else after, answers)


def _obstacle(view: TargetView, row: Row, passed: Passed) -> CrossAccountError | None:
    """Why a row cannot have what was asked for it, as far as this resource tells."""
    if row.withdrawn or passed.arn not in row.pending:
        return None
    if passed.left_out and row.id in passed.left_out:
        return passed.left_out[row.id]
    if isinstance(row, PublicationRecord):
        return None if row.seen else passed.error
    return passed.error or _refusal(view, row)


def _refusal(view: TargetView, row: GrantRecord) -> CrossAccountError | None:
    """Consent that was withdrawn between the request and the pass."""
    publication = view.current
    if publication is None:
        return TargetNotPublished(row.target.full_name, row.target.environment)
    try:
        authorise(row.grant.origin.account, row.grant, publication, view.units.get(row.grant.origin.account))
    except CrossAccountError as error:
        return error
    if row.grant.origin.account in view.quarantined:
        return AccountQuarantined(row.grant.origin.account)
    return ExpiryPassed(row.grant.expires_at or "") if row.has_expired(view.now) else None


def _gives_up(row: Row, passed: Passed) -> bool:
    # What was held before is never given up: a rollback that asks for it again must not fail.
    asks = [waiting for waiting in row.awaiting if not waiting.deleting]
    fresh = bool(asks) and all(waiting.fresh for waiting in asks)
    return fresh and (passed.outcome is not Outcome.UNSETTLED or _is_out_of_patience(row, passed))


def _is_out_of_patience(row: Row, passed: Passed) -> bool:
    return any(passed.now - waiting.since >= PATIENCE for waiting in row.awaiting)


def _given_up(row: Row, passed: Passed, error: CrossAccountError) -> Conclusion:
    answers = tuple((waiting.key, Answer(Status.FAILED, waiting.kept_id, str(error))) for waiting in row.awaiting)
    if isinstance(row, PublicationRecord):
        return Conclusion(row, None, answers)
    # Only a policy that was read says that nothing stands there; otherwise a write may have gone through, and the
    # grant stays on record until a pass has seen it gone.
    absent = passed.outcome in (Outcome.WRITTEN, Outcome.GONE)
    left = row.placed - {passed.arn} if absent else row.placed
    rest = replace(row, state=GrantState.WITHDRAWN, placed=left, pending=left, awaiting=())
    return Conclusion(row, rest if left else None, answers)


def _advanced(view: TargetView, row: Row, passed: Passed) -> Row:
    """The row after the pass, still with its awaiting requests."""
    pending = row.pending - {passed.arn}
    if isinstance(row, PublicationRecord):
        return _seen(view, row, pending, passed)
    left_out = passed.left_out is not None and row.id in passed.left_out
    stands = passed.arn in view.open_on(row) and passed.outcome is Outcome.WRITTEN and not left_out
    placed = row.placed
    if passed.outcome is not Outcome.SHUT_OUT:
        placed = placed | {passed.arn} if stands else placed - {passed.arn}
    if row.awaiting and not row.withdrawn:
        # The target may have moved while this was being asked: it is answered when it stands there as well.
        place = view.place(row)
        pending |= (frozenset({resource_of(place)} if place else ()) & view.open_on(row)) - placed - {passed.arn}
    served = row.told in passed.stages and passed.stages[row.told].done
    moved = replace(row, pending=pending, placed=placed, deployed=row.deployed or (served and stands))
    after = _told_anew(view, moved, passed)
    state = _state(view, after, passed)
    since = (after.since or passed.now) if state is GrantState.IN_FORCE else None
    return replace(after, state=state, since=after.since if after.withdrawn else since)


def _seen(view: TargetView, row: PublicationRecord, pending: frozenset[Arn], passed: Passed) -> PublicationRecord:
    """A publication counts once its own resources have been read; then all that the name stands on is concerned."""
    read = passed.arn in row.publication.resources and passed.outcome is Outcome.WRITTEN
    if row.seen or row.withdrawn or not read or pending & row.publication.resources:
        return replace(row, pending=pending)
    concerned = view.standing_places()
    return replace(row, seen=True, pending=concerned | row.publication.resources if concerned else concerned)


def _told_anew(view: TargetView, row: GrantRecord, passed: Passed) -> GrantRecord:
    """What was unpublished stays closed, whatever is published under the name later; what is retired is told anew.

    A retired ARN opens again where the owner takes it out of the list, a roll-back of his included.
    """
    publication = view.current
    if row.withdrawn or passed.arn != resource_of(row.told) or passed.outcome is not Outcome.WRITTEN:
        return row
    place = view.place(row)
    if publication is None or place is None:
        return replace(row, closed=True)
    if row.awaiting and row.told in publication.retired and are_alike(place, row.told):
        return replace(row, told=place, deployed=False, pending=row.pending | ({resource_of(place)} - row.placed))
    return row


def _state(view: TargetView, row: GrantRecord, passed: Passed) -> GrantState:
    if row.withdrawn:
        return GrantState.ORPHANED if passed.outcome is Outcome.SHUT_OUT else row.state
    open_on = view.open_on(row)
    if not open_on:
        return GrantState.SUSPENDED
    if open_on & row.placed:
        return GrantState.IN_FORCE
    return row.state if row.state is GrantState.WANTED else GrantState.OBSTRUCTED


def _still_pending(row: Row, passed: Passed) -> Conclusion:
    """A pass that wrote nothing: re-asked grants are answered, deletions say why, all of it stays pending."""
    due = passed.outcome is Outcome.REFUSED or _is_out_of_patience(row, passed)
    if not (due and passed.arn in row.pending and passed.error):
        return Conclusion(row, row, ())
    reason = str(passed.error)
    answers = tuple(
        (
            waiting.key,
            Answer(Status.FAILED, waiting.kept_id, reason) if waiting.deleting else _success(row, waiting, ""),
        )
        for waiting in row.awaiting
    )
    return Conclusion(row, replace(row, awaiting=()), answers)


def _left_behind(row: PublicationRecord, passed: Passed) -> Conclusion:
    """A publication that goes when its stage has been deployed; its stack does not wait for ever."""
    if not _is_out_of_patience(row, passed):
        return Conclusion(row, row, ())
    answers = tuple((waiting.key, _success(row, waiting, "")) for waiting in row.awaiting)
    return Conclusion(row, replace(row, awaiting=()), answers)


def _is_over(row: Row) -> bool:
    """Whether a row has nothing left to do in the ledger."""
    if isinstance(row, PublicationRecord):
        return row.withdrawn
    return row.withdrawn and not row.placed


def _success(row: Row, waiting: Waiting, reason: str) -> Answer:
    return Answer(Status.SUCCESS, waiting.kept_id) if waiting.deleting else granted(row, reason)


def granted(row: Row, undeployed: str = "") -> Answer:
    """The answer of a Create or Update that got what it asked; `undeployed` is why a stage does not serve it yet."""
    if isinstance(row, PublicationRecord):
        arns = row.publication.arns
        return Answer(
            Status.SUCCESS, row.id, data={"Name": row.target.full_name, "TargetArn": arns[0], "TargetArns": list(arns)}
        )
    data: dict[str, object] = {"GrantId": row.id, **target_data(row.told)}
    match row.grant.specification:
        case AuthorizerUse() as use:
            data["SourceArns"] = list(use.source_arns(row.grant.origin))
        case ApiExecution():
            data["DeploymentStatus"] = "Deployed" if row.deployed else "PendingDeployment"
            data["DeploymentReason"] = "" if row.deployed else undeployed
    return Answer(Status.SUCCESS, row.id, data=data)
