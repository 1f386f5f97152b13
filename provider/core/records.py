"""What the ledger remembers: frozen records, each with the version that its next write must find unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from provider.core.absences import Absence
from provider.core.consent import authorises
from provider.core.declarations import Grant, Publication
from provider.core.identifiers import (
    AccountId,
    Arn,
    DeclarationId,
    IssuedAt,
    Origin,
    Target,
    UnitId,
    digest,
    resource_of,
)
from provider.core.requests import RequestKey
from provider.core.settling import Held, LastEvent

NEW = 0
"""The version of a record that is not in the ledger yet."""


class GrantState(StrEnum):
    """Where a grant stands; what it may become is written beside each."""

    WANTED = "Wanted"  # recorded, not seen in force yet -> InForce, Suspended, Withdrawn
    IN_FORCE = "InForce"  # its statement stands -> Suspended, Withdrawn
    OBSTRUCTED = "Obstructed"  # held and authorised, but its resource is gone, full or refuses us -> InForce, Withdrawn
    SUSPENDED = "Suspended"  # held, but not authorised by its owner at present -> InForce, Withdrawn
    WITHDRAWN = "Withdrawn"  # to be removed; then its record goes to the history -> Orphaned
    ORPHANED = "Orphaned"  # withdrawn, and its owner's account lets nobody remove the statement


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request whose answer waits for passes over resources.

    `kept_id` is the PhysicalResourceId of a Delete's answer and of every failure; `fresh` says that what is
    asked was not held before, so that failing gives it up; `since` is in epoch seconds.
    """

    key: RequestKey
    kept_id: str
    deleting: bool
    fresh: bool
    since: float


@dataclass(frozen=True, slots=True)
class OriginRecord:
    """What an origin holds, and where (`places`) the records of all that it holds or gives up lie.

    `look_at` is when to look whether its resource is still in its stack, in epoch seconds.
    """

    origin: Origin
    held: Held = frozenset()
    places: Mapping[DeclarationId, Target] = field(default_factory=dict)
    last: LastEvent | None = None
    look_at: float | None = None
    version: int = NEW


@dataclass(frozen=True, slots=True)
class PublicationRecord:
    """A publication; `asked_at` is the time of the newest event that asked for it, which makes it current.

    It counts once its resources have been `seen`; a `leaving` one, whose deletion was refused because it has consumers,
    goes with the last of them and lets nobody else in. `request` is the id of the request that asked for it last; `absence` is
    what is known of its resource not being in its stack any more.
    """

    publication: Publication
    asked_at: IssuedAt
    seen: bool = False
    leaving: bool = False
    withdrawn: bool = False
    pending: frozenset[Arn] = frozenset()
    awaiting: tuple[Waiting, ...] = ()
    request: str = ""
    absence: Absence | None = None
    version: int = NEW

    @property
    def id(self) -> DeclarationId:
        """The publication's id."""
        return self.publication.id

    @property
    def origin(self) -> Origin:
        """Who asked for it."""
        return self.publication.origin

    @property
    def target(self) -> Target:
        """The name that it stands under."""
        return self.publication.target


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """A grant and where it stands.

    `told` is the ARN that its stack was answered and that deployed APIs may name, `closed` says that the owner has
    unpublished it since; `placed` are the resources that may hold its statement, recorded before it is
    written; `pending` those that must be passed over before `awaiting` is answered. `deployed` says, of a REST API's
    stage, that a deployment is known to have taken the statement up. `request` is the id of the request that asked for it
    last; `since` is when it came into force, in epoch seconds; `absence` is what is known of its resource not being in its
    stack any more.
    """

    grant: Grant
    target: Target
    told: Arn
    asked_at: IssuedAt
    closed: bool = False
    state: GrantState = GrantState.WANTED
    placed: frozenset[Arn] = frozenset()
    pending: frozenset[Arn] = frozenset()
    awaiting: tuple[Waiting, ...] = ()
    deployed: bool = False
    request: str = ""
    since: float | None = None
    absence: Absence | None = None
    version: int = NEW

    @property
    def id(self) -> DeclarationId:
        """The grant's id."""
        return self.grant.id

    @property
    def origin(self) -> Origin:
        """Who asked for it."""
        return self.grant.origin

    @property
    def withdrawn(self) -> bool:
        """Whether it is to be removed, or would be if its owner's account let us."""
        return self.state in (GrantState.WITHDRAWN, GrantState.ORPHANED)

    def has_expired(self, now: float) -> bool:
        """Whether its time is over; `now` in epoch seconds."""
        return self.grant.expiry is not None and self.grant.expiry <= now


