"""What an event changes in the ledger: one pure decision from what was read to what is to be committed.

parse -> declared -> authorise -> settle has happened on the way here or happens here; reconciling and answering
follow. A lookup stops after authorise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from provider.core.answers import Answer, Status, kept_id, target_data
from provider.core.concluding import granted
from provider.core.consent import authorise
from provider.core.declarations import Declaration, Grant, Lookup, Publication
from provider.core.errors import StaleEvent, TargetHasConsumers, TargetNotPublished
from provider.core.identifiers import Arn, DeclarationId, Target
from provider.core.records import (
    GrantRecord,
    GrantState,
    OriginRecord,
    PublicationRecord,
    Row,
    TargetView,
    Waiting,
    current,
)
from provider.core.requests import Request, RequestType
from provider.core.settling import LastEvent, is_overtaken, settle


@dataclass(frozen=True, slots=True)
class Situation:
    """What the ledger holds where a request arrives.

    `rows` are the existing records of the origin's `places`; `asked` is the target that a declaration
    names, with its publications, and with its grants where a publication is asked for; `views` are the
    whole names of publications that the origin holds.
    """

    origin: OriginRecord
    rows: Mapping[DeclarationId, Row]
    asked: TargetView | None
    views: Mapping[Target, TargetView]
    now: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What to commit, which resources to want (by name), and the answer where it need not wait."""

    puts: tuple[OriginRecord | Row, ...] = ()
    deletes: tuple[Row, ...] = ()
    wanted: Mapping[Arn, frozenset[Target]] | None = None
    answer: Answer | None = None


def decide(request: Request, declaration: Declaration | None, situation: Situation) -> Decision:
    """Settle one event.

    Args:
        request: the event.
        declaration: what a Create or Update declares (`declared`), None for a Delete.
        situation: what the ledger holds.

    Raises:
        Permanent: the event is overtaken, or what it asks is not published, offered or allowed; or a
            target with consumers would go. Nothing is to be changed then.
    """
    if isinstance(declaration, Lookup):
        return Decision(answer=_looked_up(request, declaration, situation))
    last = situation.origin.last
    if last is not None and is_overtaken(request, last):
        raise StaleEvent(request.issued_at, last.issued_at)
    asked = _asked_row(request, declaration, situation) if declaration is not None else None
    return _settled(request, asked, situation)


def _looked_up(request: Request, lookup: Lookup, situation: Situation) -> Answer:
    publication = _published(situation)
    authorise(request.key.account, None, publication)
    return Answer(Status.SUCCESS, lookup.id, data=target_data(publication.arn))


def _published(situation: Situation) -> Publication:
    view = situation.asked
    publication = current(view.publications) if view else None
    if view is None or publication is None:
        target = view.target if view else None
        raise TargetNotPublished(target.full_name if target else "", target.environment if target else "")
    return publication


def _waiting(request: Request, situation: Situation, *, fresh: bool) -> Waiting:
    deleting = request.type is RequestType.DELETE
    return Waiting(request.key, kept_id(request), deleting=deleting, fresh=fresh, since=situation.now)


def _is_held(situation: Situation, row: Row | None) -> bool:
    return row is not None and row.id in situation.origin.held and not row.withdrawn


def _awaits(row: Row, request: Request) -> bool:
    return any(waiting.key == request.key for waiting in row.awaiting)


def _asked_row(request: Request, declaration: Grant | Publication, situation: Situation) -> Row:
    existing = situation.rows.get(declaration.id)
    if existing is not None and _awaits(existing, request):
        return existing
    if isinstance(declaration, Grant):
        return _asked_grant(request, declaration, existing, situation)
    return _asked_publication(request, declaration, existing, situation)


def _asked_grant(request: Request, grant: Grant, existing: Row | None, situation: Situation) -> GrantRecord:
    if isinstance(existing, GrantRecord) and _is_held(situation, existing):
        return _asked_again(request, existing, situation)
    publication = _published(situation)
    authorise(request.key.account, grant.grant_type, publication)
    told = publication.arn
    waiting = _waiting(request, situation, fresh=True)
    if isinstance(existing, GrantRecord):  # on its way out: it turns round
        return replace(
            existing,
            told=told,
            asked_at=request.issued_at,
            state=GrantState.WANTED,
            placed=existing.placed | {told},
            pending=existing.pending | {told},
            awaiting=(*existing.awaiting, waiting),
        )
    row = GrantRecord(grant, publication.target, told, request.issued_at)
    return replace(row, placed=frozenset({told}), pending=frozenset({told}), awaiting=(waiting,))


def _asked_again(request: Request, held: GrantRecord, situation: Situation) -> GrantRecord:
    """A held grant succeeds without new authorisation; it is only looked at again where it should stand."""
    view = situation.asked or TargetView(held.target, (), ())
    publication = view.current
    if publication is not None and held.told in publication.retired:
        held = replace(held, told=publication.arn)
    pending = held.pending | view.open_on(held)
    if not pending:  # suspended: there is nothing to wait for
        return replace(held, asked_at=request.issued_at)
    waiting = _waiting(request, situation, fresh=held.state is GrantState.WANTED)
    return replace(held, asked_at=request.issued_at, pending=pending, awaiting=(*held.awaiting, waiting))


