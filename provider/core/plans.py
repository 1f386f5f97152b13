"""The plan: what must be written to a policy so that our part of it says what it must, and nothing else changes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from provider.core.documents import Document, meaning, statement_id, statements_of, text_of
from provider.core.statements import CentreId, Statement, taken_apart, understood


@dataclass(frozen=True, slots=True)
class Plan:
    """`document` is the whole policy to write, None to have no policy at all; `changed` says whether to write.

    `removed` are the single permissions of ours (`taken_apart`) that stand now and would not stand afterwards.
    """

    document: Document | None
    changed: bool
    removed: frozenset[Statement]

    @property
    def size(self) -> int:
        """Characters of the document as AWS counts them."""
        return len(text_of(self.document)) if self.document else 0


def plan(
    desired: Sequence[Statement],
    actual: Document | None,
    centre: CentreId,
    instead: Document | None = None,
    going: Collection[str] = (),
) -> Plan:
    """Compare in meaning, and keep every foreign statement as it is and where it stands among the others, unless it is `going`.

    Args:
        desired: what must stand of ours.
        actual: the policy as it stands.
        centre: whose statements are ours.
        instead: the statement to leave where a policy would become empty (`closed`); None to have no policy then.
        going: the ids of foreign statements that were adopted and that `desired` allows all of (`adopting`).
    """
    existing = statements_of(actual)
    others = [statement for statement in existing if not centre.owns(statement)]
    foreign = [statement for statement in others if not going or statement_id(statement) not in going]
    ours = [statement for statement in existing if centre.owns(statement)]
    wanted: list[Any] = [statement.document(centre) for statement in desired]
    if instead is not None and existing and not foreign and not wanted:
        wanted = [instead]
    changed = foreign != others or sorted(map(meaning, ours)) != sorted(map(meaning, wanted))
    removed = permissions(actual, centre) - taken_apart(desired)
    if not foreign and not wanted:
        return Plan(None, changed, removed)
    return Plan(framed(actual, foreign + wanted), changed, removed)


def framed(actual: Document | None, statements: Sequence[Any]) -> Document:
    """A whole policy of these statements, with what the actual one says besides."""
    frame = {key: value for key, value in (actual or {}).items() if key != "Statement"} or {"Version": "2012-10-17"}
    return {**frame, "Statement": list(statements)}


def permissions(actual: Document | None, centre: CentreId) -> frozenset[Statement]:
    """The single permissions of ours in a policy; what we do not understand as ours is none."""
    found = (understood(one, centre) for one in statements_of(actual) if centre.owns(one))
    return taken_apart(one for one in found if one is not None)