Row = PublicationRecord | GrantRecord


@dataclass(frozen=True, slots=True)
class TargetView:
    """All that the ledger holds under one name, as it counts at `now` (epoch seconds), with the accounts in quarantine.

    `units` are the organizational units of accounts as they were last told, where a publication asks for any.
    """

    target: Target
    publications: tuple[PublicationRecord, ...]
    grants: tuple[GrantRecord, ...]
    now: float
    quarantined: frozenset[AccountId] = frozenset()
    units: Mapping[AccountId, frozenset[UnitId]] = field(default_factory=dict)

    @property
    def current(self) -> Publication | None:
        """The publication that counts: of those seen and not withdrawn, the one asked for last.

        Two resources of one account may publish the same name for a while (a renamed logical id, a
        move to another stack): the newer one counts, and the other again when that one goes.
        """
        return current(self.publications)

    def place(self, record: GrantRecord) -> Arn | None:
        """Where a grant belongs at present: where its stack was told, as long as that is published.

        A grant that was told what has been moved since belongs to one of the ARNs published now, always the same.
        """
        publication = self.current
        if publication is None:
            return None
        if record.told in publication.arns:
            return record.told
        return min(publication.arns, key=lambda arn: digest(record.id, arn))

    def open_at(self, record: GrantRecord) -> frozenset[Arn]:
        """The ARNs that a grant must open: none where its owner does not authorise it at present, or its time is over.

        Otherwise the one that its stack was told and the current one, unless the owner has retired it.
        """
        publication, place = self.current, self.place(record)
        if publication is None or place is None or record.withdrawn or record.has_expired(self.now):
            return frozenset()
        account = record.grant.origin.account
        if account in self.quarantined or not authorises(record.grant, publication, self.units.get(account)):
            return frozenset()
        told = frozenset() if record.closed else frozenset({record.told})
        return (told | {place}) - publication.retired

    def open_on(self, record: GrantRecord) -> frozenset[Arn]:
        """The resources whose policies must hold a grant's statements."""
        return frozenset(resource_of(arn) for arn in self.open_at(record))

    def standing_places(self) -> frozenset[Arn]:
        """Every resource that a change of this name's publications may have to do with."""
        places: frozenset[Arn] = frozenset()
        for row in self.grants:
            places |= row.placed | row.pending | (frozenset() if row.withdrawn else frozenset({resource_of(row.told)}))
        return places

    def concerns(self, arn: Arn) -> bool:
        """Whether a resource still has to do with this name."""
        published = any(arn in row.publication.resources | row.pending for row in self.publications)
        return published or any(arn in row.placed | row.pending | self.open_on(row) for row in self.grants)


def current(records: tuple[PublicationRecord, ...]) -> Publication | None:
    """The publication that counts among those of one name; see `TargetView.current`."""
    counting = current_record(records)
    return counting.publication if counting else None


def current_record(records: tuple[PublicationRecord, ...]) -> PublicationRecord | None:
    """The record of the publication that counts; one that is leaving counts only where no other does."""
    live = [record for record in records if record.seen and not record.withdrawn]
    return max(live, key=lambda record: (not record.leaving, record.asked_at, record.id), default=None)


@dataclass(frozen=True, slots=True)
class ResourceRecord:
    """A resource whose policy we write: the names that point to it, and `wanted`, which counts changes.

    `undeployed_since` is when its policy was changed (epoch seconds), where no deployment is known to have taken that up;
    None where nothing is left to deploy. `findings` are (kind, detail) of the last pass. `adopting` says that statements of it have been
    adopted since it is known.
    """

    arn: Arn
    names: frozenset[Target]
    wanted: int
    lease: str
    undeployed_since: float | None = None
    findings: tuple[tuple[str, str], ...] = ()
    adopting: bool = False
