"""The sequence of a roll-out, taken step by step: each may be repeated, after a failure in the middle of it too."""

from collections.abc import Callable, Iterator
from typing import Any

from provider.packaging.release import bucket_name, release
from provider.rollout.plan import Plan, ReleaseStep, Removal, StackStep, Step, steps, taken_down
from provider.rollout.stacks import delete, deploy, status

ClientFor = Callable[[str, str, str], Any]
"""(service, account, Region) -> a boto3 client of that account's administrator. All of AWS is behind it."""


def roll_out(plan: Plan, client_for: ClientFor) -> Iterator[Step]:
    """Deploy everything, telling each step before it is taken.

    Raises:
        StackFailed: a stack did not come up; what came before stays.
        PackagingError: an artifact bucket does not take what is released.
    """
    for step in steps(plan):
        yield step
        match step:
            case ReleaseStep():
                _release(plan, client_for, step.region)
            case StackStep():
                deploy(client_for("cloudformation", step.account, step.region), step.stack)


def take_down(plan: Plan, client_for: ClientFor) -> Iterator[Removal]:
    """Delete everything but what is retained, telling each step before it is taken.

    Raises:
        StackFailed: a resource could not be deleted.
    """
    for step in taken_down(plan):
        yield step
        delete(client_for("cloudformation", step.account, step.region), step.name, step.patience)


def standing(step: StackStep | Removal, client_for: ClientFor) -> str | None:
    """The status of a step's stack at present; None where there is none."""
    name = step.stack.name if isinstance(step, StackStep) else step.name
    return status(client_for("cloudformation", step.account, step.region), name)


def _release(plan: Plan, client_for: ClientFor, region: str) -> None:
    bucket = bucket_name(plan.central, region)
    client = client_for("s3", plan.central, region)
    release(plan.artifacts, plan.templates, client, bucket=bucket, owner=plan.central, region=region)
