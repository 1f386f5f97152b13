"""What is told to whoever watches: one event for each grant that came into force, was refused, suspended, or went.

The ledger and its history are the record; events are derived from what was committed to it and tell nothing more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from provider.core.absences import AbsenceKind
from provider.core.adopting import Adoption, Ending
from provider.core.answers import Answer, Status
from provider.core.identifiers import AccountId
from provider.core.records import GrantRecord, GrantState, PublicationRecord, Row
from provider.core.requests import Request, RequestKey

if TYPE_CHECKING:  # its makers have loaded it; who takes requests in need not
    from provider.core.concluding import Conclusion


class Happening(StrEnum):
    """What has become of a grant or a publication: an event's detail type."""

    GRANTED = "Grant In Force"
    REFUSED = "Request Refused"
    SUSPENDED = "Grant Suspended"
    OBSTRUCTED = "Grant Obstructed"
    WITHDRAWN = "Grant Withdrawn"
    ORPHANED = "Grant Orphaned"
    PUBLISHED = "Target Published"
    UNPUBLISHED = "Target Unpublished"
    ABANDONED = "Declaration Abandoned"
    RETAINED = "Declaration Retained"
    DEPARTED = "Account Departed"
    RETURNED = "Account Returned"
    TAKEN_OVER = "Statement Taken Over"
    TAKEN_AWAY = "Adopted Statement Gone"
    LAPSED = "Adoption Lapsed"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event; `detail` has no credential and nothing that a consumer has not declared itself."""

    happening: Happening
    detail: dict[str, Any]


_OF_STATES = {
    GrantState.IN_FORCE: Happening.GRANTED,
    GrantState.SUSPENDED: Happening.SUSPENDED,
    GrantState.OBSTRUCTED: Happening.OBSTRUCTED,
    GrantState.ORPHANED: Happening.ORPHANED,
}


def concluded(one: "Conclusion") -> tuple[AuditEvent, ...]:
    """The events of a conclusion that was committed: what has changed, and who was refused."""
    found = []
    changed = _changed(one)
    if changed is not None:
        found.append(AuditEvent(changed, _detail(one.after or one.before, one.before)))
    for key, answer in one.answers:
        if answer.status is Status.FAILED:
            detail = _detail(one.before, one.before) | {"requestId": key.request_id, "reason": answer.reason}
            found.append(AuditEvent(Happening.REFUSED, detail))
    return tuple(found)


def _changed(one: "Conclusion") -> Happening | None:
    before, after = one.before, one.after
    if isinstance(before, PublicationRecord):
        if after is None:
            return Happening.UNPUBLISHED if before.seen else None
        return Happening.PUBLISHED if isinstance(after, PublicationRecord) and after.seen and not before.seen else None
    if after is None:
        return Happening.WITHDRAWN
    if isinstance(after, GrantRecord) and after.state is not before.state:
        return _OF_STATES.get(after.state)
    return None


def refused(request: Request, answer: Answer) -> AuditEvent:
    """The event of a request that was refused before anything was recorded of it."""
    properties = request.properties
    asked = {"target": properties.get("Target") or properties.get("Name"), "grantType": properties.get("GrantType")}
    detail = {
        "account": request.key.account,
        "stackId": request.origin.stack_id,
        "logicalId": request.origin.logical_id,
        "requestId": request.key.request_id,
        "resourceType": request.resource_type,
        **{name: value[:_LONGEST] for name, value in asked.items() if isinstance(value, str)},
        "reason": answer.reason,
    }
    return AuditEvent(Happening.REFUSED, detail)


def unreadable(key: RequestKey, answer: Answer) -> AuditEvent:
    """The event of a request of which nothing but its account and id is known."""
    detail = {"account": key.account, "requestId": key.request_id, "reason": answer.reason}
    return AuditEvent(Happening.REFUSED, detail)


def gone(rows: Iterable[Row], request: Request) -> tuple[AuditEvent, ...]:
    """The events of records that a request has removed at once, since nothing of them stood anywhere."""
    return tuple(AuditEvent(one.happening, one.detail | {"requestId": request.key.request_id}) for one in ended(rows))


def ended(rows: Iterable[Row]) -> tuple[AuditEvent, ...]:
    """The events of records that have been removed, whoever has asked for it."""
    return tuple(
        AuditEvent(Happening.WITHDRAWN if isinstance(row, GrantRecord) else Happening.UNPUBLISHED, _detail(row, row))
        for row in rows
    )


def absent(rows: Iterable[Row]) -> tuple[AuditEvent, ...]:
    """The events of records whose resource was found not to be in its stack."""
    happening = {AbsenceKind.ABANDONED: Happening.ABANDONED, AbsenceKind.RETAINED: Happening.RETAINED}
    return tuple(AuditEvent(happening[row.absence.kind], _detail(row, row)) for row in rows if row.absence)


def departed(account: AccountId) -> AuditEvent:
    """The event of an account that was found to have left the organization, or to be closed."""
    return AuditEvent(Happening.DEPARTED, {"account": account})


def returned(account: AccountId) -> AuditEvent:
    """The event of an account that is a member again."""
    return AuditEvent(Happening.RETURNED, {"account": account})


def adopted(adoption: Adoption, ending: Ending) -> AuditEvent:
    """The event of an adoption that has ended otherwise than by an operator."""
    detail = {
        "resource": adoption.resource,
        "statement": adoption.id,
        "sid": str(adoption.statement.get("Sid", ""))[:_LONGEST],
        "accounts": list(adoption.accounts),
        "target": adoption.target.full_name,
        "environment": adoption.target.environment,
        "adoptedBy": adoption.by,
    }
    return AuditEvent(_OF_ENDINGS[ending], detail)


_OF_ENDINGS = {
    Ending.TAKEN_OVER: Happening.TAKEN_OVER,
    Ending.GONE: Happening.TAKEN_AWAY,
    Ending.LAPSED: Happening.LAPSED,
}
_LONGEST = 128


def _detail(row: Row, before: Row) -> dict[str, Any]:
    """Who asked, by which stack, for what, where; the request is the one that waits for it, else the one that asked."""
    waiting = (*before.awaiting, *row.awaiting)
    found: dict[str, Any] = {
        "account": row.origin.account,
        "stackId": row.origin.stack_id,
        "logicalId": row.origin.logical_id,
        "requestId": waiting[-1].key.request_id if waiting else row.request,
        "askedBy": row.request,
        "declarationId": row.id,
        "target": row.target.full_name,
        "environment": row.target.environment,
    }
    if isinstance(row, GrantRecord):
        found |= {
            "grantType": row.grant.grant_type,
            "targetArn": row.told,
            "properties": row.grant.specification.properties,
        }
        found |= {"resources": sorted(row.placed or before.placed)} if isinstance(before, GrantRecord) else {}
    else:
        found |= {"targetArns": list(row.publication.arns)}
    return found
