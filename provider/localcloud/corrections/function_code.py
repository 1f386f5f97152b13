# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""A function's code in S3 is read with the deployer's credentials, in whatever account the bucket is.

The base looks into the deployer's own account alone, and where it finds nothing makes a function
without code, which then answers every invocation with success.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from provider.localcloud import deployer
from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.iam_enforcement import may
from provider.localcloud.corrections.ministack_names import part, require, supplant

_TEST = "tests/localcloud/test_function_code.py"


class CodeUnavailableError(ValueError):
    """The code could not be read; `code` is Lambda's error code, the text is Lambda's own."""

    def __init__(self, code: str, status: int, text: str) -> None:
        super().__init__(f"{text} (Service: Lambda, Status Code: {status})")
        self.code, self.status, self.text = code, status, text


def apply() -> None:
    """Read code as AWS does, for Lambda's API and for CloudFormation."""
    require("services.s3", "_bucket_owner_account", "_get_object_data", "_buckets")
    require("core.responses", "request_scope", "error_response_json")
    require("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
    supplant("services.lambda_svc", "_fetch_code_from_s3", lambda _: _fetch)
    supplant("services.lambda_svc", "s3_code_region_message", _in_every_account)
    supplant("services.lambda_svc", "handle_request", _answering)
    layer = part("services.cloudformation.provisioners")._RESOURCE_HANDLERS["AWS::Lambda::LayerVersion"]
    layer["create"] = _with_readable_content(layer["create"])


@behaviour(
    call="lambda:CreateFunction",
    expected="Code in a bucket is read with the deployer's credentials; the bucket's policy decides across accounts; "
    "else 403 AccessDeniedException 'Your access has been denied by S3, …', or 400 InvalidParameterValueException "
    "'Error occurred while GetObject. S3 Error Code: NoSuchKey. …'",
    source="docs/aws-behaviour.md §6; awslabs/dynamodb-continuous-backup#7, aws-solutions/aws-waf-security-automations#135",
    test=f"{_TEST}::test_code_in_a_foreign_bucket_needs_the_buckets_leave",
)
def _fetch(bucket: str, key: str, version_id: str | None = None) -> bytes:
    """Return the object, or raise; signature is the base's."""
    s3, responses = part("services.s3"), part("core.responses")
    owner = s3._bucket_owner_account(bucket)
    if owner is None:
        raise _missing("NoSuchBucket", "The specified bucket does not exist")
    action = "s3:GetObjectVersion" if version_id else "s3:GetObject"
    if not _may(action, f"arn:aws:s3:::{bucket}/{key}"):
        raise _denied(bucket, key)
    with responses.request_scope(owner, responses.get_region()):
        found: bytes | None = s3._get_object_data(bucket, key, version_id=version_id)
    if found is not None:
        return found
    if not _may("s3:ListBucket", f"arn:aws:s3:::{bucket}"):
        raise _denied(bucket, key)  # who may not list is not told what is missing
    raise _missing("NoSuchKey", "The specified key does not exist.")


def _may(action: str, arn: str) -> bool:
    return may(deployer.access_key(), action, "s3", part("core.responses").get_region(), arn)


def _denied(bucket: str, key: str) -> CodeUnavailableError:
    text = (
        "Your access has been denied by S3, please make sure your request credentials have permission to GetObject "
        f"for {bucket}/{key}. S3 Error Code: AccessDenied. S3 Error Message: Access Denied"
    )
    return CodeUnavailableError("AccessDeniedException", 403, text)


def _missing(code: str, message: str) -> CodeUnavailableError:
    text = f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}"
    return CodeUnavailableError("InvalidParameterValueException", 400, text)


def _in_every_account(old: Callable[..., str | None]) -> Callable[..., str | None]:
    """Say that the bucket is in another Region, whichever account owns it."""

    def message(bucket: str, *given: Any, **named: Any) -> str | None:
        responses = part("core.responses")
        owner = part("services.s3")._bucket_owner_account(bucket)
        with responses.request_scope(owner or responses.get_account_id(), responses.get_region()):
            return old(bucket, *given, **named)

    return message


def _answering(old: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Turn the exception into the answer of Lambda's API."""

    async def handle(*request: Any) -> Any:
        try:
            return await old(*request)
        except CodeUnavailableError as error:
            return part("core.responses").error_response_json(error.code, error.text, error.status)

    return handle


def _with_readable_content(old: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a layer whose content the deployer cannot read."""

    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        content = properties.get("Content", {})
        if content.get("S3Bucket") and content.get("S3Key"):
            _fetch(content["S3Bucket"], content["S3Key"], content.get("S3ObjectVersion"))
        return old(logical_id, properties, stack_name)

    return create
