"""Deployments of REST APIs: what makes a changed policy take effect, where the owner lets us (docs/aws-behaviour.md §3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provider.controller.ports import Clock, Ledger, PolicyStore
from provider.core.concluding import Deployment
from provider.core.errors import CrossAccountError, StageNotFound, Temporary
from provider.core.identifiers import Arn, RestApiArn, resource_of, target_arn
from provider.core.records import PublicationRecord, ResourceRecord, TargetView

PAUSE = 5.0
"""Seconds between two deployments in one account; AWS takes no more (docs/aws-behaviour.md §3)."""

_BREATH = 0.5
_WAITS = 14  # looks, a breath apart: one pause, and the second by which both ends are rounded
_UNTIL_THEN = "its API has not been deployed since; the owner's next deployment of the stage takes it up"

_CANARY = "the stage has a canary, which a deployment would end; it is deployed when the canary is gone"


@dataclass(frozen=True, slots=True)
class Serving:
    """Whether the stages of an API serve its policy, and since when a deployment is missing (None: it is not)."""

    stages: Mapping[Arn, Deployment]
    undeployed_since: float | None


class Deployments:
    """Sees to it that stages serve the policy of their API."""

    def __init__(self, ledger: Ledger, policies: PolicyStore, clock: Clock) -> None:
        self._ledger = ledger
        self._policies = policies
        self._clock = clock

    def see_to(self, resource: ResourceRecord, views: Sequence[TargetView], latest: float) -> Serving:
        """Deploy to each stage that needs it and whose owner opted in, once; look at the others.

        Args:
            resource: the API.
            views: the names that point to it.
            latest: epoch seconds after which no deployment begins.
        """
        ours = _stages(resource.arn, views)
        if resource.undeployed_since is None:
            return Serving(dict.fromkeys(ours, Deployment(done=True)), None)
        stages = {
            arn: self._served(arn, resource.undeployed_since, latest if redeploys else None)
            for arn, redeploys in sorted(ours.items())
        }
        # Where nobody has a stage at present, nobody knows: it stays to be looked at when somebody has.
        missing = not stages or any(not one.done for one in stages.values())
        return Serving(stages, resource.undeployed_since if missing else None)

    def _served(self, arn: Arn, since: float, latest: float | None) -> Deployment:
        """Whether a stage serves what was written until `since`; before `latest`, if given, it may be deployed."""
        try:
            stage = self._policies.stage(arn)
            if stage.deployed_at > since:
                return Deployment(done=True)
            if latest is None or stage.has_canary:
                return Deployment(done=False, reason=_UNTIL_THEN if latest is None else _CANARY)
            return self._deployed(arn, latest)
        except StageNotFound:
            return Deployment(done=False, reason="its API has no such stage any more")
        except CrossAccountError as error:
            soon = latest is not None and isinstance(error, Temporary)
            return Deployment(done=False, reason=f"its API could not be deployed: {error.fact}", soon=soon)

    def _deployed(self, arn: Arn, latest: float) -> Deployment:
        account = target_arn(arn).account
        for _ in range(_WAITS):
            if self._clock.now() >= latest:
                break
            if self._ledger.may_deploy(account, self._clock.now(), PAUSE):
                self._policies.deploy(arn)
                return Deployment(done=True)
            self._clock.sleep(_BREATH)
        return Deployment(done=False, reason="other APIs of its account are being deployed", soon=True)


def _stages(resource: Arn, views: Sequence[TargetView]) -> Mapping[Arn, bool]:
    """The stages that are published, or that grants are on, and whether their owner lets us deploy them."""
    stages: dict[Arn, bool] = {}
    for view in views:
        for row in view.publications:
            stage, redeploys = row.publication.arns[0], row.publication.redeploy and _counts(row, view, resource)
            stages[stage] = stages.get(stage, False) or redeploys
        for grant in view.grants:
            if not grant.withdrawn:
                stages.setdefault(grant.told, False)
    return {arn: redeploys for arn, redeploys in stages.items() if _is_stage_of(arn, resource)}


def _counts(row: PublicationRecord, view: TargetView, resource: Arn) -> bool:
    """Whether a publication has a say: the current one, and one that is just going, for what it leaves behind."""
    return row.publication == view.current or (row.withdrawn and resource in row.pending)


def _is_stage_of(arn: Arn, resource: Arn) -> bool:
    return isinstance(target_arn(arn), RestApiArn) and resource_of(arn) == resource
