"""What an event changes in the ledger: one pure decision from what was read to what is to be committed.

parse -> declared -> authorise -> settle has happened on the way here or happens here; reconciling and answering
follow. A lookup stops after authorise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from provider.core.absences import first_look
from provider.core.answers import Answer, Status, failed, kept_id, target_data
from provider.core.concluding import granted
from provider.core.consent import admit, authorise
from provider.core.declarations import Declaration, Grant, Lookup, Publication
from provider.core.errors import (
    AccountQuarantined,
    QualifierInUse,
    StaleEvent,
    Superseded,
    TargetHasConsumers,
    TargetNotPublished,
)
from provider.core.identifiers import AccountId, Arn, DeclarationId, FunctionArn, Target, UnitId, are_alike, resource_of
from provider.core.placing import least_full
from provider.core.records import (
    GrantRecord,
    GrantState,
    OriginRecord,
    PublicationRecord,
    Row,
    TargetView,
    Waiting,
    current_record,
)
from provider.core.requests import Request, RequestKey, RequestType
from provider.core.settling import LastEvent, is_overtaken, settle
from provider.core.statements import render


@dataclass(frozen=True, slots=True)
class Situation:
    """What the ledger holds where a request arrives.

    `rows` are the existing records of the origin's `places`; `asked` is the target that a declaration
    names, with its publications, and with its grants where a publication is asked for; `views` are the
    whole names of publications that the origin holds; `sizes` the characters of the policies of several places; `others` how many grants
    the account has on the target beside those of this origin; `quarantined` the accounts in quarantine; `units` the organizational units
    of the asking account as of now, None where that was not to be learnt.
    """

    origin: OriginRecord
    rows: Mapping[DeclarationId, Row]
    asked: TargetView | None
    views: Mapping[Target, TargetView]
    now: float
    sizes: Mapping[Arn, int] = field(default_factory=dict)
    others: int = 0
    quarantined: frozenset[AccountId] = frozenset()
    units: frozenset[UnitId] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to commit, and what follows.

    `checks` are publications that the decision rests on and that must be unchanged; `wanted` the resources to want, by
    name; `growth` the characters that policies will take more, for placing what is asked meanwhile; `answers` what can be
    said at once, to this request and to others that it has overtaken.
    """

    puts: tuple[OriginRecord | Row, ...] = ()
    deletes: tuple[Row, ...] = ()
    checks: tuple[PublicationRecord, ...] = ()
    wanted: Mapping[Arn, frozenset[Target]] = field(default_factory=dict)
    growth: Mapping[Arn, int] = field(default_factory=dict)
    answers: tuple[tuple[RequestKey, Answer], ...] = ()


def decide(request: Request, declaration: Declaration | None, situation: Situation) -> Decision:
    """Settle one event.

    Args:
        request: the event.
        declaration: what a Create or Update declares (`declared`), None for a Delete.
        situation: what the ledger holds.

    Raises:
        Permanent: the event is overtaken, or what it asks is not published, offered or allowed. Nothing
            is to be changed then.
    """
    if declaration is not None and request.key.account in situation.quarantined:
        raise AccountQuarantined(request.key.account)
    if isinstance(declaration, Lookup):
        return Decision(answers=((request.key, _looked_up(request, declaration, situation)),))
    last = situation.origin.last
    if last is not None and is_overtaken(request, last):
        raise StaleEvent(request.issued_at, last.issued_at)
    asked = _asked_row(request, declaration, situation) if declaration is not None else None
    asked = replace(asked, absence=None) if asked is not None else None  # whoever asks for it has it in a stack
    return _settled(request, asked, situation)


def _looked_up(request: Request, lookup: Lookup, situation: Situation) -> Answer:
    publication = _published(situation).publication
    authorise(request.key.account, None, publication, situation.units)
    return Answer(Status.SUCCESS, lookup.id, data=target_data(least_full(publication.arns, situation.sizes)))


