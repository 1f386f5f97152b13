"""What is published and granted, as lines for people and programs: pure, over what is seen of the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from provider.cli.reading import Sight
from provider.core.consent import authorise
from provider.core.errors import Permanent, UnitsNotTold
from provider.core.identifiers import FunctionArn, RestApiArn, target_arn
from provider.core.records import GrantRecord, GrantState, PublicationRecord, TargetView, current_record
from provider.core.specifications import ApiExecution

UNPUBLISHED = "Unpublished"
"""Of a name under which grants lie and nothing is published any more."""


@dataclass(frozen=True, slots=True, order=True)
class TargetLine:
    """A name: what stands under it, for whom and what, how many grants it has, and the stack that publishes it."""

    target: str
    environment: str
    owner: str
    state: str
    kind: str
    arns: tuple[str, ...]
    types: tuple[str, ...]
    allowed: tuple[str, ...]
    grants: int
    consumers: int
    since: str
    stack: str
    resource: str


@dataclass(frozen=True, slots=True, order=True)
class GrantLine:
    """A grant: who may call what, where it stands and why, since when, until when, and which stack asked for it."""

    target: str
    environment: str
    account: str
    type: str
    state: str
    why: str
    since: str
    until: str
    arn: str
    principals: tuple[str, ...]
    stack: str
    resource: str
    id: str


def targets(sight: Sight) -> Iterator[TargetLine]:
    """The names of which all is seen, each with the publication that counts or will count."""
    for target, view in sorted(sight.views.items()):
        if sight.is_whole(target):
            yield _target_line(view)


def grants(sight: Sight) -> Iterator[GrantLine]:
    """All grants that are seen."""
    for target, view in sorted(sight.views.items()):
        for row in sorted(view.grants, key=lambda one: (one.grant.origin.account, one.id)):
            yield _grant_line(view, row, consent_is_seen=sight.is_whole(target))


def _target_line(view: TargetView) -> TargetLine:
    record = current_record(view.publications) or max(view.publications, key=lambda one: one.asked_at, default=None)
    standing = [row for row in view.grants if not row.withdrawn]
    publication = record.publication if record else None
    return TargetLine(
        target=view.target.full_name,
        environment=view.target.environment,
        owner=view.target.owner,
        state=_publication_state(record),
        kind=_kind(publication.arns[0]) if publication else "",
        arns=publication.arns if publication else (),
        types=tuple(sorted(publication.grant_types)) if publication else (),
        allowed=("organization",)
        if publication and publication.organization
        else tuple(sorted(publication.accounts | publication.units) if publication else ()),
        grants=len(standing),
        consumers=len({row.grant.origin.account for row in standing}),
        since=_issued(record.asked_at) if record else "",
        stack=publication.origin.stack_id if publication else "",
        resource=publication.origin.logical_id if publication else "",
    )


def _publication_state(record: PublicationRecord | None) -> str:
    if record is None:
        return UNPUBLISHED
    if record.withdrawn:
        return "Withdrawn"
    if record.leaving:
        return "Leaving"
    return "Published" if record.seen else "Wanted"


def _kind(arn: str) -> str:
    found = target_arn(arn)
    if isinstance(found, FunctionArn):
        return "function"
    return "stage" if isinstance(found, RestApiArn) else "role"


def _grant_line(view: TargetView, row: GrantRecord, *, consent_is_seen: bool) -> GrantLine:
    grant = row.grant
    return GrantLine(
        target=view.target.full_name,
        environment=view.target.environment,
        account=grant.origin.account,
        type=grant.grant_type.value,
        state=row.state.value,
        why=why(view, row, consent_is_seen=consent_is_seen),
        since=time_of(row.since) if row.since is not None else "",
        until=grant.expires_at or "",
        arn=row.told,
        principals=tuple(grant.specification.properties.get("Principals", ())),
        stack=grant.origin.stack_id,
        resource=grant.origin.logical_id,
        id=row.id,
    )


def why(view: TargetView, row: GrantRecord, *, consent_is_seen: bool) -> str:
    """What keeps a grant from being in force, or will; empty where nothing does that is seen."""
    account = row.grant.origin.account
    is_undeployed = isinstance(row.grant.specification, ApiExecution) and not row.deployed
    absence = f"{row.absence.kind.value} since {time_of(row.absence.since)}" if row.absence else ""
    reasons = (
        (row.state is GrantState.ORPHANED, "withdrawn, and its owner's account lets nobody remove the statement"),
        (row.state is GrantState.WITHDRAWN, "being removed"),
        (row.has_expired(view.now), f"ended at {row.grant.expires_at}"),
        (account in view.quarantined, f"account {account} is in quarantine"),
        (consent_is_seen, _refusal(view, row)),
        (row.state is GrantState.SUSPENDED, "its owner does not offer it to this account at present"),
        (row.state is GrantState.OBSTRUCTED, "its resource is gone, full, or refuses the controller"),
        (True, absence),
        (row.state is GrantState.WANTED, "not in force yet"),
        (is_undeployed, "the stage was not deployed since"),
    )
    return next((words for applies, words in reasons if applies and words), "")


def _refusal(view: TargetView, row: GrantRecord) -> str:
    """The owner's no, as the controller would say it to who asks now; nothing where it hangs on a unit that is not told."""
    if view.current is None:
        return "nothing is published under the name"
    account = row.grant.origin.account
    try:
        authorise(account, row.grant, view.current, view.units.get(account))
    except UnitsNotTold:
        return ""
    except Permanent as refusal:
        return refusal.fact
    return ""


def time_of(moment: float) -> str:
    """Epoch seconds as a time in UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _issued(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[9:11]}:{text[11:13]}:{text[13:]}"
