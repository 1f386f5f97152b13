"""The plan: what must be written to a policy so that our part of it says what it must, and nothing else changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from provider.core.documents import Document, meaning, statements_of, text_of
from provider.core.statements import CentreId, Statement


@dataclass(frozen=True, slots=True)
class Plan:
    """`document` is the whole policy to write, None to have no policy at all; `changed` says whether to write.

    `removed` are the permissions of ours (`permissions`) that stand now and would not stand afterwards.
    """

    document: Document | None
    changed: bool
    removed: frozenset[str]

    @property
    def size(self) -> int:
        """Characters of the document as AWS counts a function's policy."""
        return len(text_of(self.document)) if self.document else 0


def plan(desired: Sequence[Statement], actual: Document | None, centre: CentreId) -> Plan:
    """Compare in meaning, and keep every foreign statement as it is and where it stands among the others."""
    existing = statements_of(actual)
    foreign = [statement for statement in existing if not centre.owns(statement)]
    ours = [statement for statement in existing if centre.owns(statement)]
    wanted = [statement.document(centre) for statement in desired]
    changed = sorted(map(meaning, ours)) != sorted(map(meaning, wanted))
    removed = permissions(ours) - permissions(wanted)
    if not foreign and not wanted:
        return Plan(None, changed, removed)
    frame = {key: value for key, value in (actual or {}).items() if key != "Statement"} or {"Version": "2012-10-17"}
    return Plan({**frame, "Statement": foreign + wanted}, changed, removed)


def permissions(statements: Sequence[dict[str, Any]]) -> frozenset[str]:
    """Our statements taken apart into single permissions, one per source, comparable as text."""
    return frozenset(
        meaning({**statement, "Condition": {operator: {key: value}}})
        for statement in statements
        for operator, tests in statement.get("Condition", {}).items()
        for key, values in tests.items()
        for value in (values if isinstance(values, list) else [values])
    )
