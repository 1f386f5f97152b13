"""Which sides must allow, and what is said when one does not."""

from identities import a_name, allow, become, make_role, policy, refused, someone, trust

from provider.localcloud import LocalCloud


def test_across_accounts_both_sides_must_allow(cloud: LocalCloud) -> None:
    """A bucket of another account needs its policy and the caller's; either alone is not enough."""
    bucket = a_name("shared")
    s3 = cloud.client("s3", "owner")
    s3.create_bucket(Bucket=bucket)
    able, unable = someone(cloud, "consumer", allow("s3:*")), someone(cloud, "consumer")
    with refused("AccessDenied"):
        able.client("s3").list_objects_v2(Bucket=bucket)
    s3.put_bucket_policy(
        Bucket=bucket, Policy=policy({**trust("111111111111", "s3:ListBucket"), "Resource": f"arn:aws:s3:::{bucket}"})
    )
    able.client("s3").list_objects_v2(Bucket=bucket)
    with refused("AccessDenied"):
        unable.client("s3").list_objects_v2(Bucket=bucket)


def test_an_explicit_deny_of_the_resource_wins(cloud: LocalCloud) -> None:
    """Who may everything in the account may not what the bucket denies."""
    bucket = a_name("denying")
    s3 = cloud.client("s3", "owner")
    s3.create_bucket(Bucket=bucket)
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(deny))
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with refused("AccessDenied"):
        s3.delete_object(Bucket=bucket, Key="k")


def test_a_session_policy_narrows(cloud: LocalCloud) -> None:
    """A session may what its role and the session's policy both allow."""
    one, two = a_name("one"), a_name("two")
    for bucket in (one, two):
        cloud.client("s3", "owner").create_bucket(Bucket=bucket)
    role = make_role(cloud, "owner", allow("s3:ListBucket"))
    narrow = policy(allow("s3:*", f"arn:aws:s3:::{one}"))
    who = become(cloud, role, Policy=narrow).client("s3")
    who.list_objects_v2(Bucket=one)
    with refused("AccessDenied"):
        who.list_objects_v2(Bucket=two)
    with refused("AccessDenied"):
        who.get_bucket_location(Bucket=one)


def test_a_boundary_narrows(cloud: LocalCloud) -> None:
    """A role may what its policies and its permissions boundary both allow."""
    bucket = a_name("bounded")
    cloud.client("s3", "owner").create_bucket(Bucket=bucket)
    iam = cloud.client("iam", "owner")
    boundary = iam.create_policy(PolicyName=a_name("boundary"), PolicyDocument=policy(allow("s3:GetBucketLocation")))
    who = someone(cloud, "owner", allow("s3:*"), PermissionsBoundary=boundary["Policy"]["Arn"]).client("s3")
    who.get_bucket_location(Bucket=bucket)
    with refused("AccessDenied"):
        who.list_objects_v2(Bucket=bucket)


def test_a_refusal_names_action_and_resource(cloud: LocalCloud) -> None:
    """Who is refused reads who, what, on what, and which side said nothing."""
    who = someone(cloud, "consumer").client("dynamodb")
    words = (
        "is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:111111111111:table/t "
        "because no identity-based policy allows the dynamodb:GetItem action"
    )
    with refused("AccessDeniedException", words):
        who.get_item(TableName="t", Key={"k": {"S": "x"}})
