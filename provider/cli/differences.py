"""What deploying a template would change of permissions: pure, over what is seen of the ledger, by the controller's own rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from provider.cli.reading import Sight
from provider.cli.template_values import Unknown, unknown
from provider.core.consent import authorise
from provider.core.deciding import Situation, decide
from provider.core.declarations import Declaration, Grant, Lookup, Publication, declared
from provider.core.errors import NameNotReserved, Permanent, UnitsNotTold
from provider.core.identifiers import AccountId, IssuedAt, Origin, RequestId, Target
from provider.core.properties import LOOKUP, PERMISSION, TARGET
from provider.core.records import GrantRecord, OriginRecord, PublicationRecord, Row, TargetView
from provider.core.requests import Request, RequestKey, RequestType


class Verdict(StrEnum):
    """What would become of a resource, or of a grant on it."""

    GRANTED = "Granted"
    PUBLISHED = "Published"
    CHANGED = "Changed"
    UNCHANGED = "Unchanged"
    WITHDRAWN = "Withdrawn"
    SUSPENDED = "Suspended"
    REFUSED = "Refused"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Wish:
    """A resource as a template has it, its values worked out; `condition` is what is not known of whether it is made."""

    logical_id: str
    resource_type: str
    properties: Mapping[str, Any]
    condition: Unknown | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template is deployed: the stack's account, partition, Region and name."""

    account: AccountId
    partition: str
    region: str
    stack: str

    @property
    def new(self) -> str:
        """An ARN for a stack that is not there yet."""
        unique = "00000000-0000-0000-0000-000000000000"
        return f"arn:{self.partition}:cloudformation:{self.region}:{self.account}:stack/{self.stack}/{unique}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One line: what would become of it, and why or what is not known."""

    verdict: Verdict
    resource: str
    type: str
    target: str
    why: str


def differences(wishes: Sequence[Wish], place: Place, sight: Sight) -> Iterator[Difference]:
    """All that deploying these resources as this stack would change, in the template's order; what goes away last."""
    standing = _standing(place, sight)
    newest = max(standing.values(), key=lambda rows: rows[0].asked_at)[0] if standing else None
    arn = newest.origin.stack_id if newest else place.new
    for wish in wishes:
        rows = standing.pop(wish.logical_id, [])
        yield from _of_wish(wish, Origin(place.account, arn, wish.logical_id), rows, sight)
    for logical_id, rows in standing.items():
        yield from _of_leaving(Origin(place.account, arn, logical_id), rows, sight)


def _standing(place: Place, sight: Sight) -> dict[str, list[Row]]:
    """What the stack of that name holds, by logical id, the newest first; of an earlier stack of the name nothing is meant."""
    mine: list[Row] = []
    for view in sight.views.values():
        rows: tuple[Row, ...] = (*view.publications, *view.grants)
        for row in rows:
            stack = row.origin.stack
            named = stack.text.split("/")[1] == place.stack
            if named and not row.withdrawn and (stack.account, stack.region) == (place.account, place.region):
                mine.append(row)
    mine.sort(key=lambda row: row.asked_at, reverse=True)
    found: dict[str, list[Row]] = {}
    for row in mine:
        if row.origin.stack_id == mine[0].origin.stack_id:
            found.setdefault(row.origin.logical_id, []).append(row)
    return found


# --- what the template asks ----------------------------------------------------------------------

_STAND_INS: Mapping[str, Mapping[str, Any]] = {
    PERMISSION: {
        "ApiId": "unknown000",
        "AuthorizerIds": ["unknown"],
        "VpcEndpointIds": ["vpce-00000000"],
        "ExternalId": "unknown",
        "Principals": None,
        "Revision": None,
        "TargetArn": None,
    },
    TARGET: {"RestApiId": "unknown000", "FunctionArn": "function", "RoleArn": "role"},
    LOOKUP: {"Revision": None},
}
"""Properties that no consent depends on, and what stands for them while they are not known; None leaves them out."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A wish, by whom, and what stands of it; `missing` are the properties whose values are not known yet."""

    wish: Wish
    origin: Origin
    rows: Sequence[Row]
    sight: Sight
    missing: Mapping[str, Unknown]

    def said(self, verdict: Verdict, why: str = "", target: Target | None = None) -> Difference:
        named = target.full_name if target else _target_if_known(self.wish)
        return Difference(verdict, self.wish.logical_id, self.wish.resource_type, named, why)


