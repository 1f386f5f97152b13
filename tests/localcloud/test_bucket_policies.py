"""Buckets of other accounts, and writes under conditions."""

from typing import Any

import pytest
from identities import a_name, allow, policy, refused, someone

from provider.localcloud import LocalCloud


def statement(effect: str, action: Any, resource: str, condition: dict[str, Any]) -> dict[str, Any]:
    return {"Effect": effect, "Principal": "*", "Action": action, "Resource": resource, "Condition": condition}


@pytest.fixture
def artifacts(cloud: LocalCloud) -> str:
    """A bucket of the centre that the organization may read, over TLS alone, and nobody may overwrite."""
    bucket = a_name("artifacts")
    objects = f"arn:aws:s3:::{bucket}/*"
    s3 = cloud.client("s3", "central")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=policy(
            statement("Allow", "s3:GetObject", objects, {"StringEquals": {"aws:PrincipalOrgID": "o-localcloud"}}),
            statement("Deny", "s3:*", objects, {"Bool": {"aws:SecureTransport": "false"}}),
            statement(
                "Deny",
                "s3:PutObject",
                objects,
                {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
            ),
        ),
    )
    s3.put_object(Bucket=bucket, Key="zip", Body=b"one", IfNoneMatch="*")
    return bucket


def test_a_bucket_shared_with_the_organization(cloud: LocalCloud, artifacts: str) -> None:
    """Members read, who is outside does not, and nobody writes from another account."""
    for member in ("consumer", "owner"):
        found = someone(cloud, member, allow("s3:*")).client("s3").get_object(Bucket=artifacts, Key="zip")
        assert found["Body"].read() == b"one"
        assert cloud.client("s3", member).head_object(Bucket=artifacts, Key="zip")["ContentLength"] == len(b"one")
    with refused("AccessDenied"):
        someone(cloud, "stranger", allow("s3:*")).client("s3").get_object(Bucket=artifacts, Key="zip")
    with refused("AccessDenied"):
        someone(cloud, "owner").client("s3").get_object(Bucket=artifacts, Key="zip")
    with refused("AccessDenied"):
        cloud.client("s3", "owner").put_object(Bucket=artifacts, Key="mine", Body=b"", IfNoneMatch="*")


def test_a_bucket_may_refuse_to_be_overwritten(cloud: LocalCloud, artifacts: str) -> None:
    """Who owns the bucket writes with If-None-Match or not at all, and with it never over what is there."""
    s3 = cloud.client("s3", "central")
    with refused("AccessDenied", "explicit deny"):
        s3.put_object(Bucket=artifacts, Key="zip", Body=b"two")
    with refused("AccessDenied"):
        s3.put_object(Bucket=artifacts, Key="new", Body=b"two")
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket=artifacts, Key="zip", Body=b"two", IfNoneMatch="*")
    s3.put_object(Bucket=artifacts, Key="new", Body=b"two", IfNoneMatch="*")
    with refused("AccessDenied"):
        s3.copy_object(Bucket=artifacts, Key="zip", CopySource=f"{artifacts}/new")


def test_parts_of_an_upload_carry_no_condition(cloud: LocalCloud, artifacts: str) -> None:
    """A multipart upload begins and goes on without the header, and ends only with it."""
    s3 = cloud.client("s3", "central")
    upload = s3.create_multipart_upload(Bucket=artifacts, Key="big")["UploadId"]
    part = s3.upload_part(Bucket=artifacts, Key="big", UploadId=upload, PartNumber=1, Body=b"big")
    done: dict[str, Any] = {
        "Bucket": artifacts,
        "Key": "big",
        "UploadId": upload,
        "MultipartUpload": {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]},
    }
    with refused("AccessDenied"):
        s3.complete_multipart_upload(**done)
    s3.complete_multipart_upload(**done, IfNoneMatch="*")
    assert s3.get_object(Bucket=artifacts, Key="big")["Body"].read() == b"big"


def test_a_bucket_sees_who_exactly_asks(cloud: LocalCloud) -> None:
    """A policy may name a path of roles, or a tag, of another account."""
    bucket = a_name("named")
    s3 = cloud.client("s3", "central")
    s3.create_bucket(Bucket=bucket)
    condition = {
        "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/team/*"},
        "StringEquals": {"aws:PrincipalTag/team": "blue"},
    }
    one = statement("Allow", "s3:ListBucket", f"arn:aws:s3:::{bucket}", condition)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy({**one, "Principal": {"AWS": "111111111111"}}))
    blue = [{"Key": "team", "Value": "blue"}]
    someone(cloud, "consumer", allow("s3:*"), path="/team/", Tags=blue).client("s3").list_objects_v2(Bucket=bucket)
    for wrong in ({"path": "/team/"}, {"Tags": blue}):
        with refused("AccessDenied"):
            someone(cloud, "consumer", allow("s3:*"), **wrong).client("s3").list_objects_v2(Bucket=bucket)
