"""What every single write of a policy must respect, whatever is going on: it is looked at as soon as it is made.

What is found is noted, and told when all has settled: raised in the middle of a call it would be a fault that the controller
gets over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cloudformation import StackResource
from model_beliefs import Beliefs, owner_of
from model_decisions import meant
from model_targets import OWNERS, arns_of, is_open, is_private, own_statement
from model_wishes import ends_at
from twins import MemoryPolicies

from provider.core.identifiers import Arn
from provider.core.statements import CentreId, is_closed


@dataclass(frozen=True)
class Promise:
    """At every write one of these must be open, each of them a number of calls on an ARN; until the time that it ends."""

    permission: StackResource
    alternatives: tuple[Mapping[str, frozenset[str]], ...]
    until: float

    def narrowed(self, doors: Mapping[str, frozenset[str]]) -> "Promise":
        """The same of what is among `doors`."""
        both = ({arn: one[arn] & doors[arn] for arn in one.keys() & doors.keys()} for one in self.alternatives)
        return replace(self, alternatives=tuple(both))


@dataclass
class Writes:
    """The watch over all writes. `foreign` are the owners' own statements; `offers` are the targets that may count meanwhile."""

    policies: MemoryPolicies
    beliefs: Beliefs
    centre: CentreId
    foreign: dict[Arn, list[dict[str, Any]]] = field(default_factory=dict)
    promises: list[Promise] = field(default_factory=list)
    offers: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    stood: dict[Arn, str | None] = field(default_factory=dict)
    made_at: dict[Arn, float] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for arn in self.policies.policies:
            self.foreign[arn] = self.statements(arn)
        self.stood = dict(self.policies.policies)
        self.policies.on_write = self._look

    def statements(self, arn: Arn, *, ours: bool = False) -> list[dict[str, Any]]:
        found = (self.policies.document(arn) or {"Statement": []})["Statement"]
        return [one for one in found if self.centre.owns(one) is ours]

    # --- what is promised for a step -----------------------------------------------------------------

    def promise(self, now: float, without: StackResource | None = None) -> None:
        """Whoever keeps what it has, keeps it open; `without` is about to change, or to go."""
        kept = [one for one in self.beliefs.permissions if one is not without and not one.deleting]
        self.promises = [Promise(one, (self.beliefs.opens(one, now)[0],), _end(one)) for one in kept]
        self.offers = [(owner, offer) for owner in OWNERS if (offer := self.beliefs.counting(owner))]

    def promise_replacement(self, one: StackResource, wish: Mapping[str, Any], now: float) -> None:
        """A permission that is replaced is open as it was, or as it will be, on one of the places it may come to."""
        old, _ = self.beliefs.opens(one, now)
        offer = self.beliefs.counting(owner_of(wish))
        places = {*(arns_of(owner_of(wish), offer) if offer else ()), one.data["TargetArn"]}
        new = [{arn: meant(arn, one.account, wish)} for arn in places]
        self.promises.append(
            Promise(one, (old, *(doors for doors in new if any(doors.values()))), min(_end(one), ends_at(dict(wish))))
        )

    def promise_those_let_in(self, target: StackResource, offer: Mapping[str, Any] | None, now: float) -> None:
        """A target that changes, or goes, interrupts nobody whom its owner lets in before and afterwards.

        Whatever is rolled back is asked for last, and so counts from then on, although another target may have counted before.
        """
        self.promise(now)
        before = target.believed, target.asked, target.refused
        for believed in (offer, target.believed) if offer and target.believed else (offer,):
            target.believed, target.asked, target.refused = believed, before[1] + 1_000_000, False
            then = self.beliefs.counting(target.account)
            self.offers += [(target.account, then)] if then else []
            self.promises = [one.narrowed(self.beliefs.opens(one.permission, now)[0]) for one in self.promises]
        target.believed, target.asked, target.refused = before

    # --- each write ----------------------------------------------------------------------------------

    def _look(self) -> None:
        arn, document = self.policies.writes[-1]
        before, self.stood[arn] = self.stood[arn], self.policies.policies[arn]
        self.made_at[arn] = self.policies.clock.now()
        if self.statements(arn) != self.foreign[arn]:
            self.broken.append(f"a foreign statement has been touched on {arn}")
        if document is None and is_private(arn):
            self.broken.append(f"{arn} has lost its policy")
        if is_open(arn):
            self._look_at_methods_for_everybody(arn, closes=before is None, opens=document is None)
        now = self.policies.clock.now()
        for promise in self.promises:
            if now < promise.until and not any(map(self._stands, promise.alternatives)):
                self.broken.append(f"a gap for {promise.permission}")

    def _look_at_methods_for_everybody(self, arn: Arn, *, closes: bool, opens: bool) -> None:
        """The word of the target that counts, wherever that has moved to: a permission may stand where it was told."""
        offers = (offer for owner, offer in self.offers if owner == arn.split(":")[4])
        words = {offer.get("MethodsWithoutAuthorization", "Refuse") for offer in offers}
        if closes and not words & {"Close", "CloseWhileGranted"}:
            self.broken.append(f"methods of {arn} have been closed against their owner's word")
        if opens and "CloseWhileGranted" not in words:
            self.broken.append(f"methods of {arn} have been opened against their owner's word")

    def _stands(self, doors: Mapping[str, frozenset[str]]) -> bool:
        return all(names <= self.beliefs.open_on(arn) for arn, names in doors.items())

    def owner_writes(self, arn: Arn, number: int) -> None:
        """The owner replaces a whole policy by so many statements of his own: all of ours are wiped."""
        least = 1 if ":role/" in arn else 0
        own = [own_statement(arn, f"mine{index}") for index in range(max(number, least))]
        self.policies.put(arn, {"Version": "2012-10-17", "Statement": own} if own else None)
        self.foreign[arn], self.stood[arn] = own, self.policies.policies[arn]
        self.promises = []

    # --- when all has settled ------------------------------------------------------------------------

    def nothing_of_theirs_is_touched(self) -> None:
        for arn, own in self.foreign.items():
            assert self.statements(arn) == own, arn

    def nothing_of_ours_is_left(self) -> None:
        """But the statement that lets nobody in, where a policy must not be empty or methods would open."""
        for arn in self.policies.policies:
            left = self.statements(arn, ours=True)
            assert [one for one in left if not is_closed(one, self.centre)] == [], arn
            assert not left or is_private(arn) or is_open(arn), arn


def _end(one: StackResource) -> float:
    return ends_at(dict(one.believed or {}))
