"""Which grants fit into a policy: those that stand keep their place, new ones come in as they asked.

A grant that does not fit does not keep later, smaller ones out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from provider.core.adopting import covered
from provider.core.declarations import SHARE, OpenMethods
from provider.core.errors import Permanent, PolicyFull, VpcEndpointsOnPublicApi, WouldShutOut
from provider.core.identifiers import Arn, DeclarationId, RestApiArn, resource_of
from provider.core.plans import Plan, permissions
from provider.core.records import GrantRecord, TargetView
from provider.core.room import Policy, Room, Shares, Standing, when
from provider.core.specifications import ApiExecution, GrantType
from provider.core.statements import Statement, render, taken_apart


@dataclass(frozen=True, slots=True)
class Fitted:
    """A plan within the limit; the new grants in it; and the error of each that it had to leave out.

    `more` are grants that stand and of which it holds, since their target has moved, more than stood. `covered` are the ids of adopted
    statements that it does not hold, because grants in it allow all that they did.
    """

    plan: Plan
    new: tuple[DeclarationId, ...]
    left_out: Mapping[DeclarationId, Permanent]
    more: tuple[DeclarationId, ...] = ()
    covered: frozenset[str] = frozenset()


def standing_on(arn: Arn, view: TargetView) -> list[Standing]:
    """The grants of a name that must stand on a resource now."""
    opened = ((row, sorted(one for one in view.open_at(row) if resource_of(one) == arn)) for row in view.grants)
    held = Counter(row.origin for row in view.grants if not row.withdrawn and row.absence is None)
    return [_standing(row, arns, view, lasts=_lasts(row, view, held[row.origin])) for row, arns in opened if arns]


def _standing(row: GrantRecord, arns: Sequence[Arn], view: TargetView, *, lasts: bool) -> Standing:
    statements = tuple(part for one in arns for part in render(row.grant, one))
    first = render(row.grant, row.told) if row.told in arns else statements
    return Standing(row, statements, first, view.current.share if view.current else SHARE, lasts)


def _lasts(row: GrantRecord, view: TargetView, held: int) -> bool:
    """Whether nothing is known by which a grant will end: a time of its own, where its owner does not ask for one, or its absence.

    Where its origin has `held` several, its stack is being updated: one of them goes, and a rollback decides otherwise than success.
    """
    bounded = view.current is not None and view.current.maximum_days is not None
    return held < 2 and row.absence is None and (bounded or row.grant.expiry is None)


def let_in_several(views: Iterable[TargetView]) -> bool:
    """Whether the owner lets more than one account into what these names point to."""
    current = [view.current for view in views if view.current is not None]
    accounts = {account for one in current for account in one.accounts}
    return len(accounts) > 1 or any(one.organization or one.units for one in current)


def fit(
    policy: Policy,
    standing: Sequence[Standing],
    kept: Iterable[Statement] = (),
    refused: Mapping[DeclarationId, Permanent] | None = None,
    only: frozenset[DeclarationId] | None = None,
) -> Fitted:
    """See `_fit`; and what was adopted goes, as far as grants that last and are in the document allow all that it did.

    That makes room, too: so first as if all were let in, and then with what of it could not be let in again.
    """
    going = covered(policy.adopted, _lasting(standing)) if policy.adopted else frozenset()
    while True:
        found = _fit(replace(policy, going=going), standing, kept, refused, only)
        if not going:
            return found
        there = permissions(found.plan.document, policy.centre)
        still = going & covered(policy.adopted, _lasting(standing) & there)
        if still == going:
            return replace(found, covered=going)
        going = still


def _lasting(standing: Iterable[Standing]) -> frozenset[Statement]:
    return taken_apart(part for one in standing if one.lasts for part in one.statements)


def _fit(
    policy: Policy,
    standing: Sequence[Standing],
    kept: Iterable[Statement] = (),
    refused: Mapping[DeclarationId, Permanent] | None = None,
    only: frozenset[DeclarationId] | None = None,
) -> Fitted:
    """Plan for as many of the grants as there is room for.

    Args:
        policy: the policy.
        standing: the grants that must stand on it.
        kept: statements of ours that stay although no grant explains them.
        refused: errors of grants that must not be let in anew.
        only: the grants that may be let in anew (None: all); the others are neither let in nor left out.

    New grants are those whose permissions the policy does not hold yet. Grants that stand are never
    left out: a document that only shrinks always fits. Where their target has moved, they stand where their stack was told, and
    get the rest as far as there is room.
    """
    held = permissions(policy.actual, policy.centre)
    stands = frozenset(one.id for one in standing if taken_apart(one.first) <= held)
    base = [*kept, *(part for one in standing if one.id in stands for part in _held(one, held))]
    asking = [one for one in standing if only is None or one.id in only]
    left_out = {one.id: refused[one.id] for one in asking if refused and one.id in refused and one.id not in stands}
    asking = [one for one in asking if one.id not in (refused or ()) and not taken_apart(one.statements) <= held]
    shares = Shares(policy, standing, stands)
    found = _admitted(policy, base, sorted(asking, key=when), shares)
    return Fitted(
        plan=found.plan,
        new=tuple(one for one in found.new if one not in stands),
        left_out={**left_out, **{one: error for one, error in found.left_out.items() if one not in stands}},
        more=tuple(one for one in found.new if one in stands),
    )


def _held(one: Standing, held: frozenset[Statement]) -> list[Statement]:
    return [part for part in one.statements if taken_apart([part]) <= held]


def _admitted(policy: Policy, base: list[Statement], asking: Sequence[Standing], shares: Shares) -> Fitted:
    """Add up what each takes, then plan once; take the last away again should that be too long after all."""
    room = Room(policy, base)
    admitted: list[Standing] = []
    left_out: dict[DeclarationId, Permanent] = {}
    for one in asking:
        size = room.size + room.needed(one.statements)
        if taken := shares.exceeded(one):
            left_out[one.id] = taken
        elif policy.has_room_for(size):
            room.take(one.statements)
            shares.take(one)
            admitted.append(one)
        else:
            left_out[one.id] = PolicyFull(policy.arn, size, policy.limit or size)
    while True:
        found = policy.planned([*base, *(part for one in admitted for part in one.statements)])
        if policy.has_room_for(found.size) or not admitted:
            return Fitted(found, tuple(one.id for one in admitted), left_out)
        last = admitted.pop()
        left_out[last.id] = PolicyFull(policy.arn, found.size, policy.limit or found.size)


def unsuited(
    arn: Arn, views: Sequence[TargetView], *, private: bool, closing: tuple[str, ...]
) -> dict[DeclarationId, Permanent]:
    """Grants that a REST API must not let in anew, each with its error.

    Args:
        arn: the API.
        views: the names that point to it.
        private: whether it is private.
        closing: methods that a first statement would close.
    """
    found: dict[DeclarationId, Permanent] = {}
    for view in views:
        publication = view.current
        refuses = closing and publication is not None and publication.open_methods is OpenMethods.REFUSE
        for row in view.grants:
            asked = row.grant.specification
            if not isinstance(asked, ApiExecution):
                continue
            if refuses:
                found[row.id] = WouldShutOut(arn, closing)
            elif asked.vpc_endpoint_ids and not private:
                found[row.id] = VpcEndpointsOnPublicApi(arn)
    return found


def unexplained(
    policy: Policy, removed: frozenset[Statement], explained: Iterable[GrantRecord]
) -> tuple[Statement, ...]:
    """Of the permissions that a plan would remove, those that no record explains, as statements.

    Args:
        policy: the policy.
        removed: what the plan would remove (`Plan.removed`).
        explained: grants whose statements may stand here and must not.
    """
    opened = {arn for one in removed for arn in _opened_by(one, policy.arn)}
    parts = [part for row in explained for arn in sorted(opened) for part in render(row.grant, arn)]
    return tuple(sorted(removed - taken_apart(parts)))


def _opened_by(one: Statement, resource: Arn) -> set[Arn]:
    """The ARNs that a statement in a resource's policy opens: the resource itself, or stages of the API.

    Somebody who may write the policy may have written it under our Sid, with a resource that we would not.
    """
    if one.grant_type is not GrantType.EXECUTE_API:
        return {resource}
    stages = {"/".join(text.split("/")[:2]) for text in one.resources}
    return {Arn(text) for text in stages if RestApiArn.parse(text)}