def _of_wish(wish: Wish, origin: Origin, rows: Sequence[Row], sight: Sight) -> Iterator[Difference]:
    missing = {name: lost for name, value in wish.properties.items() if (lost := unknown(value))}
    missing.pop("ServiceToken", None)
    asked = _Asked(wish, origin, rows, sight, missing)
    decisive = {name: lost for name, lost in missing.items() if name not in _STAND_INS[wish.resource_type]}
    decisive |= {"Condition": wish.condition} if wish.condition else {}
    if decisive:
        yield asked.said(Verdict.UNKNOWN, _untold(decisive))
        return
    request = _request(asked)
    try:
        declaration = declared(request)
        target = _target(declaration, rows, sight)
    except Permanent as refusal:
        yield asked.said(Verdict.REFUSED, str(refusal))
        return
    if target is None:
        yield asked.said(Verdict.UNKNOWN, "whom a short name means is shown to auditors alone; give ACCOUNT/NAME")
        return
    found = _judged(asked, request, declaration, target)
    yield found
    if isinstance(declaration, Publication) and found.verdict in (Verdict.PUBLISHED, Verdict.CHANGED):
        yield from _of_consumers(wish.logical_id, sight.view(target), declaration)


def _judged(asked: _Asked, request: Request, declaration: Declaration, target: Target) -> Difference:
    """By what stands, and by what the controller would decide where that is seen."""
    known_later = _untold(asked.missing) if asked.missing else ""
    if any(_is_same(row, declaration, frozenset(asked.missing)) for row in asked.rows[:1]):  # the newest is what counts
        return asked.said(Verdict.UNCHANGED, f"unless {known_later}" if known_later else "", target)
    if not asked.sight.is_whole(target):
        why = "whether its owner lets this account have it is not shown to this profile; an auditor's shows it"
        return asked.said(Verdict.UNKNOWN, why, target)
    try:
        decide(request, declaration, _situation(asked, declaration, target))
    except UnitsNotTold as untold:
        return asked.said(Verdict.UNKNOWN, str(untold), target)
    except Permanent as refusal:
        return asked.said(Verdict.REFUSED, str(refusal), target)
    if isinstance(declaration, Lookup):
        return asked.said(Verdict.UNCHANGED, "", target)
    fresh = Verdict.PUBLISHED if isinstance(declaration, Publication) else Verdict.GRANTED
    return asked.said(Verdict.CHANGED if asked.rows else fresh, known_later, target)


def _target_if_known(wish: Wish) -> str:
    named = wish.properties.get("Target", wish.properties.get("Name", ""))
    return named if isinstance(named, str) else "(unknown)"


def _untold(missing: Mapping[str, Unknown]) -> str:
    parts = [f"{name} ({lost.what})" for name, lost in missing.items()]
    return f"{', '.join(parts)}: known when it is deployed"


def _request(asked: _Asked) -> Request:
    """The event that CloudFormation would send, with stand-ins for what it would tell."""
    wish, origin, rows = asked.wish, asked.origin, asked.rows
    properties = {name: value for name, value in wish.properties.items() if name not in asked.missing}
    current = next((row for row in rows if isinstance(row, PublicationRecord)), None)
    for name in asked.missing:
        value = _STAND_INS[wish.resource_type].get(name)
        if name in ("FunctionArn", "RoleArn"):
            value = _own_arn(name, origin, current)
        properties |= {name: value} if value is not None else {}
    properties["ServiceToken"] = "provider"
    kind = RequestType.UPDATE if rows else RequestType.CREATE
    return _event(origin, kind, wish.resource_type, rows[0].id if rows else None, properties, asked.sight)


def _event(  # noqa: PLR0913, PLR0917 - an event's parts
    origin: Origin,
    kind: RequestType,
    resource_type: str,
    known: str | None,
    properties: Mapping[str, Any],
    sight: Sight,
) -> Request:
    issued = IssuedAt(datetime.fromtimestamp(sight.now, UTC).strftime("%Y%m%dT%H%M%SZ"))
    return Request(
        RequestKey(origin.account, RequestId("diff")), kind, origin, issued, resource_type, known, properties
    )


def _own_arn(name: str, origin: Origin, current: PublicationRecord | None) -> str:
    """What is published now, or else something of the account's own."""
    if current is not None and len(current.publication.arns) == 1:
        return current.publication.arns[0]
    stack = origin.stack
    if name == "RoleArn":
        return f"arn:{stack.partition}:iam::{stack.account}:role/cross-account/unknown"
    return f"arn:{stack.partition}:lambda:{stack.region}:{stack.account}:function:unknown"


