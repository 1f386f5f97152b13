# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""S3: bucket policies across accounts, and the condition keys of conditional writes."""

from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.iam_enforcement import policies_of, question
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.request_parameters import first

_TEST = "tests/localcloud/test_bucket_policies.py"
_BUCKET = "arn:aws:s3:::"


def apply() -> None:
    """Evaluate every bucket's policy with all that is known of the caller, whoever owns the bucket."""
    require("services.s3", "_buckets", "_bucket_policies", "_bucket_owner_account", "_apply_bucket_scope")
    policies_of["s3"] = _policy_of_bucket
    supplant("services.s3", "_foreign_bucket_allows", _as_decided)
    supplant("core.iam_actions", "s3_service_context", _with_conditional_write)


@behaviour(
    call="s3:*",
    expected="another account's bucket is reached if its policy and the caller's allow, with aws:PrincipalOrgID, "
    "aws:PrincipalArn, tags and all other keys; what ACLs grant to signed callers does not count",
    source="docs/aws-behaviour.md §6",
    test=f"{_TEST}::test_a_bucket_shared_with_the_organization",
)
def _policy_of_bucket(arn: str) -> tuple[str, str] | None:
    if not arn.startswith(_BUCKET):
        return None
    s3 = part("services.s3")
    bucket = arn.removeprefix(_BUCKET).split("/", 1)[0]
    owner = s3._bucket_owner_account(bucket)
    return (s3._bucket_policies.get_scoped(owner, None, bucket) or "", owner) if owner else None


def _as_decided(old: Callable[..., bool]) -> Callable[..., bool]:
    """Let pass to another account's bucket what IAM has just allowed; else as the base does it."""

    def allows(owner: str, bucket: str, key: str, *given: Any, **named: Any) -> bool:
        arn = f"{_BUCKET}{bucket}/{key}" if key else f"{_BUCKET}{bucket}"
        asked = question()
        if asked.access_key and asked.allowed and asked.resource == arn:
            return True
        return old(owner, bucket, key, *given, **named)

    return allows


@behaviour(
    call="s3:PutObject",
    expected="s3:if-none-match and s3:if-match are the headers; s3:ObjectCreationOperation is false for the parts of a "
    "multipart upload and its beginning",
    source="S3 User Guide, enforce conditional writes",
    test=f"{_TEST}::test_a_bucket_may_refuse_to_be_overwritten",
)
def _with_conditional_write(old: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def context(action: str, query: Mapping[str, Any] | None, path: str = "", headers: Any = None) -> dict[str, Any]:
        found = old(action, query, path, headers)
        if action != "s3:PutObject":
            return found
        for name in ("if-none-match", "if-match"):
            if (headers or {}).get(name):
                found[f"s3:{name}"] = headers[name]
        parts = "uploads" in (query or {}) or bool(first(query or {}, "partNumber"))
        return {**found, "s3:ObjectCreationOperation": str(not parts).lower()}

    return context
