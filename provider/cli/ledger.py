"""What commands on the centre's ledger share: how they are told where it is, and what they say where it is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

from provider.cli.errors import CommandError, ExitCode

TABLE = "cross-account-permission-grants"

PROFILE = click.option("--profile", help="AWS profile of the central account; your default one unless told.")
REGION = click.option("--region", help="The centre's home Region; the profile's unless told.")


@contextmanager
def ledger(profile: str | None, region: str | None) -> Iterator[Any]:
    """A DynamoDB client for the centre's ledger; says what to do where there is none."""
    client = boto3.Session(profile_name=profile, region_name=region).client("dynamodb")
    try:
        yield client
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            raise CommandError(_no_centre(client.meta.region_name), ExitCode.REFUSED) from error
        raise


def _no_centre(region: str) -> str:
    return (
        f"There is no table {TABLE} in {region}. "
        "Use a profile of the central account and its home Region, or deploy templates/central.yaml there."
    )
