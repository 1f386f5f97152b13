"""The policies of a target as they stand, read by its owner's own rights: the centre's credentials lead into no other account."""

from collections.abc import Mapping
from typing import Any

import boto3

from provider.cli.errors import CommandError, ExitCode
from provider.controller.policies import Policies, power_over
from provider.core.documents import Document
from provider.core.errors import CrossAccountError, ShutOut
from provider.core.identifiers import Arn, target_arn
from provider.core.records import TargetView


def live_policies(view: TargetView, profile: str | None, region: str | None) -> Mapping[Arn, Document | None]:
    """The policy of each resource that is published under a name.

    Raises:
        CommandError: nothing is published, the profile is of another account, or it may not read them.
    """
    name = view.target.full_name
    if view.current is None:
        raise CommandError(
            f"Nothing is published as {name}, so nobody can be granted it. Publish it first.", ExitCode.NEGATIVE
        )
    session = boto3.Session(profile_name=profile, region_name=region)
    account = session.client("sts").get_caller_identity()["Account"]
    if account != view.target.owner:
        fact = f"{profile or 'The default profile'} is of account {account}, and {name} lies in {view.target.owner}."
        raise CommandError(f"{fact} Name a profile of that account by --owner-profile.", ExitCode.REFUSED)

    def client_for(arn: Arn) -> Any:
        # Roles have no Region; IAM answers in any.
        return session.client(power_over(arn)[0], region_name=target_arn(arn).region or session.region_name)

    policies = Policies(client_for)
    try:
        return {arn: policies.read(arn).document for arn in sorted(view.current.resources)}
    except ShutOut as refused:
        fact = refused.fact.rstrip(".")
        raise CommandError(
            f"{fact}. Use a profile that may read it, and tag it for the controller.", ExitCode.REFUSED
        ) from refused
    except CrossAccountError as error:
        raise CommandError(str(error), ExitCode.REFUSED) from error
