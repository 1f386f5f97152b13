"""The order in which everything is deployed: bucket, release, centre, then each account's roles and functions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provider.packaging.artifact import Architecture, Artifact
from provider.packaging.release import bucket_name, release
from provider.rollout.stacks import Stack, deploy

PREFIX = "cross-account-permission"

ClientFor = Callable[[str, str, str], Any]
"""(service, account, Region) -> a boto3 client of that account's administrator."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to roll out where: `accounts` are 12-digit ids, the first Region is home."""

    organization: str
    central: str
    accounts: Sequence[str]
    regions: Sequence[str]
    architecture: Architecture
    artifacts: Sequence[Artifact]
    templates: Sequence[Path]

    @property
    def home(self) -> str:
        """The Region of the central parts."""
        return self.regions[0]

    def template(self, name: str) -> str:
        """The text of one of the templates."""
        return next(path for path in self.templates if path.stem == name).read_text("utf-8")


def roll_out(plan: Plan, client_for: ClientFor) -> Iterator[str]:
    """Deploy everything, saying before each step what it is; each step may be repeated.

    Raises:
        StackFailed: a stack did not come up; what came before stays.
    """
    keys: dict[str, str] = {}
    for region in plan.regions:
        yield f"artifact bucket in {region}"
        _deploy(plan, client_for, "artifacts", plan.central, region, OrganizationId=plan.organization)
        keys = _release(plan, client_for, region)
    yield f"central parts in {plan.central}, {plan.home}"
    centre = {"OrganizationId": plan.organization, "ControllerKey": keys["controller"]}
    _deploy(plan, client_for, "central", plan.central, plan.home, **centre)
    for account in plan.accounts:
        yield f"roles and provider in {account}"
        _deploy(plan, client_for, "account-roles", account, plan.home, CentralAccountId=plan.central)
        for region in plan.regions:
            _deploy_provider(plan, client_for, account, region, keys["provider"])


def _deploy_provider(plan: Plan, client_for: ClientFor, account: str, region: str, key: str) -> None:
    home = {"CentralAccountId": plan.central, "HomeRegion": plan.home}
    code = {"ProviderKey": key, "Architecture": plan.architecture.value}
    _deploy(plan, client_for, "account-provider", account, region, **home, **code)


def _deploy(plan: Plan, client_for: ClientFor, template: str, account: str, region: str, **parameters: str) -> None:
    stack = Stack(f"{PREFIX}-{template}", plan.template(template), parameters)
    deploy(client_for("cloudformation", account, region), stack)


def _release(plan: Plan, client_for: ClientFor, region: str) -> dict[str, str]:
    """Upload to one Region's bucket; the keys by kind, of the plan's architecture."""
    bucket = bucket_name(plan.central, region)
    client = client_for("s3", plan.central, region)
    release(plan.artifacts, plan.templates, client, bucket=bucket, owner=plan.central, region=region)
    fitting = (one for one in plan.artifacts if one.architecture in (None, plan.architecture))
    return {one.kind.value: one.key for one in fitting}
