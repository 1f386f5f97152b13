"""Uploads zips and templates to the artifact bucket of one Region.

Every key is named by its content and written under `If-None-Match: *`: what is there already is what would be
written, so a release can be repeated and never changes a file that somebody's stack points to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from provider.packaging.artifact import Artifact, Kind, content_name
from provider.packaging.errors import (
    BucketDeniedError,
    BucketMissingError,
    BucketRegionError,
    NothingToReleaseError,
    UploadError,
)

_CONTENT_TYPES = {".zip": "application/zip", ".yaml": "application/yaml"}
_DENIED = {"403", "AccessDenied", "Forbidden", "AllAccessDisabled"}
_MISSING = {"404", "NoSuchBucket", "NotFound"}
_THERE = {"412", "PreconditionFailed"}
_RACED = {"409", "ConditionalRequestConflict"}
_ATTEMPTS = 3  # another release may write the same key at the same moment; the next attempt finds it there


class Outcome(StrEnum):
    """What became of one file."""

    UPLOADED = "uploaded"
    ALREADY_THERE = "already there"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file in the bucket, under its key."""

    key: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Release:
    """All files of one build in one bucket, and what the templates' parameters are then called."""

    bucket: str
    region: str
    uploads: tuple[Upload, ...]
    parameters: tuple[tuple[str, str], ...]


def bucket_name(account: str, region: str) -> str:
    """The name that `templates/artifacts.yaml` gives the artifact bucket of a Region."""
    return f"cross-account-permission-{account}-{region}"


def release(  # noqa: PLR0913 - six facts, none of which follows from another
    artifacts: Sequence[Artifact], templates: Sequence[Path], s3_client: Any, *, bucket: str, owner: str, region: str
) -> Release:
    """Put every zip and template into `bucket`, which must be account `owner`'s and stand in `region`.

    Raises:
        PackagingError: the bucket is missing, another account's, in another Region or closed to the caller.
        botocore.exceptions.BotoCoreError: credentials or the network are at fault.
    """
    if {artifact.kind for artifact in artifacts} != set(Kind):
        raise NothingToReleaseError("zip of each kind")
    if not templates:
        raise NothingToReleaseError("template")
    _check(s3_client, bucket, owner, region)
    files = [(artifact.key, artifact.path.read_bytes()) for artifact in artifacts]
    files += [(template_key(path), path.read_bytes()) for path in templates]
    uploads = tuple(Upload(key, _put(s3_client, bucket, owner, key, body)) for key, body in files)
    return Release(bucket, region, uploads, tuple(_parameters(artifacts)))


def template_key(template: Path) -> str:
    """`templates/<name>-<first 16 hex digits of the sha256>.yaml`."""
    return "templates/" + content_name(template.stem, template.read_bytes(), template.suffix)


def _parameters(artifacts: Sequence[Artifact]) -> Iterator[tuple[str, str]]:
    for artifact in artifacts:
        where = f" ({artifact.architecture})" if artifact.architecture else ""
        yield artifact.parameter + where, artifact.key


def _check(s3_client: Any, bucket: str, owner: str, region: str) -> None:
    """Ask before uploading: boto3 follows a bucket into its own Region without a word, but Lambda does not."""
    try:
        answer = s3_client.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
    except ClientError as error:
        if _code(error) in _MISSING:
            raise BucketMissingError(bucket, region) from error
        if _code(error) in _DENIED:
            raise BucketDeniedError(bucket, "HeadBucket", owner) from error
        raise
    actual = answer.get("BucketRegion", region)
    if actual != region:
        raise BucketRegionError(bucket, actual, region)


def _put(s3_client: Any, bucket: str, owner: str, key: str, body: bytes) -> Outcome:
    code = ""
    for _ in range(_ATTEMPTS):
        try:
            s3_client.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                IfNoneMatch="*",
                ContentType=_CONTENT_TYPES[Path(key).suffix],
                ExpectedBucketOwner=owner,
            )
        except ClientError as error:
            code = _code(error)
            if code in _THERE:
                return Outcome.ALREADY_THERE
            if code in _DENIED:
                raise BucketDeniedError(bucket, "PutObject", owner) from error
            if code not in _RACED:
                raise
        else:
            return Outcome.UPLOADED
    raise UploadError(key, bucket, code)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
