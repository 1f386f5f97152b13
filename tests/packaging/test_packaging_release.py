"""A release puts each file under a name of its content, once, and says plainly when it cannot."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from provider.packaging import Artifact
from provider.packaging.errors import (
    BucketDeniedError,
    BucketMissingError,
    BucketRegionError,
    NothingToReleaseError,
    UploadError,
)
from provider.packaging.release import Outcome, Release, bucket_name, release

OWNER = "222222222222"
REGION = "eu-central-1"
BUCKET = bucket_name(OWNER, REGION)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """One template."""
    path = tmp_path / "central.yaml"
    path.write_text("Resources: {}\n")
    return path


@pytest.fixture
def client() -> Any:
    """An S3 client that never gets as far as the network: every answer is stubbed."""
    return boto3.client("s3", region_name=REGION, aws_access_key_id="none", aws_secret_access_key="none")


@pytest.fixture
def stub(client: Any) -> Iterator[Stubber]:
    """Checks each call's parameters against S3's model and ours."""
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def _keys(artifacts: list[Artifact], template: Path) -> list[str]:
    named = f"templates/central-{sha256(template.read_bytes()).hexdigest()[:16]}.yaml"
    return [*(artifact.key for artifact in artifacts), named]


def _found(stub: Stubber, region: str = REGION) -> None:
    stub.add_response("head_bucket", {"BucketRegion": region}, {"Bucket": BUCKET, "ExpectedBucketOwner": OWNER})


def _release(client: Any, artifacts: list[Artifact], *templates: Path) -> Release:
    return release(artifacts, templates, client, bucket=BUCKET, owner=OWNER, region=REGION)


def test_every_zip_and_template_is_uploaded_once(
    client: Any, stub: Stubber, artifacts: list[Artifact], template: Path
) -> None:
    """Under If-None-Match, so that no key is ever written twice, and only into the account's own bucket."""
    _found(stub)
    bodies = [*(artifact.path.read_bytes() for artifact in artifacts), template.read_bytes()]
    kinds = ["application/zip"] * len(artifacts) + ["application/yaml"]
    for key, body, kind in zip(_keys(artifacts, template), bodies, kinds, strict=True):
        wanted = {
            "Bucket": BUCKET,
            "Key": key,
            "Body": body,
            "IfNoneMatch": "*",
            "ContentType": kind,
            "ExpectedBucketOwner": OWNER,
        }
        stub.add_response("put_object", {"ETag": "x"}, wanted)
    done = _release(client, artifacts, template)
    assert [upload.key for upload in done.uploads] == _keys(artifacts, template)
    assert {upload.outcome for upload in done.uploads} == {Outcome.UPLOADED}


def test_the_parameters_name_the_keys(client: Any, stub: Stubber, artifacts: list[Artifact], template: Path) -> None:
    """What the templates take: the provider's key, and the controller's for each architecture."""
    _found(stub)
    for _ in _keys(artifacts, template):
        stub.add_response("put_object", {})
    done = _release(client, artifacts, template)
    provider, arm, intel = (artifact.key for artifact in artifacts)
    assert done.parameters == (
        ("ProviderKey", provider),
        ("ControllerKey (arm64)", arm),
        ("ControllerKey (x86_64)", intel),
    )


def test_what_is_there_already_stays(client: Any, stub: Stubber, artifacts: list[Artifact], template: Path) -> None:
    """The name tells the content, so there is nothing to do."""
    _found(stub)
    for _ in _keys(artifacts, template):
        stub.add_client_error("put_object", "PreconditionFailed", http_status_code=412)
    done = _release(client, artifacts, template)
    assert {upload.outcome for upload in done.uploads} == {Outcome.ALREADY_THERE}


def test_a_race_with_another_release_is_won_by_either(
    client: Any, stub: Stubber, artifacts: list[Artifact], template: Path
) -> None:
    """S3 answers 409 while two write one key; then the key is there."""
    _found(stub)
    stub.add_client_error("put_object", "ConditionalRequestConflict", http_status_code=409)
    for _ in _keys(artifacts, template):
        stub.add_client_error("put_object", "PreconditionFailed", http_status_code=412)
    assert len(_release(client, artifacts, template).uploads) == len(artifacts) + 1


def test_a_race_without_end_is_given_up(client: Any, stub: Stubber, artifacts: list[Artifact], template: Path) -> None:
    """Three attempts."""
    _found(stub)
    for _ in range(3):
        stub.add_client_error("put_object", "ConditionalRequestConflict", http_status_code=409)
    with pytest.raises(UploadError, match="Run the command again"):
        _release(client, artifacts, template)


def test_a_bucket_of_another_region_is_refused(
    client: Any, stub: Stubber, artifacts: list[Artifact], template: Path
) -> None:
    """Boto3 would follow it there; Lambda would not (docs/aws-behaviour.md §6)."""
    _found(stub, "us-east-1")
    with pytest.raises(BucketRegionError, match=r"is in us-east-1, but .* in eu-central-1 and name that bucket"):
        _release(client, artifacts, template)


@pytest.mark.parametrize("code", ["404", "NoSuchBucket"])
def test_a_missing_bucket_says_what_to_deploy(
    client: Any, stub: Stubber, artifacts: list[Artifact], template: Path, code: str
) -> None:
    """HEAD has no body, so its code is the bare status."""
    stub.add_client_error("head_bucket", code, http_status_code=404)
    with pytest.raises(BucketMissingError, match=r"not exist\. Deploy templates/artifacts\.yaml in .* eu-central-1"):
        _release(client, artifacts, template)


@pytest.mark.parametrize("refusal", [("head_bucket", "403"), ("put_object", "AccessDenied")])
def test_a_denied_call_says_whose_profile_to_use(
    client: Any, stub: Stubber, artifacts: list[Artifact], template: Path, refusal: tuple[str, str]
) -> None:
    """Another account's bucket of that name is denied in the same way."""
    call, code = refusal
    if call == "put_object":
        _found(stub)
    stub.add_client_error(call, code, http_status_code=403)
    with pytest.raises(BucketDeniedError, match="Use a profile of the central account"):
        _release(client, artifacts, template)


def test_any_other_answer_goes_to_the_caller(
    client: Any, stub: Stubber, artifacts: list[Artifact], template: Path
) -> None:
    """Expired credentials, say, are no matter of the bucket."""
    _found(stub)
    stub.add_client_error("put_object", "ExpiredToken", http_status_code=400)
    with pytest.raises(ClientError, match="ExpiredToken"):
        _release(client, artifacts, template)


@pytest.mark.usefixtures("stub")
def test_half_a_release_is_none(client: Any, artifacts: list[Artifact], template: Path) -> None:
    """Without a kind of zip, or without templates, nothing is asked of S3."""
    with pytest.raises(NothingToReleaseError, match="no zip of each kind"):
        _release(client, artifacts[:1], template)
    with pytest.raises(NothingToReleaseError, match="no template"):
        _release(client, artifacts)
