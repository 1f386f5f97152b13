"""What the stages of REST APIs must serve when all has settled, and what the ledger must say of it."""

from dataclasses import dataclass, field

from cloudformation import StackResource
from model_beliefs import Beliefs
from model_decisions import let_in, meant
from model_targets import OWNERS, arns_of, is_stage, resource_of, stages
from model_writes import Writes
from twins import MemoryLedger, MemoryPolicies

from provider.core.answers import Answer
from provider.core.identifiers import Arn
from provider.core.records import GrantRecord

NOTICED = 310.0
"""Seconds after which the controller knows of a deployment that its owner has made."""


@dataclass
class Deployed:
    """The stages of all owners. `left` are those that a target was just leaving, which says that we deploy.

    `forgotten` are stages with which nobody had to do any more, and the time of the last write until then: should their owner not have
    deployed that, the next change takes it up.
    """

    policies: MemoryPolicies
    ledger: MemoryLedger
    beliefs: Beliefs
    writes: Writes
    left: set[str] = field(default_factory=set)
    forgotten: dict[str, float] = field(default_factory=dict)

    def leaves(self, target: StackResource) -> None:
        """The owner is about to delete a target."""
        self.left = self._redeployed(target.account)

    def must_be_so(self, now: float) -> None:
        """Where the owner lets us deploy, a stage serves what the policy says; the ledger knows who is served."""
        for arn in self.left.union(*map(self._redeployed, OWNERS)):
            if not self.has_canary(arn) and self.forgotten.get(arn) != self._written_at(arn):
                assert self.served_on(arn) == self.beliefs.open_on(arn), f"{arn} serves another policy"
        self.left = set()
        known = self.beliefs.known(now)
        self.forgotten |= {arn: self._written_at(arn) for owner in OWNERS for arn in stages(owner) if arn not in known}
        for row in self.ledger.rows.values():
            if isinstance(row, GrantRecord) and is_stage(row.told) and not row.withdrawn:
                self._record_tells_the_truth(row, now)

    def _redeployed(self, owner: str) -> set[str]:
        offer = self.beliefs.counting(owner) or {}
        return set(arns_of(owner, offer)) if offer.get("RedeployOnChange") == "true" else set()

    def _record_tells_the_truth(self, row: GrantRecord, now: float) -> None:
        permission = next((one for one in self.beliefs.permissions if one.physical_id == row.id), None)
        told = self.beliefs.opens(permission, now)[0].get(row.told) if permission else None
        if told is None:
            return  # it is not open there: nothing is said about it
        if row.deployed:
            assert told <= self.served_on(row.told), f"{row.id} is said to be deployed"
        else:
            deployed_at = self._deployed_at(row.told)
            assert not self._written_at(row.told) < deployed_at <= now - NOTICED, (
                f"{row.id} has been deployed since it was written"
            )

    def answer_tells_the_truth(self, account: str, wish: dict[str, str], answer: Answer) -> bool:
        """Whoever is told that it is deployed is served as far as the policy lets it in."""
        if answer.data.get("DeploymentStatus") != "Deployed":
            return True
        arn = answer.data["TargetArn"]
        names = meant(arn, account, wish)
        return not names <= self.beliefs.open_on(arn) or names <= self.served_on(arn)

    def served_on(self, arn: str) -> frozenset[str]:
        api, _, stage = arn.rpartition("/")
        return let_in(arn, self.policies.apis[Arn(api)].served[stage])

    def has_canary(self, arn: str) -> bool:
        api, _, stage = arn.rpartition("/")
        return stage in self.policies.apis[Arn(api)].canaries

    def _written_at(self, arn: str) -> float:
        return self.writes.made_at.get(resource_of(arn), 0.0)

    def _deployed_at(self, arn: str) -> float:
        api, _, stage = arn.rpartition("/")
        return self.policies.apis[Arn(api)].deployed_at[stage]