def _asked_publication(
    request: Request, publication: Publication, existing: Row | None, situation: Situation
) -> PublicationRecord:
    held = _is_held(situation, existing)
    record = existing if isinstance(existing, PublicationRecord) else PublicationRecord(publication, request.issued_at)
    view = situation.asked or TargetView(publication.target, (), ())
    waiting = _waiting(request, situation, fresh=not held)
    pending = record.pending | {publication.arn} | _standing_places(view)
    return replace(
        record,
        asked_at=request.issued_at,
        withdrawn=False,
        pending=pending,
        awaiting=(*record.awaiting, waiting),
    )


def _standing_places(view: TargetView) -> frozenset[Arn]:
    """Every resource that a change of this name's publications may have to do with."""
    places: frozenset[Arn] = frozenset()
    for row in view.grants:
        places |= row.placed | ({row.told} if not row.withdrawn else frozenset())
    return places


def _settled(request: Request, asked: Row | None, situation: Situation) -> Decision:
    settled = settle(situation.origin.held, request, asked.id if asked else None)
    leaving = [row for row in situation.rows.values() if row.id not in settled]
    for row, consumers in _cut_off_by(leaving, situation):
        if asked is None:
            raise TargetHasConsumers(row.target.full_name, consumers)
        # What an earlier refused Delete has left is not dropped in passing either.
        settled |= {row.id}
        leaving = [one for one in leaving if one.id != row.id]
    changed = [_withdrawn(request, row, situation) for row in leaving]
    kept = [row for row in changed if not _is_finished(row)]
    gone = tuple(row for row, after in zip(leaving, changed, strict=True) if _is_finished(after))
    touched = [*([asked] if asked else []), *kept]
    origin = _origin_after(request, settled, touched, gone, situation)
    return Decision(
        puts=(origin, *(row for row in touched if row != situation.rows.get(row.id))),
        deletes=gone,
        wanted=_wanted(touched, gone),
        answer=_immediate(request, asked, kept),
    )


def _cut_off_by(leaving: list[Row], situation: Situation) -> list[tuple[PublicationRecord, int]]:
    """The publications whose going would leave grants without any publication, and how many grants."""
    going = {row.id for row in leaving}
    found = []
    for row in leaving:
        if not isinstance(row, PublicationRecord) or row.withdrawn or row.publication.allow_deletion:
            continue
        view = situation.views[row.target]
        remains = any(one.id not in going and not one.withdrawn for one in view.publications)
        consumers = 0 if remains else sum(1 for grant in view.grants if view.open_on(grant))
        if consumers:
            found.append((row, consumers))
    return found


def _withdrawn(request: Request, row: Row, situation: Situation) -> Row:
    if _awaits(row, request):
        return row
    awaiting = row.awaiting
    if request.type is RequestType.DELETE:
        awaiting = (*awaiting, _waiting(request, situation, fresh=False))
    if isinstance(row, PublicationRecord):
        pending = row.pending | _standing_places(situation.views[row.target])
        return replace(row, withdrawn=True, pending=pending, awaiting=awaiting)
    if row.state is GrantState.ORPHANED:
        return row
    return replace(row, state=GrantState.WITHDRAWN, pending=row.placed, awaiting=awaiting)


def _is_finished(row: Row) -> bool:
    """Whether a row that leaves has nothing to be removed anywhere."""
    return not row.pending and not (isinstance(row, GrantRecord) and row.placed)


def _origin_after(
    request: Request, settled: frozenset[DeclarationId], touched: list[Row], gone: tuple[Row, ...], situation: Situation
) -> OriginRecord:
    places = {row.id: row.target for row in (*situation.rows.values(), *touched)}
    for row in gone:
        places.pop(row.id, None)
    last = LastEvent(request.issued_at, request.type)
    return replace(situation.origin, held=settled & frozenset(places), places=places, last=last)


def _wanted(touched: list[Row], gone: tuple[Row, ...]) -> Mapping[Arn, frozenset[Target]]:
    wanted: dict[Arn, frozenset[Target]] = {}
    for row in touched:
        for arn in row.pending:
            wanted[arn] = wanted.get(arn, frozenset()) | {row.target}
    for row in gone:
        if isinstance(row, PublicationRecord):  # its resource may have nothing left to do with the name
            wanted[row.publication.arn] = wanted.get(row.publication.arn, frozenset()) | {row.target}
    return wanted


def _immediate(request: Request, asked: Row | None, kept: list[Row]) -> Answer | None:
    """The answer where nothing is pending: nothing left to remove, or a grant that is held but suspended."""
    if asked is not None:
        return None if _awaits(asked, request) else granted(asked)
    if any(_awaits(row, request) for row in kept):
        return None
    return Answer(Status.SUCCESS, kept_id(request))