def _published(situation: Situation) -> PublicationRecord:
    """The publication under which something new may be asked for."""
    view = situation.asked
    found = current_record(view.publications) if view else None
    if view is None or found is None or found.leaving:
        target = view.target if view else None
        raise TargetNotPublished(target.full_name if target else "", target.environment if target else "")
    return found


def _waiting(request: Request, situation: Situation, *, fresh: bool) -> Waiting:
    deleting = request.type is RequestType.DELETE
    return Waiting(request.key, kept_id(request), deleting=deleting, fresh=fresh, since=situation.now)


def _is_held(situation: Situation, row: Row | None) -> bool:
    return row is not None and row.id in situation.origin.held and not row.withdrawn


def _awaits(row: Row, request: Request) -> bool:
    return any(waiting.key == request.key for waiting in row.awaiting)


# --- what is asked ---------------------------------------------------------------------------------


def _asked_row(request: Request, declaration: Grant | Publication, situation: Situation) -> Row:
    existing = situation.rows.get(declaration.id)
    if existing is not None and _awaits(existing, request):
        return existing
    if isinstance(declaration, Publication):
        return _asked_publication(request, declaration, existing, situation)
    if isinstance(existing, GrantRecord) and _is_held(situation, existing):
        return _asked_again(request, existing, situation)
    return _asked_anew(request, declaration, existing, situation)


def _asked_anew(request: Request, grant: Grant, existing: Row | None, situation: Situation) -> GrantRecord:
    publication = _published(situation).publication
    if publication.target.owner in situation.quarantined:
        raise AccountQuarantined(publication.target.owner)
    authorise(request.key.account, grant, publication, situation.units)
    told = _told(request, grant, publication, situation)
    row = (
        existing
        if isinstance(existing, GrantRecord)
        else GrantRecord(grant, publication.target, told, request.issued_at)
    )
    row = replace(row, told=told, closed=False, asked_at=request.issued_at, state=GrantState.WANTED, deployed=False)
    row = replace(row, request=request.key.request_id, since=None)
    view = situation.asked or TargetView(publication.target, (), (), situation.now)
    waiting = _waiting(request, situation, fresh=True)
    return replace(row, pending=row.placed | view.open_on(row), awaiting=(*row.awaiting, waiting))


def _told(request: Request, grant: Grant, publication: Publication, situation: Situation) -> Arn:
    """Where the grant is placed; but a stack that changes its permission in all but the revision is told what it was told.

    Its APIs may name that ARN by a lookup that CloudFormation does not ask again.
    """
    known = situation.rows.get(DeclarationId(request.physical_id or ""))
    stays = (
        isinstance(known, GrantRecord)
        and not (known.withdrawn or known.closed)
        and known.target == publication.target
        and known.grant.revision == grant.revision
        and known.told not in publication.retired
        and are_alike(known.told, publication.arns[0])
        and grant.wanted_on in (None, known.told)
    )
    admit(replace(grant, wanted_on=None) if stays else grant, publication, situation.now, situation.others)
    if stays and isinstance(known, GrantRecord):
        return known.told
    return grant.wanted_on or least_full(publication.arns, situation.sizes)


def _asked_again(request: Request, held: GrantRecord, situation: Situation) -> GrantRecord:
    """A held grant succeeds without new authorisation; it is only looked at again where it should stand."""
    view = situation.asked or TargetView(held.target, (), (), situation.now)
    publication, place = view.current, view.place(held)
    over = publication is not None and (held.closed or held.told in publication.retired)
    if place is not None and over and are_alike(place, held.told):
        held = replace(held, told=place, closed=False, deployed=False)
    pending = held.pending | view.open_on(held)
    if not pending:  # suspended: there is nothing to wait for
        return replace(held, asked_at=request.issued_at)
    waiting = _waiting(request, situation, fresh=held.state is GrantState.WANTED)
    return replace(held, asked_at=request.issued_at, pending=pending, awaiting=(*held.awaiting, waiting))


