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
    with _told_where(boto3.Session(profile_name=profile, region_name=region).client("dynamodb"), _NO_CENTRE) as client:
        yield client


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
    session = boto3.Session(profile_name=profile, region_name=region)
    if not central_account:
        with _told_where(session.client("dynamodb"), _NO_LEDGER_OF_ALL) as client:
            yield whole_ledger(client, TABLE, now)
        return
    if ACCOUNT.fullmatch(central_account) is None:
        raise click.UsageError(f"{central_account!r} is no account id. Give --central-account 12 digits.")
    reader, account = _reader(session, central_account)
    with _told_where(reader, _NO_LEDGER_OF_ONE) as client:
        yield own_part(client, TABLE, account, now)


@contextmanager
def _told_where(client: Any, remedy: str) -> Iterator[Any]:
    """The same client; says what to do where it finds no ledger."""
    try:
        yield client
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        fact = f"There is no table {TABLE} in {client.meta.region_name}."
        raise CommandError(f"{fact} {remedy}", ExitCode.REFUSED) from error


_NO_CENTRE = "Use a profile of the central account and its home Region, or deploy templates/central.yaml there."
_NO_LEDGER_OF_ALL = (
    "Use a profile of the central account and its home Region; to read your own account's part, "
    "name the central account by --central-account."
)
_NO_LEDGER_OF_ONE = "Name the centre's home Region by --region."


def _reader(session: boto3.Session, central_account: str) -> tuple[Any, AccountId]:
    """DynamoDB as the centre's reader role shows it to the caller's account, by that account's viewer role."""
    sts = session.client("sts")
    identity = sts.get_caller_identity()
    account, partition = identity["Account"], identity["Arn"].split(":")[1]
    if f":assumed-role/{_VIEWER}/" not in identity["Arn"]:
        role = _role(partition, account, _VIEWER)
        sts = session.client("sts", **_keys(sts.assume_role(RoleArn=role, RoleSessionName="crossaccount")))
    tag = [{"Key": "account", "Value": account}]
    role = _role(partition, central_account, _READER)
    found = sts.assume_role(RoleArn=role, RoleSessionName=account, Tags=tag)
    return session.client("dynamodb", **_keys(found)), AccountId(account)


_VIEWER, _READER = "cross-account-permission-viewer", "cross-account-permission-reader"


def _role(partition: str, account: str, name: str) -> str:
    return f"arn:{partition}:iam::{account}:role/cross-account-permission/{name}"


def _keys(answer: Any) -> dict[str, str]:
    """The credentials of an assumed role, as arguments of a client."""
    given = answer["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


def centre_of(profile: str | None, region: str | None, central_account: str | None) -> CentreId:
    """Which centre it is that the ledger belongs to."""
    session = boto3.Session(profile_name=profile, region_name=region)
    account = central_account or session.client("sts").get_caller_identity()["Account"]
    return CentreId.of(AccountId(account), session.region_name)
