"""May the caller do this? Asked of the base's policy evaluation before CloudFormation does a thing for them."""

from collections.abc import Mapping
from typing import Any

from provider.localcloud import deployer
from provider.localcloud.cloudformation import callers, emulator

_SERVICE_NAMES = {"lambda": "Lambda", "iam": "Iam", "dynamodb": "DynamoDb", "sns": "Sns", "sqs": "Sqs", "s3": "S3"}


class NotAuthorizedError(Exception):
    """Policies do not allow the caller what CloudFormation was about to do in their name."""

    def __init__(self, action: str, denied: Any, resource: str) -> None:
        if not hasattr(denied, "principal_arn"):  # who calls could not be told at all
            super().__init__(f"{denied.message} (Status Code: 403, Error Code: {denied.code})")
            return
        explicit = denied.decision == "Deny"
        why = (
            "with an explicit deny in an identity-based policy"
            if explicit
            else f"because no identity-based policy allows the {action} action"
        )
        service = action.partition(":")[0]
        super().__init__(
            f"User: {denied.principal_arn} is not authorized to perform: {action} on resource: {resource} {why} "
            f"(Service: {_SERVICE_NAMES.get(service, service.capitalize())}, Status Code: 403, "
            f"Request ID: {emulator.scope().new_uuid()})"
        )


def authorise(action: str, resource: str, context: Mapping[str, Any] | None = None) -> None:
    """Raise unless the caller may do `action` (`service:Operation`) on `resource` (an ARN or `*`).

    Raises:
        NotAuthorizedError: the caller's policies do not allow it, or deny it.
    """
    evaluator = emulator.part("core.iam_evaluator", "enforce")
    scope = emulator.scope()
    denied = evaluator.enforce(
        deployer.access_key(),
        action,
        action.partition(":")[0],
        scope.get_region(),
        resource_arn=resource,
        service_context={"aws:calledvia": [callers.SERVICE], "aws:viaawsservice": "true", **(context or {})},
    )
    if denied is not None:
        raise NotAuthorizedError(action, denied, resource)