def _asked_publication(
    request: Request, publication: Publication, existing: Row | None, situation: Situation
) -> PublicationRecord:
    held = isinstance(existing, PublicationRecord) and existing.seen and _is_held(situation, existing)
    record = existing if isinstance(existing, PublicationRecord) else PublicationRecord(publication, request.issued_at)
    view = situation.asked or TargetView(publication.target, (), (), situation.now)
    if not held:
        _check_qualifiers(publication, view)
    # A new one counts, and concerns others, only once its own resources have been seen.
    pending = publication.resources | (view.standing_places() if held else frozenset())
    return replace(
        record,
        asked_at=request.issued_at,
        request=request.key.request_id,
        seen=held,
        leaving=False,
        withdrawn=False,
        pending=pending,
        awaiting=(*record.awaiting, _waiting(request, situation, fresh=not held)),
    )


def _check_qualifiers(publication: Publication, view: TargetView) -> None:
    """An alias among several may leave a target only when no grant stands on it, or when it is retired.

    Raises:
        QualifierInUse: it may not.
    """
    before = view.current
    if before is None or max(len(before.arns), len(publication.arns)) == 1:
        return
    functions = {FunctionArn.parse(arn) for arn in publication.arns}
    for arn in sorted(set(before.arns) - set(publication.arns) - publication.retired):
        leaving = FunctionArn.parse(arn)
        users = sum(1 for row in view.grants if arn in view.open_at(row))
        if users and leaving and any(one and one.function == leaving.function for one in functions):
            raise QualifierInUse(arn, users)


# --- what is given up ------------------------------------------------------------------------------


def _settled(request: Request, asked: Row | None, situation: Situation) -> Decision:
    settled = settle(situation.origin.held, request, asked.id if asked else None)
    leaving = [row for row in situation.rows.values() if row.id not in settled]
    cut_off, checks = _cut_off_by(leaving, situation)
    if cut_off and asked is None:
        return _refused(request, cut_off)
    # What an earlier refused Delete has left is not dropped in passing either.
    kept_back = {row.id for row, _ in cut_off}
    leaving = [row for row in leaving if row.id not in kept_back]
    after = [_withdrawn(request, row, situation) for row in leaving]
    gone = tuple(row for row, then in zip(leaving, after, strict=True) if _is_finished(then))
    touched = [*([asked] if asked else []), *(row for row in after if not _is_finished(row))]
    origin = _origin_after(request, settled | kept_back, touched, gone, situation)
    return Decision(
        puts=(origin, *(row for row in touched if row != situation.rows.get(row.id))),
        deletes=gone,
        checks=checks,
        wanted=_wanted(touched, gone),
        growth=_growth(asked, situation),
        answers=(*_immediate(request, asked, touched), *_overtaken(request, leaving, after)),
    )


def _cut_off_by(
    leaving: list[Row], situation: Situation
) -> tuple[list[tuple[PublicationRecord, int]], tuple[PublicationRecord, ...]]:
    """The publications whose going would leave grants without any, with how many; and what others may go because of."""
    going = {row.id for row in leaving}
    cut_off: list[tuple[PublicationRecord, int]] = []
    rests_on: list[PublicationRecord] = []
    for row in leaving:
        if not isinstance(row, PublicationRecord) or row.withdrawn or row.publication.allow_deletion:
            continue
        view = situation.views[row.target]
        remaining = [one for one in view.publications if one.seen and one.id not in going and not one.withdrawn]
        consumers = sum(1 for grant in view.grants if view.open_on(grant))
        if consumers and not remaining:
            cut_off.append((row, consumers))
        elif consumers:
            rests_on.append(remaining[0])
    return cut_off, tuple(rests_on)


def _refused(request: Request, cut_off: list[tuple[PublicationRecord, int]]) -> Decision:
    """The Delete fails, since there are consumers; the publication goes with the last of them, and takes no other."""
    first, consumers = cut_off[0]
    answer = failed(request, TargetHasConsumers(first.target.full_name, consumers))
    puts = tuple(replace(row, leaving=True) for row, _ in cut_off if not row.leaving)
    return Decision(puts=puts, answers=((request.key, answer),))


