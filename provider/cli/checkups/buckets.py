"""The artifact bucket of a Region: it holds what runs, the organization alone reads it, and nothing in it changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from provider.cli.checkups.expected import PREFIX, Document, Expected, meaning, policy, statements
from provider.cli.checkups.faults import REVERT, Fault, fault

PROVIDER = "provider-"
"""How the keys of the provider's zips begin; which of them accounts run, only they know."""
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket as S3 tells it; `zips` are those of the beginnings looked for with which a key of it begins."""

    policy: Document
    blocked: bool
    versioned: bool
    zips: frozenset[str]


def name(account: str, region: str) -> str:
    """The bucket of a Region."""
    return f"{PREFIX}-{account}-{region}"


def read(client: Any, bucket: str, zips: frozenset[str]) -> Bucket | None:
    """A bucket; None where there is none. `zips` are keys to look for, or their beginnings."""
    named = {"Bucket": bucket}
    try:
        versioning = client.get_bucket_versioning(**named)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchBucket", "404"):
            return None
        raise
    found = _or_nothing(lambda: policy(client.get_bucket_policy(**named)["Policy"]), "NoSuchBucketPolicy")
    nothing = "NoSuchPublicAccessBlockConfiguration"
    block = _or_nothing(lambda: client.get_public_access_block(**named)["PublicAccessBlockConfiguration"], nothing)
    there = frozenset(one for one in zips if _holds(client, bucket, one))
    is_blocked = all(block.get(one) is True for one in _BLOCKS)
    return Bucket(found, is_blocked, versioning.get("Status") == "Enabled", there)


def _holds(client: Any, bucket: str, beginning: str) -> bool:
    listed = client.list_objects_v2(Bucket=bucket, Prefix=beginning, MaxKeys=1).get("Contents", [])
    return any(one["Key"].startswith(beginning) for one in listed)


def _or_nothing(ask: Any, nothing: str) -> Document:
    try:
        found: Document = ask()
    except ClientError as error:
        if error.response["Error"]["Code"] != nothing:
            raise
        return {}
    return found


def faults(place: str, bucket: Bucket | None, expected: Expected, zips: frozenset[str]) -> Iterator[Fault]:
    """What is wrong with a bucket; `expected` is of artifacts.yaml in its Region, `zips` are what runs from it."""
    if bucket is None:
        remedy = "Run `crossaccount deploy` with this --region, or leave the Region out."
        yield fault("BucketMissing", place, f"It is not there. {remedy}")
        return
    ours = {meaning(one) for one in statements(expected.properties("ArtifactBucketPolicy")["PolicyDocument"])}
    found = {meaning(one) for one in statements(bucket.policy)}
    for said in sorted(found - ours):
        yield fault("BucketInReach", place, f"Its policy has what the template does not give it: {said}. {REVERT}")
    for said in sorted(ours - found) if not found - ours else ():
        yield fault("BucketWeakened", place, f"Its policy lacks {said}. {REVERT}")
    if not bucket.blocked:
        yield fault("BucketPublic", place, f"Public access to it is not blocked. {REVERT}")
    if not bucket.versioned:
        yield fault("BucketUnversioned", place, f"It keeps no versions. {REVERT}")
    for missing in sorted(zips - bucket.zips):
        what = missing if missing.endswith(".zip") else f"{missing}*.zip"
        remedy = "Run `crossaccount release` of the version that runs."
        yield fault("ZipMissing", place, f"There is no {what} in it, which stacks run. {remedy}")
