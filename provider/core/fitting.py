"""Which grants fit into a policy: those that stand keep their place, new ones come in as they asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from provider.core.documents import Document, statements_of
from provider.core.errors import PolicyFull
from provider.core.identifiers import Arn, DeclarationId
from provider.core.plans import Plan, permissions, plan
from provider.core.records import GrantRecord
from provider.core.statements import CentreId, merge, render


@dataclass(frozen=True, slots=True)
class Fitted:
    """A plan within the limit, and the error of each new grant that it had to leave out."""

    plan: Plan
    left_out: dict[DeclarationId, PolicyFull]


def fit(arn: Arn, standing: Sequence[GrantRecord], actual: Document | None, centre: CentreId, limit: int) -> Fitted:
    """Plan for as many of the grants as the policy's limit (characters) has room for.

    New grants are those whose permissions the policy does not hold yet; of these the latest asked are
    left out first. Grants that stand are never left out: a document that only shrinks always fits.
    """
    held = permissions([statement for statement in statements_of(actual) if centre.owns(statement)])
    needs = {row.id: permissions([part.document(centre) for part in render(row.grant, arn)]) for row in standing}
    kept = [row for row in standing if needs[row.id] <= held]
    new = sorted((row for row in standing if not needs[row.id] <= held), key=lambda row: (row.asked_at, row.id))
    left_out: dict[DeclarationId, PolicyFull] = {}
    while True:
        found = plan(merge(part for row in kept + new for part in render(row.grant, arn)), actual, centre)
        if found.size <= limit or not new:
            return Fitted(found, left_out)
        row = new.pop()
        left_out[row.id] = PolicyFull(arn, found.size, limit)
