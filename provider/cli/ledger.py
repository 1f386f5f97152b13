"""What commands on the centre's ledger share: how they are told where it is, and what they say where it is not."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

from provider.cli.errors import CommandError, ExitCode
from provider.cli.reading import Sight, own_part, whole_ledger
from provider.core.identifiers import ACCOUNT, AccountId
from provider.core.statements import CentreId

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


# --- reading ----------------------------------------------------------------------------------------

CENTRAL = click.option(
    "--central-account",
    envvar="CROSSACCOUNT_CENTRAL_ACCOUNT",
    metavar="ID",
    help="Id of the central account: read your own account's part of the ledger there, by your account's viewer role. "
    "Unless told, --profile is one that reads the whole ledger.",
)
READER = click.option("--profile", help="AWS profile to read as; your default one unless told.")
OUTPUT = click.option(
    "--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to print."
)


@contextmanager
def seen(profile: str | None, region: str | None, central_account: str | None) -> Iterator[Sight]:
    """The ledger as the caller may see it: all of it, or with a central account told the part of his own account."""
    now = time.time()
    if not central_account:
        with ledger(profile, region) as client:
            yield whole_ledger(client, TABLE, now)
        return
    if ACCOUNT.fullmatch(central_account) is None:
        raise click.UsageError(f"{central_account!r} is no account id. Give --central-account 12 digits.")
    reader, account = _reader(profile, region, central_account)
    with _in_the_centre(reader) as client:
        yield own_part(client, TABLE, account, now)


@contextmanager
def _in_the_centre(session: boto3.Session) -> Iterator[Any]:
    client = session.client("dynamodb")
    try:
        yield client
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            raise CommandError(_no_ledger(client.meta.region_name), ExitCode.REFUSED) from error
        raise


def _reader(profile: str | None, region: str | None, central_account: str) -> tuple[boto3.Session, AccountId]:
    """A session of the centre's reader role for the caller's account, by its viewer role."""
    caller = boto3.Session(profile_name=profile, region_name=region)
    identity = caller.client("sts").get_caller_identity()
    account, partition = identity["Account"], identity["Arn"].split(":")[1]
    viewer = caller
    if f":assumed-role/{_VIEWER}/" not in identity["Arn"]:
        viewer = _assumed(caller, _role(partition, account, _VIEWER), RoleSessionName="crossaccount")
    tag = [{"Key": "account", "Value": account}]
    reader = _assumed(viewer, _role(partition, central_account, _READER), RoleSessionName=account, Tags=tag)
    return reader, AccountId(account)


_VIEWER, _READER = "cross-account-permission-viewer", "cross-account-permission-reader"


def _role(partition: str, account: str, name: str) -> str:
    return f"arn:{partition}:iam::{account}:role/cross-account-permission/{name}"


def _assumed(session: boto3.Session, role: str, **more: Any) -> boto3.Session:
    given = session.client("sts").assume_role(RoleArn=role, **more)["Credentials"]
    return boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=session.region_name,
    )


def _no_ledger(region: str) -> str:
    return f"There is no table {TABLE} in the central account in {region}. Name the centre's home Region by --region, or ask its operators for it."


def centre_of(profile: str | None, region: str | None, central_account: str | None) -> CentreId:
    """Which centre it is that the ledger belongs to."""
    session = boto3.Session(profile_name=profile, region_name=region)
    account = central_account or session.client("sts").get_caller_identity()["Account"]
    return CentreId.of(AccountId(account), session.region_name)