def _target(declaration: Declaration, rows: Sequence[Row], sight: Sight) -> Target | None:
    """The name that is meant; None for a short one of which it is not seen whose it is.

    Raises:
        NameNotReserved: it is nobody's.
    """
    if isinstance(declaration, Publication):
        return declaration.target
    reference = declaration.reference
    owner = reference.owner or sight.reservations.get((reference.environment, reference.name))
    if owner is None:
        same = (row.target for row in rows if isinstance(row, GrantRecord) and row.grant.reference == reference)
        if sight.account is not None:
            return next(same, None)
        raise NameNotReserved(reference.name, reference.environment)
    return Target(owner, reference.environment, reference.name)


def _is_same(row: Row, declaration: Declaration, missing: frozenset[str]) -> bool:
    """Whether what stands is what is asked, as far as that is known."""
    if not missing:
        return row.id == declaration.id
    if isinstance(row, PublicationRecord) and isinstance(declaration, Publication):
        return replace(declaration, id=row.id, arns=row.publication.arns) == row.publication
    if isinstance(row, GrantRecord) and isinstance(declaration, Grant):
        mine, theirs = (_known(one, missing) for one in (row.grant, declaration))
        return mine == theirs
    return False


def _known(grant: Grant, missing: frozenset[str]) -> tuple[object, ...]:
    properties = {name: value for name, value in grant.specification.properties.items() if name not in missing}
    revision = None if "Revision" in missing else grant.revision
    wanted_on = None if "TargetArn" in missing else grant.wanted_on
    return grant.reference, grant.grant_type, properties, revision, grant.expires_at, wanted_on


def _situation(asked: _Asked, declaration: Declaration, target: Target) -> Situation:
    """What the controller would find, as it reads it."""
    rows, sight, account = asked.rows, asked.sight, asked.origin.account
    by_id = {row.id: row for row in rows}
    held = OriginRecord(asked.origin, frozenset(by_id), {row.id: row.target for row in rows})
    whole = sight.view(target)
    seen = whole if isinstance(declaration, Publication) else replace(whole, grants=())
    views = {row.target: sight.view(row.target) for row in rows if isinstance(row, PublicationRecord)}
    own = {row.id for row in rows}
    others = sum(1 for row in whole.grants if row.grant.origin.account == account and row.id not in own)
    return Situation(
        held,
        by_id,
        seen,
        views,
        sight.now,
        others=others,
        quarantined=sight.quarantined,
        units=whole.units.get(account),
    )


def _of_consumers(logical_id: str, view: TargetView, after: Publication) -> Iterator[Difference]:
    """The grants that a changed publication suspends, and those that it lets return."""
    for row in sorted(view.grants, key=lambda one: one.id):
        if row.withdrawn or row.has_expired(view.now):
            continue
        before, then = _refusal(row, view.current, view), _refusal(row, after, view)
        if bool(before) == bool(then):
            continue
        account = row.grant.origin.account
        verdict = Verdict.SUSPENDED if then else Verdict.GRANTED
        if account not in view.units and after.units:  # then what is refused by name may be let in by its unit
            verdict = Verdict.UNKNOWN if then else verdict
        why = then or f"account {account} is allowed again"
        yield Difference(verdict, logical_id, row.grant.grant_type.value, view.target.full_name, why)


def _refusal(row: GrantRecord, publication: Publication | None, view: TargetView) -> str:
    if publication is None:
        return "nothing is published under the name"
    try:
        account = row.grant.origin.account
        authorise(account, row.grant, publication, view.units.get(account))
    except Permanent as refusal:
        return refusal.fact
    return ""


# --- what the template has no more ---------------------------------------------------------------


def _of_leaving(origin: Origin, rows: Sequence[Row], sight: Sight) -> Iterator[Difference]:
    for row in rows:
        kind = TARGET if isinstance(row, PublicationRecord) else PERMISSION
        request = _event(origin, RequestType.DELETE, kind, row.id, {}, sight)
        held = OriginRecord(origin, frozenset({row.id}), {row.id: row.target})
        view = sight.view(row.target)
        views = {row.target: view} if isinstance(row, PublicationRecord) else {}
        decision = decide(request, None, Situation(held, {row.id: row}, None, views, sight.now))
        reason = next((answer.reason for _, answer in decision.answers if answer.reason), "")
        verdict = Verdict.REFUSED if reason else Verdict.WITHDRAWN
        yield Difference(verdict, origin.logical_id, kind, row.target.full_name, reason)
        if isinstance(row, PublicationRecord) and not reason and view.current == row.publication:
            yield from _cut_off(origin.logical_id, view)


def _cut_off(logical_id: str, view: TargetView) -> Iterator[Difference]:
    for row in sorted(view.grants, key=lambda one: one.id):
        if view.open_on(row):
            why = f"account {row.grant.origin.account} loses it: nothing else is published under the name"
            yield Difference(Verdict.SUSPENDED, logical_id, row.grant.grant_type.value, view.target.full_name, why)
