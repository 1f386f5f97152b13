"""What must be open by what all stacks believe: the model's own word on whose publication counts and who is let in where.

It knows of the product what the answers have told, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cloudformation import StackResource
from model_decisions import Names, let_in, meant
from model_targets import all_arns, arns_of, is_open, is_private, is_stage, resource_of
from model_wishes import ends_at
from twins import MemoryPolicies

Doors = Mapping[str, Names]
"""By ARN the calls that are let in there."""


def owner_of(wish: Mapping[str, Any]) -> str:
    return str(wish["Target"]).partition("/")[0]


@dataclass
class Beliefs:
    """The stacks of owners and consumers, and what follows from what they believe.

    `gone` are targets of which the stack believes that they could not be deleted, but which have gone with their last
    consumer since; `closed` the permissions whose ARN has been unpublished since it was told; `seen` is where a permission
    has been seen to stand that was told an alias which is published no more.
    """

    policies: MemoryPolicies
    targets: list[StackResource]
    permissions: list[StackResource]
    gone: set[int] = field(default_factory=set)
    closed: dict[str, int] = field(default_factory=dict)
    seen: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    # --- whose word counts -------------------------------------------------------------------------

    def counting(self, owner: str) -> Mapping[str, Any] | None:
        """The properties of the target that counts: the one asked for last, and one that cannot go where no other does."""
        live = [one for one in self.targets if one.account == owner and self._is_published(one)]
        last = max(live, key=lambda one: (not one.refused, one.asked), default=None)
        return last.believed if last else None

    def _is_published(self, target: StackResource) -> bool:
        return target.believed is not None and target.asked not in self.gone

    def lets_in(self, offer: Mapping[str, Any], permission: StackResource, now: float) -> bool:
        """Whether an owner's properties let a permission be, whatever ARN it is about."""
        wish = permission.believed
        assert wish is not None
        return (
            permission.account in offer["AllowedAccounts"]
            and wish["GrantType"] in offer["AllowedGrantTypes"]
            and wish.get("StageName") in (None, offer.get("StageName"))
            and ends_at(wish) > now
        )

    def learn(self, now: float) -> None:
        """What has come to pass when all has settled."""
        for target in self.targets:
            if target.believed and target.refused and not self._consumers_of(target, now):
                self.gone.add(target.asked)
        for permission in (one for one in self.permissions if one.believed):
            places = self._places(permission)
            if not places:
                self.closed[permission.physical_id] = permission.asked
            elif self.closed.get(permission.physical_id, permission.asked) != permission.asked:
                self._is_told_anew(permission, places)

    def _is_told_anew(self, permission: StackResource, places: tuple[str, ...]) -> None:
        """Whoever asks again is told a place that is published; but not one of another kind."""
        if permission.data["TargetArn"] in places:
            del self.closed[permission.physical_id]
        else:
            self.closed[permission.physical_id] = permission.asked

    def _consumers_of(self, target: StackResource, now: float) -> list[StackResource]:
        held = [one for one in self.permissions if one.believed and owner_of(one.believed) == target.account]
        return [one for one in held if target.believed and self.lets_in(target.believed, one, now)]

    # --- what is open ------------------------------------------------------------------------------

    def opens(self, permission: StackResource, now: float) -> tuple[Doors, Doors]:
        """What a permission opens for certain; and of which places, where it has one of several, one must be open."""
        wish = permission.believed
        offer = self.counting(owner_of(wish)) if wish else None
        if wish is None or offer is None or not self.lets_in(offer, permission, now):
            return {}, {}
        told, places = permission.data["TargetArn"], arns_of(owner_of(wish), offer)
        certain = set() if permission.physical_id in self.closed else {told}
        key = (permission.physical_id, places)
        if told in places:
            certain.add(told)
        elif len(places) == 1:
            certain.add(places[0])
        elif key in self.seen:
            certain.add(self.seen[key])
        unknown = set(places) if not certain & set(places) else set()
        retired = set(offer.get("RetiredArns", ()))
        fits = {arn: meant(arn, permission.account, wish) for arn in certain | unknown if self._fits(arn, wish, offer)}
        return (
            {arn: fits[arn] for arn in certain - retired if arn in fits},
            {arn: fits[arn] for arn in unknown - retired if arn in fits},
        )

    def _fits(self, arn: str, wish: Mapping[str, Any], offer: Mapping[str, Any]) -> bool:
        """Endpoints are of private APIs alone; a first statement that would close methods needs its owner's word."""
        if not is_stage(arn):
            return True
        if "VpcEndpointIds" in wish and not is_private(arn):
            return False
        opened = is_open(arn) and self.policies.document(resource_of(arn)) is None
        return not (opened and offer.get("MethodsWithoutAuthorization", "Refuse") == "Refuse")

    def must_be_so(self, now: float) -> None:
        """What is open now must be what the stacks believe, and nothing else."""
        certain: dict[str, Names] = {}
        possible: dict[str, Names] = {}
        for permission in self.permissions:
            sure, one_of = self.opens(permission, now)
            if one_of:
                standing = [arn for arn, names in one_of.items() if names <= self.open_on(arn)]
                assert standing, f"{permission} stands nowhere of {list(one_of)}"
                possible = _joined(possible, one_of)
                if len(standing) == 1:
                    self.seen[permission.physical_id, self._places(permission)] = standing[0]
                    sure = {**sure, standing[0]: one_of[standing[0]]}
            certain = _joined(certain, sure)
        for owner in sorted({one.account for one in self.targets}):
            for arn in all_arns(owner):
                found, must = self.open_on(arn), certain.get(arn, frozenset())
                assert must <= found, f"shut on {arn}: {sorted(must - found)}"
                left = found - must - possible.get(arn, frozenset())
                assert not left, f"left open on {arn}: {sorted(left)}"

    def _places(self, permission: StackResource) -> tuple[str, ...]:
        assert permission.believed is not None
        owner = owner_of(permission.believed)
        offer = self.counting(owner)
        return arns_of(owner, offer) if offer else ()

    def known(self, now: float) -> set[str]:
        """The ARNs that are published or have been told, of whatever is published or stood on."""
        published = {
            arn for one in self.targets if self._is_published(one) for arn in arns_of(one.account, one.believed or {})
        }
        stood_on = {arn for one in self.permissions for doors in self.opens(one, now) for arn in doors}
        told = {str(one.data["TargetArn"]) for one in self.permissions if one.believed}
        resources = {resource_of(arn) for arn in published | stood_on}
        return {arn for arn in published | told if resource_of(arn) in resources}

    def open_on(self, arn: str) -> Names:
        """The calls that the policy as it stands lets in."""
        return let_in(arn, self.policies.policies[resource_of(arn)])  # type: ignore[index]


def _joined(one: Doors, other: Doors) -> dict[str, Names]:
    return {arn: one.get(arn, frozenset()) | other.get(arn, frozenset()) for arn in {*one, *other}}
