"""Which grants fit into a policy: those that stand keep their place, new ones come in as they asked.

A grant that does not fit does not keep later, smaller ones out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from provider.core.documents import Document, statements_of
from provider.core.errors import PolicyFull
from provider.core.identifiers import Arn, DeclarationId
from provider.core.plans import Plan, permissions, plan
from provider.core.records import GrantRecord
from provider.core.statements import CentreId, Statement, merge, render, understood


@dataclass(frozen=True, slots=True)
class Fitted:
    """A plan within the limit; the new grants in it; and the error of each that it had to leave out."""

    plan: Plan
    new: tuple[DeclarationId, ...]
    left_out: Mapping[DeclarationId, PolicyFull]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it stands on `arn`, whose centre is ours, and the characters that it may have."""

    arn: Arn
    actual: Document | None
    centre: CentreId
    limit: int


def fit(policy: Policy, standing: Sequence[GrantRecord], kept: Iterable[Statement] = ()) -> Fitted:
    """Plan for as many of the grants as there is room for.

    Args:
        policy: the policy.
        standing: the grants that must stand on it.
        kept: statements of ours that stay although no grant explains them.

    New grants are those whose permissions the policy does not hold yet. Grants that stand are never
    left out: a document that only shrinks always fits.
    """
    held = permissions([one for one in statements_of(policy.actual) if policy.centre.owns(one)])
    rendered = {row.id: render(row.grant, policy.arn) for row in standing}
    stands = {row.id for row in standing if _permissions(rendered[row.id], policy.centre) <= held}
    base = [*kept, *(part for row in standing if row.id in stands for part in rendered[row.id])]
    new = sorted((row for row in standing if row.id not in stands), key=lambda row: (row.asked_at, row.id))
    return _admitted(policy, base, [(row.id, rendered[row.id]) for row in new])


def _admitted(policy: Policy, base: list[Statement], new: list[tuple[DeclarationId, tuple[Statement, ...]]]) -> Fitted:
    """Add up what each new grant takes, then plan once; take the last away again should that be too long after all."""
    size = plan(merge(base), policy.actual, policy.centre).size
    sources = {source for one in base for source in one.sources}
    admitted: list[tuple[DeclarationId, tuple[Statement, ...]]] = []
    left_out: dict[DeclarationId, PolicyFull] = {}
    for declaration, parts in new:
        more = {source for part in parts for source in part.sources} - sources
        need = sum(len(source) + 3 for source in more)
        if size + need > policy.limit:
            left_out[declaration] = PolicyFull(policy.arn, size + need, policy.limit)
            continue
        size += need
        sources |= more
        admitted.append((declaration, parts))
    while True:
        statements = [*base, *(part for _, parts in admitted for part in parts)]
        found = plan(merge(statements), policy.actual, policy.centre)
        if found.size <= policy.limit or not admitted:
            return Fitted(found, tuple(declaration for declaration, _ in admitted), left_out)
        declaration, _ = admitted.pop()
        left_out[declaration] = PolicyFull(policy.arn, found.size, policy.limit)


def _permissions(parts: Iterable[Statement], centre: CentreId) -> frozenset[str]:
    return permissions([part.document(centre) for part in parts])


def unexplained(policy: Policy, removed: frozenset[str], explained: Iterable[GrantRecord]) -> tuple[Statement, ...]:
    """Of the permissions that a plan would remove, those that no record explains, as statements.

    Args:
        policy: the policy.
        removed: what the plan would remove (`Plan.removed`).
        explained: grants whose statements may stand here and must not.
    """
    parts = [part for row in explained for part in render(row.grant, policy.arn)]
    foreign_to_us = removed - _permissions(parts, policy.centre)
    found = (understood(one, policy.centre) for one in statements_of(policy.actual) if policy.centre.owns(one))
    single = [
        Statement(one.grant_type, one.principal, one.action, one.resource, (source,))
        for one in found
        if one
        for source in one.sources
    ]
    return tuple(one for one in single if _permissions([one], policy.centre) <= foreign_to_us)
