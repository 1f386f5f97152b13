"""What a pass finds about a resource besides its work: what an owner or an operator should know, and what drifted.

Findings are kept with the resource until a pass does not find them any more; nothing here changes anything.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from provider.core.abandoning import concerned, held_back
from provider.core.absences import AbsenceKind
from provider.core.adopting import Stock, sid_of
from provider.core.documents import Document, statement_id, statements_of
from provider.core.identifiers import Arn, DeclarationId
from provider.core.records import Row, TargetView
from provider.core.statements import SID_PREFIX, CentreId, Statement, understood

FULL_SHARE = 0.8
"""Of its limit: a policy that has more characters is nearly full."""

_OF_A_CENTRE = re.compile(rf"{SID_PREFIX}[0-9a-f]{{8}}(?![0-9a-f])")
_LISTED = 10


class FindingKind(StrEnum):
    """What was found; beside each, who does what."""

    REPAIRED = "Repaired"  # grants whose statements had gone or changed; they are back
    REMOVED = "Removed"  # statements of ours that no record explains; taken away, being few
    UNEXPLAINED = "Unexplained"  # likewise, but so many that it may be the ledger that is wrong; left for an operator
    TAMPERED = "Tampered"  # a statement with our Sid that means something else; taken away
    FOREIGN = "Foreign"  # statements of others; never touched
    ADOPTED = "Adopted"  # statements of others that go when grants allow all that they do; consumers have yet to ask
    ADOPTION_CHANGED = "AdoptionChanged"  # likewise, but changed since an operator said so; left until he says so again
    OTHER_CENTRE = "OtherCentre"  # statements of another centre; left alone, an operator should know
    GONE = "Gone"  # the resource does not exist; its owner publishes another one, or unpublishes it
    SHUT_OUT = "ShutOut"  # its account refuses us: no grantor role, or no tag
    ORPHANED = "Orphaned"  # withdrawn grants whose statements stay because its account refuses us
    REFUSED = "Refused"  # AWS does not take the document; a foreign statement is to blame
    NEARLY_FULL = "NearlyFull"  # over 80 % of the limit; its owner makes room
    ABANDONED = "Abandoned"  # its stack, or the resource in it, is gone without a word; withdrawn later
    RETAINED = "Retained"  # its stack let it go and was told to keep it; kept, an operator may end it
    HELD_BACK = "HeldBack"  # abandoned, but so many that it may be us who are wrong; left for an operator
    UNDEPLOYED = "Undeployed"  # a REST API's policy waits for a deployment


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found and what of it: Sids, grants, characters; a short text."""

    kind: FindingKind
    detail: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a pass has seen and done: the policy as it stood, what it has put in anew, what no record explains."""

    document: Document | None
    new: Sequence[DeclarationId]
    unexplained: Sequence[Statement]
    kept: bool
    size: int
    limit: int


def found_in(
    arn: Arn, centre: CentreId, views: Sequence[TargetView], look: Look, stock: Stock | None = None
) -> tuple[Finding, ...]:
    """The findings of a look at a resource's policy.

    Args:
        arn: the resource.
        centre: whose statements are ours.
        views: the names that point to it, as they were before the pass has concluded.
        look: what it has seen.
        stock: where adoptions stand since.
    """
    stock = stock or Stock()
    adopted = {one.id for one in (*stock.waiting, *(one for one, _ in stock.ended))}
    statements = statements_of(look.document)
    ours = [one for one in statements if centre.owns(one)]
    foreign = [one for one in statements if not centre.owns(one)]
    others = [sid_of(one) for one in foreign if not adopted or statement_id(one) not in adopted]
    elsewhere = [sid for sid in others if _OF_A_CENTRE.match(sid)]
    tampered = [
        str(one["Sid"]) for one in ours if understood(one, centre) is None and not one["Sid"].endswith("Closed")
    ]
    what: dict[FindingKind, list[str]] = {
        FindingKind.REPAIRED: _wiped(arn, views, look.new),
        FindingKind.UNEXPLAINED if look.kept else FindingKind.REMOVED: [_told(one) for one in look.unexplained],
        FindingKind.TAMPERED: tampered,
        FindingKind.OTHER_CENTRE: elsewhere,
        FindingKind.FOREIGN: [sid for sid in others if sid not in elsewhere],
        FindingKind.ADOPTED: [sid_of(one.statement) for one in stock.waiting],
        FindingKind.ADOPTION_CHANGED: [sid_of(one.statement) for one in stock.changed],
    }
    what |= _absent(arn, views)
    found = [Finding(kind, _listed(texts)) for kind, texts in what.items() if texts]
    if look.size > FULL_SHARE * look.limit:
        found.append(Finding(FindingKind.NEARLY_FULL, f"{look.size} of {look.limit} characters"))
    return tuple(found)


def orphaned_on(arn: Arn, views: Sequence[TargetView]) -> tuple[Finding, ...]:
    """The withdrawn grants that stay on a resource as long as its account refuses us."""
    rows = [row for view in views for row in view.grants if row.withdrawn and arn in row.placed]
    return (Finding(FindingKind.ORPHANED, _listed([_named(row) for row in rows])),) if rows else ()


def _wiped(arn: Arn, views: Sequence[TargetView], new: Sequence[DeclarationId]) -> list[str]:
    """Grants that stood there by the ledger and whose statements were not found."""
    stood = {row.id for view in views for row in view.grants if arn in row.placed and arn not in row.pending}
    return [one for one in new if one in stood]


def _absent(arn: Arn, views: Sequence[TargetView]) -> dict[FindingKind, list[str]]:
    """Declarations on this resource that are not in their stacks any more."""
    every = [rows for view in views for rows in (view.grants, view.publications)]
    rows: list[Row] = [row for some in every for row in some if row.absence and not row.withdrawn]
    here = [row for row in rows if arn in concerned([row])]
    kept = {row.id for view in views for row in held_back(view)}
    return {
        FindingKind.ABANDONED: [_named(row) for row in here if _is(row, AbsenceKind.ABANDONED) and row.id not in kept],
        FindingKind.RETAINED: [_named(row) for row in here if _is(row, AbsenceKind.RETAINED)],
        FindingKind.HELD_BACK: [_named(row) for row in here if row.id in kept],
    }


def _is(row: Row, kind: AbsenceKind) -> bool:
    return row.absence is not None and row.absence.kind is kind


def _named(row: Row) -> str:
    return f"{row.id} of {row.origin.logical_id} in {row.origin.stack_id}"


def _told(one: Statement) -> str:
    return f"{one.grant_type} {', '.join(one.names)}"


def _listed(texts: Sequence[Any]) -> str:
    more = f" and {len(texts) - _LISTED} more" if len(texts) > _LISTED else ""
    return ", ".join(str(one) for one in texts[:_LISTED]) + more
