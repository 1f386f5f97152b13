"""`crossaccount release`: upload the zips and templates to the artifact bucket of one or more Regions."""

from pathlib import Path

import boto3
import click
from botocore.exceptions import NoRegionError

from provider.cli.package import DIRECTORY
from provider.packaging import build
from provider.packaging.contents import Checkout
from provider.packaging.release import Outcome, Release, bucket_name, release


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount release --profile central --region us-east-1\n"
    "  crossaccount release --profile central --region us-east-1 --region eu-central-1\n"
)
@click.option("--profile", help="AWS profile of the central account; your default one unless told.")
@click.option("--region", "regions", multiple=True, help="Region of an artifact bucket; may be given more than once.")
@DIRECTORY
def command(profile: str | None, regions: tuple[str, ...], directory: Path) -> None:
    """Build the zips, and upload them and the templates to the artifact bucket of each Region.

    Nothing is ever overwritten: a file's key names its content. Prints the parameters that the templates take.
    """
    session = boto3.Session(profile_name=profile)
    wanted = tuple(dict.fromkeys(regions)) or _own_region(session)
    account = session.client("sts", region_name=wanted[0]).get_caller_identity()["Account"]
    artifacts = build(directory)
    templates = Checkout.here().templates()
    for region in wanted:
        client = session.client("s3", region_name=region)
        bucket = bucket_name(account, region)
        show(release(artifacts, templates, client, bucket=bucket, owner=account, region=region))


def _own_region(session: boto3.Session) -> tuple[str]:
    if not session.region_name:
        raise NoRegionError
    return (session.region_name,)


def show(done: Release) -> None:
    """Each file with what became of it, then the parameters."""
    click.echo(f"{click.style(done.bucket, bold=True)} ({done.region})")
    for upload in done.uploads:
        colour = "green" if upload.outcome is Outcome.UPLOADED else None
        click.echo(f"  {click.style(f'{upload.outcome:<13}', fg=colour)}  {upload.key}")
    for name, value in done.parameters:
        click.echo(f"  {name}={value}")
