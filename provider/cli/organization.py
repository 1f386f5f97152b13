"""A whole organization on the local cloud: accounts, central parts, and each account's roles and provider."""

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from provider.localcloud import LocalCloud
from provider.packaging import build
from provider.packaging.artifact import Architecture
from provider.packaging.contents import Checkout
from provider.rollout.plan import Plan
from provider.rollout.sequence import roll_out

ACCOUNTS = {
    "consumer": "111111111111",
    "central": "222222222222",
    "owner": "333333333333",
    "intruder": "444444444444",
}
"""Who lives there. The intruder belongs to the organization as well; no target allows it."""

ORGANIZATION = "o-localcloud"
HOME = "us-east-1"


@contextmanager
def organization(  # noqa: PLR0913 - all of them are the caller's to choose
    directory: Path,
    *,
    accounts: Mapping[str, str] = ACCOUNTS,
    outside: Mapping[str, str] | None = None,
    regions: Sequence[str] = (HOME,),
    port: int = 0,
    zips: Path = Path("dist"),
    tell: Callable[[str], object] = lambda _: None,
) -> Iterator[LocalCloud]:
    """Start the local cloud and roll everything out on it; `tell` is called with each step before it is taken.

    Args:
        directory: where the cloud's files, and so the AWS profiles, lie.
        accounts: names and 12-digit ids; `central` is among them.
        outside: accounts that do not belong to the organization, and get nothing.
        regions: where providers stand; the first is the centre's home.
        port: the cloud's port on 127.0.0.1; 0 for any free one.
        zips: where the zips are built.
        tell: called with each step.

    Raises:
        LocalCloudError: there is no local cloud.
        StackFailed: a template could not be deployed on it.
    """
    tell("build the zips")
    artifacts = build(zips)
    tell("start the local cloud")
    with LocalCloud.start(
        directory=directory,
        accounts=accounts,
        outside=outside,
        port=port,
        organization=ORGANIZATION,
        region=regions[0],
    ) as cloud:
        plan = Plan(
            organization=ORGANIZATION,
            central=accounts["central"],
            accounts=tuple(accounts.values()),
            regions=regions,
            architecture=architecture(),
            artifacts=artifacts,
            templates=Checkout.here().templates(),
        )
        for step in roll_out(plan, cloud.client):
            tell(str(step))
        yield cloud


def architecture() -> Architecture:
    """Lambda's name of this machine's processor, which runs the zips here."""
    return Architecture.ARM64 if platform.machine() in ("aarch64", "arm64") else Architecture.X86_64