def _withdrawn(request: Request, row: Row, situation: Situation) -> Row:
    if _awaits(row, request):
        return row
    awaiting = tuple(waiting for waiting in row.awaiting if waiting.deleting)
    if request.type is RequestType.DELETE:
        awaiting = (*awaiting, _waiting(request, situation, fresh=False))
    if isinstance(row, PublicationRecord):
        pending = _concerned_by_going(row, situation.views[row.target]) if row.seen else frozenset()
        return replace(row, withdrawn=True, pending=pending, awaiting=awaiting)
    if row.state is GrantState.ORPHANED:
        return row
    return replace(row, state=GrantState.WITHDRAWN, pending=row.placed, awaiting=awaiting)


def _concerned_by_going(row: PublicationRecord, view: TargetView) -> frozenset[Arn]:
    """All that the name stands on, and what it will stand on once another publication counts again."""
    standing = view.standing_places()
    rest = tuple(one for one in view.publications if one.id != row.id)
    then = current_record(rest) if standing else None
    return standing | (then.publication.resources if then else frozenset())


def _is_finished(row: Row) -> bool:
    """Whether a row that leaves has nothing to be removed anywhere."""
    return not row.pending and not (isinstance(row, GrantRecord) and row.placed)


def _overtaken(request: Request, leaving: list[Row], after: list[Row]) -> tuple[tuple[RequestKey, Answer], ...]:
    """Who waited for what is given up now: an ask has failed, and a Delete is done where nothing is left."""
    answers = []
    for row, then in zip(leaving, after, strict=True):
        for waiting in row.awaiting:
            if not waiting.deleting and then.awaiting != row.awaiting:
                reason = str(Superseded(request.issued_at))
                answers.append((waiting.key, Answer(Status.FAILED, waiting.kept_id, reason)))
            elif waiting.deleting and _is_finished(then):
                answers.append((waiting.key, Answer(Status.SUCCESS, waiting.kept_id)))
    return tuple(answers)


def _origin_after(
    request: Request, settled: frozenset[DeclarationId], touched: list[Row], gone: tuple[Row, ...], situation: Situation
) -> OriginRecord:
    places = {row.id: row.target for row in (*situation.rows.values(), *touched)}
    for row in gone:
        places.pop(row.id, None)
    last = LastEvent.of(request)
    look_at = first_look(situation.origin.origin, situation.now) if places else None
    return replace(situation.origin, held=settled & frozenset(places), places=places, last=last, look_at=look_at)


def _wanted(touched: list[Row], gone: tuple[Row, ...]) -> Mapping[Arn, frozenset[Target]]:
    wanted: dict[Arn, frozenset[Target]] = {}
    for row in touched:
        for arn in row.pending:
            wanted[arn] = wanted.get(arn, frozenset()) | {row.target}
    for row in gone:
        if isinstance(row, PublicationRecord):  # its resources may have nothing left to do with the name
            for arn in row.publication.resources:
                wanted[arn] = wanted.get(arn, frozenset()) | {row.target}
    return wanted


def _growth(asked: Row | None, situation: Situation) -> Mapping[Arn, int]:
    """What a grant takes where it was not before: its names, a quote on each side and a comma."""
    if not isinstance(asked, GrantRecord) or asked.id in situation.rows:
        return {}
    parts = render(asked.grant, asked.told)
    return {resource_of(asked.told): sum(len(name) + 3 for part in parts for name in part.names)}


def _immediate(request: Request, asked: Row | None, touched: list[Row]) -> tuple[tuple[RequestKey, Answer], ...]:
    """The answer where nothing is pending: nothing left to remove, or a grant that is held but suspended."""
    if any(_awaits(row, request) for row in touched):
        return ()
    answer = granted(asked) if asked is not None else Answer(Status.SUCCESS, kept_id(request))
    return ((request.key, answer),)
