"""What follows from a look at an origin's resource: what is known of its records, and which grants are given up.

A publication is never given up for being abandoned: consumers rest on it, and its owner still has the tag.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from provider.core.absences import Absence, AbsenceKind, Sight, absence, is_too_many
from provider.core.identifiers import Arn, Target, resource_of
from provider.core.records import GrantRecord, GrantState, OriginRecord, Row, TargetView


@dataclass(frozen=True, slots=True)
class Given:
    """What an origin and its records are to be when grants have been given up, and which resources to look at, by name."""

    origin: OriginRecord
    rows: tuple[Row, ...]
    deletes: tuple[Row, ...]
    wanted: Mapping[Arn, frozenset[Target]]


def sighted(rows: Iterable[Row], sight: Sight, now: float) -> tuple[Row, ...]:
    """The records of an origin after a look at its resource; those that are going already stay as they are."""
    return tuple(
        row if row.withdrawn else replace(row, absence=absence(row.id, sight, row.absence, now)) for row in rows
    )


def over(rows: Iterable[Row], sight: Sight | None, now: float) -> tuple[GrantRecord, ...]:
    """The grants that have been absent for long enough to be withdrawn, and are so now by a look that has told something.

    What an operator has accepted needs no look.
    """
    told = sight is not None and sight.tells
    return tuple(row for row in rows if isinstance(row, GrantRecord) and _is_over(row, now, told=told))


def _is_over(row: GrantRecord, now: float, *, told: bool) -> bool:
    known = row.absence
    return not row.withdrawn and known is not None and known.is_over(now) and (told or known.accepted)


def held_back(view: TargetView) -> tuple[GrantRecord, ...]:
    """The abandoned grants of a name where they are too many: it may be us who are wrong, so none of them is withdrawn.

    Those that an operator has accepted do not count, and go.
    """
    held = [row for row in view.grants if not row.withdrawn]
    abandoned = [row for row in held if row.absence is not None and _counts(row.absence)]
    return tuple(abandoned) if is_too_many(len(abandoned), len(held)) else ()


def _counts(known: Absence) -> bool:
    return known.kind is AbsenceKind.ABANDONED and not known.accepted


def given_up(origin: OriginRecord, rows: Sequence[Row], going: Iterable[GrantRecord]) -> Given:
    """Withdraw grants of an origin, as a Delete would that nobody has sent.

    Args:
        origin: the origin's record.
        rows: its records as they are to be.
        going: those of them that are given up.
    """
    doomed = {row.id for row in going}
    after = [_withdrawn(row) if isinstance(row, GrantRecord) and row.id in doomed else row for row in rows]
    gone = tuple(row for row in after if row.id in doomed and not row.pending)
    left = {row.id: row.target for row in after if row not in gone}
    record = replace(origin, held=(origin.held - doomed) & frozenset(left), places=left)
    return Given(
        origin=record if left else replace(record, look_at=None),
        rows=tuple(row for row in after if row not in gone),
        deletes=gone,
        wanted=concerned(row for row in after if row.id in doomed),
    )


def _withdrawn(row: GrantRecord) -> GrantRecord:
    return replace(row, state=GrantState.WITHDRAWN, pending=row.placed)


def concerned(rows: Iterable[Row]) -> Mapping[Arn, frozenset[Target]]:
    """The resources on which records stand, or are to stand, by name."""
    found: dict[Arn, frozenset[Target]] = {}
    for row in rows:
        arns = row.placed | {resource_of(row.told)} if isinstance(row, GrantRecord) else row.publication.resources
        for arn in arns:
            found[arn] = found.get(arn, frozenset()) | {row.target}
    return found
